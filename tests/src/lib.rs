//! What crosses crates: the tests in `tests/tests` play the real phone, the real HQ and the virtual printer together.
