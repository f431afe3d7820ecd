#!/usr/bin/env bash
# Bindings for a desk: generate.sh LANGUAGE FOLDER builds the library for this machine and generates its Kotlin, Swift or
# Python from it. Phones: build-android.sh, build-ios.sh.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,3p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
language=$1 out=$2
cd "$(dirname "$0")/.."
cargo build --release --workspace
target=${CARGO_TARGET_DIR:-target}/release
library=$target/libezhifa_bindings.so
[ -e "$library" ] || library=$target/libezhifa_bindings.dylib
mkdir -p "$out"
"$target/ezhifa-bindgen" generate --config bindings/uniffi.toml --language "$language" --no-format \
    --out-dir "$out" "$library"
