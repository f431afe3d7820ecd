//! The operator of HQ's machine (值守人员): one list of orders, given to an open HQ directly or, while it
//! serves, through its own door. So no second process ever writes into a database that is being served.
//!
//! The door opens to a token that is new at every start and lies in a file that only the owner of HQ's
//! folder can read: whoever can use it could read the database as well.

use std::path::{Path, PathBuf};

use ezhifa_casework::{
    law::rulebook::Files,
    seal::{hash::sha256, sign::PublicKey},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Hq,
    backup::BackupMark,
    desk::access::{Holder, Role},
    error::HqError,
    files,
    protocol::{Request, Response},
};

/// Where orders go while HQ serves.
pub const PATH: &str = "/v1/operator";
/// The file beside the database that says where HQ serves, and to whom the door opens.
const SERVING: &str = "serving.json";

/// What an operator may ask for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// An enrolment ticket for one phone.
    Ticket {
        /// Where phones reach HQ.
        url: String,
        /// Branch of the phone.
        branch: String,
    },
    /// A bearer token for a desk or a system.
    Token {
        /// What it is good for.
        role: Role,
        /// Who holds it.
        name: String,
        /// Officer behind it.
        #[serde(default)]
        officer: Option<String>,
        /// Key with which it signs what it sends.
        #[serde(default)]
        key: Option<PublicKey>,
    },
    /// Something at the desk, by the operator: the same table, roles and log of acts.
    Desk {
        /// In which role.
        role: Role,
        /// Officer behind it, for what only a head may do.
        #[serde(default)]
        officer: Option<String>,
        /// `GET`, `POST`.
        method: String,
        /// Path and query.
        path: String,
        /// What is sent.
        #[serde(default)]
        body: String,
    },
    /// Publish a rulebook.
    Rulebook {
        /// Path -> text.
        files: std::collections::BTreeMap<String, String>,
    },
    /// Publish the calendar.
    Calendar {
        /// The document.
        toml: String,
    },
    /// 停用案由, or withdraw it.
    Suspend {
        /// Offence id.
        offence: String,
        /// Why, for the officers.
        reason: String,
        /// Suspend (true) or let go on.
        on: bool,
    },
    /// The oldest app that may still decide.
    MinApp {
        /// `1.4.0`; empty: any.
        version: String,
    },
    /// Phones.
    Devices,
    /// Withdraw a phone.
    Withdraw {
        /// Device.
        device: String,
        /// Entries after this are quarantined.
        lost_ms: Option<i64>,
        /// Tell it to push and destroy its keys.
        wipe: bool,
        /// Do not wait for the push.
        force: bool,
    },
    /// A checked copy of an SQLite database.
    Backup {
        /// New file.
        to: PathBuf,
    },
    /// Another tool begins a back-up.
    BackupBegins,
    /// It is complete and was read back.
    BackupVerified {
        /// What [`Order::BackupBegins`] answered.
        mark: BackupMark,
    },
    /// Sign today's root now.
    Checkpoint,
    /// Publish the whole-city first-offence filters now.
    CityFilters,
    /// Signing keys and who knows which.
    Keys,
    /// Make a new signing key.
    RotateKey,
    /// Believe the newest key only.
    RetireKeys {
        /// Although a phone does not know it yet.
        anyway: bool,
    },
    /// Every number accounted for.
    Ledger,
    /// How the replay stands.
    Replay,
    /// Review tasks.
    Reviews {
        /// Closed ones too.
        all: bool,
    },
    /// Alarms that stand.
    Alarms,
    /// What cannot be used.
    Quarantine,
}

/// Where HQ serves and how its operator gets in.
#[derive(Serialize, Deserialize)]
pub struct Serving {
    /// Address.
    pub url: String,
    /// Authority to trust, with TLS.
    pub ca: Option<String>,
    /// HQ's key.
    pub hq_key: PublicKey,
    /// The operator's token.
    pub token: String,
}

