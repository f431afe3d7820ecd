//! What the platform may bring besides its keys, and how the core sees it. All optional; every call is made
//! with no lock of ours held, so an app may call back into the phone.

use std::{
    cell::RefCell,
    sync::Arc,
    time::{Duration, Instant},
};

use ezhifa_field::{
    clock::{Clock, SystemClock},
    office::{Progress, Tell},
    printer::{Link, LinkError},
    slip::{Bitmap, GlyphSource},
    transport::{Request, Response, Transport, TransportError},
    wire::seal::entry::Stamp,
};

use crate::{
    PhoneError,
    words::{CaseId, Moment},
};

/// What an app says when something of its own failed. The text is shown to the officer and goes into no
/// log: no personal data, no stack trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum AppError {
    /// The other side ended it: the printer went off, the connection dropped.
    #[error("已断开 / closed")]
    Closed,
    /// Anything else.
    #[error("{reason}")]
    Failed {
        /// One sentence.
        reason: String,
    },
}

/// An exception of the app that is none of ours. Its text may be about a person and is not kept.
impl From<uniffi::UnexpectedUniFFICallbackError> for AppError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        AppError::Failed { reason: "应用出错 / the app failed".to_owned() }
    }
}

/// The three clocks at one moment.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ClockStamp {
    /// Wall clock, as the phone believes.
    pub wall: Moment,
    /// Milliseconds since the boot, sleep included (`SystemClock.elapsedRealtime`, `CLOCK_MONOTONIC_RAW`).
    pub mono_ms: i64,
    /// Names the boot (`Settings.Global.BOOT_COUNT`, `kern.boottime`).
    pub boot: String,
}

/// The platform's clocks. Without it each start of the process counts as a boot. Asked once a call, and at each
/// step of a sync.
#[uniffi::export(foreign)]
pub trait PhoneClock: Send + Sync {
    /// Now.
    ///
    /// # Errors
    /// None is expected; the system's own clock then stands in.
    fn now(&self) -> Result<ClockStamp, AppError>;
}

/// A position: raw WGS-84, never a display datum (GCJ-02).
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Fix {
    /// Latitude in 1e-7 degree.
    pub lat_e7: i64,
    /// Longitude in 1e-7 degree.
    pub lon_e7: i64,
    /// Accuracy in centimetres.
    pub accuracy_cm: i64,
    /// `gnss` or `network`.
    pub source: String,
}

/// Where the phone is.
#[uniffi::export(foreign)]
pub trait PhoneLocation: Send + Sync {
    /// The last good position, at once: none when there is none. Asked when a case is opened and when evidence is taken.
    ///
    /// # Errors
    /// Counts as none: the case is opened with the typed address.
    fn here(&self) -> Result<Option<Fix>, AppError>;
}

/// A character as dots: rows from the top, leftmost dot in the highest bit, each row filled up to a byte.
#[derive(Clone, uniffi::Record)]
pub struct Glyph {
    /// Dots across.
    pub width: u16,
    /// Dots down.
    pub height: u16,
    /// The dots.
    pub rows: Vec<u8>,
}

/// The platform's fonts, for characters that the bundled font lacks (rare names).
#[uniffi::export(foreign)]
pub trait PhoneGlyphs: Send + Sync {
    /// The character in a square of `px` dots, baseline 88 % down; none when no font has it.
    ///
    /// # Errors
    /// Counts as none: the paper is refused before a number is used.
    fn glyph(&self, character: String, px: u16) -> Result<Option<Glyph>, AppError>;
}

/// How grave a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// What happened.
    Info,
    /// A call was refused or could not be done.
    Warning,
    /// A fault of this library or of the app.
    Fault,
}

/// Where lines go. They hold names of calls and error codes, never personal data.
#[uniffi::export(foreign)]
pub trait PhoneLog: Send + Sync {
    /// One line.
    ///
    /// # Errors
    /// Ignored.
    fn log(&self, level: LogLevel, text: String) -> Result<(), AppError>;
}

/// What a screen may have to draw again.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Change {
    /// One case, and the lists that show it.
    Case {
        /// Which.
        id: CaseId,
    },
    /// Who is signed in, or the crew.
    People,
    /// What HQ sent, what waits for HQ, readiness.
    Sync,
}

/// Hears what changed, after it is stored.
#[uniffi::export(foreign)]
pub trait PhoneObserver: Send + Sync {
    /// Something changed. May be called on any thread that calls the phone; calling back is allowed.
    ///
    /// # Errors
    /// Ignored.
    fn changed(&self, what: Change) -> Result<(), AppError>;
}

/// How far a sync is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct SyncStep {
    /// Entries that wait.
    pub entries: u64,
    /// Photos that wait.
    pub photos: u64,
    /// Their bytes.
    pub photo_bytes: u64,
    /// Feed items taken so far.
    pub items: u64,
}

