//! Every pack in rulebooks/ loads, and the checker finds nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeMap, fs, path::Path};

use ezhifa_law::{
    check::{check, mutations},
    decide::decide,
    decision::{History, Inquiry},
    facts::{Facts, Value},
    money::Fen,
    rulebook::{Files, Finding, Rulebook},
    template::PLACES,
    terms::{Limb, Outcome, PartyKind, SlipKind},
};

/// The packs that rest on prc-national.
const LOCAL: [&str; 3] = ["dongguan-sample", "zhejiang-appearance", "jiangmen-tiers"];

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
        let rulebook =
            Rulebook::load(&read(pack), &[&national]).unwrap_or_else(|e| panic!("{pack}: {:#?}", e.findings));
        assert!(rulebook.offences().count() > 0, "{pack} has no offence");
    }
}

#[test]
fn the_checker_finds_nothing_in_any_pack() {
    let national = national();
    assert_eq!(sentences(&check(&read("prc-national"), &[])), "");
    for pack in LOCAL {
        assert_eq!(sentences(&check(&read(pack), &[&national])), "", "{pack}");
    }
}

#[test]
fn the_examples_notice_every_flipped_cell() {
    let national = national();
    assert_eq!(sentences(&mutations(&read("prc-national"), &[])), "");
    for pack in LOCAL {
        assert_eq!(sentences(&mutations(&read(pack), &[&national])), "", "{pack}");
    }
}

fn sentences(findings: &[Finding]) -> String {
    findings.iter().map(|f| format!("{f}\n")).collect()
}

/// A case on 24 September 2026, 19:25, with nothing but the facts given.
fn inquiry(offence: &str, facts: &[(&str, Value)]) -> Inquiry {
    let at = chrono::NaiveDate::from_ymd_opt(2026, 9, 24).unwrap().and_hms_opt(19, 25, 0).unwrap();
    Inquiry {
        offence: offence.into(),
        party: PartyKind::Citizen,
        age_at_act: Some(30),
        act_at: at,
        decided_at: at,
        facts: Facts(facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()),
        prior_order: None,
        history: History { earlier: Some(false), as_of: Some(at), stale: false },
        encounter_fines: Fen::ZERO,
        defence_cap: None,
        choice: None,
        discovered_at: None,
    }
}

#[test]
fn the_first_slip_of_the_demo_is_a_reasoned_waiver() {
    let national = national();
    let dongguan = Rulebook::load(&read("dongguan-sample"), &[&national]).unwrap();
    let yes = || Value::Bool(true);
    let facts = [
        ("on_road", yes()),
        ("approved", Value::Bool(false)),
        ("area", Value::Int(15)),
        ("minor", Value::Bool(false)),
        ("harm", Value::Choice("slight".into())),
        ("corrected", yes()),
    ];
    let decision = decide(&dongguan, &dongguan, &inquiry("stall", &facts)).unwrap();
    assert_eq!(decision.outcome, Outcome::NoPenalty);
    assert_eq!(decision.limb, Some(Limb::B));
    assert_eq!(decision.slip, SlipKind::NoPenalty);
    assert_eq!(decision.amount, Fen::ZERO);
    assert!(decision.reasons.iter().any(|r| r.citations.iter().any(|c| c.article == "第三十三条第一款")));
    let template = dongguan.template(decision.slip).unwrap();
    assert_eq!(template.remedy, decision.remedy);
}

#[test]
fn every_paper_has_a_template_with_known_places() {
    let national = national();
    let kinds = [
        SlipKind::Advice,
        SlipKind::Order,
        SlipKind::OrderUnnamed,
        SlipKind::NoPenalty,
        SlipKind::NoPenaltyProposed,
        SlipKind::Guardian,
        SlipKind::Penalty,
        SlipKind::Transfer,
        SlipKind::Void,
        SlipKind::Correction,
        SlipKind::Revocation,
        SlipKind::EServiceConsent,
        SlipKind::Commitment,
        SlipKind::PaymentReference,
        SlipKind::FilingSheet,
    ];
    for kind in kinds {
        let template = national.template(kind).unwrap_or_else(|| panic!("{kind:?}"));
        for block in &template.blocks {
            for text in block.lines.iter().flat_map(|l| l.split('{').skip(1)) {
                let place = text.split('}').next().unwrap();
                assert!(PLACES.contains(&place), "{kind:?}: {{{place}}}");
            }
            for name in block.when.iter().chain(&block.unless) {
                assert!(PLACES.contains(&name.as_str()), "{kind:?}: {name}");
            }
        }
    }
}