impl Serving {
    /// What the HQ that serves from this folder wrote down.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(dir: &Path) -> Result<Option<Serving>, HqError> {
        Ok(files::read_text(&dir.join(SERVING))?.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

impl Hq {
    /// Lets the operator of this machine in while HQ serves at `url`.
    ///
    /// # Errors
    /// The disk said no.
    pub fn open_door(&self, url: &str) -> Result<(), HqError> {
        let serving = Serving {
            url: url.to_owned(),
            ca: if url.starts_with("https://") { Some(self.ca_pem()?) } else { None },
            hq_key: self.public_key(),
            token: self.inner.operator.clone(),
        };
        files::write_secret(&self.config().dir.join(SERVING), serde_json::to_string(&serving)?.as_bytes())
    }

    /// Closes the door.
    pub fn close_door(&self) {
        // A file that is left behind opens nothing: its token ends with this process.
        let _ = std::fs::remove_file(self.config().dir.join(SERVING));
    }

    /// Carries out an order; the answer as JSON.
    ///
    /// # Errors
    /// What the order says.
    pub fn operate(&self, order: Order) -> Result<Value, HqError> {
        let done = |()| json!({"done": true});
        Ok(match order {
            Order::Ticket { url, branch } => json!({"ticket": self.ticket(&url, &branch)?.text()?}),
            Order::Token { role, name, officer, key } => {
                json!({"token": self.grant(Holder { role, name, officer, key })?})
            }
            Order::Desk { role, officer, method, path, body } => {
                let who = Holder { officer, ..Holder::plain(role, "本机终端") };
                let request = Request { method, path, body: body.into_bytes(), ..Request::default() };
                let answer = self.answer_at_desk(&who, &request);
                json!({"status": answer.status, "kind": answer.headers.get("content-type"),
                    "body": String::from_utf8_lossy(&answer.body)})
            }
            Order::Rulebook { files } => {
                let files: Files = files.into_iter().map(|(p, t)| (p, t.into_bytes())).collect();
                done(self.publish_rulebook(&files)?)
            }
            Order::Calendar { toml } => done(self.publish_calendar(&toml)?),
            Order::Suspend { offence, reason, on } => done(self.suspend_offence(&offence, &reason, on)?),
            Order::MinApp { version } => done(self.set_min_app(&version)?),
            Order::Devices => serde_json::to_value(self.devices()?)?,
            Order::Withdraw { device, lost_ms, wipe, force } => {
                done(self.withdraw_device(&device, lost_ms, wipe, force)?)
            }
            Order::Backup { to } => serde_json::to_value(self.backup(&to)?)?,
            Order::BackupBegins => serde_json::to_value(self.backup_begins()?)?,
            Order::BackupVerified { mark } => done(self.backup_verified(mark)?),
            Order::Checkpoint => serde_json::to_value(self.checkpoint()?)?,
            Order::CityFilters => json!({"published": self.publish_city_filters()?}),
            Order::Keys => serde_json::to_value(self.key_states()?)?,
            Order::RotateKey => json!({"key": self.rotate_key()?.0}),
            Order::RetireKeys { anyway } => done(self.retire_old_keys(anyway)?),
            Order::Ledger => serde_json::to_value(self.ledger()?)?,
            Order::Replay => serde_json::to_value(self.replay_report()?)?,
            Order::Reviews { all } => serde_json::to_value(self.reviews(!all)?)?,
            Order::Alarms => serde_json::to_value(self.alarms()?)?,
            Order::Quarantine => serde_json::to_value(self.quarantine()?)?,
        })
    }

    /// An order that came through the door.
    pub(crate) fn door(&self, request: &Request) -> Result<Response, HqError> {
        let token = request.headers.get("authorization").and_then(|a| a.strip_prefix("Bearer "));
        // Hashes are compared, so that time tells nothing about the token.
        if token.map(|t| sha256(t.as_bytes())) != Some(sha256(self.inner.operator.as_bytes())) {
            return Err(HqError::Denied("operator"));
        }
        let order: Order = serde_json::from_slice(&request.body)
            .map_err(|e| HqError::Bad(format!("JSON {}:{}", e.line(), e.column())))?;
        match self.operate(order) {
            Ok(answer) => Response::json(&answer),
            // A phone is not told about disks and databases; the operator is.
            Err(e) => {
                let text = e.to_string();
                let (zh, en) = text.split_once(" / ").unwrap_or((&text, &text));
                let mut answer = Response::json(&json!({"code": e.code(), "zh": zh, "en": en}))?;
                answer.status = e.code().status();
                Ok(answer)
            }
        }
    }
}
