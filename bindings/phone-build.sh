# Sourced by build-android.sh, build-ios.sh and size.sh, from the top folder: what makes a phone's library smaller than a
# desk's (docs/decisions/0072). $shorter_paths goes into RUSTFLAGS.

export OPENSSL_SRC_PERL=$PWD/bindings/openssl-for-a-phone

# Parts of SQLite that no query here uses.
export LIBSQLITE3_FLAGS="-USQLITE_ENABLE_FTS3 -USQLITE_ENABLE_FTS3_PARENTHESIS -USQLITE_ENABLE_FTS5 \
-USQLITE_ENABLE_RTREE -USQLITE_ENABLE_DBSTAT_VTAB -USQLITE_ENABLE_STAT4 -USQLITE_ENABLE_LOAD_EXTENSION \
-USQLITE_SOUNDEX -USQLITE_ENABLE_API_ARMOR -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_JSON -DSQLITE_OMIT_DEPRECATED"

# Nothing unwinds through C.
export CFLAGS="${CFLAGS:-} -fno-asynchronous-unwind-tables"

# A panic names its file: without the folders of the machine that built it.
shorter_paths="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src/= --remap-path-prefix=$PWD/="
