//! The HQ itself: opened once, shared by every request.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, RwLock, Weak,
        atomic::AtomicU64,
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

use ezhifa_casework::seal::sign::{PublicKey, SoftwareKey};

use crate::{
    backup::Arrival,
    blobs::Blobs,
    config::HqConfig,
    error::HqError,
    files,
    keys::Keys,
    limits::Rates,
    log::{self, Field},
    store::{Read, Store, Write, sqlite::Sqlite},
    writer::Writer,
};

/// An open HQ. Cheap to clone; all clones are one HQ.
#[derive(Clone)]
pub struct Hq {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: HqConfig,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) writer: Writer,
    pub(crate) blobs: Blobs,
    pub(crate) keys: RwLock<Keys>,
    pub(crate) first_key: Arc<SoftwareKey>,
    pub(crate) escrow: PublicKey,
    pub(crate) incarnation: String,
    pub(crate) device_rates: Rates,
    pub(crate) public_rates: Rates,
    pub(crate) slots: crate::slots::Slots,
    pub(crate) books: Mutex<crate::rulebooks::Books>,
    pub(crate) areas: crate::desk::routing::Areas,
    pub(crate) event_codes: crate::desk::events::Cache,
    pub(crate) interpreting: Mutex<()>,
    /// How far the journals were read when patterns were last looked for.
    pub(crate) patterns_at: AtomicU64,
    pub(crate) nonces: crate::protocol::Nonces,
    /// Requests signed at or before this may have been answered by the HQ that ran here before.
    pub(crate) signed_after_ms: i64,
    /// What the operator of this machine proves itself with; new at every start.
    pub(crate) operator: String,
    /// Where a phone's snapshot of several pages stands.
    pub(crate) snapshots: Mutex<std::collections::HashMap<String, u64>>,
    bell: Mutex<Option<SyncSender<()>>>,
    // Last, so that they outlive what needs them.
    _runtime: Io,
    _folder: files::Lock,
}

/// The interpreter looks at the calendar this often when nothing arrives.
const ROUND: Duration = Duration::from_secs(60);

/// The runtime of the evidence store and PostgreSQL. The last handle may be dropped inside a server's own
/// runtime, where waiting is not allowed.
struct Io(Option<tokio::runtime::Runtime>);

impl Drop for Io {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Hq {
    /// Opens (or founds) an HQ.
    ///
    /// # Errors
    /// The folder, database, keys or evidence store cannot be used.
    pub fn open(config: HqConfig) -> Result<Hq, HqError> {
        files::make_dir(&config.dir)?;
        let folder = files::Lock::take(&config.dir.join("hq.lock"))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("hq-io")
            .enable_all()
            .build()
            .map_err(|e| HqError::Config(e.to_string()))?;
        let store = open_store(&config.db, runtime.handle())?;
        let blobs = Blobs::open(&config.blobs, config.blob_limit, runtime.handle().clone())?;
        let arrival = Arrival::look(&config.dir)?;
        let keys = Keys::open(&config.dir, || random_hex::<32>(&config))?;
        let first_key = keys
            .newest()
            .map(|h| h.key.clone())
            .ok_or_else(|| HqError::Config("hq.key 已损坏 / hq.key is damaged".into()))?;
        let operator = random_hex::<24>(&config)?;
        let escrow = crate::escrow::public_key(&config)?;
        let writer = Writer::start(&*store, config.queue)?;
        let fresh = random_hex::<8>(&config)?;
        let now = (config.clock)();
        let arrived = writer.run(1, move |w| arrival.settle(w, fresh, now))?;
        arrived.note(&config.dir)?;
        let signed_after_ms = if arrived.again { crate::protocol::after_restart(now) } else { i64::MIN };
        let inner = Inner {
            device_rates: Rates::new(config.device_rate, config.device_rate.saturating_mul(10)),
            public_rates: Rates::new(config.public_rate, config.public_rate.saturating_mul(10)),
            slots: crate::slots::Slots::default(),
            books: Mutex::default(),
            areas: crate::desk::routing::Areas::default(),
            event_codes: crate::desk::events::Cache::default(),
            interpreting: Mutex::new(()),
            patterns_at: AtomicU64::new(u64::MAX),
            nonces: crate::protocol::Nonces::default(),
            signed_after_ms,
            operator,
            snapshots: Mutex::default(),
            bell: Mutex::new(None),
            config,
            store,
            writer,
            blobs,
            keys: RwLock::new(keys),
            first_key,
            escrow,
            incarnation: arrived.incarnation,
            _runtime: Io(Some(runtime)),
            _folder: folder,
        };
        let hq = Hq { inner: Arc::new(inner) };
        hq.load_books()?;
        crate::desk::open::build_once(&hq)?;
        hq.tell_pending_key()?;
        if hq.inner.config.background {
            hq.start_interpreter()?;
        }
        Ok(hq)
    }

