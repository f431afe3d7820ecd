//! What a person sees while the shift runs and at its end, and the same figures for a machine.

use std::collections::BTreeMap;

use ezhifa_field::casework::{
    case::Case,
    event::PrintState,
    law::terms::{Limb, Outcome},
};
use serde::Serialize;

use super::play::Played;
use crate::{say, table};

/// One paper, for `summary.json`.
#[derive(Debug, Serialize)]
pub struct SlipLine {
    /// Base name under `slips/`.
    pub file: String,
    /// Number.
    pub number: String,
    /// Check code.
    pub check_code: String,
    /// Text of the code.
    pub code: String,
    /// Bytes sent to the printer.
    pub bytes: usize,
    /// Result of the last print.
    pub print: String,
}

/// The figures of a shift; the names are those of the project's own tests and other runners.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Scenario.
    pub scenario: String,
    /// Seed.
    pub seed: u64,
    /// Cases.
    pub cases: usize,
    /// Papers that came out whole.
    pub slips_printed: usize,
    /// Cases by outcome.
    pub by_outcome: BTreeMap<String, usize>,
    /// Cases by limb.
    pub by_limb: BTreeMap<String, usize>,
    /// Limbs A to E among all cases.
    pub waived_share: f64,
    /// Limbs, complied orders and advice among all cases.
    pub no_penalty_share: f64,
    /// Numbers by series: used and left.
    pub numbers: BTreeMap<String, NumberLine>,
    /// Entries and photos that HQ does not hold.
    pub unsynced: u64,
    /// Entries that the phone wrote and HQ has not, after sync.
    pub lost: u64,
    /// Numbers on two papers.
    pub duplicate_numbers: usize,
    /// The phone's chain verifies and HQ's head is the phone's.
    pub journal_verified: bool,
    /// Decisions that HQ made again; none where HQ is not ours to ask.
    pub hq_replayed: Option<u64>,
    /// Of these, not the same to the letter.
    pub hq_replay_mismatches: Option<u64>,
    /// Time in the library a case, milliseconds.
    pub core_ms_per_case: f64,
    /// Questions asked a case.
    pub questions_per_case: f64,
    /// Bytes to the printer a slip.
    pub bytes_per_slip: usize,
    /// The papers.
    pub slips: Vec<SlipLine>,
}

/// Numbers of one series.
#[derive(Debug, Default, Serialize)]
pub struct NumberLine {
    /// On papers.
    pub used: u64,
    /// Left.
    pub left: u64,
    /// Void or burnt, each with its reason in the journal.
    pub void: u64,
}

/// The word of an outcome, as in the journal.
pub fn outcome_word(outcome: Outcome) -> String {
    serde_json::to_value(outcome).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The limb of a decided case.
pub fn limb_of(case: &Case) -> Option<Limb> {
    case.record()
        .filter(|r| matches!(r.outcome, Outcome::NoPenalty | Outcome::NoPenaltyProposed))
        .and_then(|r| r.decision.limb)
}

fn print_zh(print: Option<&PrintState>) -> String {
    match print {
        None => "—".to_owned(),
        Some(PrintState::Printed) => "已打印".to_owned(),
        Some(PrintState::NotPrinted { reason }) => format!("未打印：{reason}"),
        Some(PrintState::Unknown) => "不明，待核对".to_owned(),
    }
}

/// Heading of the progress lines.
pub fn heading() {
    say!("{}", table::row(&COLUMNS, &["编号", "案由", "处理", "款", "用时", "字节", "打印"]));
}

const COLUMNS: [usize; 7] = [34, 34, 14, 4, 9, 8, 12];

/// One case, as it ends.
pub fn progress(title: &str, case: &Case, played: &Played) {
    let outcome = case.outcome();
    let amount = case
        .record()
        .filter(|r| r.outcome.has_fine())
        .map(|r| format!(" {}", r.amount.digits()))
        .unwrap_or_default();
    let last = || case.slips().last().map_or("（无文书）", |slip| slip.number.as_str());
    let number = case.record().map_or_else(last, |r| r.number.as_str());
    let limb = limb_of(case).map_or(String::new(), |l| format!("{l:?}"));
    say!(
        "{}",
        table::row(
            &COLUMNS,
            &[
                number,
                title.split('：').next().unwrap_or(title),
                &format!("{}{amount}", outcome.map_or("未结", Outcome::name)),
                &limb,
                &format!("{:.1} ms", played.core.as_secs_f64() * 1000.0),
                &played.bytes.to_string(),
                &print_zh(played.print.as_ref()),
            ],
        )
    );
}

/// The table at the end.
pub fn end(summary: &Summary) {
    say!("");
    let mut rows: Vec<(String, String)> = vec![("案件 cases".into(), summary.cases.to_string())];
    for (outcome, count) in &summary.by_outcome {
        rows.push((format!("  {outcome}"), count.to_string()));
    }
    let limbs = summary.by_limb.iter().map(|(limb, n)| format!("{limb} {n}")).collect::<Vec<_>>().join("  ");
    rows.push(("不予处罚 waived (A–E)".into(), format!("{:.1} %   {limbs}", summary.waived_share * 100.0)));
    rows.push((
        "未处罚 no penalty (with complied orders, advice)".into(),
        format!("{:.1} %", summary.no_penalty_share * 100.0),
    ));
    for (series, line) in &summary.numbers {
        rows.push((
            format!("编号 numbers {series}"),
            format!("{} used, {} void, {} left", line.used, line.void, line.left),
        ));
    }
    rows.push(("未同步 unsynced".into(), summary.unsynced.to_string()));
    rows.push((
        "丢失 lost / 重号 duplicate numbers".into(),
        format!("{} / {}", summary.lost, summary.duplicate_numbers),
    ));
    rows.push((
        "日志链 journal".into(),
        if summary.journal_verified { "verified 已核验" } else { "NOT VERIFIED 未通过" }.into(),
    ));
    if let (Some(n), Some(bad)) = (summary.hq_replayed, summary.hq_replay_mismatches) {
        rows.push(("指挥中心复算 HQ replay agrees".into(), format!("{}/{n}", n.saturating_sub(bad))));
    }
    rows.push(("每案用时 core time a case".into(), format!("{:.1} ms", summary.core_ms_per_case)));
    rows.push(("每案提问 questions a case".into(), format!("{:.1}", summary.questions_per_case)));
    rows.push(("每张字节 bytes a slip".into(), summary.bytes_per_slip.to_string()));
    for (name, value) in rows {
        say!("{}", table::row(&[50, 40], &[&name, &value]));
    }
}
