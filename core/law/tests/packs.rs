//! Every pack of the repository is proved, mutation-tested, and short to answer.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::*;
use ezhifa_law::{
    check::{check, mutations, question_counts},
    rulebook::{Files, Rulebook},
};

const LOCAL: [&str; 3] = ["dongguan-sample", "zhejiang-appearance", "jiangmen-tiers"];

fn files(pack: &str) -> Files {
    read_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks").join(pack))
}

#[test]
fn every_pack_passes_its_check_and_its_mutations() {
    let national = national();
    assert_eq!(check(&national_files(), &[]), []);
    for pack in LOCAL {
        assert_eq!(check(&files(pack), &[&national]), [], "{pack}");
        assert_eq!(mutations(&files(pack), &[&national]), [], "{pack}");
    }
}

/// Five minutes on a pavement: the mean over all sample cases stays below six questions.
#[test]
fn few_questions_are_asked() {
    let national = national();
    let mut counts = Vec::new();
    for pack in LOCAL {
        counts.extend(question_counts(&Rulebook::load(&files(pack), &[&national]).unwrap()));
    }
    let total: usize = counts.iter().map(|(_, n)| n).sum();
    let worst = counts.iter().max_by_key(|(_, n)| *n).unwrap();
    let tenths = total * 10 / counts.len();
    eprintln!(
        "{} cases, {}.{} questions on average, at most {} ({})",
        counts.len(),
        tenths / 10,
        tenths % 10,
        worst.1,
        worst.0
    );
    assert!(tenths < 60, "mean {tenths}/10");
    assert!(worst.1 <= 10, "{worst:?}");
}

/// A library of clauses becomes an organ's own pack by import, and decides there.
#[test]
fn an_organ_imports_a_library_of_clauses() {
    let national = national();
    let library = Rulebook::load(&files("zhejiang-appearance"), &[&national]).unwrap();
    let mut organ = town_files();
    organ.retain(|path, _| !path.starts_with("offences/") && path != "facts.toml");
    let manifest = String::from_utf8(organ["manifest.toml"].clone()).unwrap();
    let import =
        format!("\n[[import]]\nid = \"zhejiang-appearance\"\nhash = \"{}\"\n", library.reference().hash);
    organ.insert("manifest.toml".into(), format!("{manifest}{import}").into_bytes());
    let book = Rulebook::load(&organ, &[&national, &library]).unwrap();
    assert_eq!(check(&organ, &[&national, &library]), []);
    assert_eq!(book.offences().count(), library.offences().count());
    assert_eq!(book.organ().code, "TOWN");
}
