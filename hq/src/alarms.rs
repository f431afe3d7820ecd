//! Alarms: what a person at HQ must look at. Raised once for each cause, closed by hand.

use serde::{Deserialize, Serialize};

use crate::{
    Hq,
    error::HqError,
    store::{self, Write},
};

/// One alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// `fork`, `rolled_back`, `two_epochs`, `replay_differs`…
    pub kind: String,
    /// Device, case or number.
    pub about: String,
    /// What, Chinese and English.
    pub text: String,
    /// First time.
    pub at_ms: i64,
    /// How often.
    pub count: u64,
    /// Closed by hand.
    pub closed: bool,
}

/// Raises an alarm, or counts it when it stands already.
///
/// # Errors
/// The store failed.
pub fn raise(w: &mut dyn Write, at_ms: i64, kind: &str, about: &str, text: &str) -> Result<(), HqError> {
    let key = format!("{kind}/{about}");
    let alarm = match store::get::<Alarm>(w, "alarm", &key)? {
        Some(mut old) => {
            old.count = old.count.saturating_add(1);
            old.closed = false;
            old
        }
        None => Alarm {
            kind: kind.to_owned(),
            about: about.to_owned(),
            text: text.to_owned(),
            at_ms,
            count: 1,
            closed: false,
        },
    };
    store::put(w, "alarm", &key, &alarm)
}

/// Raises an alarm that nobody has raised before: what a later reading of the same entries finds again is
/// not news, also when somebody has closed it.
///
/// # Errors
/// The store failed.
pub(crate) fn raise_once(
    w: &mut dyn Write,
    at_ms: i64,
    kind: &str,
    about: &str,
    text: &str,
) -> Result<(), HqError> {
    if w.doc("alarm", &format!("{kind}/{about}"))?.is_some() {
        Ok(())
    } else {
        raise(w, at_ms, kind, about, text)
    }
}

impl Hq {
    /// Somebody has looked; the same cause again raises it again.
    ///
    /// # Errors
    /// No such alarm.
    pub fn close_alarm(&self, kind: &str, about: &str) -> Result<(), HqError> {
        let key = format!("{kind}/{about}");
        self.write(1, move |w| {
            let mut alarm: Alarm = store::get(w, "alarm", &key)?.ok_or(HqError::NotFound("alarm"))?;
            alarm.closed = true;
            store::put(w, "alarm", &key, &alarm)
        })
    }

    /// Alarms that stand.
    ///
    /// # Errors
    /// The store failed.
    pub fn alarms(&self) -> Result<Vec<Alarm>, HqError> {
        let all: Vec<(String, Alarm)> = self.read(|r| store::list(r, "alarm", ""))?;
        Ok(all.into_iter().map(|(_, a)| a).filter(|a| !a.closed).collect())
    }
}
