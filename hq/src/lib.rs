//! HQ (指挥中心): receives journals, keeps them, replays every decision with the very law it names, answers
//! phones, the desk and anybody who holds a slip.
//!
//! Stored first, interpreted later: nothing a phone says can block its queue. What it must not know: the
//! insides of a phone (`field`). One writer, one transaction for many requests, answers after COMMIT.
//!
//! ```
//! use ezhifa_hq::{Hq, HqConfig, Request};
//! let dir = std::env::temp_dir().join(format!("ezhifa-hq-doc-{}", std::process::id()));
//! let hq = Hq::open(HqConfig::in_dir(&dir, "DGCG", "样本执法局"))?;
//! let ticket = hq.ticket("http://127.0.0.1:0", "dongcheng")?;
//! assert_eq!(ticket.hq_key, hq.public_key());
//! let answer = hq.answer(&Request { method: "GET".into(), path: "/v1/health".into(), ..Request::default() });
//! assert_eq!(answer.status, 200);
//! # std::fs::remove_dir_all(&dir).ok();
//! # Ok::<(), ezhifa_hq::HqError>(())
//! ```

pub mod alarms;
pub mod backup;
mod blobs;
pub mod casefile;
pub mod checkpoints;
pub mod config;
pub mod desk;
pub mod devices;
mod error;
pub mod escrow;
mod export;
mod feed;
mod files;
mod hq;
pub mod ingest;
mod interpret;
mod keys;
mod limits;
mod log;
pub mod merkle;
pub mod numbers;
pub mod openapi;
pub mod operator;
pub mod page;
mod protocol;
pub mod publish;
pub mod reports;
pub mod reviews;
mod rulebooks;
mod serve;
mod slots;
pub mod store;
mod tls;
mod verification;
mod writer;

pub use config::HqConfig;
pub use error::HqError;
pub use hq::Hq;
pub use keys::KeyState;
pub use protocol::{Request, Response};
pub use rulebooks::pack_message;
pub use serve::{ServerHandle, serve};
