//! Invariants of LAW.md 6.1 that `law` and `seal` carry, held here as a case meets them.
#![allow(
    clippy::field_reassign_with_default,
    clippy::result_large_err,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs
)]

use std::{fs, path::Path};

use chrono::{Days, NaiveDate};
use ezhifa_casework::seal::sign::{Algorithm, Signature, Signer, SoftwareKey, verify};
use ezhifa_law::{
    calendar::Calendar,
    clocks::Pause,
    money::Fen,
    rulebook::{Files, Rulebook},
    terms::{Remedy, SlipKind},
};

fn national() -> Rulebook {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks/prc-national");
    let mut files = Files::new();
    for dir in [root.clone(), root.join("templates")] {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    Rulebook::load(&files, &[]).unwrap_or_else(|e| panic!("{:#?}", e.findings))
}

#[test]
fn invariant_13_no_late_fee_before_day_sixteen_never_above_the_fine_paused_in_remedies() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks/calendar/2024-2026.toml");
    let calendar = Calendar::parse(&fs::read_to_string(path).unwrap()).unwrap();
    let clocks = national().clocks().unwrap();
    let served = NaiveDate::from_ymd_opt(2026, 6, 18).unwrap();
    let last = clocks.pay_last_day(served, &calendar).unwrap();
    assert_eq!(last, NaiveDate::from_ymd_opt(2026, 7, 3).unwrap());
    let fine = Fen::yuan(100);
    let day = |n: u64| last.checked_add_days(Days::new(n)).unwrap();
    assert_eq!(clocks.late_fee(fine, last, last, &[]), Fen::ZERO);
    assert_eq!(clocks.late_fee(fine, last, day(1), &[]), Fen::yuan(3));
    assert_eq!(clocks.late_fee(fine, last, day(33), &[]), Fen::yuan(99));
    assert_eq!(clocks.late_fee(fine, last, day(34), &[]), fine);
    assert_eq!(clocks.late_fee(fine, last, day(400), &[]), fine);
    let remedies = [Pause { from: day(1), to: None }];
    assert_eq!(clocks.late_fee(fine, last, day(400), &remedies), Fen::ZERO);
}

#[test]
fn invariant_14_the_paper_of_a_penalty_sends_to_reconsideration_first_and_no_other_does() {
    let book = national();
    let mut kinds = 0;
    for template in book.templates() {
        let words: String = template.blocks.iter().flat_map(|b| b.lines.clone()).collect();
        let first = words.contains("先向") || words.contains("先申请");
        let penalty = template.kind == SlipKind::Penalty;
        assert_eq!(template.remedy == Remedy::ReconsiderationFirst, penalty, "{:?}", template.kind);
        assert_eq!(first, penalty, "{:?}: {words}", template.kind);
        assert!(
            !penalty || words.contains("应当") && words.contains("六十日内") && !words.contains("六个月")
        );
        kinds += 1;
    }
    assert_eq!(kinds, 15, "every paper of the pack was looked at");
}

#[test]
fn invariant_22_every_signature_names_its_algorithm_and_fits_no_other() {
    let message = b"one entry";
    for alg in [Algorithm::P256Sha256, Algorithm::Sm2Sm3] {
        let key = SoftwareKey::from_secret(alg, [7; 32]).unwrap();
        let signature = key.sign(message).unwrap();
        let json = serde_json::to_string(&signature).unwrap();
        let id = if alg == Algorithm::P256Sha256 { "p256-sha256" } else { "sm2-sm3" };
        assert!(json.contains(id), "{json}");
        let back: Signature = serde_json::from_str(&json).unwrap();
        verify(&key.public_key(), message, &back).unwrap();
        let other = match alg {
            Algorithm::P256Sha256 => Algorithm::Sm2Sm3,
            Algorithm::Sm2Sm3 => Algorithm::P256Sha256,
        };
        let mut swapped = back;
        swapped.alg = other;
        assert!(verify(&key.public_key(), message, &swapped).is_err());
    }
}
