#!/usr/bin/env bash
# The phone from another language, against the real library: tests/bindings.sh rust|python|kotlin|swift|androiddemo|bench
#
# Builds the library and its bindings, runs the first call of the language, then every scenario of
# tests/scenarios against a real HQ and the virtual printer, each in processes of its own. The papers and
# events that come out are the same in every language, number for number. With a scenario's name after the
# language only that one is played.
#
# Tools that are missing are fetched and kept under target/tools; exit code 77 says which one could not be
# had. EZHIFA_LIBRARY is another library for Python to play on, as bindings/size.sh leaves one. EZHIFA_BUILT=1 says that the workspace is built already; EZHIFA_SWIFT_ROOT is the Debian root into which Swift is installed where the machine has none.
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
swift_root=${EZHIFA_SWIFT_ROOT:-$tools/swift}
language=${1:-}
only=${2:-}

missing() { echo "missing $1"; exit 77; }

install() { # package...
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" && return 0
    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

generate() { # language folder
    # The whole workspace, as everywhere: another selection would compile the heavy crates again.
    [ -n "${EZHIFA_BUILT:-}" ] || cargo build --release --workspace
    [ "$1" = rust ] && return
    mkdir -p "$2"
    "$lib/ezhifa-bindgen" generate --config bindings/uniffi.toml --language "$1" --no-format \
        --out-dir "$2" "$lib/libezhifa_bindings.so"
}

# ---- the world of a scenario ---------------------------------------------------------------
started=()
stop() {
    local p
    for p in "${started[@]}"; do kill "$p" 2>/dev/null || true; wait "$p" 2>/dev/null || true; done
    started=()
}
trap stop EXIT

until_there() { # seconds command...
    local left=$(($1 * 10)); shift
    until "$@" 2>/dev/null; do
        left=$((left - 1)); [ $left -gt 0 ] || { echo "waited in vain for: $*"; return 1; }
        sleep 0.1
    done
}

world() { # scenario work
    local name=$1 work=$2
    rm -rf "$work" && mkdir -p "$work/hq"
    # HQ needs the people and lists of a scenario, not its steps, some of which only a runner knows.
    python3 - "tests/scenarios/$name.json" >"$work/setting.json" <<'PY'
import json, sys
print(json.dumps({**json.load(open(sys.argv[1])), "cases": []}))
PY
    "$lib/ezhifa" hq serve --dir "$work/hq" --listen 127.0.0.1:0 --scenario "$work/setting.json" "${hq_more[@]}" \
        >"$work/hq.log" 2>&1 &
    started+=($!)
    printer "$work/printer"
    until_there 60 test -s "$work/hq/ticket"
    cp "$work/hq/ticket" "$work/ticket"
}
hq_more=()

printer() { # file-for-its-address options...
    local address=$1; shift
    "$lib/ezhifa" printer emulate --listen 127.0.0.1:0 --out "$(dirname "$address")/paper" "$@" >"$address.log" 2>&1 &
    started+=($!)
    until_there 20 grep -q '^printer on' "$address.log"
    sed -n 's/^printer on \([^ ]*\).*/\1/p' "$address.log" >"$address"
}

# The same for the demos, with a finance system that makes pay codes and a second printer, which has no paper.
demo_world() { # work
    mkdir -p "$(dirname "$1")" && rm -f "$1.finance"
    python3 tests/finance.py "$1.finance" &
    started+=($!)
    until_there 20 test -s "$1.finance"
    hq_more=(--mint "$(cat "$1.finance")")
    world killed "$1"
    hq_more=()
    printer "$1/printer-empty" --fault paper-out@1
}

play() { # scenario runner...
    local name=$1 work=$out/play/$language/$1; shift
    world "$name" "$work"
    # Killed on purpose: the same phone is started again, as an officer does.
    local code=9 tries=0
    while [ $code -eq 9 ] && [ $tries -lt 8 ]; do
        tries=$((tries + 1)) code=0
        "$@" "$name" "$work" || code=$?
    done
    stop
    [ $code -eq 0 ] || { echo "$language $name: FAILED ($code)"; tail -n 5 "$work/hq.log"; return 1; }
    # HQ knows every number and comes to the same decisions.
    "$lib/ezhifa" hq ledger --dir "$work/hq" --json >"$work/ledger.json"
    "$lib/ezhifa" hq replay --dir "$work/hq" --json >"$work/replay.json"
    python3 - "$work" "$out/play/$name.json" <<'PY'
import json, pathlib, sys
work, first = map(pathlib.Path, sys.argv[1:])
replay = json.loads((work / "replay.json").read_text())
assert replay["mismatches"] == 0 and replay["quarantined"] == 0, replay
mine = json.loads((work / "summary.json").read_text())
if first.exists():
    before = json.loads(first.read_text())
    assert mine == before, f"another language came to something else:\n{before}\n{mine}"
else:
    first.write_text(json.dumps(mine))
PY
    echo "$language $name: ok ($tries starts)"
}

play_all() { # runner...
    local file
    command -v python3 >/dev/null || install python3 || missing "python3"
    mkdir -p "$out/play"
    # What the first language came to, the others must come to; a new library starts anew.
    if [ "$lib/libezhifa_bindings.so" -nt "$out/play/of" ]; then
        rm -f "$out/play"/*.json; touch "$out/play/of"
    fi
    for file in tests/scenarios/${only:-*}.json; do play "$(basename "$file" .json)" "$@"; done
}

# What an app hands in (keys, clock, link, transport, ...), well behaved, throwing and calling back, and the case file.
ports() { # runner...
    local work=$out/play/ports-$language
    world killed "$work"
    "$@" "$work"
    stop
}

# Every snippet of docs/embedding.md in one language, as one file.
snippets() { # language
    awk -v fence="^\`\`\`$1\$" '/^```$/ { on = 0; print "" } on { print } $0 ~ fence { on = 1 }' docs/embedding.md
}

# ---- languages -----------------------------------------------------------------------------
rust() {
    generate rust
    run() { "$lib/scenario" "tests/scenarios/$1.json" "$2"; }
    play_all run
}

python_tools() {
    command -v python3 >/dev/null || install python3 python3-venv || missing "python3"
    venv=$tools/python
    if [ ! -x "$venv/bin/pip" ]; then
        python3 -m venv "$venv" || { install python3-venv && python3 -m venv "$venv"; } || missing "python3-venv"
    fi
    "$venv/bin/python" -c "import cryptography, setuptools, wheel" 2>/dev/null ||
        "$venv/bin/pip" install -q "cryptography>=42" "setuptools>=77" wheel || missing "cryptography, setuptools (PyPI)"
    # A wheel, as a desk's tools would install it.
    local build=$out/python
    rm -rf "$build" && mkdir -p "$build"
    cp -r bindings/python/{pyproject.toml,setup.py,ezhifa} "$build"
    generate python "$build/ezhifa"
    cp "${EZHIFA_LIBRARY:-$lib/libezhifa_bindings.so}" "$build/ezhifa/"
    "$venv/bin/pip" wheel -q --no-deps --no-build-isolation -w "$build/dist" "$build"
    "$venv/bin/pip" install -q --force-reinstall --no-deps "$build"/dist/ezhifa-*.whl
}

python() {
    python_tools
    "$venv/bin/python" tests/python/first_call.py
    ports timeout 300 "$venv/bin/python" tests/python/ports.py
    run() { "$venv/bin/python" tests/python/scenario.py "tests/scenarios/$1.json" "$2"; }
    play_all run
}

kotlin_tools() {
    command -v javac >/dev/null || install default-jdk-headless || missing "a JDK (package default-jdk-headless)"
    java=/usr/share/java kotlinc=$tools/kotlinc-$kotlin_version
    [ -e "$java/jna.jar" ] || install libjna-java || missing "JNA (package libjna-java)"
    [ -e "$java/junit4.jar" ] || install junit4 || missing "JUnit (package junit4)"
    [ -e "$java/json-latest.jar" ] || install libandroid-json-org-java || missing "org.json (package libandroid-json-org-java)"
    if [ ! -x "$kotlinc/bin/kotlinc" ]; then
        command -v npm >/dev/null || install npm || missing "npm, to fetch kotlinc"
        (cd "$tools" && npm pack "kotlin-compiler@$kotlin_version") || missing "kotlinc (npm package kotlin-compiler)"
        rm -rf "$kotlinc.part" && mkdir "$kotlinc.part"
        tar xzf "$tools/kotlin-compiler-$kotlin_version.tgz" -C "$kotlinc.part" --strip-components=1
        chmod +x "$kotlinc.part"/bin/*
        mv "$kotlinc.part" "$kotlinc"
    fi
    rm -rf "$out/kotlin"
    generate kotlin "$out/kotlin"
    classpath=$java/jna.jar:$java/json-latest.jar:$kotlinc/lib/kotlin-stdlib.jar:$kotlinc/lib/kotlinx-coroutines-core-jvm.jar
    testing=$kotlinc/lib/kotlin-test.jar:$kotlinc/lib/kotlin-test-junit.jar:$java/junit4.jar:$java/hamcrest-core.jar
    snippets kotlin >"$out/kotlin/Embedding.kt"
    "$kotlinc/bin/kotlinc" -no-reflect -nowarn -cp "$classpath:$testing" -jvm-target 17 -d "$out/kotlin-classes" \
        "$out/kotlin" bindings/kotlin/src/main/kotlin android-demo/fieldkit/src tests/kotlin
    run_java=(java -Djna.library.path="$lib" -cp "$out/kotlin-classes:$classpath:$testing")
}

kotlin() {
    kotlin_tools
    "${run_java[@]}" FirstCallKt
    ports timeout 300 "${run_java[@]}" PortsKt
    # Every page of the demo in words: docs/screens keeps them.
    demo_world "$out/play/screens"
    timeout 300 "${run_java[@]}" ScreensKt "$out/play/screens" "$out/screens"
    stop
    cmp "$out/screens/android.md" docs/screens/android.md || {
        echo "the pages show something else: cp $out/screens/* docs/screens/"; return 1; }
    # The demo's view models, on an enrolled phone of their own.
    demo_world "$out/play/fieldkit"
    "${run_java[@]}" -Dezhifa.work="$out/play/fieldkit" org.junit.runner.JUnitCore cn.ezhifa.demo.FieldKitTest
    stop
    run() { "${run_java[@]}" ScenarioKt "tests/scenarios/$1.json" "$2"; }
    play_all run
}

# The Android app against the framework's own classes, from Maven Central: its types, not its looks.
androiddemo() {
    kotlin_tools
    local version=16-robolectric-13921718
    local jar=$tools/maven/org/robolectric/android-all/$version/android-all-$version.jar
    if [ ! -e "$jar" ]; then
        command -v mvn >/dev/null || install maven || missing "mvn, to fetch Android's classes"
        mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get -Dtransitive=false \
            -Dartifact="org.robolectric:android-all:$version" -Dmaven.repo.local="$tools/maven" ||
            missing "Android's classes (org.robolectric:android-all on Maven Central)"
    fi
    "$kotlinc/bin/kotlinc" -no-reflect -cp "$out/kotlin-classes:$classpath:$jar" -jvm-target 17 \
        -d "$out/android-classes" android-demo/app/src/main/kotlin
    echo "android-demo/app: types fit Android's framework"
}

# Swift comes as a Debian package from trixie on; on an older machine it lives in a root of its own.
swift_tools() {
    src=$repo built=$target
    if command -v swiftc >/dev/null; then
        inside() { "$@"; }
    else
        [ "$(id -u)" = 0 ] || missing "swiftc (or root, to install it)"
        if [ ! -x "$swift_root/usr/bin/swiftc" ]; then
            command -v debootstrap >/dev/null || install debootstrap || missing "debootstrap"
            local mirror part=$swift_root.part
            mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' 'Created-By: Packages' |
                awk '$2 == "Debian" && $3 !~ /-/ { print $1; exit }')
            [ -n "$mirror" ] || missing "a Debian mirror among apt's sources, for swiftc"
            rm -rf "$part"
            debootstrap --variant=minbase trixie "$part" "$mirror" || missing "swiftc (debootstrap failed)"
            chroot "$part" apt-get install -y --no-install-recommends \
                swiftlang libc6-dev libstdc++-14-dev openssl || missing "swiftc (package swiftlang)"
            chroot "$part" apt-get clean
            mv "$part" "$swift_root"
        fi
        mkdir -p "$swift_root/src" "$swift_root/target"
        src=/src built=/target
        # Mounts live in a namespace of their own and go with it, however this ends: nobody can delete the
        # checkout through the root. swiftc finds itself through /proc.
        inside() {
            unshare --mount --propagation private bash -c '
                root=$1; repo=$2; target=$3; shift 3
                mount -t proc proc "$root/proc" && mount --bind "$repo" "$root/src" &&
                    mount --bind "$target" "$root/target" || exit 77
                exec chroot "$root" "$@"' - "$swift_root" "$repo" "$target" "$@"
        }
        inside true || missing "the right to mount"
    fi
    rm -rf "$out/swift"
    generate swift "$out/swift"
    mkdir -p "$out/swift-build"
    cp bindings/swift/Sources/EZhifa/{Words,PhoneThread}.swift "$out/swift/"
    snippets swift >"$out/swift-build/Embedding.swift"
    gen=$built/bindings/swift objects=$built/bindings/swift-build
    map=(-Xcc "-fmodule-map-file=$gen/EZhifaFFI.modulemap" -I "$gen")
    link=(-L "$objects" -lEZhifa -L "$built/release" -lezhifa_bindings -Xlinker -rpath -Xlinker "$built/release")
    # The bindings are a module of their own, as in an app; the calls are others.
    inside env HOME=/tmp swiftc -emit-module -emit-library -static -parse-as-library -module-name EZhifa \
        "${map[@]}" -emit-module-path "$objects/EZhifa.swiftmodule" -o "$objects/libEZhifa.a" \
        "$gen/EZhifa.swift" "$gen/Words.swift" "$gen/PhoneThread.swift"
}

swift_program() { # name
    inside env HOME=/tmp swiftc -O -parse-as-library -I "$objects" "${map[@]}" "$src/tests/swift/$1.swift" \
        "${link[@]}" -o "$objects/$1"
}

swift() {
    swift_tools
    inside env HOME=/tmp swiftc -typecheck -parse-as-library -I "$objects" "${map[@]}" "$objects/Embedding.swift"
    swift_program FirstCall
    inside "$objects/FirstCall"
    swift_program Ports
    swift_ports() { inside timeout 300 "$objects/Ports" "$built/bindings/play/ports-swift"; }
    ports swift_ports
    # The demo: view models tested on an enrolled phone, the SwiftUI shell read by the parser.
    inside bash -c 'cd "$1" && export HOME=/tmp && swiftc -frontend -parse ios-demo/App/*.swift &&
        swift format lint --strict -r ios-demo/App ios-demo/FieldKit bindings/swift/Package.swift \
            bindings/swift/Sources/EZhifa/{Words,PhoneThread}.swift tests/swift' - "$src"
    swift_kit
    swift_program Scenario
    run() {
        inside "$objects/Scenario" "$src/tests/scenarios/$1.json" "$built/bindings/play/swift/$1"
    }
    play_all run
}

# The same package that Xcode would build, with the library of this machine.
swift_kit() {
    mkdir -p bindings/swift/Generated/EZhifaFFI
    cp "$out/swift/EZhifaFFI.h" bindings/swift/Generated/EZhifaFFI/
    printf 'module EZhifaFFI {\n    header "EZhifaFFI.h"\n    link "ezhifa_bindings"\n    export *\n}\n' \
        >bindings/swift/Generated/EZhifaFFI/module.modulemap
    cp "$out/swift/EZhifa.swift" bindings/swift/Sources/EZhifa/
    kit() {
        inside bash -c 'cd "$1/ios-demo/FieldKit" && built=$2 && shift 2 && HOME=/tmp EZHIFA_WORK=$built/bindings/play/swiftkit \
            LD_LIBRARY_PATH=$built/release swift "$@" --scratch-path $built/bindings/swift-kit -Xlinker -L$built/release' \
            - "$src" "$built" "$@"
    }
    # Built before HQ's clock begins.
    kit build --build-tests
    demo_world "$out/play/swiftkit"
    kit test --skip-build
    stop
}

# The same case thirty times from Rust and from Kotlin, from the tile to the served paper, printed over loopback.
whole_case() {
    local scenario=$out/bench/whole-case.json
    mkdir -p "$out/bench" && ln -sfn "$repo/tests/scenarios/photos" "$out/bench/photos"
    python3 - tests/scenarios/restore.json >"$scenario" <<'PY'
import json, sys
scenario = json.load(open(sys.argv[1]))
case = scenario["cases"][0]
case["steps"] = [s for s in case["steps"] if s["do"] not in ("sync", "back_up")]
print(json.dumps({**scenario, "cases": [{**case, "name": f"case-{n}"} for n in range(30)]}))
PY
    export EZHIFA_TIMES=1
    rm -rf "$out/play/bench-started"
    world restore "$out/play/bench-rust"
    "$lib/scenario" "$scenario" "$out/play/bench-rust"
    stop
    world restore "$out/play/bench-kotlin"
    "${run_java[@]}" ScenarioKt "$scenario" "$out/play/bench-kotlin"
    stop
    unset EZHIFA_TIMES
}

# What a start and a call cost, side by side, the library built as ever, on the phone that whole_case leaves: enrolled,
# with thirty cases. Each start is a process of its own.
bench() {
    kotlin_tools
    whole_case
    cp -r "$out/play/bench-rust" "$out/play/bench-started"
    "${run_java[@]}" Bench "$out/play/bench-started"
    python_tools
    (cd tests/python && "$venv/bin/python" bench.py "$out/play/bench-started")
    swift_tools
    swift_program Bench
    inside "$objects/Bench" "$built/bindings/play/bench-started"
}

case "$language" in
    rust|python|kotlin|swift|androiddemo|bench) "$language" ;;
    *) sed -n '2,12p' "$0" | sed 's/^# \{0,1\}//'; exit 2 ;;
esac
