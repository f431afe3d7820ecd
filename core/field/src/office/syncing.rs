//! Sync as apps call it: one call that goes as far as it can, tells how far, and may be stopped.

use std::sync::{PoisonError, TryLockError};

use chrono::{Datelike, NaiveDateTime};
use ezhifa_casework::law::terms::Series;
use ezhifa_wire::{hello::WipeOrder, lease::LeaseRequest, push::Receipt, seal::hash::Digest};
use serde::Serialize;
use serde_json::json;

use super::{FieldOffice, Open, numbers, scope, shelf::PhoneShelf};
use crate::{
    error::{Error, FieldError, Not},
    journal::Kind,
    sync::{Moment, Network, Purpose, Shelf, Step, Why},
    transport::Transport,
};

/// Numbers asked for at a time.
const BLOCK: u64 = 40;

/// A step of a running sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tell {
    /// Entries that wait.
    pub entries: u64,
    /// Photos that wait.
    pub blobs: u64,
    /// Bytes of photos that wait.
    pub blob_bytes: u64,
    /// Feed items taken so far.
    pub items: u64,
}

/// Hears how far a sync is; called with no lock held.
pub trait Progress: Send + Sync {
    /// Answers whether to go on.
    fn tell(&self, step: Tell) -> bool;
}

/// Nobody listens.
impl Progress for () {
    fn tell(&self, _: Tell) -> bool {
        true
    }
}

/// What a sync did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// Everything that could go is gone and everything there is was fetched.
    pub done: bool,
    /// Stopped by the app.
    pub cancelled: bool,
    /// Milliseconds until the next attempt makes sense.
    pub wait_ms: Option<i64>,
    /// Why it waits, one sentence.
    pub why: String,
    /// Signed receipts got.
    pub receipts: u64,
    /// The last of them.
    pub receipt: Option<Receipt>,
    /// Photos that HQ now holds.
    pub blobs: u64,
    /// Feed items taken.
    pub items: u64,
    /// Number blocks taken.
    pub blocks: u64,
    /// HQ's clock minus the phone's.
    pub skew_ms: Option<i64>,
    /// Things that could not be used; they held up nothing.
    pub faults: Vec<String>,
    /// HQ ordered this phone to be wiped: see [`FieldOffice::wipe_due`].
    pub wipe: Option<WipeOrder>,
    #[serde(skip)]
    pub(super) reload: bool,
    /// Files that are not what they are called: not asked for again in this round.
    #[serde(skip)]
    pub(super) bad_files: Vec<Digest>,
}

impl FieldOffice {
    /// What the platform knows of the network. Offline and captive networks are not tried.
    pub fn set_network(&self, network: Network) {
        self.state().network = network;
    }

    /// Whether photos may go over a metered network.
    pub fn allow_photos_on_metered(&self, allow: bool) {
        self.state().photos_on_metered = allow;
    }

    /// Sends what waits and fetches what is new, as far as it gets. Safe to call at any time and to be
    /// killed in; a second call during the first answers at once.
    ///
    /// # Errors
    /// Not enrolled, the key or the store; never the network: that is in the report.
    pub fn sync(&self, transport: &dyn Transport, progress: &dyn Progress) -> Result<SyncReport, FieldError> {
        Ok(self.round(transport, progress, false)?)
    }

    /// The same because the officer asked: jitter does not count, HQ's `Retry-After` does.
    ///
    /// # Errors
    /// As [`FieldOffice::sync`].
    pub fn sync_now(
        &self,
        transport: &dyn Transport,
        progress: &dyn Progress,
    ) -> Result<SyncReport, FieldError> {
        Ok(self.round(transport, progress, true)?)
    }

