//! The desk beside the street: leads in, roster, orders, money, reviews, figures.

pub mod access;
pub mod appeals;
pub mod figures;
pub mod geo;
pub(crate) mod http;
pub mod leads;
pub mod payments;
pub mod supervision;
