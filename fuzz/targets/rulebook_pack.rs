//! A rulebook from anywhere: the bytes replace one file of a sound pack, or are spliced into it.
#![no_main]

use std::sync::OnceLock;

use ezhifa_law::{
    check::check,
    decide::{decide, questions},
    decision::{History, Inquiry},
    diff::diff,
    facts::Facts,
    money::Fen,
    rulebook::{Files, Rulebook},
    terms::PartyKind,
};
use libfuzzer_sys::fuzz_target;

/// The national pack without its papers, and the pack that has every form.
fn sound() -> &'static (Rulebook, Files, Rulebook) {
    static SOUND: OnceLock<(Rulebook, Files, Rulebook)> = OnceLock::new();
    SOUND.get_or_init(|| {
        let mut national = Files::new();
        for (name, text) in [
            ("manifest.toml", include_str!("../../rulebooks/prc-national/manifest.toml")),
            ("instruments.toml", include_str!("../../rulebooks/prc-national/instruments.toml")),
            ("facts.toml", include_str!("../../rulebooks/prc-national/facts.toml")),
            ("settings.toml", include_str!("../../rulebooks/prc-national/settings.toml")),
            ("limbs.toml", include_str!("../../rulebooks/prc-national/limbs.toml")),
            ("mitigation.toml", include_str!("../../rulebooks/prc-national/mitigation.toml")),
            ("gates.toml", include_str!("../../rulebooks/prc-national/gates.toml")),
            ("clocks.toml", include_str!("../../rulebooks/prc-national/clocks.toml")),
        ] {
            national.insert(name.into(), text.as_bytes().to_vec());
        }
        let national = Rulebook::load(&national, &[]).expect("the national pack loads");
        let mut local = Files::new();
        for (name, text) in [
            ("instruments.toml", include_str!("../../rulebooks/all-forms/instruments.toml")),
            ("facts.toml", include_str!("../../rulebooks/all-forms/facts.toml")),
            ("settings.toml", include_str!("../../rulebooks/all-forms/settings.toml")),
            ("limbs.toml", include_str!("../../rulebooks/all-forms/limbs.toml")),
            ("clocks.toml", include_str!("../../rulebooks/all-forms/clocks.toml")),
            ("organ.toml", include_str!("../../rulebooks/all-forms/organ.toml")),
            ("numbers.toml", include_str!("../../rulebooks/all-forms/numbers.toml")),
            ("offences/forms.toml", include_str!("../../rulebooks/all-forms/offences/forms.toml")),
        ] {
            local.insert(name.into(), text.as_bytes().to_vec());
        }
        let manifest = include_str!("../../rulebooks/all-forms/manifest.toml");
        let pinned = ezhifa_law::rulebook::pin(manifest, &[&national]).expect("a manifest");
        local.insert("manifest.toml".into(), pinned.into_bytes());
        let book = Rulebook::load(&local, &[&national]).expect("the local pack loads");
        (national, local, book)
    })
}

fuzz_target!(|data: &[u8]| {
    let (national, local, book) = sound();
    let [which, how, low, high, bytes @ ..] = data else { return };
    let mut files = local.clone();
    let at = usize::from(*which) % files.len();
    let Some(file) = files.values_mut().nth(at) else { return };
    if how % 4 == 0 {
        *file = bytes.to_vec();
    } else {
        let from = usize::from(u16::from_be_bytes([*low, *high])) % (file.len() + 1);
        let to = (from + usize::from(*how) / 4).min(file.len());
        file.splice(from..to, bytes.iter().copied());
    }
    match Rulebook::load(&files, &[national]) {
        Err(error) => {
            assert!(!error.findings.is_empty(), "an error has a reason");
            for finding in &error.findings {
                assert!(finding.line >= 1 && !finding.sentence.is_empty());
            }
            assert!(!check(&files, &[national]).is_empty(), "what does not load does not pass its check");
        }
        Ok(changed) => {
            let _ = check(&files, &[national]);
            let _ = diff(book, &changed);
            let noon = changed.manifest().effective_from.0.and_hms_opt(12, 0, 0).expect("noon");
            for offence in changed.offences().take(8) {
                let inquiry = Inquiry {
                    offence: offence.id.to_owned(),
                    party: PartyKind::Citizen,
                    age_at_act: Some(30),
                    act_at: noon,
                    decided_at: noon,
                    discovered_at: None,
                    facts: Facts::default(),
                    prior_order: None,
                    history: History { earlier: Some(false), as_of: None, stale: false },
                    encounter_fines: Fen::ZERO,
                    defence_cap: None,
                    choice: None,
                };
                let _ = decide(&changed, &changed, &inquiry);
                let _ = questions(&changed, &changed, &inquiry);
            }
        }
    }
});
