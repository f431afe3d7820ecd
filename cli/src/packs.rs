//! Rulebook folders on disk, as the pure loader wants them.

use std::path::{Path, PathBuf};

use ezhifa_field::casework::law::{
    calendar::Calendar,
    rulebook::{Files, Rulebook},
};

use crate::error::CliError;

/// The most that is read of a folder: above the loader's own limits (400 files, 8 MB), so that it names what is too
/// large, and far below what would fill the memory when somebody names the wrong folder.
const LARGEST: u64 = 16 * 1024 * 1024;
const MOST_FILES: usize = 1000;

/// Every file below `dir`, by its path inside the pack with forward slashes.
///
/// # Errors
/// No such folder, or a file that cannot be read.
pub fn read_files(dir: &Path) -> Result<Files, CliError> {
    let mut files = Files::new();
    let mut room = LARGEST;
    collect(dir, dir, &mut files, &mut room)?;
    if files.is_empty() {
        return Err(CliError::new(
            format!("“{0}”没有规则包 / no rulebook at {0}", dir.display()),
            "a rulebook is a folder with a manifest.toml; see rulebooks/",
        ));
    }
    Ok(files)
}

fn collect(root: &Path, dir: &Path, files: &mut Files, room: &mut u64) -> Result<(), CliError> {
    let unreadable = |path: &Path, e: std::io::Error| {
        CliError::new(format!("cannot read {}: {e}", path.display()), "check the path and its rights")
    };
    for entry in std::fs::read_dir(dir).map_err(|e| unreadable(dir, e))? {
        let entry = entry.map_err(|e| unreadable(dir, e))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(|e| unreadable(&path, e))?;
        if kind.is_dir() {
            collect(root, &path, files, room)?;
        } else if kind.is_file() {
            let size = entry.metadata().map_err(|e| unreadable(&path, e))?.len();
            *room = room.checked_sub(size).filter(|_| files.len() < MOST_FILES).ok_or_else(|| {
                CliError::new(
                    format!("“{0}”太大，不是规则包 / {0} holds more than a pack may", root.display()),
                    "a rulebook is text: at most 400 files, 1 MB each and 8 MB together",
                )
            })?;
            let inside = path.strip_prefix(root).unwrap_or(&path);
            let name =
                inside.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
            files.insert(name, std::fs::read(&path).map_err(|e| unreadable(&path, e))?);
        }
    }
    Ok(())
}

/// A pack with what it imports, loaded from sibling folders in order.
///
/// # Errors
/// A pack that does not load, with the loader's own sentence.
pub fn load_all(root: &Path, names: &[String]) -> Result<Vec<(Files, Rulebook)>, CliError> {
    let mut loaded: Vec<(Files, Rulebook)> = Vec::new();
    for name in names {
        let dir = root.join(name);
        let files = read_files(&dir)?;
        let imports: Vec<&Rulebook> = loaded.iter().map(|(_, book)| book).collect();
        let book = Rulebook::load(&files, &imports).map_err(|e| {
            CliError::new(format!("{}: {e}", dir.display()), "ezhifa rulebook check DIR names every finding")
        })?;
        loaded.push((files, book));
    }
    Ok(loaded)
}

/// The official calendar.
///
/// # Errors
/// No such file, or a line that does not fit.
pub fn read_calendar(path: &Path) -> Result<(String, Calendar), CliError> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        CliError::new(
            format!("no calendar at {}: {e}", path.display()),
            "rulebooks/calendar/ holds the official one",
        )
    })?;
    let calendar = Calendar::parse(&text).map_err(|e| {
        CliError::new(format!("{}: {e}", path.display()), "rulebooks/calendar/ shows the form")
    })?;
    Ok((text, calendar))
}

/// The folder that holds rulebooks and scenarios: here, or the checkout this program was built from.
pub fn project_file(relative: &str) -> PathBuf {
    let here = PathBuf::from(relative);
    if here.exists() {
        return here;
    }
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(relative);
    if built_from.exists() { built_from } else { here }
}
