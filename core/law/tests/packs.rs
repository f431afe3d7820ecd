//! Every pack of the repository is proved, mutation-tested, and short to answer.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::*;
use ezhifa_law::{
    check::{check, mutations, question_counts},
    rulebook::{Files, Rulebook},
    terms::Outcome,
};

const LOCAL: [&str; 4] = ["dongguan-sample", "zhejiang-appearance", "jiangmen-tiers", "all-forms"];

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

/// 浙江省城市市容和环境卫生管理条例: every paragraph that names a fine is the basis of an offence, and each
/// offence ends on the spot or says why it does not.
#[test]
fn every_penal_clause_of_zhejiang_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks");
    let statute =
        std::fs::read_to_string(root.join("statutes/浙江省城市市容和环境卫生管理条例-2021.md")).unwrap();
    let book = Rulebook::load(&files("zhejiang-appearance"), &[&national()]).unwrap();
    let digits = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    let mut penal = Vec::new();
    let (mut article, mut paragraph) = (String::new(), 0);
    for line in statute.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with(['#', '（'])) {
        match line.strip_prefix('第').and_then(|rest| rest.split_once('条')) {
            Some((number, _)) if number.chars().all(|c| "一二三四五六七八九十".contains(c)) => {
                (article, paragraph) = (format!("第{number}条"), 1);
            }
            _ => paragraph += 1,
        }
        if line.contains("罚款") && !article.is_empty() {
            penal.push(format!("{article}第{}款", digits[paragraph - 1]));
        }
    }
    assert!(penal.len() > 15, "{penal:?}");
    let offences: Vec<_> = book.offences().filter_map(|o| book.offence(o.id)).collect();
    for clause in penal {
        let based = offences.iter().any(|o| {
            o.basis.iter().filter_map(|cite| book.citation(cite)).any(|c| c.article.starts_with(&clause))
        });
        assert!(based, "no offence rests on {clause}");
    }
    for offence in &offences {
        let gated = offence.penalty.as_ref().is_some_and(|p| p.over_gate);
        let out = gated || !offence.ordinary_because.is_empty() || !offence.refer_to.is_empty();
        let ends = offence.examples.iter().map(|e| e.expect.outcome);
        let elsewhere = ends.clone().any(|o| matches!(o, Outcome::OrdinaryProcedure | Outcome::Referral));
        let fined = ends.clone().any(|o| o.has_fine());
        let penal = offence.penalty.is_some();
        assert!(!offence.unverified, "{}", offence.id);
        assert_eq!(out, elsewhere, "{}: an example shows why it leaves the street", offence.id);
        assert!(fined || out || !penal, "{}: an example shows its fine on the spot", offence.id);
    }
}
