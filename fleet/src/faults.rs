//! What may go wrong, by name.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::FleetError;

/// One kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// A request or its answer is lost.
    Drop,
    /// A request arrives twice.
    Duplicate,
    /// A request arrives after later ones.
    Reorder,
    /// A request arrives long after the phone gave it up.
    Delay,
    /// Somebody in between answers (sign-in page).
    Captive,
    /// The phone dies at any fail point.
    Crash,
    /// The phone's folder is put back from a back-up; the mark is not in it.
    Restore,
    /// The phone's folder is copied to another phone; the mark is not in it.
    Clone,
    /// The phone is gone with what it had not sent.
    Lost,
    /// HQ dies and starts again.
    HqCrash,
    /// HQ is put back from its last verified back-up: a new incarnation.
    HqRestore,
    /// Clocks go wrong and jump.
    Skew,
    /// Two patrols decide on one stall.
    SameStall,
    /// A new rulebook comes into force and some phones have not heard of it.
    StaleRulebook,
    /// The printer runs out of paper.
    PaperOut,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 15] = [
        Fault::Drop,
        Fault::Duplicate,
        Fault::Reorder,
        Fault::Delay,
        Fault::Captive,
        Fault::Crash,
        Fault::Restore,
        Fault::Clone,
        Fault::Lost,
        Fault::HqCrash,
        Fault::HqRestore,
        Fault::Skew,
        Fault::SameStall,
        Fault::StaleRulebook,
        Fault::PaperOut,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Fault::Drop => "drop",
            Fault::Duplicate => "duplicate",
            Fault::Reorder => "reorder",
            Fault::Delay => "delay",
            Fault::Captive => "captive",
            Fault::Crash => "crash",
            Fault::Restore => "restore",
            Fault::Clone => "clone",
            Fault::Lost => "lost",
            Fault::HqCrash => "hq-crash",
            Fault::HqRestore => "hq-restore",
            Fault::Skew => "skew",
            Fault::SameStall => "same-stall",
            Fault::StaleRulebook => "stale-rulebook",
            Fault::PaperOut => "paper-out",
        }
    }
}

/// A set of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Faults(BTreeSet<Fault>);

impl Faults {
    /// Every fault there is.
    #[must_use]
    pub fn all() -> Faults {
        Faults(Fault::ALL.into())
    }

    /// Reads `all`, `none`, or names with commas between them.
    ///
    /// # Errors
    /// A name that is no fault.
    pub fn parse(text: &str) -> Result<Faults, FleetError> {
        let mut set = BTreeSet::new();
        for word in text.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            match word {
                "all" => set.extend(Fault::ALL),
                "none" => {}
                _ => {
                    let known = Fault::ALL.into_iter().find(|f| f.word() == word);
                    set.insert(known.ok_or_else(|| {
                        let names = Fault::ALL.map(Fault::word).join(", ");
                        FleetError::Input(format!("no fault is called {word}; there are all, none, {names}"))
                    })?);
                }
            }
        }
        Ok(Faults(set))
    }

    /// Whether this one may happen.
    #[must_use]
    pub fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }

    /// So many of a thousand, if the fault may happen at all.
    pub(crate) fn rate(&self, fault: Fault, permille: u32) -> u32 {
        if self.has(fault) { permille } else { 0 }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_own_name() {
        let names: BTreeSet<_> = Fault::ALL.into_iter().map(Fault::word).collect();
        assert_eq!(names.len(), Fault::ALL.len());
        assert_eq!(Faults::parse("all").unwrap(), Faults::all());
        assert!(Faults::parse("none").unwrap().0.is_empty());
        assert!(Faults::parse("drop,meteor").unwrap_err().to_string().contains("meteor"));
    }
}