/// Hears how far a sync is and may stop it.
#[uniffi::export(foreign)]
pub trait SyncProgress: Send + Sync {
    /// Answers whether to go on: false when the platform wants its background time back.
    ///
    /// # Errors
    /// Stops the sync.
    fn step(&self, at: SyncStep) -> Result<bool, AppError>;
}

/// A byte pipe to a printer: Bluetooth SPP or BLE of the platform. Open it before; the print ends it, a refused
/// one as well.
#[uniffi::export(foreign)]
pub trait PrinterLink: Send + Sync {
    /// Takes some of the bytes and says how many: 0 when it can take none now. Waits a second at most.
    ///
    /// # Errors
    /// The pipe is broken.
    fn write(&self, bytes: Vec<u8>) -> Result<u32, AppError>;

    /// What has come, at most `most` bytes; empty when nothing came within the time.
    ///
    /// # Errors
    /// The pipe is broken.
    fn read(&self, most: u32, within_ms: u32) -> Result<Vec<u8>, AppError>;

    /// False when the pipe may lose bytes without telling (BLE write without response).
    ///
    /// # Errors
    /// Counts as false.
    fn lossless(&self) -> Result<bool, AppError>;

    /// Ends the connection.
    ///
    /// # Errors
    /// Ignored.
    fn end(&self) -> Result<(), AppError>;
}

/// One request to HQ.
#[derive(Clone, uniffi::Record)]
pub struct HttpRequest {
    /// `GET`, `HEAD`, `POST`, `PATCH`.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Headers.
    pub headers: Vec<HttpHeader>,
    /// Empty for GET and HEAD.
    pub body: Vec<u8>,
    /// The only certificate authority to trust, PEM; empty on loopback without TLS.
    pub ca: String,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HttpHeader {
    /// In lower case.
    pub name: String,
    /// Value.
    pub value: String,
}

/// What came back, whatever its status.
#[derive(Clone, uniffi::Record)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<HttpHeader>,
    /// Body.
    pub body: Vec<u8>,
}

/// The platform's own way to HQ, where its network stack must be used (a private APN, a per-app VPN). It
/// trusts only the certificate authority that the request names, follows no redirect and retries nothing. Without
/// it the library's own HTTPS is used.
#[uniffi::export(foreign)]
pub trait PhoneTransport: Send + Sync {
    /// Sends one request and waits for its answer, 90 seconds at most.
    ///
    /// # Errors
    /// Nothing came back.
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, AppError>;
}

/// What the platform brings besides its keys. Everything may be left out.
#[derive(Clone, Default, uniffi::Record)]
pub struct PhonePlatform {
    /// App and version, for HQ: `demo 1.2.0`.
    #[uniffi(default = "")]
    pub app: String,
    /// Maker and model, for HQ.
    #[uniffi(default = "")]
    pub model: String,
    /// Clocks.
    #[uniffi(default = None)]
    pub clock: Option<Arc<dyn PhoneClock>>,
    /// Position.
    #[uniffi(default = None)]
    pub location: Option<Arc<dyn PhoneLocation>>,
    /// Fonts.
    #[uniffi(default = None)]
    pub glyphs: Option<Arc<dyn PhoneGlyphs>>,
    /// Log.
    #[uniffi(default = None)]
    pub log: Option<Arc<dyn PhoneLog>>,
    /// Who draws screens.
    #[uniffi(default = None)]
    pub observer: Option<Arc<dyn PhoneObserver>>,
    /// Way to HQ; none: the library's own HTTPS (feature `https`).
    #[uniffi(default = None)]
    pub transport: Option<Arc<dyn PhoneTransport>>,
}

thread_local! {
    /// What this thread's call saw on the clock, and when.
    static SEEN: RefCell<Option<(Stamp, Instant)>> = const { RefCell::new(None) };
}

/// The app's clock, with the system's behind it. The core asks while it writes, with the journal locked: so the app
/// is asked before a call and after each wait in it, and the time between is counted here.
pub(crate) struct Clocks {
    app: Option<Arc<dyn PhoneClock>>,
    system: SystemClock,
}

impl Clocks {
    pub(crate) fn new(app: Option<Arc<dyn PhoneClock>>, run: [u8; 16]) -> Clocks {
        // The monotonic clock starts with the process, so each run counts as a boot of its own.
        Clocks { app, system: SystemClock::new(format!("{:032x}", u128::from_be_bytes(run))) }
    }

    /// What was seen, and the time since.
    fn counted() -> Option<Stamp> {
        SEEN.with_borrow(|seen| {
            let (stamp, at) = seen.as_ref()?;
            let ms = i64::try_from(at.elapsed().as_millis()).ok()?;
            let (wall_ms, mono_ms) = (stamp.wall_ms.checked_add(ms)?, stamp.mono_ms.checked_add(ms)?);
            Some(Stamp { wall_ms, mono_ms, boot: stamp.boot.clone() })
        })
    }

