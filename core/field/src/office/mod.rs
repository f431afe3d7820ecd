//! The phone's one object. Apps, the command line and the simulator call nothing else.
//!
//! It brings together what the pure crates leave open: time, randomness, keys, the store, the way to HQ
//! and the printer. No lock is held while something foreign (a key, a network, a printer) is called.

mod case;
mod casefile;
mod decide;
mod desk;
mod enrol;
mod evidence;
mod keeping;
mod line;
mod look;
mod minting;
mod numbers;
mod paper;
mod people;
mod project;
mod shelf;
mod syncing;
mod time;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use chrono::NaiveDateTime;
use ezhifa_casework::{
    event::{CaseId, Confirmation},
    people::{Crew, OfficerId},
};
use ezhifa_slip::{GlyphSource, Paper};
use ezhifa_wire::{
    enrol::{Enrolled, Ticket},
    feed::FeedItem,
    seal::{hash::Digest, sign::Signer},
};
use serde::{Deserialize, Serialize};

pub use case::Acted;
pub use decide::{Decided, Drawn};
pub use evidence::{Fix, Shot, Taken};
pub use keeping::Purged;
pub use line::CaseLine;
pub use look::Looked;
pub use numbers::SeriesNumbers;
pub use paper::{Preview, Printed, Rendered, Slip};
pub use syncing::{Progress, SyncReport, Tell};

use crate::{
    error::{Error, FieldError, Not},
    feed::{Inbox, local},
    keys::Platform,
    store::{Places, Store, StoreError},
    sync::{Engine, Network},
};

/// What the platform supplies. Every trait is called with no lock of ours held.
#[derive(Clone)]
pub struct Ports {
    /// Database key, clocks, randomness, disk.
    pub platform: Platform,
    /// The device key in the platform's keystore.
    pub device_key: Arc<dyn Signer>,
    /// Fonts of the platform, for characters that the bundled font lacks.
    pub glyphs: Arc<dyn GlyphSource + Send + Sync>,
    /// App and version.
    pub app: String,
    /// Maker and model.
    pub model: String,
}

/// Who this phone is, as HQ said at enrolment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Identity {
    /// HQ's answer.
    pub enrolled: Enrolled,
    /// HQ's address.
    pub url: String,
    /// HQ's certificate authority, PEM.
    pub ca: Option<String>,
}

/// The phone. Share it; every call takes `&self`.
pub struct FieldOffice {
    places: Places,
    ports: Ports,
    /// None before enrolment.
    open: RwLock<Option<Arc<Open>>>,
    state: Mutex<State>,
    engine: Mutex<Engine>,
    /// One change of a case at a time.
    desk: Mutex<()>,
    /// One sync at a time.
    syncing: Mutex<()>,
}

/// The enrolled phone.
pub(crate) struct Open {
    pub(crate) store: Store,
    pub(crate) identity: RwLock<Identity>,
    pub(crate) inbox: RwLock<Arc<Inbox>>,
    /// Evidence that HQ confirmed while the store could not be written.
    handed_in: Mutex<BTreeSet<Digest>>,
}

/// What lives in memory only: it is gone when the app ends, as a sign-in should be.
struct State {
    signed_in: BTreeMap<OfficerId, i64>,
    crew: Option<Crew>,
    network: Network,
    photos_on_metered: bool,
    confirmations: Vec<(CaseId, Confirmation, i64)>,
    min_app: String,
    paper: Paper,
}

impl Default for State {
    fn default() -> Self {
        State {
            signed_in: BTreeMap::new(),
            crew: None,
            network: Network::default(),
            photos_on_metered: false,
            confirmations: Vec::new(),
            min_app: String::new(),
            paper: Paper::Mm58,
        }
    }
}

