#!/usr/bin/env bash
# How big the library is on a phone, and what is in it: size.sh
#
# Builds it in the release-mobile profile for this machine, prints a table of its parts and fails above the budget of the
# library (the font, which is data inside it, apart). Takes minutes: fat LTO. The library stays in target/size for
# whoever wants to try it: EZHIFA_LIBRARY=... tests/bindings.sh python.
set -euo pipefail
cd "$(dirname "$0")/.."
budget=8500000
# A target folder of its own: the phone's build selects only the facade.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/size
if cargo tree -q -p ezhifa-bindings -e normal --prefix none | grep -qE '^(clap|uniffi_bindgen|cargo_metadata) '; then
    echo "the bindings generator is in the shipped library"; exit 1
fi
. bindings/phone-build.sh
# Symbols stay in for the table. Relocations are packed, as on a phone.
export CARGO_PROFILE_RELEASE_MOBILE_STRIP=none
RUSTFLAGS="${RUSTFLAGS:-} $shorter_paths -C link-arg=-Wl,-z,pack-relative-relocs -C link-arg=-Wl,--icf=safe"
export RUSTFLAGS
# One crate type: beside an rlib there is no LTO.
cargo rustc -q --profile release-mobile -p ezhifa-bindings --lib --crate-type cdylib
built=$CARGO_TARGET_DIR/release-mobile
library=$built/phone/libezhifa_bindings.so
mkdir -p "$built/phone"
strip -o "$library" "$built/libezhifa_bindings.so"
font=$(stat -c %s core/slip/assets/slip-font.ttf)
python3 bindings/size_table.py "$built/libezhifa_bindings.so" "$built/build" "$font"
size=$(stat -c %s "$library")
without=$((size - font))
printf 'library        %10d bytes\nfont inside    %10d bytes\nwithout font   %10d bytes (budget %d)\ngzip           %10d bytes\n' \
    "$size" "$font" "$without" "$budget" "$(gzip -9c "$library" | wc -c)"
[ "$without" -le "$budget" ] || { echo "above the budget"; exit 1; }
