//! What the platform supplies: the database key, randomness, free space; and the probe of the crash tests.

use std::sync::Arc;

use ezhifa_seal::hash::tagged;
use zeroize::ZeroizeOnDrop;

use crate::{
    clock::Clock,
    store::{BALLAST, StoreError, error::Result},
};

/// 32 raw bytes that open the database.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct DatabaseKey(pub [u8; 32]);

impl std::fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseKey")
    }
}

impl DatabaseKey {
    /// Eight bytes that lie beside the database and tell a wrong key from a damaged file.
    #[must_use]
    pub fn check_value(&self) -> [u8; 8] {
        tagged("ezhifa.key-check.v1", &[&self.0]).prefix()
    }
}

/// The platform's key store (Android Keystore, Keychain). Do not bind the key to biometric enrolment:
/// losing it loses evidence (SYNC.md 2.3).
pub trait KeyStore: Send + Sync {
    /// The key; made on the first call.
    ///
    /// # Errors
    /// [`StoreError::KeyUnavailable`] while the phone is locked.
    fn database_key(&self) -> Result<DatabaseKey>;
}

/// A key in memory: tests, the simulator, the command line.
pub struct FixedKey(pub [u8; 32]);

impl KeyStore for FixedKey {
    fn database_key(&self) -> Result<DatabaseKey> {
        Ok(DatabaseKey(self.0))
    }
}

/// Randomness.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    ///
    /// # Errors
    /// The system has none to give.
    fn fill(&self, buffer: &mut [u8]) -> Result<()>;
}

/// The operating system's randomness.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        getrandom::fill(buffer).map_err(|_| StoreError::Internal("no randomness"))
    }
}

/// Free space on the phone.
pub trait Disk: Send + Sync {
    /// Bytes the app may still write; `None` when unknown.
    fn free_bytes(&self) -> Option<u64>;

    /// Bytes to keep back, so that the running case can be finished when nothing is free any more. A
    /// simulation whose disks never fill keeps back none.
    fn ballast(&self) -> u64 {
        BALLAST
    }
}

/// Nothing known.
pub struct UnknownDisk;

impl Disk for UnknownDisk {
    fn free_bytes(&self) -> Option<u64> {
        None
    }
}

/// Moments at which the crash tests stop the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Point {
    /// The mark says what will be committed.
    AfterIntent,
    /// The transaction is durable.
    AfterCommit,
    /// The mark says done.
    AfterDone,
    /// Sealed evidence lies in the incoming folder.
    FileWritten,
    /// Its row is committed, its last name not yet given.
    BeforeRename,
    /// The decision is committed, the slip not yet signed.
    BeforeSign,
    /// Signed, not yet committed.
    AfterSign,
    /// The slip is committed, nothing printed.
    BeforePrint,
    /// A page of the feed is kept, what it asks of the journal not yet done.
    AfterFeed,
}

/// A test's hook at every [`Point`]; an error there is an I/O error, an abort is a crash.
pub trait Probe: Send + Sync {
    /// Called at the point.
    ///
    /// # Errors
    /// Whatever the test wants.
    fn at(&self, point: Point) -> Result<()>;
}

/// The phone in the field: no hook.
pub struct NoProbe;

impl Probe for NoProbe {
    fn at(&self, _: Point) -> Result<()> {
        Ok(())
    }
}

/// Everything that comes from outside.
#[derive(Clone)]
pub struct Platform {
    /// Database key.
    pub keys: Arc<dyn KeyStore>,
    /// Clocks.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Space.
    pub disk: Arc<dyn Disk>,
    /// Crash tests.
    pub probe: Arc<dyn Probe>,
}

impl Platform {
    /// With the system's randomness, unknown space and no probe.
    #[must_use]
    pub fn new(keys: Arc<dyn KeyStore>, clock: Arc<dyn Clock>) -> Platform {
        Platform {
            keys,
            clock,
            entropy: Arc::new(SystemEntropy),
            disk: Arc::new(UnknownDisk),
            probe: Arc::new(NoProbe),
        }
    }

    /// Random bytes.
    ///
    /// # Errors
    /// No randomness.
    pub fn random<const N: usize>(&self) -> Result<[u8; N]> {
        let mut out = [0; N];
        self.entropy.fill(&mut out)?;
        Ok(out)
    }
}
