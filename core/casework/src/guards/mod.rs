//! The guards, one module per idea. Each says what must hold before a command becomes an event;
//! docs/invariants.md maps the invariants of the law to them and to their tests.

pub(crate) mod after;
pub(crate) mod closing;
pub(crate) mod correction;
pub(crate) mod crew;
pub(crate) mod decision;
pub(crate) mod facts;
pub(crate) mod hand;
pub(crate) mod hearing;
pub(crate) mod money;
pub(crate) mod paper;
pub(crate) mod party;
pub(crate) mod prior;
pub(crate) mod proposal;
pub(crate) mod service;
pub(crate) mod state;
pub(crate) mod waiver;

use crate::refusal::Ground;

/// Every ground of every module.
pub(crate) const GROUNDS: &[&[Ground]] = &[
    after::GROUNDS,
    closing::GROUNDS,
    correction::GROUNDS,
    crew::GROUNDS,
    decision::GROUNDS,
    facts::GROUNDS,
    hand::GROUNDS,
    hearing::GROUNDS,
    money::GROUNDS,
    paper::GROUNDS,
    party::GROUNDS,
    prior::GROUNDS,
    proposal::GROUNDS,
    service::GROUNDS,
    state::GROUNDS,
    waiver::GROUNDS,
];
