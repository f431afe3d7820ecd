//! Golden decisions: what the engine decided under a semantics number, it decides for ever under that
//! number, so that HQ replays a two-year-old decision to the letter (DESIGN.md 5).
//!
//! `tests/vectors/decisions/N` holds frozen packs, inquiries and decisions. Nothing in a folder changes
//! once its hash stands here. A change of what is decided is a new number: the engine keeps the old
//! one, and `EZHIFA_WRITE_VECTORS=1` writes the folder of the new one where there is none.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use common::*;
use ezhifa_law::{
    decide::{decide, explain},
    decision::{Decision, DefenceCap, Inquiry},
    facts::Value,
    money::Fen,
    rulebook::{Domain, Files, Rulebook, SEMANTICS, pack_hash},
    terms::{Outcome, PartyKind},
};
use serde::{Deserialize, Serialize};

/// Semantics number -> hash over every file of its folder.
const CLOSED: [(u32, &str); 1] = [(1, "013023423b83b39394da774f69c4b078d305deb22c8ec94c1b570f7dcfe6f60b")];

#[derive(Serialize, Deserialize)]
struct Golden {
    at_act: String,
    at_decision: String,
    inquiry: Inquiry,
    decision: Decision,
}

fn folder(semantics: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/vectors/decisions/{semantics}"))
}

/// The frozen packs by folder name; `0-national` first.
fn packs(folder: &Path) -> BTreeMap<String, Rulebook> {
    let national = Rulebook::load(&read_dir(&folder.join("packs/0-national")), &[]).unwrap();
    let mut books = BTreeMap::new();
    for entry in fs::read_dir(folder.join("packs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name != "0-national" {
            let book = Rulebook::load(&read_dir(&path), &[&national]);
            books.insert(name, book.unwrap_or_else(|e| panic!("{e}")));
        }
    }
    books
}

#[test]
fn decisions_never_change_within_a_semantics_number() {
    if std::env::var_os("EZHIFA_WRITE_VECTORS").is_some() && !folder(SEMANTICS).exists() {
        write(&folder(SEMANTICS));
    }
    assert_eq!(CLOSED.last().map(|(n, _)| *n), Some(SEMANTICS), "a new number has its own vectors");
    for (semantics, hash) in CLOSED {
        let folder = folder(semantics);
        assert_eq!(pack_hash(&read_dir(&folder)), hash, "the vectors of semantics {semantics} are closed");
        let books = packs(&folder);
        let lines = fs::read_to_string(folder.join("cases.jsonl")).unwrap();
        let mut outcomes = BTreeSet::new();
        for (i, line) in lines.lines().enumerate() {
            let golden: Golden = serde_json::from_str(line).unwrap();
            let (then, now) = (&books[&golden.at_act], &books[&golden.at_decision]);
            let decision = decide(then, now, &golden.inquiry).unwrap();
            assert_eq!(decision, golden.decision, "case {}", i + 1);
            assert_eq!(explain(&decision), explain(&golden.decision));
            outcomes.insert(decision.outcome);
        }
        assert!(lines.lines().count() >= 100, "{}", lines.lines().count());
        // 拟不予处罚 and 移送 are decided by settings and by a clause of their own.
        assert!(outcomes.len() >= 9, "{outcomes:?}");
    }
}

// --- writing the vectors of a new number ---

