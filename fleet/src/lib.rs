//! The fleet (机队仿真): the real field engine and the real HQ in a simulated world, deterministic by seed.
//!
//! It drives `field::FieldOffice` through its own transport into `hq::Hq::answer`, with no network and no
//! wall clock, and asserts that nothing is lost silently and no number is used twice. What it must not
//! know: the insides of either side. The room is laid out and still empty: the crash and protocol tests
//! of `field` and `tests/` hold the same promises for one phone.