    fn round(
        &self,
        transport: &dyn Transport,
        progress: &dyn Progress,
        now: bool,
    ) -> Result<SyncReport, Error> {
        let open = self.opened()?;
        let mut report = SyncReport::default();
        let _one = match self.syncing.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(e)) => e.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(report),
        };
        let read_only = open.store.opened().read_only;
        if !read_only {
            self.make_wishes(&open)?;
            self.pending(&open, &mut report)?;
        }
        let shelf = PhoneShelf { office: self, open: &open };
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner).clone();
        engine.begin();
        engine.upload_only(read_only);
        if now {
            engine.nudge();
        }
        loop {
            let moment = self.moment()?;
            match engine.step(&moment, &shelf, self.ports.device_key.as_ref())? {
                Step::Done => {
                    report.done = true;
                    break;
                }
                Step::Wait { until_ms, why } => {
                    report.wait_ms = (until_ms < i64::MAX).then(|| until_ms.saturating_sub(moment.mono_ms));
                    report.why = sentence(&why);
                    break;
                }
                Step::Send(ask) => {
                    // By force: the journal, which says what is lost, and nothing else.
                    if report.wipe.as_ref().is_some_and(|w| w.force)
                        && !matches!(ask.purpose, Purpose::Push { .. })
                    {
                        break;
                    }
                    let answer = transport.send(&ask.request);
                    let moment = self.moment()?;
                    for change in engine.receive(&moment, &shelf.myself()?, &ask, answer) {
                        if read_only {
                            open.note(change, &mut report);
                        } else {
                            self.apply(&open, change, &mut report)?;
                        }
                    }
                    for bad in report.bad_files.drain(..) {
                        engine.pass_by(bad);
                    }
                    if let (Purpose::Hello, Some(order)) = (&ask.purpose, &report.wipe)
                        && order.force
                        && !read_only
                    {
                        declare_loss(&open, order)?;
                    }
                    let waits = shelf.unsynced()?;
                    let tell = Tell {
                        entries: waits.entries,
                        blobs: waits.blobs,
                        blob_bytes: waits.blob_bytes,
                        items: report.items,
                    };
                    if !progress.tell(tell) {
                        report.cancelled = true;
                        break;
                    }
                }
            }
        }
        for (epoch, seq) in engine.stuck() {
            report.faults.push(format!(
                "时期{epoch}第{seq}条起的记录无法上传，请告知指挥中心；记录都在本机 / entries of epoch {epoch} from {seq} on cannot be sent: tell HQ; they are kept"
            ));
        }
        if report.reload {
            open.reload(&self.places)?;
        }
        *self.engine.lock().unwrap_or_else(PoisonError::into_inner) = engine;
        // What cannot go today goes another day: it must not spoil a sync that ended whole.
        if report.done
            && !read_only
            && let Err(e) = self.purge(&open)
        {
            report.faults.push(e.to_string());
        }
        Ok(report)
    }

    fn moment(&self) -> Result<Moment, Error> {
        let stamp = self.ports.platform.clock.now();
        let state = self.state();
        let (network, photos_on_metered) = (state.network, state.photos_on_metered);
        drop(state);
        Ok(Moment {
            wall_ms: stamp.wall_ms,
            mono_ms: stamp.mono_ms,
            network,
            photos_on_metered,
            random: u64::from_be_bytes(self.ports.platform.random()?),
            nonce: self.ports.platform.random()?,
        })
    }

    /// Which blocks to ask for: half used up, of another year from 1 December on. The request id is kept
    /// until the answer is stored, so that a lost answer costs no numbers.
    fn make_wishes(&self, open: &Open) -> Result<(), Error> {
        let now = self.now();
        let wall_ms = self.wall_ms();
        let mut wanted = wanted(now, false);
        if open.store.read(|dao| dao.get(scope::OFFICE, "drills"))?.is_some() {
            wanted.extend(self::wanted(now, true));
        }
        let fresh: [u8; 8] = self.ports.platform.random()?;
        open.store.write::<_, Error>(|dao| {
            let supplies = dao.supplies(wall_ms)?;
            let epoch = dao.head()?.epoch;
            for (series, year) in wanted {
                let key = format!("{series}:{year}");
                let low =
                    supplies.iter().find(|s| s.series == series && s.year == year).is_none_or(|s| s.is_low());
                let held: Option<LeaseRequest> = match dao.get(scope::WISH, &key)? {
                    Some(bytes) => Some(serde_json::from_slice(&bytes)?),
                    None => None,
                };
                match held {
                    Some(wish) if wish.epoch == epoch && low => {}
                    Some(_) if !low => {
                        dao.drop_thing(scope::WISH, &key)?;
                    }
                    _ if low => {
                        let id = u64::from_be_bytes(fresh);
                        let wish = LeaseRequest {
                            request_id: format!("{id:016x}-{series}-{year}"),
                            series,
                            year,
                            want: BLOCK,
                            epoch,
                        };
                        dao.put(scope::WISH, &key, &serde_json::to_vec(&wish)?)?;
                    }
                    _ => {}
                }
            }
            Ok(())
        })
    }

    /// Asks HQ for drill numbers (演练) at the next sync as well.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn use_drills(&self) -> Result<(), FieldError> {
        let open = self.opened()?;
        open.store.write::<_, Error>(|dao| Ok(dao.put(scope::OFFICE, "drills", b"1")?))?;
        Ok(())
    }

    /// The wipe order that is due now: everything is delivered, or HQ wants it by force (then what is lost
    /// is declared as an entry first). The app destroys its keystore's keys and calls [`FieldOffice::wiped`].
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn wipe_due(&self) -> Result<Option<WipeOrder>, FieldError> {
        let due = || -> Result<Option<WipeOrder>, Error> {
            let open = self.opened()?;
            let Some(bytes) = open.store.read(|dao| dao.get(scope::OFFICE, "wipe"))? else { return Ok(None) };
            let order: WipeOrder = serde_json::from_slice(&bytes)?;
            let unsent = open.store.read(|dao| dao.unsent())?;
            if unsent.entries == 0 && unsent.files == 0 {
                return Ok(Some(order));
            }
            if !order.force {
                return Ok(None);
            }
            declare_loss(&open, &order)?;
            Ok(Some(order))
        };
        Ok(due()?)
    }

    /// The keys are destroyed: nothing can be read or written any more.
    pub fn wiped(&self) {
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = None;
        let mut state = self.state();
        state.signed_in.clear();
        state.crew = None;
        state.confirmations.clear();
    }

    /// HQ's last signed receipt for the epoch being written, as it came: proof of 备案.
    ///
    /// # Errors
    /// None yet.
    pub fn last_receipt(&self) -> Result<String, FieldError> {
        let open = self.opened()?;
        let read = || -> Result<String, Error> {
            let epoch = open.store.epoch()?.to_string();
            let bytes = open.store.read(|dao| dao.get(scope::RECEIPT, &epoch))?.ok_or(Not::Paper)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        Ok(read()?)
    }
}

