//! What a year came to, in figures.

use std::collections::BTreeMap;

use ezhifa_field::casework::law::terms::{Limb, Outcome};
use ezhifa_hq::numbers::Ledger;
use serde::Serialize;

use crate::{faults::Faults, sensitivity::Line};

/// Every number of every block, by what became of it, as HQ's ledger has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Numbers {
    /// Lent in all.
    pub lent: u64,
    /// On papers.
    pub used: u64,
    /// Decided, paper not yet signed.
    pub reserved: u64,
    /// Void or undelivered.
    pub void: u64,
    /// Burnt by a roll-back.
    pub burnt: u64,
    /// Lost with a phone, declared.
    pub declared: u64,
    /// Not used.
    pub free: u64,
    /// Nobody knows: must be 0.
    pub unexplained: u64,
}

impl Numbers {
    pub(crate) fn of(ledger: &Ledger) -> Numbers {
        let mut sum = Numbers::default();
        for line in &ledger.blocks {
            sum.lent = sum.lent.saturating_add(line.to.saturating_add(1).saturating_sub(line.from));
            for (to, from) in [
                (&mut sum.used, line.used),
                (&mut sum.reserved, line.reserved),
                (&mut sum.void, line.void),
                (&mut sum.burnt, line.burnt),
                (&mut sum.declared, line.declared),
                (&mut sum.free, line.free),
                (&mut sum.unexplained, u64::try_from(line.unexplained.len()).unwrap_or(u64::MAX)),
            ] {
                *to = to.saturating_add(from);
            }
        }
        sum
    }
}

/// One day of the city.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Day {
    /// From 0.
    pub day: u32,
    /// Decisions and other ends.
    pub cases: u64,
    /// Without a penalty.
    pub no_penalty: u64,
    /// Warnings and fines.
    pub penalty: u64,
    /// Orders made.
    pub order: u64,
    /// Transfers, no violation.
    pub other: u64,
    /// Waiting at the end of the day: orders to be re-checked, cases that could not go on.
    pub open: u64,
}

/// A year, or a part of one. The same seed gives the same summary, `wall_s` apart.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// Seed.
    pub seed: u64,
    /// Scenario.
    pub scenario: String,
    /// Phones.
    pub phones: u64,
    /// Days.
    pub days: u64,
    /// What could go wrong.
    pub faults: Faults,
    /// Violations met that came to an end; a follow-up belongs to its first visit.
    pub cases: u64,
    /// By how they ended.
    pub by_outcome: BTreeMap<String, u64>,
    /// 不予处罚 by limb.
    pub by_limb: BTreeMap<String, u64>,
    /// Limbs A to E, of all cases.
    pub waived_share: f64,
    /// Limbs A to E and orders complied with, of all cases.
    pub no_penalty_share: f64,
    /// What was published, in thousandths.
    pub published_permille: u32,
    /// Numbers.
    pub numbers: Numbers,
    /// Papers signed on any phone.
    pub papers: u64,
    /// Of these, not at HQ.
    pub lost: u64,
    /// Of these, known to nobody: must be 0.
    pub silent_losses: u64,
    /// Of these, declared.
    pub declared_losses: u64,
    /// Must be 0.
    pub duplicate_numbers: u64,
    /// Decisions that HQ made again.
    pub hq_replayed: u64,
    /// Of these, not the same: must be 0.
    pub hq_replay_mismatches: u64,
    /// Review tasks.
    pub reviews_opened: u64,
    /// By kind.
    pub reviews_by_kind: BTreeMap<String, u64>,
    /// Alarms that stand at HQ, by kind.
    pub alarms: BTreeMap<String, u64>,
    /// The same in words.
    pub alarm_texts: Vec<String>,
    /// Entries at HQ.
    pub entries: u64,
    /// Pieces of evidence at HQ, each hashed.
    pub evidence: u64,
    /// Entries that HQ holds and may not use.
    pub quarantined: u64,
    /// Bodies of requests and answers, all phones.
    pub wire_bytes: u64,
    /// Why cases waited, and how often.
    pub waited: BTreeMap<String, u64>,
    /// Cases that no crew went on with.
    pub given_up: u64,
    /// Phones that died and were started again.
    pub device_crashes: u64,
    /// Phones put back from a back-up.
    pub device_restores: u64,
    /// Phones copied.
    pub device_clones: u64,
    /// Phones lost.
    pub devices_lost: u64,
    /// HQ died.
    pub hq_crashes: u64,
    /// HQ put back from a back-up.
    pub hq_restores: u64,
    /// Second patrols at one stall.
    pub second_crews: u64,
    /// How far each assumption moves the share.
    pub sensitivity: Vec<Line>,
    /// Day by day.
    pub timeline: Vec<Day>,
    /// Seconds that the run took.
    pub wall_s: u64,
}