fn write(folder: &Path) {
    let mut national = national_files();
    // Papers decide nothing, and they are long.
    national.retain(|path, _| !path.starts_with("templates/"));
    let frozen = Rulebook::load(&national, &[]).unwrap();
    let repin = |mut files: Files| -> Files {
        let manifest = String::from_utf8(files["manifest.toml"].clone()).unwrap();
        let pinned = ezhifa_law::rulebook::pin(&manifest, &[&frozen]).unwrap();
        files.insert("manifest.toml".into(), pinned.into_bytes());
        files
    };
    let forms = read_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks/all-forms"));
    let milder = edited(
        "offences/all.toml",
        "individual = { low = 20, high = 50 }",
        "individual = { low = 10, high = 40 }",
    );
    let head = edited("settings.toml", "\"delegated\"", "\"head_confirms\"");
    for (name, files) in [
        ("0-national", national.clone()),
        ("town", repin(town_files())),
        ("town-milder", repin(milder)),
        ("town-head", repin(head)),
        ("forms", repin(forms)),
    ] {
        for (path, bytes) in files {
            let path = folder.join("packs").join(name).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    let books = packs(folder);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut lines = String::new();
    for (then, now, most) in [
        ("town", "town", 60),
        ("forms", "forms", 40),
        ("town", "town-milder", 20),
        ("town-head", "town-head", 12),
    ] {
        let (mut seen, mut kept) = (BTreeSet::new(), 0);
        for _ in 0..20_000 {
            let inquiry = random.inquiry(&books[now]);
            let Ok(decision) = decide(&books[then], &books[now], &inquiry) else { continue };
            let reasons: Vec<String> = decision.reasons.iter().map(|r| r.rule.clone()).collect();
            if kept < most
                && seen.insert((decision.offence.clone(), decision.outcome, decision.tier.clone(), reasons))
            {
                kept += 1;
                let golden = Golden { at_act: then.into(), at_decision: now.into(), inquiry, decision };
                lines += &(serde_json::to_string(&golden).unwrap() + "\n");
            }
        }
    }
    fs::write(folder.join("cases.jsonl"), lines).unwrap();
    eprintln!("{}: {}", folder.display(), pack_hash(&read_dir(folder)));
}

/// xorshift64*, so that writing twice writes the same.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn inquiry(&mut self, book: &Rulebook) -> Inquiry {
        let offences: Vec<String> = book.offences().map(|o| o.id.to_owned()).collect();
        let at = usize::try_from(self.below(offences.len() as u64)).unwrap();
        let mut case = inquiry(&offences[at], &[]);
        case.party = [PartyKind::Citizen, PartyKind::SoleTrader, PartyKind::Organisation]
            [usize::try_from(self.below(3)).unwrap()];
        case.age_at_act = (case.party != PartyKind::Organisation)
            .then(|| if self.one_in(4) { 12 + self.below(6) as u8 } else { 30 })
            .filter(|_| !self.one_in(20));
        for fact in book.facts() {
            // What is presumed is raised in one case of ten.
            if fact.presumed.is_some() && !self.one_in(10) || self.one_in(8) {
                continue;
            }
            let value = match book.domain(&fact.name).unwrap() {
                _ if self.one_in(15) => Value::Unknown,
                Domain::Bool => Value::Bool(self.one_in(2)),
                Domain::Choice(options) => {
                    Value::Choice(options[usize::try_from(self.below(options.len() as u64)).unwrap()].clone())
                }
                Domain::Int { min, max, .. } => {
                    Value::Int(min + i64::try_from(self.below(80.min((max - min + 1) as u64))).unwrap())
                }
            };
            case.facts.0.insert(fact.name.clone(), value);
        }
        if self.one_in(2) {
            let mut order = order([None, Some(true), Some(false), Some(false)][self.below(4) as usize]);
            order.refused = self.one_in(4);
            order.served = !self.one_in(10);
            case.prior_order = Some(order);
        }
        case.history.earlier = [Some(false), Some(true), None][self.below(3) as usize];
        case.history.stale = self.one_in(5);
        case.encounter_fines = Fen::yuan(if self.one_in(6) { 190 } else { 0 });
        if self.one_in(12) {
            case.decided_at = case.act_at + chrono::Days::new(800);
        }
        if self.one_in(8) {
            case.defence_cap = Some(DefenceCap { outcome: Outcome::Fine, amount: Fen::yuan(30) });
        }
        case
    }
}
