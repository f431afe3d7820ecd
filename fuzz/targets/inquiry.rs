//! Facts as an app or a stranger hands them in: JSON of any shape, answers of any type.
#![no_main]

use std::sync::OnceLock;

use ezhifa_law::{
    decide::{LawError, decide, explain, questions},
    decision::{Decision, Inquiry},
    money::Fen,
    rulebook::{Files, Rulebook},
};
use libfuzzer_sys::fuzz_target;

fn book() -> &'static Rulebook {
    static BOOK: OnceLock<Rulebook> = OnceLock::new();
    BOOK.get_or_init(|| {
        let pack = |list: &[(&str, &str)]| -> Files {
            list.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
        };
        let national = pack(&[
            ("manifest.toml", include_str!("../../tests/vectors/decisions/1/packs/0-national/manifest.toml")),
            (
                "instruments.toml",
                include_str!("../../tests/vectors/decisions/1/packs/0-national/instruments.toml"),
            ),
            ("facts.toml", include_str!("../../tests/vectors/decisions/1/packs/0-national/facts.toml")),
            ("settings.toml", include_str!("../../tests/vectors/decisions/1/packs/0-national/settings.toml")),
            ("limbs.toml", include_str!("../../tests/vectors/decisions/1/packs/0-national/limbs.toml")),
            (
                "mitigation.toml",
                include_str!("../../tests/vectors/decisions/1/packs/0-national/mitigation.toml"),
            ),
            ("gates.toml", include_str!("../../tests/vectors/decisions/1/packs/0-national/gates.toml")),
            ("clocks.toml", include_str!("../../tests/vectors/decisions/1/packs/0-national/clocks.toml")),
        ]);
        let national = Rulebook::load(&national, &[]).expect("the national pack loads");
        let manifest = include_str!("../../tests/vectors/decisions/1/packs/town/manifest.toml");
        let manifest = ezhifa_law::rulebook::pin(manifest, &[&national]).expect("a manifest");
        let town = pack(&[
            ("manifest.toml", &manifest),
            ("instruments.toml", include_str!("../../tests/vectors/decisions/1/packs/town/instruments.toml")),
            ("facts.toml", include_str!("../../tests/vectors/decisions/1/packs/town/facts.toml")),
            ("settings.toml", include_str!("../../tests/vectors/decisions/1/packs/town/settings.toml")),
            ("organ.toml", include_str!("../../tests/vectors/decisions/1/packs/town/organ.toml")),
            ("numbers.toml", include_str!("../../tests/vectors/decisions/1/packs/town/numbers.toml")),
            (
                "offences/all.toml",
                include_str!("../../tests/vectors/decisions/1/packs/town/offences/all.toml"),
            ),
        ]);
        Rulebook::load(&town, &[&national]).expect("the town pack loads")
    })
}

fuzz_target!(|data: &[u8]| {
    let Ok(inquiry) = serde_json::from_slice::<Inquiry>(data) else { return };
    let book = book();
    let asked = questions(book, book, &inquiry);
    let decision = match decide(book, book, &inquiry) {
        Ok(decision) => decision,
        Err(error) => {
            // A choice that is not open is no fault of the facts; everything else stops both.
            assert!(error == LawError::ChoiceNotOpen || asked.is_err());
            return;
        }
    };
    assert!(!explain(&decision).is_empty());
    let text = serde_json::to_string(&decision).expect("a decision is JSON");
    assert_eq!(serde_json::from_str::<Decision>(&text).expect("and reads again"), decision);
    // 处罚法 51: what is fined on the spot stays under the gate, with what this encounter brought already.
    if decision.outcome.has_fine() {
        let gate = book.gate_for(inquiry.party).expect("a gate");
        assert!(
            decision.amount > Fen::ZERO && decision.amount.saturating_add(inquiry.encounter_fines) <= gate
        );
    } else {
        assert_eq!(decision.amount, Fen::ZERO);
    }
    if inquiry.choice.is_none() {
        assert_eq!(decide(book, book, &inquiry).as_ref(), Ok(&decision), "the same facts, the same decision");
    }
});
