//! Generates the Kotlin, Swift and Python bindings from the built library: `tests/bindings.sh` shows how.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    uniffi::uniffi_bindgen_main();
    match std::env::args().skip_while(|arg| arg != "--out-dir").nth(1) {
        Some(out) => readable(Path::new(&out)),
        None => Ok(()),
    }
}

/// Kotlin's `message` comes out as a dump of the error's fields, and a subclass that is generated cannot be
/// overridden by hand: here it becomes what `toString` says. Both our errors have one from Rust.
fn readable(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            readable(&path)?;
        } else if path.extension().is_some_and(|e| e == "kt") {
            let text = fs::read_to_string(&path)?;
            let mut out = String::with_capacity(text.len());
            let mut before = "";
            for line in text.lines() {
                let dump = before.trim() == "override val message" && line.trim().starts_with("get() = \"");
                out.push_str(if dump { "            get() = toString()" } else { line });
                out.push('\n');
                before = line;
            }
            fs::write(&path, out)?;
        }
    }
    Ok(())
}
