"""Verifies a case file from its description alone (docs/case-file.md), with Python's zipfile and hashlib and with openssl.

    python3 tests/casefile.py FILE.zip

Shares no code with the program: what it says of a file must hold for a stranger too.
"""
import hashlib
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")


def tagged(domain, *parts):
    h = hashlib.sha256()
    for part in (domain.encode(), *parts):
        h.update(struct.pack(">Q", len(part)) + part)
    return h.digest()


def entry_hash(header):
    return tagged(
        "ezhifa.entry.v1",
        header["device"].encode(), bytes.fromhex(header["epoch"]), struct.pack(">Q", header["seq"]),
        header["kind"].encode(), struct.pack(">H", header["version"]), struct.pack(">q", header["wall_ms"]),
        struct.pack(">q", header["mono_ms"]), header["boot"].encode(),
        bytes.fromhex(header["prev"]), bytes.fromhex(header["body"]),
    )


def der(raw):
    def number(n):
        n = n.lstrip(b"\0") or b"\0"
        n = b"\0" + n if n[0] & 0x80 else n
        return b"\x02" + bytes([len(n)]) + n
    body = number(raw[:32]) + number(raw[32:])
    return b"\x30" + bytes([len(body)]) + body


def signed(key, domain, doc, signature):
    """Whether openssl accepts the signature of a document."""
    if key["alg"] != "p256-sha256":
        return False
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "key").write_bytes(P256 + bytes.fromhex(key["bytes"]))
        (path / "sig").write_bytes(der(bytes.fromhex(signature["bytes"])))
        (path / "doc").write_bytes(b"ezhifa-signed-v1\n" + domain.encode() + b"\n" + doc)
        command = ["openssl", "dgst", "-sha256", "-keyform", "DER", "-verify", path / "key", "-signature", path / "sig", path / "doc"]
        return subprocess.run(command, capture_output=True).returncode == 0


def faults_of(path):
    faults = []
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    doc = members["manifest.json"]
    manifest = json.loads(doc)
    signature = json.loads(members["signature.json"])["signature"]
    if not signed(manifest["signer"], "ezhifa.case-file.v1", doc, signature):
        faults.append("the manifest's signature")
    for name, said in manifest["files"].items():
        content = members.get(name, b"")
        if len(content) != said["size"] or hashlib.sha256(content).hexdigest() != said["sha256"]:
            faults.append(name)
    faults += sorted(set(members) - set(manifest["files"]) - {"manifest.json", "signature.json"})
    entries = {}
    for index, run in enumerate(manifest["runs"]):
        head = bytes.fromhex(run["after"]["hash"])
        for line in members[run["path"]].splitlines():
            entry = json.loads(line)
            header = entry["header"]
            entries[index, header["seq"]] = entry
            if bytes.fromhex(header["prev"]) != head:
                faults.append(f"{run['path']} #{header['seq']}: does not follow the entry before")
            if "body" in entry:
                digest = tagged("ezhifa.body.v1", bytes.fromhex(entry["salt"]), entry["body"].encode())
                if digest.hex() != header["body"]:
                    faults.append(f"{run['path']} #{header['seq']}: body")
            head = entry_hash(header)
        if head.hex() != run["until"]["hash"]:
            faults.append(f"{run['path']}: its end")
        if "receipt" in run:
            receipt = json.loads(members[run["receipt"]])
            says = json.loads(receipt["doc"])
            good = any(signed(k, "ezhifa.receipt.v1", receipt["doc"].encode(), receipt["signature"]) for k in manifest["hq_keys"])
            if not good or says["hash"] != run["until"]["hash"]:
                faults.append(run["receipt"])
    for line in manifest["entries"]:
        entry = entries.get((line["run"], line["seq"]))
        if entry is None or ("body" in entry) != (line["body"] == "shown"):
            faults.append(f"entry {line['seq']}")
    for item in manifest["evidence"]:
        if item["form"] == "original" and manifest["files"][item["path"]]["sha256"] != item["sha256"]:
            faults.append(item["path"])
    return faults, len(members), len(entries)


if __name__ == "__main__":
    wrong = 0
    for path in sys.argv[1:]:
        faults, members, entries = faults_of(path)
        wrong += len(faults)
        for fault in faults:
            print(f"{path}: {fault}")
        print(f"{path}: {members} files, {entries} entries, {len(faults)} faults")
    sys.exit(1 if wrong or len(sys.argv) < 2 else 0)
