//! The desk beside the street: leads in, roster, orders, money, reviews, figures.

pub mod access;
pub mod geo;
pub(crate) mod http;
pub mod leads;
