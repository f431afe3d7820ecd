//! ezhifa.
fn main() {}
