//! The desk's own journal: who asked for what, and who read whose record. Each line is chained to the one
//! before, so that a line taken out or changed is seen. It carries ids and digests, never a person's data.

use ezhifa_casework::event::CaseEvent;
use ezhifa_wire::seal::hash::{sha256, tagged};
use serde::{Deserialize, Serialize};

use super::access::{Holder, Role};
use crate::{
    Hq,
    error::HqError,
    store::{self, Write},
};

/// One act at the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Place in the log, from 1.
    pub n: u64,
    /// When.
    pub at_ms: i64,
    /// Token holder.
    pub who: String,
    /// In which role.
    pub role: Role,
    /// What: the operation's name in `openapi.json`.
    pub act: String,
    /// About which case, number, lead…
    pub about: String,
    /// SHA-256 of what was sent with it; empty for reading.
    pub sent: String,
    /// Hash of the line before; empty for the first.
    pub before: String,
    /// Hash of this line.
    pub hash: String,
}

/// One read of a person's record: who, which, when; nothing of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadNote {
    /// When.
    pub at_ms: i64,
    /// Token holder.
    pub who: String,
    /// Case, number or lead.
    pub case: String,
}

fn hash(act: &Act) -> String {
    let role = serde_json::to_string(&act.role).unwrap_or_default();
    let parts = [
        &act.n.to_string(),
        &act.at_ms.to_string(),
        &act.who,
        &role,
        &act.act,
        &act.about,
        &act.sent,
        &act.before,
    ];
    tagged("ezhifa.act.v1", &parts.map(|p| p.as_bytes())).to_string()
}

fn key(n: u64) -> String {
    format!("{n:012}")
}

/// Writes one line.
pub(crate) fn note(
    w: &mut dyn Write,
    who: &Holder,
    act: &str,
    about: &str,
    sent: &[u8],
    at_ms: i64,
) -> Result<(), HqError> {
    let before = match w.counter("acts")? {
        0 => String::new(),
        n => store::get::<Act>(w, "act_log", &key(n))?.ok_or(HqError::Unreadable("act".into()))?.hash,
    };
    let mut line = Act {
        n: w.advance("acts", 1)?,
        at_ms,
        who: who.name.clone(),
        role: who.role,
        act: act.to_owned(),
        about: about.to_owned(),
        sent: if sent.is_empty() { String::new() } else { sha256(sent).to_string() },
        before,
        hash: String::new(),
    };
    line.hash = hash(&line);
    store::put(w, "act_log", &key(line.n), &line)
}

impl Hq {
    /// Notes an act before it is done, so that no reading goes unnoticed.
    ///
    /// # Errors
    /// The store failed: then the act does not happen.
    pub fn note_act(&self, who: &Holder, act: &str, about: &str, sent: &[u8]) -> Result<(), HqError> {
        let (who, act, about, sent, now) =
            (who.clone(), act.to_owned(), about.to_owned(), sent.to_owned(), self.now_ms());
        self.write(1, move |w| {
            if act.starts_with("read") {
                w.advance("reads", 1)?;
            }
            note(w, &who, &act, &about, &sent, now)
        })
    }

    /// The whole log, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn acts(&self) -> Result<Vec<Act>, HqError> {
        Ok(self.read(|r| store::list(r, "act_log", ""))?.into_iter().map(|(_, a)| a).collect())
    }

    /// The events of a case for somebody at the desk; the read is noted before anything is shown.
    ///
    /// # Errors
    /// No such case, or the note cannot be written.
    pub fn read_case(&self, who: &str, id: &str) -> Result<Vec<CaseEvent>, HqError> {
        self.case_file(id)?;
        self.note_act(&Holder::plain(Role::Desk, who), "readCase", id, &[])?;
        self.case_events(id)
    }

    /// Every read of a person's record, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn read_notes(&self) -> Result<Vec<ReadNote>, HqError> {
        let reads = self.acts()?.into_iter().filter(|a| a.act.starts_with("read"));
        Ok(reads.map(|a| ReadNote { at_ms: a.at_ms, who: a.who, case: a.about }).collect())
    }

    /// The first line that does not follow from the one before: the log was changed there.
    ///
    /// # Errors
    /// The store failed.
    pub fn broken_act(&self) -> Result<Option<u64>, HqError> {
        let mut before = String::new();
        for (i, act) in (1_u64..).zip(self.acts()?) {
            if act.n != i || act.before != before || act.hash != hash(&act) {
                return Ok(Some(i));
            }
            before = act.hash;
        }
        Ok(None)
    }
}
