//! A ZIP that somebody brings and calls the file of a case: read as it is, or put together here from members
//! (a line `=== NAME` before each), so that mutations reach what lies behind the ZIP's checksums.
#![no_main]

use std::io::{Cursor, Write as _};

use ezhifa_casefile::{device_keys, verify};
use libfuzzer_sys::fuzz_target;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

fn packed(text: &str) -> Option<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for member in text.split("=== ").skip(1) {
        let (name, content) = member.split_once('\n')?;
        zip.start_file(name, stored).ok()?;
        zip.write_all(content.as_bytes()).ok()?;
    }
    Some(zip.finish().ok()?.into_inner())
}

fuzz_target!(|data: &[u8]| {
    let zip = match std::str::from_utf8(data).ok().filter(|t| t.starts_with("=== ")).and_then(packed) {
        Some(zip) => zip,
        None => data.to_vec(),
    };
    let Ok(verdict) = verify(Cursor::new(&zip), &[]) else { return };
    assert!(device_keys(Cursor::new(&zip)).is_ok(), "its manifest was read");
    // Whatever is whole is signed and lists all its members: no byte of the manifest can go.
    if verdict.is_whole() {
        assert!(verdict.findings.iter().any(|f| f.code == "signature"));
        assert!(verdict.members >= 2);
    }
});
