//! A small desk tool for rule editors: `check DIR [--mutate]`, `pin DIR`. The command line has the full one.
#![allow(clippy::print_stdout)]

use std::{collections::BTreeMap, env, error::Error, fs, path::Path, process::ExitCode};

use ezhifa_law::{
    check::{check, mutations},
    rulebook::{Files, Rulebook, Severity, pack_hash},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn read(dir: &Path) -> Result<Files> {
    fn walk(root: &Path, dir: &Path, files: &mut Files) -> Result<()> {
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.is_dir() {
                walk(root, &path, files)?;
            } else {
                files.insert(path.strip_prefix(root)?.to_string_lossy().replace('\\', "/"), fs::read(&path)?);
            }
        }
        Ok(())
    }
    let mut files = Files::new();
    walk(dir, dir, &mut files)?;
    Ok(files)
}

/// The packs that `files` imports, from the neighbouring folders.
fn imports(dir: &Path, files: &Files) -> Result<Vec<Rulebook>> {
    let text =
        String::from_utf8_lossy(files.get("manifest.toml").ok_or("manifest.toml is missing")?).into_owned();
    let manifest: BTreeMap<String, toml::Value> = toml::from_str(&text)?;
    let mut books = Vec::new();
    for import in manifest.get("import").and_then(|v| v.as_array()).into_iter().flatten() {
        let id = import.get("id").and_then(|v| v.as_str()).unwrap_or_default();
        books.push(Rulebook::load(&read(&dir.join("..").join(id))?, &[])?);
    }
    Ok(books)
}

fn main() -> Result<ExitCode> {
    let args: Vec<String> = env::args().skip(1).collect();
    let (Some(command), Some(dir)) = (args.first(), args.get(1)) else { return Err("check|pin DIR".into()) };
    let dir = Path::new(dir);
    let files = read(dir)?;
    let books = imports(dir, &files)?;
    let below: Vec<&Rulebook> = books.iter().collect();
    if command == "pin" {
        let path = dir.join("manifest.toml");
        let mut text = fs::read_to_string(&path)?;
        for book in &books {
            let start = text.find(&format!("id = \"{}\"", book.reference().id)).ok_or("import not found")?;
            let from = start + text[start..].find("hash = \"").ok_or("hash not found")? + 8;
            let to = from + text[from..].find('"').ok_or("hash not closed")?;
            text.replace_range(from..to, &book.reference().hash);
        }
        fs::write(path, text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut findings = check(&files, &below);
    if args.iter().any(|a| a == "--mutate") {
        findings.extend(mutations(&files, &below));
    }
    for finding in &findings {
        println!("{finding}");
    }
    println!("{} {}", pack_hash(&files), findings.len());
    Ok(ExitCode::from(u8::from(findings.iter().any(|f| f.severity == Severity::Error))))
}
