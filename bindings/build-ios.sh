#!/usr/bin/env bash
# The library for iOS: build-ios.sh [CARGO-OPTION...]
#
# Writes bindings/swift/EZhifaFFI.xcframework (device and simulator) and the generated Swift beside it, in the
# release-mobile profile. `--no-default-features` leaves HTTPS to an app with its own transport (1 MB less). Needs on this
# machine: macOS with Xcode and the Rust targets; says which of them is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
missing=0
lacks() { echo "missing: $1" >&2; missing=1; }

targets=(aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios)
command -v cargo >/dev/null || lacks "cargo: https://rustup.rs"
command -v xcodebuild >/dev/null || lacks "Xcode: an XCFramework is made on a Mac"
command -v lipo >/dev/null || lacks "lipo (Xcode command line tools)"
have=$(rustup target list --installed 2>/dev/null || true)
for one in "${targets[@]}"; do grep -qx "$one" <<<"$have" || lacks "Rust for $one: rustup target add $one"; done
[ $missing -eq 0 ] || exit 1

export IPHONEOS_DEPLOYMENT_TARGET=15.0
target=${CARGO_TARGET_DIR:-target}
(
    . bindings/phone-build.sh
    export RUSTFLAGS="${RUSTFLAGS:-} $shorter_paths"
    for one in "${targets[@]}"; do
        # One crate type: beside an rlib there is no LTO.
        cargo rustc --profile release-mobile -p ezhifa-bindings --lib --crate-type staticlib --target "$one" "$@"
    done
)

work=$target/xcframework
rm -rf "$work" bindings/swift/EZhifaFFI.xcframework
bindings/generate.sh swift "$work/generated"
mkdir -p "$work/headers/EZhifaFFI" "$work/sim"
cp "$work/generated/EZhifaFFI.h" "$work/headers/EZhifaFFI/"
cp "$work/generated/EZhifaFFI.modulemap" "$work/headers/EZhifaFFI/module.modulemap"
cp "$work/generated/EZhifa.swift" bindings/swift/Sources/EZhifa/
lib=release-mobile/libezhifa_bindings.a
lipo -create "$target/aarch64-apple-ios-sim/$lib" "$target/x86_64-apple-ios/$lib" -output "$work/sim/libezhifa_bindings.a"
xcodebuild -create-xcframework \
    -library "$target/aarch64-apple-ios/$lib" -headers "$work/headers" \
    -library "$work/sim/libezhifa_bindings.a" -headers "$work/headers" \
    -output bindings/swift/EZhifaFFI.xcframework
