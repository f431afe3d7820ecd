//! How an HQ is set up. Defaults suit one organ on one machine.

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use chrono::{DateTime, NaiveDateTime};
use ezhifa_casework::seal::sign::PublicKey;

use crate::error::HqError;

/// Milliseconds since 1970, UTC: the system's clock, or a simulated one.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;
/// Fills a buffer with randomness: the system's, or a seeded one in simulation.
pub type Entropy = Arc<dyn Fn(&mut [u8]) -> Result<(), HqError> + Send + Sync>;

/// Everything HQ needs to start.
#[derive(Clone)]
pub struct HqConfig {
    /// Keys, certificates, default places of database and evidence.
    pub dir: PathBuf,
    /// `sqlite:PATH`, or `postgres://…` with the feature `postgres`.
    pub db: String,
    /// `file:PATH`.
    pub blobs: String,
    /// Short code of the organ, as in number blocks and slip codes.
    pub organ: String,
    /// Name of the organ, for the public page when no rulebook is published yet.
    pub organ_name: String,
    /// Base of the codes on slips: `HTTPS://HOST` in capitals, no path.
    pub slip_url: String,
    /// Keys of the people who may publish rulebooks: with any here, a pack needs the signatures of two of
    /// them. Empty only for samples and tests.
    pub publishers: Vec<PublicKey>,
    /// Names and addresses that the server certificate is good for.
    pub names: Vec<String>,
    /// Requests that may wait for the writer before 429.
    pub queue: usize,
    /// Largest request body in bytes.
    pub body_limit: usize,
    /// Largest piece of evidence in bytes.
    pub blob_limit: u64,
    /// Requests a second a device may make in the long run.
    pub device_rate: u32,
    /// Entries a second that phones are let in with: more phones than that at once come one after another
    /// (`come_after_s` in `hello`). 0: all at once.
    pub ingest_rate: u32,
    /// Look-ups a second one address may make on the public page.
    pub public_rate: u32,
    /// Gateways in front of HQ: what they say in `X-Forwarded-For` is who asks. Nobody else is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The finance system that makes a pay code for one decision; without it the pool gives one.
    pub mint: Option<crate::desk::minting::Mint>,
    /// Interpret in the background; without it only [`crate::Hq::settle`] does (simulation).
    pub background: bool,
    /// One JSON line per request on stderr.
    pub log: bool,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
}

impl HqConfig {
    /// An HQ that keeps everything in one folder.
    #[must_use]
    pub fn in_dir(dir: impl Into<PathBuf>, organ: &str, organ_name: &str) -> HqConfig {
        let dir = dir.into();
        HqConfig {
            db: format!("sqlite:{}", dir.join("hq.db").display()),
            blobs: format!("file:{}", dir.join("blobs").display()),
            dir,
            organ: organ.to_owned(),
            organ_name: organ_name.to_owned(),
            slip_url: "HTTPS://LOCALHOST".to_owned(),
            publishers: Vec::new(),
            names: vec!["localhost".into(), "127.0.0.1".into()],
            queue: 256,
            body_limit: 4 << 20,
            blob_limit: ezhifa_wire::limits::BLOB_BYTES,
            device_rate: 20,
            ingest_rate: 5_000,
            public_rate: 2,
            trusted_proxies: Vec::new(),
            mint: None,
            background: true,
            log: false,
            clock: Arc::new(|| {
                std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
            }),
            entropy: Arc::new(|buf| getrandom::fill(buf).map_err(|e| HqError::Seal(e.to_string()))),
        }
    }
}

/// Local time (Asia/Shanghai has no summer time): what people and papers use.
#[must_use]
pub fn local(ms: i64) -> NaiveDateTime {
    const SHANGHAI_MS: i64 = 8 * 3_600_000;
    DateTime::from_timestamp_millis(ms.saturating_add(SHANGHAI_MS)).unwrap_or_default().naive_utc()
}
