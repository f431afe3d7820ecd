//! Who may ask HQ for what: bearer tokens with one role each, stored as their hash only.

use ezhifa_casework::{event::CaseEvent, seal::hash::sha256};
use serde::{Deserialize, Serialize};

use crate::{Hq, error::HqError, store};

/// What a token is good for; least privilege, one role a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Legal desk and operators: publish, enrol, see lists.
    Desk,
    /// Reviews and verdicts.
    Supervisor,
    /// Reads everything, changes nothing; each read of a person's record is logged.
    Auditor,
    /// May post leads, nothing else.
    LeadSource,
    /// May post payments, nothing else.
    PaymentSource,
}

/// Who holds a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Role.
    pub role: Role,
    /// Name of the system or desk, never of a person under investigation.
    pub name: String,
}

impl Hq {
    /// A new token, shown once.
    ///
    /// # Errors
    /// The store or the randomness failed.
    pub fn new_token(&self, role: Role, name: &str) -> Result<String, HqError> {
        let token = format!("ezh_{}", self.random_hex::<24>()?);
        let key = sha256(token.as_bytes()).to_string();
        let holder = Holder { role, name: name.to_owned() };
        self.write(1, move |w| store::put(w, "token", &key, &holder))?;
        Ok(token)
    }

    /// The holder of a token, if it has one of these roles.
    ///
    /// # Errors
    /// 401 for an unknown token, 403 for the wrong role.
    pub fn holder(&self, token: &str, roles: &[Role]) -> Result<Holder, HqError> {
        let key = sha256(token.as_bytes()).to_string();
        let holder: Holder = self.read(|r| store::get(r, "token", &key))?.ok_or(HqError::Denied("token"))?;
        if roles.contains(&holder.role) { Ok(holder) } else { Err(HqError::Forbidden) }
    }
}

/// One read of a person's record: who, which, when; nothing of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadNote {
    /// When.
    pub at_ms: i64,
    /// Token holder.
    pub who: String,
    /// Case.
    pub case: String,
}

impl Hq {
    /// The events of a case for somebody at the desk; the read is noted before anything is shown.
    ///
    /// # Errors
    /// No such case, or the note cannot be written.
    pub fn read_case(&self, who: &str, id: &str) -> Result<Vec<CaseEvent>, HqError> {
        self.case_file(id)?;
        let note = ReadNote { at_ms: self.now_ms(), who: who.to_owned(), case: id.to_owned() };
        self.write(1, move |w| {
            let n = w.advance("reads", 1)?;
            store::put(w, "read", &format!("{n:012}"), &note)
        })?;
        self.case_events(id)
    }

    /// Every read of a person's record, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn read_notes(&self) -> Result<Vec<ReadNote>, HqError> {
        Ok(self.read(|r| store::list(r, "read", ""))?.into_iter().map(|(_, n)| n).collect())
    }
}