impl Summary {
    pub(crate) fn story(&mut self, outcome: Outcome, limb: Option<Limb>) {
        self.cases = self.cases.saturating_add(1);
        let word = serde_json::to_value(outcome)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default();
        *self.by_outcome.entry(word).or_default() += 1;
        if let (Outcome::NoPenalty, Some(limb)) = (outcome, limb) {
            *self.by_limb.entry(format!("{limb:?}")).or_default() += 1;
        }
    }

    pub(crate) fn close(&mut self) {
        let waived: u64 = self.by_limb.values().sum();
        let complied = self.by_outcome.get("order_complied").copied().unwrap_or(0);
        self.waived_share = share(waived, self.cases);
        self.no_penalty_share = share(waived.saturating_add(complied), self.cases);
    }

    /// Words for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let percent = |x: f64| format!("{:.1} %", x * 100.0);
        let list = |map: &BTreeMap<String, u64>| {
            map.iter().map(|(k, v)| format!("{k} {v}")).collect::<Vec<_>>().join(", ")
        };
        let n = &self.numbers;
        let mut out = vec![
            format!(
                "seed {} · {} · {} phones · {} cases in {} days",
                self.seed, self.scenario, self.phones, self.cases, self.days
            ),
            format!("outcomes      {}", list(&self.by_outcome)),
            format!("limbs         {}", list(&self.by_limb)),
            format!(
                "no penalty    {} (limbs A to E {}); published {}: calibrated, not proved",
                percent(self.no_penalty_share),
                percent(self.waived_share),
                percent(f64::from(self.published_permille) / 1000.0)
            ),
            format!(
                "numbers       {} lent: {} used, {} void, {} burnt, {} declared, {} reserved, {} free, {} unexplained",
                n.lent, n.used, n.void, n.burnt, n.declared, n.reserved, n.free, n.unexplained
            ),
            format!(
                "papers        {} signed, {} not at HQ: {} declared, {} silent; {} duplicate numbers",
                self.papers, self.lost, self.declared_losses, self.silent_losses, self.duplicate_numbers
            ),
            format!(
                "HQ            {} entries, {} decisions made again, {} differ, {} reviews ({})",
                self.entries,
                self.hq_replayed,
                self.hq_replay_mismatches,
                self.reviews_opened,
                list(&self.reviews_by_kind)
            ),
            format!(
                "trouble       {} phone crashes, {} put back, {} copied, {} lost; HQ {} crashes, {} put back",
                self.device_crashes,
                self.device_restores,
                self.device_clones,
                self.devices_lost,
                self.hq_crashes,
                self.hq_restores
            ),
            format!("waited        {}; given up {}", list(&self.waited), self.given_up),
            format!("alarms        {}", list(&self.alarms)),
        ];
        if !self.sensitivity.is_empty() {
            out.push("share without a penalty when one assumption is at its low or high end:".into());
            for line in &self.sensitivity {
                out.push(format!(
                    "  {:<22} {:>4} → {:>6}   {:>4} → {:>6}   {}",
                    line.rate,
                    line.low,
                    percent(line.share_low),
                    line.high,
                    percent(line.share_high),
                    line.basis
                ));
            }
        }
        out.push(format!("took {} s", self.wall_s));
        out.join("\n")
    }
}

/// `part` of `whole`, to four places: the same on every machine.
#[allow(clippy::cast_precision_loss)] // counts of cases
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    let ten_thousandths =
        part.saturating_mul(10_000).saturating_add(whole / 2).checked_div(whole).unwrap_or(0);
    ten_thousandths as f64 / 10_000.0
}
