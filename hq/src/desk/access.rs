//! Who may ask HQ for what: bearer tokens with one role each, stored as their hash only.

use ezhifa_casework::people::{Officer, Power};
use ezhifa_wire::seal::{hash::sha256, sign::PublicKey};
use serde::{Deserialize, Serialize};

use crate::{Hq, config::local, error::HqError, store};

/// What a token is good for; least privilege, one role a token. Phones have no token: they sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Legal desk and operators: publish, enrol, see lists.
    Desk,
    /// Reviews and verdicts.
    Supervisor,
    /// Reads everything, changes nothing; each read of a person's record is logged.
    Auditor,
    /// May post leads and hear what became of its own, nothing else.
    LeadSource,
    /// May post payments and pay codes and see what is to be paid, nothing else.
    PaymentSource,
}

/// Who holds a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Role.
    pub role: Role,
    /// Name of the system or desk, never of a person under investigation.
    pub name: String,
    /// The officer behind it: what only a head may do is looked up in the roster under this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<String>,
    /// Key of a source that signs what it sends; then nothing unsigned is taken from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PublicKey>,
}

impl Holder {
    /// A holder who is neither an officer nor signs.
    #[must_use]
    pub fn plain(role: Role, name: &str) -> Holder {
        Holder { role, name: name.to_owned(), officer: None, key: None }
    }
}

impl Hq {
    /// A new token, shown once.
    ///
    /// # Errors
    /// The store or the randomness failed.
    pub fn new_token(&self, role: Role, name: &str) -> Result<String, HqError> {
        self.grant(Holder::plain(role, name))
    }

    /// A new token for a holder, shown once.
    ///
    /// # Errors
    /// The store or the randomness failed.
    pub fn grant(&self, holder: Holder) -> Result<String, HqError> {
        let token = format!("ezh_{}", self.random_hex::<24>()?);
        let key = sha256(token.as_bytes()).to_string();
        self.write(1, move |w| store::put(w, "token", &key, &holder))?;
        Ok(token)
    }

    /// The holder of a token.
    ///
    /// # Errors
    /// 401 for an unknown token.
    pub fn holder(&self, token: &str) -> Result<Holder, HqError> {
        let key = sha256(token.as_bytes()).to_string();
        self.read(|r| store::get(r, "token", &key))?.ok_or(HqError::Denied("token"))
    }

    /// Everybody who holds a token: (first digits of its hash, holder).
    ///
    /// # Errors
    /// The store failed.
    pub fn tokens(&self) -> Result<Vec<(String, Holder)>, HqError> {
        let all: Vec<(String, Holder)> = self.read(|r| store::list(r, "token", ""))?;
        Ok(all.into_iter().map(|(hash, h)| (hash.chars().take(12).collect(), h)).collect())
    }

    /// Withdraws every token whose hash begins so.
    ///
    /// # Errors
    /// No such token, or fewer than eight digits given.
    pub fn withdraw_token(&self, hash: &str) -> Result<(), HqError> {
        if hash.len() < 8 {
            return Err(HqError::Bad("令牌摘要至少八位 / give at least eight digits of the hash".into()));
        }
        let hash = hash.to_owned();
        self.write(1, move |w| {
            let keys: Vec<(String, Holder)> = store::list(w, "token", &hash)?;
            if keys.is_empty() {
                return Err(HqError::NotFound("token"));
            }
            keys.iter().try_for_each(|(key, _)| w.remove_doc("token", key))
        })
    }

    /// The officer behind a holder, who must be a head of the organ (行政机关负责人) with a valid certificate.
    ///
    /// # Errors
    /// 403 for everybody else.
    pub fn head(&self, who: &Holder) -> Result<Officer, HqError> {
        self.officer_who(who.officer.as_deref(), &[Power::Head])
    }

    /// Whether a holder may answer a review: an officer by the roster's leave (review, or head), a desk's own
    /// token by its role.
    ///
    /// # Errors
    /// 403 for an officer whom the roster does not let review, or whose certificate has ended.
    pub fn may_review(&self, who: &Holder) -> Result<(), HqError> {
        match who.officer.as_deref() {
            None => Ok(()),
            officer => self.officer_who(officer, &[Power::Review, Power::Head]).map(|_| ()),
        }
    }

    fn officer_who(&self, id: Option<&str>, powers: &[Power]) -> Result<Officer, HqError> {
        let id = id.ok_or(HqError::Forbidden)?;
        let today = local(self.now_ms()).date();
        let rosters: Vec<(String, Vec<Officer>)> = self.read(|r| store::list(r, "roster", ""))?;
        rosters
            .into_iter()
            .flat_map(|(_, officers)| officers)
            .find(|o| o.id.0 == id && o.powers.iter().any(|p| powers.contains(p)) && o.certified_on(today))
            .ok_or(HqError::Forbidden)
    }
}
