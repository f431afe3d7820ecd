//! What time it is (invariant 17): HQ's answer, the satellites, or both officers say so. Evidence is taken
//! whatever the clock shows; a decision states its time and waits until that is known.

use ezhifa_casework::people::OfficerId;
use ezhifa_wire::seal::entry::Stamp;
use serde_json::json;

use super::{FieldOffice, Open, scope};
use crate::{
    clock::{Anchor, LIMIT_MS, Source, trusted},
    error::{Error, FieldError, Not},
    journal::Kind,
    store::Dao,
};

const ANCHOR: &str = "clock";
const KNOWN: &str = "clock-known";

fn anchor(dao: &Dao<'_>) -> Result<Option<Anchor>, Error> {
    // What cannot be read any more (a newer app wrote it) is not known.
    Ok(dao.get(scope::OFFICE, ANCHOR)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

fn known(dao: &Dao<'_>) -> Result<Option<i64>, Error> {
    let bytes = dao.get(scope::OFFICE, KNOWN)?;
    Ok(bytes.and_then(|b| String::from_utf8(b).ok()?.parse().ok()))
}

/// Keeps a source's word, and the newest time that was ever known.
fn keep(dao: &mut Dao<'_>, anchor: &Anchor) -> Result<(), Error> {
    dao.put(scope::OFFICE, ANCHOR, &serde_json::to_vec(anchor)?)?;
    if anchor.by != Source::Officers && known(dao)?.is_none_or(|k| k < anchor.true_ms) {
        dao.put(scope::OFFICE, KNOWN, anchor.true_ms.to_string().as_bytes())?;
    }
    Ok(())
}

impl Open {
    /// Whether a decision may state the time that the wall clock shows.
    pub(super) fn clock_trusted(&self, now: &Stamp) -> Result<bool, Error> {
        let sent = self.inbox().newest_known_ms();
        self.store.read(|dao| Ok(trusted(now, anchor(dao)?.as_ref(), known(dao)?.max(sent))))
    }

    /// The same by HQ or satellite only: what may let things go.
    pub(super) fn measured_skew_ms(&self, now: &Stamp) -> Result<Option<i64>, Error> {
        let measured = self.store.read::<_, Error>(anchor)?.filter(|a| a.by != Source::Officers);
        Ok(measured.and_then(|a| a.skew_ms(now)))
    }

    /// The right time minus the wall clock, where it was said since the phone started.
    pub(super) fn skew_ms(&self, now: &Stamp) -> Result<Option<i64>, Error> {
        Ok(self.store.read::<_, Error>(anchor)?.and_then(|a| a.skew_ms(now)))
    }
}

impl FieldOffice {
    /// HQ's signed answer came: it was `server_ms` when the wall clock said `wall_ms`.
    pub(super) fn hq_time(&self, open: &Open, server_ms: i64, wall_ms: i64) -> Result<(), Error> {
        let now = self.ports.platform.clock.now();
        // Between the answer and here the monotonic clock went on as the wall clock did.
        let true_ms = server_ms.saturating_add(now.wall_ms.saturating_sub(wall_ms));
        let word = Anchor { by: Source::Hq, true_ms, mono_ms: now.mono_ms, boot: now.boot };
        open.store.write(|dao| keep(dao, &word))
    }

    /// The time that the satellites give (卫星授时), as the platform's positioning says it. Where the wall
    /// clock agrees, decisions go on; where not, somebody sets it first. Answers whether it agrees.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn satellite_time(&self, utc_ms: i64) -> Result<bool, FieldError> {
        let now = self.ports.platform.clock.now();
        let word =
            Anchor { by: Source::Satellite, true_ms: utc_ms, mono_ms: now.mono_ms, boot: now.boot.clone() };
        Ok(self.clock_said(&now, &word, &[])?)
    }

    /// Both officers looked at another clock and confirm, each with their own PIN, that the phone's is right.
    ///
    /// # Errors
    /// Not the two of the crew; a wrong PIN; the phone knows by HQ or satellite that it is wrong.
    pub fn confirm_clock(&self, pins: [(&OfficerId, &str); 2]) -> Result<(), FieldError> {
        let confirm = || -> Result<(), Error> {
            let crew = self.crew().ok_or(Not::Crew)?;
            let [(first, _), (second, _)] = pins;
            if first == second || !crew.has(first) || !crew.has(second) {
                return Err(Not::Crew.into());
            }
            let open = self.opened()?;
            let now = self.ports.platform.clock.now();
            let measured = open.store.read::<_, Error>(anchor)?.filter(|a| a.by != Source::Officers);
            if measured.and_then(|a| a.skew_ms(&now)).is_some_and(|s| s.saturating_abs() > LIMIT_MS) {
                return Err(Not::Clock.into());
            }
            for (officer, pin) in pins {
                self.check_pin(officer, pin)?;
            }
            let word = Anchor {
                by: Source::Officers,
                true_ms: now.wall_ms,
                mono_ms: now.mono_ms,
                boot: now.boot.clone(),
            };
            self.clock_said(&now, &word, &[first, second])?;
            Ok(())
        };
        Ok(confirm()?)
    }

    fn clock_said(&self, now: &Stamp, word: &Anchor, officers: &[&OfficerId]) -> Result<bool, Error> {
        let open = self.opened()?;
        open.store.write::<_, Error>(|dao| {
            let body = json!({
                "event": "clock_checked", "by": word.by, "true_ms": word.true_ms, "wall_ms": now.wall_ms,
                "officers": officers,
            });
            dao.append_json(Kind::Device, 1, None, &body)?;
            keep(dao, word)
        })?;
        open.clock_trusted(now)
    }
}