    /// Asks; no lock is held. A clock that stands still is counted on: time never goes back within a boot.
    pub(crate) fn look(&self) {
        let stamp = match self.app.as_ref().map(|clock| clock.now()) {
            Some(Ok(ClockStamp { wall, mono_ms, boot })) => {
                Stamp { wall_ms: ezhifa_field::feed::moment(wall), mono_ms, boot }
            }
            _ => self.system.now(),
        };
        if !Clocks::counted().is_some_and(|seen| seen.boot == stamp.boot && seen.mono_ms > stamp.mono_ms) {
            SEEN.set(Some((stamp, Instant::now())));
        }
    }
}

impl Clock for Clocks {
    fn now(&self) -> Stamp {
        Clocks::counted().unwrap_or_else(|| self.system.now())
    }
}

pub(crate) struct Glyphs(pub(crate) Arc<dyn PhoneGlyphs>);

impl GlyphSource for Glyphs {
    fn glyph(&self, c: char, px: u16) -> Option<Bitmap> {
        let glyph = self.0.glyph(c.to_string(), px).ok().flatten()?;
        Bitmap::from_rows(glyph.width, glyph.height, &glyph.rows)
    }
}

pub(crate) struct Steps {
    pub(crate) app: Option<Arc<dyn SyncProgress>>,
    pub(crate) clock: Arc<Clocks>,
}

impl Progress for Steps {
    fn tell(&self, at: Tell) -> bool {
        let at =
            SyncStep { entries: at.entries, photos: at.blobs, photo_bytes: at.blob_bytes, items: at.items };
        let on = self.app.as_ref().is_none_or(|app| app.step(at).unwrap_or(false));
        self.clock.look();
        on
    }
}

/// A foreign link as the session wants it. What was read and not asked for is kept for the next read.
pub(crate) struct ForeignLink {
    link: Arc<dyn PrinterLink>,
    come: Vec<u8>,
    lossless: bool,
    open: bool,
}

impl ForeignLink {
    pub(crate) fn new(link: Arc<dyn PrinterLink>) -> ForeignLink {
        let lossless = link.lossless().unwrap_or(false);
        ForeignLink { link, come: Vec::new(), lossless, open: true }
    }
}

fn broken(error: AppError) -> LinkError {
    match error {
        AppError::Closed => LinkError::Closed,
        AppError::Failed { reason } => LinkError::Failed(reason),
    }
}

impl Link for ForeignLink {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        let taken = self.link.write(bytes.to_vec()).map_err(broken)?;
        // More than there was cannot have been taken.
        Ok(usize::try_from(taken).unwrap_or(usize::MAX).min(bytes.len()))
    }

    fn read(&mut self, into: &mut [u8], within: Duration) -> Result<usize, LinkError> {
        if self.come.is_empty() {
            let most = u32::try_from(into.len()).unwrap_or(u32::MAX);
            let within = u32::try_from(within.as_millis()).unwrap_or(u32::MAX);
            self.come = self.link.read(most, within).map_err(broken)?;
        }
        let n = self.come.len().min(into.len());
        for (slot, byte) in into.iter_mut().zip(self.come.drain(..n)) {
            *slot = byte;
        }
        Ok(n)
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.open) {
            let _ = self.link.end();
        }
    }

    fn lossless(&self) -> bool {
        self.lossless
    }
}

/// A print that is refused ends the connection too: a pocket printer has only one.
impl Drop for ForeignLink {
    fn drop(&mut self) {
        self.close();
    }
}

pub(crate) struct ForeignTransport {
    pub(crate) app: Arc<dyn PhoneTransport>,
    pub(crate) base: String,
    pub(crate) ca: String,
}

impl Transport for ForeignTransport {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let header = |(name, value): &(&'static str, String)| HttpHeader {
            name: (*name).to_owned(),
            value: value.clone(),
        };
        let answer = self
            .app
            .send(HttpRequest {
                method: request.method.to_owned(),
                url: format!("{}{}", self.base.trim_end_matches('/'), request.path),
                headers: request.headers.iter().map(header).collect(),
                body: request.body.clone(),
                ca: self.ca.clone(),
            })
            .map_err(|e| TransportError::Unreachable(e.to_string()))?;
        let headers = answer.headers.into_iter().map(|h| (h.name.to_lowercase(), h.value)).collect();
        Ok(Response { status: answer.status, headers, body: answer.body })
    }
}

/// What goes into the log for an error: its code, nothing of its text.
pub(crate) fn grave(error: &PhoneError) -> LogLevel {
    match error {
        PhoneError::Internal { .. } | PhoneError::Store { .. } => LogLevel::Fault,
        _ => LogLevel::Warning,
    }
}