/// A wipe by force says in the journal what goes with it, once an order.
fn declare_loss(open: &Open, order: &WipeOrder) -> Result<(), Error> {
    open.store.write::<_, Error>(|dao| {
        let unsent = dao.unsent()?;
        if (unsent.entries == 0 && unsent.files == 0) || dao.get(scope::DECLARED, &order.id)?.is_some() {
            return Ok(());
        }
        let body = json!({
            "event": "wipe_forced", "order": order.id, "entries": unsent.entries, "files": unsent.files,
        });
        dao.append_json(Kind::Device, 1, None, &body)?;
        Ok(dao.put(scope::DECLARED, &order.id, b"")?)
    })
}

fn wanted(now: NaiveDateTime, drill: bool) -> Vec<(String, i32)> {
    let mut years = vec![now.year()];
    if now.month() == 12 {
        years.push(now.year().saturating_add(1));
    }
    years.iter().flat_map(|year| Series::ALL.iter().map(move |s| (numbers::word(*s, drill), *year))).collect()
}

/// Why nothing happens, for the officer.
pub(crate) fn sentence(why: &Why) -> String {
    match why {
        Why::Offline => "没有网络 / no network".to_owned(),
        Why::NotHq => "网络需要登录，或者对方不是指挥中心 / a sign-in page, or not HQ".to_owned(),
        Why::HqAsked => "指挥中心繁忙，稍后自动重试 / HQ is busy, it will be tried again".to_owned(),
        Why::PhotosOnMetered => "照片等待免费网络 / photos wait for a free network".to_owned(),
        Why::Failed(text) => text.clone(),
    }
}
