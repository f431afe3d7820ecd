//! What the writer needs, gathered by a phone or by HQ.

use std::{collections::BTreeMap, io::Write};

use ezhifa_casework::{
    event::CaseEvent,
    law::{decision::PackRef, rulebook::Files},
};
use ezhifa_slip::GlyphSource;
use ezhifa_wire::seal::{
    entry::{Head, SealedEntry},
    hash::Digest,
    sign::{PublicKey, Signed, Signer},
};

use crate::format::{Audience, CaseFileError, DeviceKey, Maker, OfficerLine};

/// A stretch of one journal, contiguous.
pub struct Run {
    /// The head before the first entry.
    pub after: Head,
    /// Every entry, also of other cases: their bodies are left out by the writer.
    pub entries: Vec<SealedEntry>,
    /// HQ's signed receipt for the last of them.
    pub receipt: Option<Signed>,
}

/// What is asked for.
#[derive(Clone)]
pub struct Wishes {
    /// For whom.
    pub audience: Audience,
    /// Names and phrases to withhold beyond what the entries tell: people named in free text.
    pub words: Vec<String>,
    /// Evidence to withhold, by hash, with the reason (somebody else's face, a bystander's voice).
    pub withheld_evidence: BTreeMap<Digest, String>,
}

impl std::fmt::Debug for Wishes {
    /// The words to withhold are names.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wishes")
            .field("audience", &self.audience)
            .field("words", &self.words.len())
            .field("withheld_evidence", &self.withheld_evidence.len())
            .finish()
    }
}

impl Wishes {
    /// Nothing beyond the rule for this audience.
    #[must_use]
    pub fn of(audience: Audience) -> Wishes {
        Wishes { audience, words: Vec::new(), withheld_evidence: BTreeMap::new() }
    }
}

/// Gives the plain bytes of evidence.
pub trait Evidence {
    /// Writes the file into `to`; `false` where it is not here (then nothing was written).
    ///
    /// # Errors
    /// It is here and cannot be read.
    fn copy(&self, sha256: &Digest, to: &mut dyn Write) -> Result<bool, CaseFileError>;
}

/// The case, with everything that proves it.
pub struct Material<'a> {
    /// Case id.
    pub case: String,
    /// Organ's name.
    pub organ: String,
    /// When, Unix milliseconds.
    pub made_ms: i64,
    /// By whom.
    pub made_by: Maker,
    /// Signs the manifest.
    pub signer: &'a dyn Signer,
    /// Keys of the phones that wrote the journals.
    pub device_keys: Vec<DeviceKey>,
    /// Keys of HQ.
    pub hq_keys: Vec<PublicKey>,
    /// Officers by id.
    pub officers: Vec<OfficerLine>,
    /// Journals.
    pub runs: Vec<Run>,
    /// Entries of the case in the order in which it tells itself: (run, seq).
    pub entries: Vec<(usize, u64)>,
    /// Every pack that an entry names, with its imports, imports first.
    pub packs: Vec<(PackRef, Files)>,
    /// Who reported, where that is known (HQ): never in the file.
    pub reporter: Vec<String>,
    /// Evidence.
    pub evidence: &'a dyn Evidence,
    /// Fonts for characters that the bundled one lacks.
    pub glyphs: &'a dyn GlyphSource,
}

/// Packs that the events of a case name, without their imports.
#[must_use]
pub fn packs_named<'e>(events: impl IntoIterator<Item = &'e CaseEvent>) -> Vec<PackRef> {
    use ezhifa_casework::event::Event;
    let mut out: Vec<PackRef> = Vec::new();
    for event in events {
        let named = match &event.event {
            Event::Decided { record } => vec![&record.laws.at_act, &record.laws.at_decision],
            Event::Proposed { laws, .. } => vec![&laws.at_act, &laws.at_decision],
            _ => Vec::new(),
        };
        for pack in named {
            if !pack.hash.is_empty() && !out.contains(pack) {
                out.push(pack.clone());
            }
        }
    }
    out
}

/// Officers that the events of a case name.
#[must_use]
pub fn officers_named<'e>(events: impl IntoIterator<Item = &'e CaseEvent>) -> Vec<String> {
    let mut out = std::collections::BTreeSet::new();
    for event in events {
        let crew = &event.crew;
        out.extend([&crew.lead, &crew.second].into_iter().chain(&crew.with).map(|o| o.0.clone()));
    }
    out.remove("");
    out.into_iter().collect()
}
