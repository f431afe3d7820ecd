#!/usr/bin/env bash
# Bytes and time of the same slip through other people's libraries, in one run, from the registries' packages.
# escpos-php is left out: its only package source is a Git host, which is no registry.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
cd ../../../..
work=$PWD/target/peer-speed
mkdir -p "$work/node"
[ -x "$work/python/bin/python" ] || python3 -m venv "$work/python"
"$work/python/bin/pip" install -q python-escpos==3.1
(cd "$work/node" && npm install --silent --no-fund --no-audit --no-save receiptline@4.0.4 qrcode@1.5.4 >/dev/null)
cp "$here/peer.cjs" "$work/node/"
# One selection of crates, as everywhere; further arguments go to cargo.
cargo build --release -q --workspace --example peers "$@"
target/release/examples/peers "$work" \
    "'$work/python/bin/python' '$here/peer.py'" "cd '$work/node' && node peer.cjs"
