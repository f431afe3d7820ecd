#!/usr/bin/env bash
# The first call in another language, against the real library: tests/bindings.sh kotlin|swift
#
# Builds the library, generates its bindings, compiles tests/<language>/FirstCall and runs it. Tools that
# are missing are fetched; exit code 77 says which one could not be had. EZHIFA_SWIFT_ROOT is the Debian
# root into which Swift is installed, /opt/trixie-swift when not set.
set -euo pipefail
cd "$(dirname "$0")/.."
repo=$PWD
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/bindings" "$target/tools"
target=$(cd "$target" && pwd)
lib=$target/release
tools=$target/tools
out=$target/bindings
kotlin_version=2.4.20
swift_root=${EZHIFA_SWIFT_ROOT:-/opt/trixie-swift}

missing() { echo "missing $1"; exit 77; }

install() { # package...
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" && return 0
    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

generate() { # language
    # The whole workspace, as everywhere: another selection would compile the heavy crates again.
    cargo build --release --workspace
    rm -rf "${out:?}/$1"
    "$lib/ezhifa-bindgen" generate --config bindings/uniffi.toml --language "$1" --no-format \
        --out-dir "$out/$1" "$lib/libezhifa_bindings.so"
}

kotlin() {
    command -v javac >/dev/null || install default-jdk-headless || missing "a JDK (package default-jdk-headless)"
    local jna=/usr/share/java/jna.jar kotlinc=$tools/kotlinc-$kotlin_version
    [ -e "$jna" ] || install libjna-java || missing "JNA (package libjna-java)"
    if [ ! -x "$kotlinc/bin/kotlinc" ]; then
        command -v npm >/dev/null || install npm || missing "npm, to fetch kotlinc"
        (cd "$tools" && npm pack "kotlin-compiler@$kotlin_version") || missing "kotlinc (npm package kotlin-compiler)"
        rm -rf "$kotlinc.part" && mkdir "$kotlinc.part"
        tar xzf "$tools/kotlin-compiler-$kotlin_version.tgz" -C "$kotlinc.part" --strip-components=1
        chmod +x "$kotlinc.part"/bin/*
        mv "$kotlinc.part" "$kotlinc"
    fi
    generate kotlin
    local classpath=$jna:$kotlinc/lib/kotlin-stdlib.jar
    "$kotlinc/bin/kotlinc" -no-reflect -nowarn -cp "$classpath" -jvm-target 17 -d "$out/kotlin-classes" \
        "$out/kotlin" tests/kotlin
    java -Djna.library.path="$lib" -cp "$out/kotlin-classes:$classpath" FirstCallKt
}

# Swift comes as a Debian package from trixie on; on an older machine it lives in a root of its own.
swift() {
    local run=() src=$repo built=$target
    if ! command -v swiftc >/dev/null; then
        [ "$(id -u)" = 0 ] || missing "swiftc (or root, to install it)"
        if [ ! -x "$swift_root/usr/bin/swiftc" ]; then
            command -v debootstrap >/dev/null || install debootstrap || missing "debootstrap"
            local mirror
            mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' 'Created-By: Packages' |
                awk '$2 == "Debian" && $3 !~ /-/ { print $1; exit }')
            [ -n "$mirror" ] || missing "a Debian mirror among apt's sources, for swiftc"
            debootstrap --variant=minbase trixie "$swift_root" "$mirror" || missing "swiftc (debootstrap failed)"
            chroot "$swift_root" apt-get install -y --no-install-recommends swiftlang libc6-dev libstdc++-14-dev ||
                missing "swiftc (package swiftlang)"
            chroot "$swift_root" apt-get clean
        fi
        src=/src built=/target
        run=(chroot "$swift_root")
    fi
    generate swift
    mkdir -p "$out/swift-build"
    if [ ${#run[@]} -gt 0 ]; then
        mkdir -p "$swift_root/src" "$swift_root/target"
        # swiftc finds itself through /proc. Nothing stays mounted, however this ends.
        trap 'for m in proc src target; do umount "$swift_root/$m" 2>/dev/null || true; done' EXIT
        mount -t proc proc "$swift_root/proc" || missing "the right to mount"
        mount --bind "$repo" "$swift_root/src"
        mount --bind "$target" "$swift_root/target"
    fi
    local gen=$built/bindings/swift work=$built/bindings/swift-build
    # The bindings are a module of their own, as in an app; the call is another.
    "${run[@]}" env HOME=/tmp swiftc -emit-module -emit-library -static -parse-as-library -module-name EZhifa \
        -Xcc "-fmodule-map-file=$gen/EZhifaFFI.modulemap" -I "$gen" \
        -emit-module-path "$work/EZhifa.swiftmodule" -o "$work/libEZhifa.a" "$gen/EZhifa.swift"
    "${run[@]}" env HOME=/tmp swiftc -parse-as-library -I "$work" -I "$gen" \
        -Xcc "-fmodule-map-file=$gen/EZhifaFFI.modulemap" "$src/tests/swift/FirstCall.swift" \
        -L "$work" -lEZhifa -L "$built/release" -lezhifa_bindings -Xlinker -rpath -Xlinker "$built/release" \
        -o "$work/first-call"
    "${run[@]}" "$work/first-call"
}

case "${1:-}" in
    kotlin) kotlin ;;
    swift) swift ;;
    *) sed -n '2,6p' "$0" | sed 's/^# \{0,1\}//'; exit 2 ;;
esac
