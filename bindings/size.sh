#!/usr/bin/env bash
# How big the library is on a phone, and what is in it: size.sh
#
# Builds it in the release-mobile profile for this machine, whole and as an app with its own way to HQ takes it (without
# the feature `https`), prints a table of the whole one's parts and fails when that is above the budget (the font, which
# is data inside, apart). Takes minutes: fat LTO. The whole library stays in target/size for whoever wants to try it:
# EZHIFA_LIBRARY=... tests/bindings.sh python.
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
built=$CARGO_TARGET_DIR/release-mobile
mkdir -p "$built/phone" "$built/own-way"
library() { # FOLDER FEATURES...: one crate type, for beside an rlib there is no LTO
    cargo rustc -q --profile release-mobile -p ezhifa-bindings --lib --crate-type cdylib "${@:2}"
    strip -o "$built/$1/libezhifa_bindings.so" "$built/libezhifa_bindings.so"
}
library own-way --no-default-features
library phone
font=$(stat -c %s core/slip/assets/slip-font.ttf)
python3 bindings/size_table.py "$built/libezhifa_bindings.so" "$built/build" "$font"
printf '%-34s %12s %12s %12s\n' "" "bytes" "without font" "gzip"
row() { # NAME LIBRARY
    local size
    size=$(stat -c %s "$2")
    printf '%-34s %12d %12d %12d\n' "$1" "$size" "$((size - font))" "$(gzip -9c "$2" | wc -c)"
}
row "without the ready HTTPS" "$built/own-way/libezhifa_bindings.so"
row "whole" "$built/phone/libezhifa_bindings.so"
echo "budget of the whole, without font: $budget"
[ $(($(stat -c %s "$built/phone/libezhifa_bindings.so") - font)) -le "$budget" ] || { echo "above the budget"; exit 1; }
