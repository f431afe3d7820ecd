//! What HQ keeps of a case beside its entries: the answers that lists, pages and figures need.
//! Always derived from the entries by [`CaseFile::of`]; losing it costs a re-reading, never a fact.

use chrono::NaiveDateTime;
use ezhifa_casework::{
    case::{Case, EndedBy},
    event::Source,
    law::{
        decision::PackRef,
        money::Fen,
        terms::{Limb, Outcome, PartyKind, Series, SlipKind},
    },
};
use serde::{Deserialize, Serialize};

/// An entry of a device's journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRef {
    /// Device.
    pub device: String,
    /// Epoch.
    pub epoch: String,
    /// Place in the journal.
    pub seq: u64,
}

/// A decision as made, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionFile {
    /// Number as printed.
    pub number: String,
    /// Series.
    pub series: Series,
    /// Outcome.
    pub outcome: Outcome,
    /// Limb.
    pub limb: Option<Limb>,
    /// Fine.
    pub amount: Fen,
    /// When, local time.
    pub at: NaiveDateTime,
    /// Offence decided on.
    pub offence: String,
    /// The order's due time.
    pub order_due: Option<NaiveDateTime>,
    /// Limb B on an old replica.
    pub provisional: bool,
    /// Pack in force at the decision: organ, clocks and settings. The one that decided (处罚法 37) stands in
    /// the record.
    pub pack: PackRef,
    /// Evidence that it rests on.
    pub evidence: Vec<String>,
    /// Certificates cannot be looked up here; the officers' ids.
    pub officers: Vec<String>,
    /// `void`, `undelivered`, `revoked`; none while it stands.
    pub ended: Option<String>,
    /// Reason of that.
    pub ended_because: String,
}

/// A paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlipFile {
    /// Which.
    pub kind: SlipKind,
    /// Number.
    pub number: String,
    /// Check code.
    pub check_code: String,
    /// A whole paper certainly exists.
    pub printed: bool,
    /// Prints of which nobody knows.
    pub unknown_prints: u32,
}

/// The file of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFile {
    /// Id.
    pub id: String,
    /// Its entries, in order of arrival.
    pub entries: Vec<EntryRef>,
    /// Branch.
    pub branch: String,
    /// 演练.
    pub drill: bool,
    /// `patrol`, `citizen_report`…
    pub source: String,
    /// Lead that it came from.
    pub lead: Option<String>,
    /// When it was opened.
    pub opened_at: Option<NaiveDateTime>,
    /// Where, WGS-84.
    pub lat_e7: Option<i64>,
    /// Where, WGS-84.
    pub lon_e7: Option<i64>,
    /// 案由.
    pub offence: Option<String>,
    /// Act time.
    pub act_at: Option<NaiveDateTime>,
    /// Keyed hash of the party; none where nobody was identified.
    pub party: Option<String>,
    /// Kind of party.
    pub party_kind: Option<PartyKind>,
    /// The standing decision last, earlier ones before it.
    pub decisions: Vec<DecisionFile>,
    /// Advice without a decision.
    pub advised: bool,
    /// Proposed or notified when, for the time from notice to decision.
    pub noticed_at: Option<NaiveDateTime>,
    /// When it was served.
    pub served_at: Option<NaiveDateTime>,
    /// When the correction was seen.
    pub corrected_at: Option<NaiveDateTime>,
    /// Papers.
    pub slips: Vec<SlipFile>,
    /// All evidence ids.
    pub evidence: Vec<String>,
    /// Paid on balance.
    pub paid: Fen,
    /// Clerical corrections (补正).
    pub corrections: u32,
    /// 转普通程序 or 移送.
    pub handed: bool,
    /// Closed.
    pub closed: bool,
}

fn source(source: &Source) -> (&'static str, Option<String>) {
    match source {
        Source::Patrol => ("patrol", None),
        Source::CitizenReport { lead } => ("citizen_report", Some(lead.clone())),
        Source::VideoLead { lead, .. } => ("video_lead", Some(lead.clone())),
        Source::Petition { lead } => ("petition", Some(lead.clone())),
        Source::Drone { lead } => ("drone", Some(lead.clone())),
        Source::PatrolLead { lead } => ("patrol", Some(lead.clone())),
        Source::OtherOrgan { lead } => ("other_organ", Some(lead.clone())),
    }
}

impl CaseFile {
    /// The file of a folded case. `party` is the keyed hash that HQ made of the identity.
    #[must_use]
    pub fn of(case: &Case, entries: Vec<EntryRef>, party: Option<String>) -> CaseFile {
        let opening = case.opening();
        let (from, lead) = opening.map_or(("", None), |o| source(&o.source));
        let ended = case.ended().iter().map(|e| (&e.record, Some((e.by, e.reason.clone()))));
        let decisions = ended
            .chain(case.record().map(|r| (r, None)))
            .map(|(r, ended)| DecisionFile {
                number: r.number.clone(),
                series: r.series,
                outcome: r.outcome,
                limb: r.decision.limb,
                amount: r.amount,
                at: r.at,
                offence: r.decision.offence.clone(),
                order_due: r.order_due,
                provisional: r.decision.provisional,
                pack: r.laws.at_decision.clone(),
                evidence: r.evidence.clone(),
                officers: r.confirmations.iter().map(|c| c.officer.0.clone()).collect(),
                ended: ended.as_ref().map(|(by, _)| {
                    match by {
                        EndedBy::Void => "void",
                        EndedBy::Undelivered => "undelivered",
                        EndedBy::Revoked => "revoked",
                    }
                    .to_owned()
                }),
                ended_because: ended.map(|(_, why)| why).unwrap_or_default(),
            })
            .collect();
        CaseFile {
            id: case.id().0.clone(),
            entries,
            branch: case.place().map(|p| p.branch.clone()).unwrap_or_default(),
            drill: case.is_drill(),
            source: from.to_owned(),
            lead,
            opened_at: opening.map(|o| o.at),
            lat_e7: case.place().and_then(|p| p.lat_e7),
            lon_e7: case.place().and_then(|p| p.lon_e7),
            offence: case.act().map(|a| a.offence.clone()),
            act_at: case.act().map(|a| a.at),
            party,
            party_kind: case.party().map(|p| p.kind),
            decisions,
            advised: case.advice().is_some(),
            noticed_at: case.notice().map(|n| n.at),
            served_at: case.served().map(|s| s.at),
            corrected_at: case.corrected_at(),
            slips: case
                .slips()
                .iter()
                .map(|s| SlipFile {
                    kind: s.slip,
                    number: s.number.clone(),
                    check_code: s.check_code.clone(),
                    printed: s.printed(),
                    unknown_prints: u32::try_from(s.prints.iter().filter(|p| p.open()).count())
                        .unwrap_or(u32::MAX),
                })
                .collect(),
            evidence: case.evidence().iter().map(|h| h.item.sha256.clone()).collect(),
            paid: case.balance_paid(),
            corrections: u32::try_from(case.clerical_corrections().len()).unwrap_or(u32::MAX),
            handed: case.handed().is_some(),
            closed: case.closed().is_some(),
        }
    }

    /// The decision that stands.
    #[must_use]
    pub fn standing(&self) -> Option<&DecisionFile> {
        self.decisions.iter().rev().find(|d| d.ended.is_none())
    }
}
