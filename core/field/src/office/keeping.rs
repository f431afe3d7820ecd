//! Retention, driven by the office: a closed case gets its date, and what is past it goes after a sync that
//! ended whole and told HQ's time. A wrong wall clock alone never purges anything.

use chrono::Months;
use ezhifa_casework::{case::Case, event::CaseEvent, law::rulebook::Rulebook};

use super::{FieldOffice, Open};
use crate::{
    error::{Error, FieldError},
    feed::moment,
    store::Dao,
};

/// Kept at least so long where no rulebook is at hand to say.
const MONTHS: u32 = 60;
/// Never shorter, whatever an organ sets: a party that was not told of its remedies may still sue a year
/// later (法释〔2018〕1号 64). A remedy that runs is HQ's `hold`.
const REMEDY_MONTHS: u32 = 12;
/// Cases purged in one go: a sync must end.
const AT_ONCE: usize = 200;

/// What went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Cases.
    pub cases: u64,
    /// Bodies with their salts.
    pub bodies: u64,
    /// Files.
    pub files: u64,
}

/// A closed case is kept for the organ's period from its last step.
pub(super) fn date(
    dao: &mut Dao<'_>,
    case: &Case,
    event: &CaseEvent,
    law: Option<&Rulebook>,
) -> Result<(), Error> {
    if case.closed().is_none() {
        return Ok(());
    }
    let months = law.map_or(MONTHS, |l| l.settings().retention_months).max(REMEDY_MONTHS);
    let Some(until) = event.at.checked_add_months(Months::new(months)) else { return Ok(()) };
    Ok(dao.keep_at_least(&event.case.0, moment(until))?)
}

impl FieldOffice {
    /// Lets go what is past its date and held twice by HQ: files, bodies, salts, search keys. Each case's
    /// purge is an entry. Called by a sync that ended whole; calling it oneself is safe at any time.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn purge_due(&self) -> Result<Purged, FieldError> {
        let open = self.opened()?;
        Ok(self.purge(&open)?)
    }

    pub(super) fn purge(&self, open: &Open) -> Result<Purged, Error> {
        // Measured time of this boot, never later than the phone's own: the earlier of two clocks keeps more.
        let now = self.ports.platform.clock.now();
        let Some(skew) = open.measured_skew_ms(&now)? else { return Ok(Purged::default()) };
        let now_ms = now.wall_ms.min(now.wall_ms.saturating_add(skew));
        let mut purged = Purged::default();
        for case in open.store.read(|dao| dao.purgeable(now_ms, AT_ONCE))? {
            for sha256 in open.store.read(|dao| dao.droppable_files(&case, now_ms))? {
                open.store.drop_evidence(&sha256, now_ms)?;
                purged.files = purged.files.saturating_add(1);
            }
            let bodies = open.store.write::<_, Error>(|dao| Ok(dao.purge_case(&case, now_ms)?))?;
            purged.bodies = purged.bodies.saturating_add(bodies);
            purged.cases = purged.cases.saturating_add(1);
        }
        Ok(purged)
    }
}
