//! Why a run ended before its end.

use ezhifa_field::{error::FieldError, store::StoreError};
use ezhifa_hq::HqError;

use crate::truth::Violation;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// A promise was broken: the very thing that the simulation looks for.
    #[error("{0}")]
    Violation(Box<Violation>),
    /// A phone said no where nothing was wrong.
    #[error("{place}: {error}")]
    Phone {
        /// What was being done.
        place: String,
        /// The phone's words.
        error: Box<FieldError>,
    },
    /// HQ said no where nothing was wrong.
    #[error("HQ: {0}")]
    Hq(String),
    /// The store underneath.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// The folder that the simulated world lives in.
    #[error("{0}")]
    Disk(String),
    /// The arguments or the scenario file.
    #[error("{0}")]
    Input(String),
}

impl From<HqError> for FleetError {
    fn from(error: HqError) -> Self {
        FleetError::Hq(error.to_string())
    }
}

impl From<Violation> for FleetError {
    fn from(violation: Violation) -> Self {
        FleetError::Violation(Box::new(violation))
    }
}

/// Names the place of a phone's refusal.
pub(crate) fn at(place: &str) -> impl FnOnce(FieldError) -> FleetError {
    let place = place.to_owned();
    move |error| FleetError::Phone { place, error: Box::new(error) }
}

/// Names the path of a disk error.
pub(crate) fn disk(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> FleetError {
    let path = path.display().to_string();
    move |error| FleetError::Disk(format!("{path}: {error}"))
}
