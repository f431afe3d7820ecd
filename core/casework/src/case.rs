//! The state of one case: a fold over its events.