    /// Interprets behind the receipts. The thread holds HQ only while it works, and ends with it.
    fn start_interpreter(&self) -> Result<(), HqError> {
        let (ring, rung) = sync_channel::<()>(1);
        let weak: Weak<Inner> = Arc::downgrade(&self.inner);
        std::thread::Builder::new()
            .name("hq-interpreter".into())
            .spawn(move || {
                while !matches!(rung.recv_timeout(ROUND), Err(RecvTimeoutError::Disconnected)) {
                    let Some(inner) = weak.upgrade() else { return };
                    let hq = Hq { inner };
                    if let Err(e) = hq.settle().and_then(|_| hq.daily()) {
                        hq.log("interpreter", &[("what", Field::Word(&e.to_string()))]);
                    }
                }
            })
            .map_err(|e| HqError::Config(e.to_string()))?;
        if let Ok(mut bell) = self.inner.bell.lock() {
            *bell = Some(ring);
        }
        self.wake();
        Ok(())
    }

    /// Something arrived.
    pub(crate) fn wake(&self) {
        if let Ok(bell) = self.inner.bell.lock()
            && let Some(ring) = &*bell
        {
            // Full means that the bell rings already.
            let _ = ring.try_send(());
        }
    }

    /// This HQ's incarnation: a restore gives a new one.
    #[must_use]
    pub fn incarnation(&self) -> &str {
        &self.inner.incarnation
    }

    /// The clock.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        (self.inner.config.clock)()
    }

    /// How it was set up.
    #[must_use]
    pub fn config(&self) -> &HqConfig {
        &self.inner.config
    }

    /// The authority that phones trust, PEM.
    ///
    /// # Errors
    /// It can neither be read nor made.
    pub fn ca_pem(&self) -> Result<String, HqError> {
        crate::tls::ca_pem(&self.inner.config.dir)
    }

    /// Reads a consistent view.
    ///
    /// # Errors
    /// What `f` says, or the store failed.
    pub fn read<T>(&self, f: impl FnOnce(&mut dyn Read) -> Result<T, HqError>) -> Result<T, HqError> {
        let mut f = Some(f);
        let mut out = None;
        self.inner.store.read(&mut |r| {
            if let Some(f) = f.take() {
                out = Some(f(r)?);
            }
            Ok(())
        })?;
        out.ok_or(HqError::Stopped)
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        weight: usize,
        f: impl FnOnce(&mut dyn Write) -> Result<T, HqError> + Send + 'static,
    ) -> Result<T, HqError> {
        self.inner.writer.run(weight, f)
    }

    pub(crate) fn random_hex<const N: usize>(&self) -> Result<String, HqError> {
        random_hex::<N>(&self.inner.config)
    }

    pub(crate) fn log(&self, event: &str, fields: &[(&str, Field<'_>)]) {
        log::line(self.inner.config.log, self.now_ms(), event, fields);
    }
}

#[cfg_attr(not(feature = "postgres"), allow(unused_variables))]
fn open_store(url: &str, runtime: &tokio::runtime::Handle) -> Result<Arc<dyn Store>, HqError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return Ok(Arc::new(Sqlite::open(Path::new(path))?));
    }
    #[cfg(feature = "postgres")]
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Arc::new(crate::store::postgres::Postgres::open(url, runtime.clone())?));
    }
    Err(HqError::Config("数据库地址应为 sqlite:路径 / the database must be sqlite:PATH".into()))
}

pub(crate) fn random_hex<const N: usize>(config: &HqConfig) -> Result<String, HqError> {
    use std::fmt::Write as _;
    let mut bytes = [0_u8; N];
    (config.entropy)(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    }))
}