/// Scopes of the store's small things.
pub(crate) mod scope {
    pub(crate) const OFFICE: &str = "office";
    pub(crate) const FEED: &str = "feed";
    pub(crate) const SNAPSHOT: &str = "snapshot";
    /// Feed items that still have to become entries.
    pub(crate) const PENDING: &str = "pending";
    /// Entries that HQ holds and cannot use.
    pub(crate) const SET_ASIDE: &str = "set_aside";
    /// The wipe order of which the loss is declared.
    pub(crate) const DECLARED: &str = "declared";
    pub(crate) const RECEIPT: &str = "receipt";
    pub(crate) const UNFILED: &str = "unfiled";
    pub(crate) const PAY_CODE: &str = "pay_code";
    pub(crate) const MINTED: &str = "minted";
    pub(crate) const HOLD: &str = "hold";
    pub(crate) const WISH: &str = "wish";
    pub(crate) const FORK: &str = "fork";
    pub(crate) const LOOSE: &str = "loose";
    pub(crate) const PRINTING: &str = "printing";
}

impl FieldOffice {
    /// Opens the phone. Before enrolment almost every call answers `not_enrolled`. What a crash left
    /// decided and unsigned is signed now.
    ///
    /// # Errors
    /// The key is not available, is the wrong one, or the store is damaged: nothing was changed then.
    pub fn open(places: Places, ports: Ports) -> Result<FieldOffice, FieldError> {
        let office = FieldOffice {
            open: RwLock::new(None),
            state: Mutex::default(),
            engine: Mutex::default(),
            desk: Mutex::default(),
            syncing: Mutex::default(),
            places,
            ports,
        };
        match Store::open(&office.places, office.ports.platform.clone()) {
            Ok(store) => match office.take(store) {
                // A newer app's file is read and uploaded, never written.
                Ok(()) if office.opened()?.store.opened().read_only => {}
                Ok(()) => office.sign_what_is_left().map_err(FieldError::from)?,
                // Killed during the enrolment: a journal without a name. Enrolling again sets it aside.
                Err(Error::Store(StoreError::NotEnrolled)) => {}
                Err(e) => return Err(e.into()),
            },
            Err(StoreError::NotEnrolled) => {}
            Err(e) => return Err(Error::from(e).into()),
        }
        Ok(office)
    }

    /// Whether the phone is enrolled.
    #[must_use]
    pub fn is_enrolled(&self) -> bool {
        self.opened().is_ok()
    }

    /// Takes an open store into use.
    fn take(&self, store: Store) -> Result<(), Error> {
        let identity =
            store.read(|dao| dao.get(scope::OFFICE, "identity"))?.ok_or(StoreError::NotEnrolled)?;
        let identity: Identity = serde_json::from_slice(&identity)?;
        let open = Open {
            store,
            identity: RwLock::new(identity),
            inbox: RwLock::default(),
            handed_in: Mutex::default(),
        };
        open.reload(&self.places)?;
        if let Some(least) = open.store.read(|dao| dao.get(scope::OFFICE, "min_app"))? {
            self.state().min_app = String::from_utf8_lossy(&least).into_owned();
        }
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(open));
        Ok(())
    }

    pub(crate) fn opened(&self) -> Result<Arc<Open>, Error> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(|| Not::Enrolled.into())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn desk_lock(&self) -> MutexGuard<'_, ()> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wall clock of the phone.
    fn wall_ms(&self) -> i64 {
        self.ports.platform.clock.now().wall_ms
    }

    /// Local time (Asia/Shanghai) by the phone's clock.
    fn now(&self) -> NaiveDateTime {
        local(self.wall_ms())
    }

    /// What HQ sent, as it stands.
    fn inbox(&self) -> Result<Arc<Inbox>, Error> {
        Ok(self.opened()?.inbox())
    }

    /// The key that signs this phone's slips.
    #[must_use]
    pub fn device_key(&self) -> ezhifa_wire::seal::sign::PublicKey {
        self.ports.device_key.public_key()
    }

    /// The organ, branch and device that HQ named.
    ///
    /// # Errors
    /// Not enrolled.
    pub fn identity(&self) -> Result<Identity, FieldError> {
        Ok(self.opened()?.identity())
    }
}

