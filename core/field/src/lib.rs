//! e-Zhifa on the phone.
pub mod clock;
pub mod datum;
pub mod error;
pub mod feed;
pub mod journal;
pub mod keys;
pub mod mark;
pub mod numbers;
pub mod office;
pub mod officers;
pub mod printing;
pub mod readiness;
pub mod search;
pub mod store;
pub mod sync;
pub mod transport;
pub mod vault;

pub use ezhifa_casework as casework;
pub use ezhifa_printer as printer;
pub use ezhifa_slip as slip;
pub use ezhifa_wire as wire;

pub use office::FieldOffice;
