"""What is in the library: size_table.py LIBRARY BUILD_FOLDER FONT_BYTES (from size.sh, with its symbols still in it).

Every symbol goes to the part of the phone that it serves: Rust's by their crate, C's by the archive that defines them.
Generic code counts for the crate of its type. What has no symbol (texts, unwinding, relocations) is listed as such.
"""

import collections
import pathlib
import re
import subprocess
import sys

PARTS = {
    "rulebook engine": "ezhifa_law toml toml_parser toml_datetime toml_writer winnow serde_spanned",
    "cases, journal, sync": "ezhifa_casework ezhifa_field ezhifa_wire xorf rusqlite hashlink",
    "signatures and seals": "ezhifa_seal p256 sm2 sm3 sha2 argon2 blake2 chacha20 chacha20poly1305 poly1305 elliptic_curve "
                            "primeorder primefield crypto_bigint ecdsa der pkcs8 spki sec1 hkdf hmac digest fiat_crypto "
                            "wnaf rfc6979 hybrid_array block_buffer ff group const_oid base64ct pem_rfc7468 signature",
    "papers: layout, dots, picture": "ezhifa_slip ab_glyph ab_glyph_rasterizer owned_ttf_parser ttf_parser escpos png "
                                     "fdeflate qrcodegen encoding_rs",
    "papers: PDF": "printpdf lopdf allsorts brotli_decompressor pathfinder_geometry pathfinder_simd glyph_names aes "
                   "cbc ecb md5 stringprep weezl nom rand time",
    "printers": "ezhifa_printer serialport nix",
    "case file (ZIP)": "ezhifa_casefile zip zopfli exif",
    "compression": "flate2 miniz_oxide zlib_rs crc32fast adler2 simd_adler32",
    "HTTPS": "rustls webpki ring rustls_pki_types ureq ureq_proto http httparse untrusted",
    "bindings": "ezhifa_bindings uniffi uniffi_core anyhow",
    "JSON and serde": "serde serde_core serde_json ryu itoa zmij data_encoding",
    "Rust's library": "core alloc std gimli addr2line object rustc_demangle hashbrown memchr chrono indexmap "
                      "compiler_builtins log once_cell smallvec libc rustix num_traits",
}
ARCHIVES = {"libcrypto.a": "OpenSSL (AES, HMAC for SQLCipher)", "libsqlcipher.a": "SQLite with SQLCipher", "libring_core_": "HTTPS"}
SECTIONS = {
    ".eh_frame": "unwinding tables", ".eh_frame_hdr": "unwinding tables", ".gcc_except_table": "unwinding tables",
    ".rela.dyn": "relocations", ".relr.dyn": "relocations", ".rela.plt": "relocations",
}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def main():
    library, build, font = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    of_crate = {crate: part for part, crates in PARTS.items() for crate in crates.split()}
    of_c = {}
    for archive in build.rglob("*.a"):
        part = next((p for start, p in ARCHIVES.items() if archive.name.startswith(start)), None)
        for line in filter(None, run("nm", "--defined-only", archive) if part else ()):
            of_c.setdefault(line.split()[-1], part)
    sizes, others, named, seen = collections.Counter(), collections.Counter(), collections.Counter(), set()
    sections = {}
    for line in run("readelf", "-SW", library):
        found = re.match(r"\s*\[\s*\d+\] (\.\S+)\s+(\S+)\s+([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+) .. +(\S*)", line)
        if found and found[2] != "NOBITS" and "A" in found[5]:
            sections[found[1]] = (int(found[3], 16), int(found[4], 16))
    for line in run("nm", "-S", "-C", "--defined-only", library):
        parts = line.split(None, 3)
        if len(parts) < 4 or parts[2] in "bB" or parts[0] in seen:
            continue
        seen.add(parts[0])
        at, size, name = int(parts[0], 16), int(parts[1], 16), parts[3]
        for section, (start, length) in sections.items():
            if start <= at < start + length:
                named[section] += size
        crates = re.findall(r"\b([a-z][a-z0-9_]*)::", name)
        part = of_c.get(name) if not crates else None
        if crates:
            # The first crate that is not Rust's own: what the code is instantiated for.
            known = [of_crate[c] for c in crates if c in of_crate]
            part = next((p for p in known if p != "Rust's library"), known[0] if known else None)
        if name.lower().startswith(("uniffi_", "ffi_ezhifa")):
            part = "bindings"
        if part is None:
            part = "other"
            others[crates[0] if crates else name] += size
        sizes[part] += size
    for section, (_, length) in sections.items():
        rest = length - named[section]
        if section == ".rodata":
            sizes["font"] += font
            rest -= font
        sizes[SECTIONS.get(section, "texts and constants" if section in (".rodata", ".data.rel.ro") else "other")] += rest
    total = sum(sizes.values())
    for part, size in sizes.most_common():
        print(f"{size:12,} {size / total:6.1%}  {part}")
    print(f"{total:12,}         together")
    if "--others" in sys.argv:
        print(*others.most_common(40), sep="\n")


main()
