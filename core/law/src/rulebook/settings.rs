//! What the law leaves to the organ, after imports.

use super::format::{ProposalPoint, Scope, SettingsFile, SoleTraderGate, SoleTraderRange, WaiverAuthority};
use crate::terms::{Citation, Limb, Outcome, PartyKind};

/// Settings in force. `settings.toml` documents each in [`SettingsFile`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // Said once, at SettingsFile.
pub struct Settings {
    pub filing_hours: u32,
    pub roll_over: bool,
    pub look_back_months: u32,
    pub look_back_scope: Scope,
    pub look_back_counts: Vec<Outcome>,
    pub look_back_limbs: Vec<Limb>,
    pub encounter_hours: u32,
    pub guardian_with_order: bool,
    pub waiver: WaiverAuthority,
    pub waiver_cite: Vec<Citation>,
    pub commitment_first: bool,
    pub sole_trader_gate: SoleTraderGate,
    pub sole_trader_range: SoleTraderRange,
    pub max_replica_hours: u32,
    pub recheck_other_crew: bool,
    pub recheck_other_day: bool,
    pub cash: bool,
    pub proposal: ProposalPoint,
    pub verified_identity_for_fine: bool,
    pub refusal_service_days: u32,
    pub same_act_minutes: u32,
    pub same_act_metres: u32,
    pub retention_months: u32,
    pub organ_seal: bool,
}

impl Settings {
    /// Resolves what is written; `missing` hears the name of every key that nobody set. The
    /// stand-in is then the strictest on the organ and the mildest on the party.
    pub(super) fn resolve(
        file: &SettingsFile,
        waiver_cite: Vec<Citation>,
        mut missing: impl FnMut(&str),
    ) -> Settings {
        let mut miss = |name: &str, absent: bool| {
            if absent {
                missing(name);
            }
        };
        macro_rules! take {
            ($key:ident, $strictest:expr) => {{
                miss(stringify!($key), file.$key.is_none());
                file.$key.clone().unwrap_or($strictest)
            }};
        }
        Settings {
            filing_hours: take!(filing_hours, 24),
            roll_over: take!(roll_over, true),
            look_back_months: take!(look_back_months, 12),
            look_back_scope: take!(look_back_scope, Scope::Organ),
            look_back_counts: take!(look_back_counts, Vec::new()),
            // A and B are finds of an act that was punishable (33 ①); who was without fault, could not answer
            // for it or was found too late (30, 31, 33 ②, 36) is not known to have offended before.
            look_back_limbs: file.look_back_limbs.clone().unwrap_or_else(|| vec![Limb::A, Limb::B]),
            encounter_hours: file.encounter_hours.unwrap_or(12),
            guardian_with_order: file.guardian_with_order.unwrap_or(false),
            waiver: take!(waiver, WaiverAuthority::HeadConfirms),
            waiver_cite,
            commitment_first: take!(commitment_first, false),
            sole_trader_gate: take!(sole_trader_gate, SoleTraderGate::Citizen),
            sole_trader_range: take!(sole_trader_range, SoleTraderRange::Individual),
            max_replica_hours: take!(max_replica_hours, 24),
            recheck_other_crew: take!(recheck_other_crew, false),
            recheck_other_day: take!(recheck_other_day, false),
            cash: take!(cash, false),
            proposal: take!(proposal, ProposalPoint::Low),
            verified_identity_for_fine: take!(verified_identity_for_fine, true),
            refusal_service_days: take!(refusal_service_days, 7),
            same_act_minutes: take!(same_act_minutes, 60),
            same_act_metres: take!(same_act_metres, 50),
            retention_months: take!(retention_months, 60),
            organ_seal: take!(organ_seal, false),
        }
    }

    /// Whether a case that ended so is an earlier find for the next one (初次违法). The outcome is the one that
    /// stands: a proposed waiver that the head granted is a waiver.
    #[must_use]
    pub fn counts_as_earlier(&self, outcome: Outcome, limb: Option<Limb>) -> bool {
        let waived = matches!(outcome, Outcome::NoPenalty | Outcome::NoPenaltyProposed);
        let limb = !waived || limb.is_none_or(|limb| self.look_back_limbs.contains(&limb));
        self.look_back_counts.contains(&outcome) && limb
    }

    /// Whether the party counts as a citizen at the gate (处罚法 51).
    #[must_use]
    pub fn is_citizen_at_gate(&self, party: PartyKind) -> bool {
        match party {
            PartyKind::Citizen => true,
            PartyKind::SoleTrader => self.sole_trader_gate == SoleTraderGate::Citizen,
            PartyKind::Organisation => false,
        }
    }

    /// Whether the party counts as 单位 in 单位/个人 ranges.
    #[must_use]
    pub fn is_unit_in_ranges(&self, party: PartyKind) -> bool {
        match party {
            PartyKind::Citizen => false,
            PartyKind::SoleTrader => self.sole_trader_range == SoleTraderRange::Unit,
            PartyKind::Organisation => true,
        }
    }
}

impl SettingsFile {
    /// What `self` leaves open is taken from `below`.
    pub(super) fn over(self, below: &SettingsFile) -> SettingsFile {
        macro_rules! merge {
            ($($key:ident),* $(,)?) => { SettingsFile { $($key: self.$key.or_else(|| below.$key.clone())),* } };
        }
        merge!(
            filing_hours,
            roll_over,
            look_back_months,
            look_back_scope,
            look_back_counts,
            look_back_limbs,
            encounter_hours,
            guardian_with_order,
            waiver,
            waiver_cite,
            commitment_first,
            sole_trader_gate,
            sole_trader_range,
            max_replica_hours,
            recheck_other_crew,
            recheck_other_day,
            cash,
            proposal,
            verified_identity_for_fine,
            refusal_service_days,
            same_act_minutes,
            same_act_metres,
            retention_months,
            organ_seal,
        )
    }
}