impl Open {
    fn inbox(&self) -> Arc<Inbox> {
        self.inbox.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn identity(&self) -> Identity {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Builds the view of the feed again from what is stored.
    fn reload(&self, places: &Places) -> Result<(), Error> {
        let rows = self.store.read(|dao| dao.list(scope::FEED))?;
        let mut items: Vec<FeedItem> =
            rows.iter().filter_map(|(_, bytes)| serde_json::from_slice(bytes).ok()).collect();
        items.sort_by_key(|i| i.pos);
        let earlier = self.inbox();
        let files = |sha256: &_| std::fs::read(shelf::feed_file(places, sha256)).ok();
        let fresh = Arc::new(Inbox::build(&items, Some(&earlier), &files));
        *self.inbox.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

/// The ticket that the phone kept, for the transport.
impl From<&Identity> for Ticket {
    fn from(identity: &Identity) -> Ticket {
        Ticket {
            v: ezhifa_wire::VERSION,
            url: identity.url.clone(),
            code: "used".to_owned(),
            ca: identity.ca.clone(),
            hq_key: identity.enrolled.hq_keys.first().cloned().unwrap_or(
                ezhifa_wire::seal::sign::PublicKey {
                    alg: ezhifa_wire::seal::sign::Algorithm::P256Sha256,
                    bytes: Vec::new(),
                },
            ),
        }
    }
}

/// What the status screen is made from.
pub(crate) struct RawStatus {
    pub(crate) unsent: crate::store::Unsent,
    pub(crate) next_attempt_ms: i64,
    pub(crate) why: String,
    pub(crate) unfiled: u64,
    pub(crate) filing_due: Option<NaiveDateTime>,
    pub(crate) unsigned: u64,
    pub(crate) forks: Vec<String>,
    pub(crate) skew_ms: Option<i64>,
    pub(crate) clock_trusted: bool,
}

impl FieldOffice {
    pub(crate) fn inbox_now(&self) -> Result<(Arc<Inbox>, NaiveDateTime), Error> {
        Ok((self.inbox()?, self.now()))
    }

    pub(crate) fn raw_status(&self) -> Result<RawStatus, Error> {
        let open = self.opened()?;
        let now = self.ports.platform.clock.now();
        let (until_ms, why) = {
            let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
            let (until, why) = engine.next_attempt();
            (until, why.map(syncing::sentence).unwrap_or_default())
        };
        let (skew_ms, clock_trusted) = (open.skew_ms(&now)?, open.clock_trusted(&now)?);
        open.store.read(|dao| {
            let (unfiled, filing_due) = project::filing_clock(dao)?;
            Ok(RawStatus {
                unsent: dao.unsent()?,
                next_attempt_ms: until_ms.saturating_sub(now.mono_ms).max(0),
                why,
                unfiled,
                filing_due,
                unsigned: u64::try_from(dao.unsigned_numbers()?.len()).unwrap_or(u64::MAX),
                forks: dao.list(scope::FORK)?.into_iter().map(|(epoch, _)| epoch).collect(),
                skew_ms,
                clock_trusted,
            })
        })
    }

    /// Verifies the whole journal: chain, bodies, every epoch.
    ///
    /// # Errors
    /// Not enrolled, or it cannot be read; breaks are in the report.
    pub fn verify_journal(&self) -> Result<crate::journal::Report, FieldError> {
        let open = self.opened()?;
        Ok(open.store.verify().map_err(Error::from)?)
    }

    /// Makes the daily second copy where it is due: for the app's background work, on the charger. Whether
    /// one was made. After damage it is a rung of the ladder (`store::salvage`).
    ///
    /// # Errors
    /// Not enrolled; no space: the old copy stays then.
    pub fn copy_daily(&self) -> Result<bool, FieldError> {
        self.with_store(Store::copy_daily)
    }

    /// The law in force now, for lists of offences and for wording.
    ///
    /// # Errors
    /// None is.
    pub fn law(&self) -> Result<Arc<ezhifa_casework::law::rulebook::Rulebook>, FieldError> {
        let (inbox, now) = self.inbox_now()?;
        Ok(inbox.law_on(now.date()).map_err(Error::from)?)
    }

    /// Everything that HQ sent: leads, verdicts, payments, messages, packs.
    ///
    /// # Errors
    /// Not enrolled.
    pub fn from_hq(&self) -> Result<Arc<Inbox>, FieldError> {
        Ok(self.inbox()?)
    }

    /// The open store, for journal export and supervision tools.
    ///
    /// # Errors
    /// Not enrolled.
    pub fn with_store<T>(&self, f: impl FnOnce(&Store) -> Result<T, StoreError>) -> Result<T, FieldError> {
        let open = self.opened()?;
        Ok(f(&open.store).map_err(Error::from)?)
    }
}
