//! Every pack in rulebooks/ loads, and the checker finds nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeMap, fs, path::Path};

use ezhifa_law::rulebook::{Files, Rulebook};

/// The packs that rest on prc-national.
const LOCAL: [&str; 1] = ["dongguan-sample"];

fn read(pack: &str) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks").join(pack);
    let mut files = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn national() -> Rulebook {
    Rulebook::load(&read("prc-national"), &[]).unwrap_or_else(|e| panic!("prc-national: {:#?}", e.findings))
}

#[test]
fn every_pack_loads() {
    let national = national();
    for pack in LOCAL {
        let rulebook = Rulebook::load(&read(pack), &[&national]).unwrap_or_else(|e| panic!("{pack}: {:#?}", e.findings));
        assert!(rulebook.offences().count() > 0, "{pack} has no offence");
    }
}
