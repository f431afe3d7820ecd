#!/usr/bin/env bash
# The library for Android: build-android.sh FOLDER [CARGO-OPTION...]
#
# Writes FOLDER/jniLibs/<abi>/libezhifa_bindings.so for three ABIs and FOLDER/kotlin, in the release-mobile profile,
# with pages of 16 KB as Google Play asks of apps for API 35 and later. `--no-default-features` leaves HTTPS to an app that
# hands in its own PhoneTransport (1 MB less). Needs on this machine: cargo-ndk, the Rust targets, an NDK r28 or later;
# says which of them is missing.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,8p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
out=$(realpath -m "$1")
cd "$(dirname "$0")/.."
missing=0
lacks() { echo "missing: $1" >&2; missing=1; }

declare -A triple=([arm64-v8a]=aarch64-linux-android [armeabi-v7a]=armv7-linux-androideabi [x86_64]=x86_64-linux-android)
command -v cargo >/dev/null || lacks "cargo: https://rustup.rs"
cargo ndk --version >/dev/null 2>&1 || lacks "cargo-ndk: cargo install cargo-ndk --version '^4'"
have=$(rustup target list --installed 2>/dev/null || true)
for abi in "${!triple[@]}"; do
    grep -qx "${triple[$abi]}" <<<"$have" || lacks "Rust for $abi: rustup target add ${triple[$abi]}"
done
if [ -z "${ANDROID_NDK_HOME:-}" ]; then
    newest=$(ls -d "${ANDROID_HOME:-$HOME/Android/Sdk}"/ndk/* 2>/dev/null | sort -V | tail -n 1 || true)
    if [ -n "$newest" ]; then export ANDROID_NDK_HOME=$newest; else
        lacks "the NDK: sdkmanager 'ndk;28.2.13676358', or set ANDROID_NDK_HOME"
    fi
fi
if [ -n "${ANDROID_NDK_HOME:-}" ]; then
    revision=$(sed -n 's/^Pkg.Revision *= *\([0-9]*\).*/\1/p' "$ANDROID_NDK_HOME/source.properties" 2>/dev/null || true)
    [ "${revision:-0}" -ge 28 ] || lacks "NDK r28 or later (found r${revision:-?} in $ANDROID_NDK_HOME)"
fi
[ $missing -eq 0 ] || exit 1

mkdir -p "$out"
# Only the facade: the generator and its parser stay out of what is shipped. One crate type: beside an rlib there
# is no LTO. Relocations are packed as Android 6 and later reads them.
(
    . bindings/phone-build.sh
    RUSTFLAGS="${RUSTFLAGS:-} $shorter_paths -C link-arg=-Wl,-z,max-page-size=16384 -C link-arg=-Wl,--icf=safe \
        -C link-arg=-Wl,--pack-dyn-relocs=android" \
        cargo ndk --platform 26 -t arm64-v8a -t armeabi-v7a -t x86_64 -o "$out/jniLibs" \
        rustc --profile release-mobile -p ezhifa-bindings --lib --crate-type cdylib "${@:2}"
)

readelf=$(ls "$ANDROID_NDK_HOME"/toolchains/llvm/prebuilt/*/bin/llvm-readelf | head -n 1)
for abi in arm64-v8a x86_64; do
    for align in $("$readelf" -lW "$out/jniLibs/$abi/libezhifa_bindings.so" | awk '$1 == "LOAD" { print $NF }'); do
        [ $((align)) -ge 16384 ] || { echo "$abi: a segment is aligned to $align, not 16 KB" >&2; exit 1; }
    done
done
# Kotlin comes from a library of this machine: its description is the same.
rm -rf "$out/kotlin"
bindings/generate.sh kotlin "$out/kotlin"
ls -l "$out"/jniLibs/*/*.so
