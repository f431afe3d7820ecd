//! Audit: holds a finished list of events against the invariants of LAW.md 6.1, whoever wrote it.
//!
//! The guards refuse on the phone; this finds what a faulty or altered phone pushed all the same.
//! It reads the events alone and shares no code path with the guards, so that one can prove the other.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use ezhifa_law::{
    decision::{Decision, DefenceCap},
    terms::{Limb, Outcome},
};

use crate::{
    books::Rules,
    event::{CaseEvent, CashGround, DecisionRecord, Event, PayWay, PrintState, ServiceWay, Stage},
    harsh::harsher,
    people::{Crew, Identity, OfficerId, Party, Power, Private, Roster},
};

/// One thing that should not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Number of the invariant (LAW.md 6.1).
    pub invariant: u8,
    /// Position of the event in the case, from 0.
    pub event: usize,
    /// What, in Chinese and English.
    pub what: &'static str,
}

/// Every breach that the events of one case show.
#[must_use]
pub fn breaches(events: &[CaseEvent], roster: &Roster, rules: &Rules) -> Vec<Breach> {
    let mut audit = Audit { roster, rules, seen: Seen::default(), found: Vec::new(), at: 0 };
    for (at, entry) in events.iter().enumerate() {
        audit.at = at;
        audit.event(entry);
    }
    audit.found
}

struct Audit<'a> {
    roster: &'a Roster,
    rules: &'a Rules,
    seen: Seen,
    found: Vec<Breach>,
    at: usize,
}

/// What has been seen so far; kept apart from [`crate::case::Case`] on purpose.
#[derive(Default)]
struct Seen {
    opened: bool,
    closed: bool,
    handed: bool,
    shown: BTreeSet<OfficerId>,
    evidence: Vec<(String, Stage, NaiveDateTime)>,
    party: Option<Party>,
    act_at: Option<NaiveDateTime>,
    act: Option<(String, NaiveDateTime, Private)>,
    told: Option<Told>,
    heard: Option<Crew>,
    cap: Option<DefenceCap>,
    proposed: Option<Decision>,
    recusals: Vec<(OfficerId, Option<bool>)>,
    educated: bool,
    corrected: bool,
    prior: Option<(bool, NaiveDateTime, bool, Option<Party>)>,
    failed_recheck: Option<NaiveDateTime>,
    standing: Option<DecisionRecord>,
    /// Number of the waiver that the head granted.
    confirmed: Option<String>,
    numbers: BTreeSet<String>,
    printed: BTreeSet<String>,
    served: bool,
    refused: bool,
    consent: bool,
    receipts: BTreeSet<String>,
    paid: i64,
}

/// What was told, by whom, to whom.
struct Told {
    crew: Crew,
    party: Option<Party>,
    act: Option<(String, NaiveDateTime, Private)>,
    decision: Decision,
}

impl Told {
    fn cap(&self) -> DefenceCap {
        DefenceCap { outcome: self.decision.outcome, amount: self.decision.amount }
    }

    /// Whether telling this told the party what was then decided, or something harsher on the same provision.
    fn holds(&self, record: &DecisionRecord) -> bool {
        let (told, decided) = (&self.decision, &record.decision);
        let now = DefenceCap { outcome: record.outcome, amount: record.amount };
        let law = told.offence == decided.offence
            && told.violated == decided.violated
            && told.basis == decided.basis
            && (told.pack == decided.pack || now == self.cap());
        let grounds = told.limb == decided.limb && told.fact_text == decided.fact_text;
        law && !harsher(now, self.cap()) && (grounds && now == self.cap() || harsher(self.cap(), now))
    }
}

impl Audit<'_> {
    fn hold(&mut self, invariant: u8, held: bool, what: &'static str) {
        if !held {
            self.found.push(Breach { invariant, event: self.at, what });
        }
    }

    #[allow(clippy::too_many_lines)] // One arm an event: a table, not an algorithm.
    fn event(&mut self, entry: &CaseEvent) {
        match &entry.event {
            Event::Opened { .. } => {
                let first = !self.seen.opened;
                self.hold(8, first, "案件重复开启 / the case was opened twice");
                self.seen.opened = true;
            }
            Event::CertificatesShown { .. } => {
                self.seen.shown.extend(entry.crew.officers().map(Clone::clone));
            }
            Event::EvidenceAdded { item } => {
                self.seen.evidence.push((item.sha256.clone(), item.stage, item.captured_at));
            }
            Event::PartyIdentified { party } => {
                if self.seen.party.as_ref().is_some_and(|before| !before.is_same_person(party)) {
                    self.seen.educated = false;
                }
                self.seen.party = Some((**party).clone());
            }
            Event::OffenceChosen { offence, act_at, fact_text } => {
                self.seen.act_at = Some(*act_at);
                self.seen.act = Some((offence.clone(), *act_at, fact_text.clone()));
            }
            Event::PriorOrderAttached { order, .. } => {
                let party = self.seen.party.clone().filter(Party::is_named);
                self.seen.prior = Some((order.served, order.due, order.refused, party));
                self.seen.failed_recheck = order.rechecked.filter(|_| order.corrected == Some(false));
            }
            Event::Proposed { decision, .. } => {
                let now = DefenceCap { outcome: decision.outcome, amount: decision.amount };
                let milder = self.seen.cap.is_none_or(|cap| !harsher(now, cap));
                self.hold(6, milder, "申辩后建议更重 / the proposal became harsher after the defence");
                self.seen.proposed = Some((**decision).clone());
            }
            Event::NoticeGiven { .. } => {
                let (party, act) = (self.seen.party.clone(), self.seen.act.clone());
                let told = |decision| Told { crew: entry.crew.clone(), party, act, decision };
                self.seen.told = self.seen.proposed.clone().map(told);
                self.seen.heard = None;
            }
            Event::StatementHeard { statement, .. } => {
                self.seen.heard = Some(entry.crew.clone());
                if *statement == crate::event::StatementKind::Made
                    && let Some(told) = &self.seen.told
                {
                    self.seen.cap = Some(crate::harsh::milder(self.seen.cap, told.cap()));
                }
            }
            Event::RecusalAsked { officer, granted, .. } => {
                self.seen.recusals.retain(|(o, _)| o != officer);
                self.seen.recusals.push((officer.clone(), *granted));
            }
            Event::Educated { .. } => self.seen.educated = true,
            Event::CorrectionSeen { evidence, .. } => {
                let shown = self.pictured(evidence);
                self.hold(4, shown, "改正没有照片 / a correction without its picture");
                self.seen.corrected = true;
            }
            Event::Rechecked { corrected, evidence } => {
                let shown = !corrected || self.pictured(evidence);
                self.hold(4, shown, "复查改正没有照片 / a re-check without its picture");
                self.seen.corrected = *corrected;
                self.seen.failed_recheck = (!corrected).then_some(entry.at);
            }
            Event::CorrectionRefused { evidence, .. } => {
                let held = |id: &String| self.seen.evidence.iter().any(|(seen, ..)| seen == id);
                let proved = !evidence.is_empty() && evidence.iter().all(held);
                self.hold(7, proved, "拒不改正没有证据 / a refusal to correct without its proof");
                if let Some((_, _, refused, _)) = &mut self.seen.prior {
                    *refused = true;
                }
            }
            Event::Decided { record } => self.decided(entry, record),
            _ => self.after(entry),
        }
    }

    fn pictured(&self, evidence: &[String]) -> bool {
        evidence
            .iter()
            .any(|id| self.seen.evidence.iter().any(|(e, stage, _)| e == id && *stage == Stage::Corrected))
    }

    fn decided(&mut self, entry: &CaseEvent, record: &DecisionRecord) {
        let day = entry.at.date();
        let crew = &entry.crew;
        let two = crew.lead != crew.second
            && crew.officers().iter().all(|o| self.roster.get(o).is_some_and(|o| o.certified_on(day)));
        self.hold(1, two, "决定不是由两名持证执法人员作出 / not decided by two certified officers");
        let confirmed = record.confirmations.len() == 2
            && crew.officers().iter().all(|o| record.confirmations.iter().any(|c| &c.officer == *o));
        self.hold(1, confirmed, "两名执法人员未各自确认 / not confirmed by both officers");
        let recused = self
            .seen
            .recusals
            .iter()
            .any(|(o, granted)| granted.is_none() || (*granted == Some(true) && crew.has(o)));
        self.hold(1, !recused, "回避未决或者应回避人员参与 / a recusal is open or was ignored");
        let once = self.seen.opened && !self.seen.closed && !self.seen.handed && self.seen.standing.is_none();
        self.hold(8, once, "决定的时机不合法 / decided when the case could not be decided");
        let shown = crew.officers().iter().all(|o| self.seen.shown.contains(o));
        self.hold(1, shown, "未出示执法证件 / certificates were not shown");
        let proof = record.evidence.iter().any(|id| {
            self.seen.evidence.iter().any(|(e, s, at)| e == id && *s == Stage::Fact && *at <= record.at)
        });
        self.hold(1, proof, "没有证明违法事实的证据 / no evidence of the fact");
        let early = record
            .evidence
            .iter()
            .all(|id| self.seen.evidence.iter().any(|(e, _, at)| e == id && *at <= record.at));
        self.hold(9, early, "依据中有决定之后的证据 / the basis has evidence from after the decision");
        let fresh = self.seen.numbers.insert(record.number.clone());
        self.hold(
            10,
            fresh && !record.number.is_empty(),
            "编号重复或者为空 / the number is used twice or empty",
        );
        let number = self
            .seen
            .party
            .as_ref()
            .zip(self.seen.act_at)
            .is_some_and(|(party, act)| party.is_child_at(act.date()) && !party.id_number.is_blank());
        self.hold(21, !number, "留存了不满十四周岁人的证件号码 / the ID number of a child is kept");
        self.outcome(entry, record);
        self.seen.standing = Some(record.clone());
        self.seen.confirmed = None;
        self.seen.served = false;
        self.seen.refused = false;
    }

    fn outcome(&mut self, entry: &CaseEvent, record: &DecisionRecord) {
        let outcome = record.outcome;
        let spot = !matches!(
            outcome,
            Outcome::OrdinaryProcedure | Outcome::Referral | Outcome::Advice | Outcome::NoViolation
        );
        self.hold(2, spot, "不能当场决定的结果 / an outcome that is not decided on the spot");
        let amounts = if outcome.has_fine() { record.amount.0 > 0 } else { record.amount.0 == 0 };
        self.hold(11, amounts, "金额与结果不符 / amount and outcome do not agree");
        let waives = matches!(outcome, Outcome::NoPenalty | Outcome::NoPenaltyProposed);
        let now = DefenceCap { outcome, amount: record.amount };
        if outcome.is_penalty() || waives {
            let told = self
                .seen
                .told
                .as_ref()
                .is_some_and(|told| told.crew.same_two(&entry.crew) && told.holds(record));
            self.hold(1, told, "未由决定人告知该内容 / this was not notified by those who decided");
            let to_them = self.seen.told.as_ref().is_some_and(|told| {
                let party = self.seen.party.as_ref().zip(told.party.as_ref());
                party.is_some_and(|(now, then)| now.is_same_person(then)) && self.seen.act == told.act
            });
            self.hold(1, to_them, "告知的不是该当事人或者该行为 / another party or another act was notified");
            let heard = self.seen.heard.as_ref().is_some_and(|c| c.same_two(&entry.crew));
            self.hold(1, heard, "未由决定人听取陈述申辩 / those who decided did not hear the party");
            let named = self
                .seen
                .party
                .as_ref()
                .is_some_and(|p| matches!(p.identity, Identity::DocumentRead | Identity::Declared));
            self.hold(1, named, "当事人身份不明 / the party is not named");
        }
        let capped = self.seen.cap.is_none_or(|cap| !harsher(now, cap));
        self.hold(6, capped, "申辩后加重 / harsher after the defence");
        let mandatory = matches!(record.decision.limb, Some(Limb::A | Limb::C | Limb::D | Limb::E));
        self.hold(
            4,
            !(mandatory && outcome.is_penalty()),
            "法定不罚情形给予处罚 / a penalty on a mandatory limb",
        );
        if waives {
            let educated = self.seen.educated;
            self.hold(4, educated, "不予处罚未作教育 / a waiver without education");
            let ab = matches!(record.decision.limb, Some(Limb::A | Limb::B));
            let corrected = !ab || self.seen.corrected;
            self.hold(4, corrected, "不予处罚没有改正证据 / a waiver without proof of the correction");
            let reason = record.decision.limb != Some(Limb::B) || record.reason_code.is_some();
            self.hold(4, reason, "首违不罚没有理由 / limb B without a reason");
        }
        if outcome.is_penalty() {
            self.penalty(record);
        }
    }

    fn penalty(&mut self, record: &DecisionRecord) {
        let day = self.seen.act_at.map(|at| at.date());
        let child = match (&self.seen.party, day) {
            (Some(party), Some(day)) => party.is_child_at(day),
            _ => false,
        };
        self.hold(3, !child, "对不满十四周岁的人给予处罚 / a penalty on a child under 14");
        if let Some((served, due, refused, party)) = self.seen.prior.clone() {
            let same = party.zip(self.seen.party.as_ref()).is_none_or(|(then, now)| then.is_same_person(now));
            self.hold(7, same, "原责令改正是对另一当事人作出的 / the earlier order spoke to another party");
            let failed = self.seen.failed_recheck.is_some_and(|when| due <= when);
            self.hold(
                7,
                served && (refused || failed),
                "原责令改正未送达或者未复查 / the earlier order was not served or not re-checked",
            );
        }
        if record.outcome.has_fine() {
            let kind = self.seen.party.as_ref().map(|p| p.kind);
            let gate = self.rules.gate(kind.unwrap_or(ezhifa_law::terms::PartyKind::Citizen));
            let sum = record.amount.0.saturating_add(record.encounter_fines.0.max(0));
            self.hold(2, sum <= gate.0, "罚款超过当场处罚限额 / the fine is above the on-the-spot gate");
            let verified = !self.rules.verified_identity_for_fine
                || self.seen.party.as_ref().is_some_and(|p| p.identity == Identity::DocumentRead);
            self.hold(1, verified, "罚款而身份未核验 / a fine on an identity that is not verified");
        }
    }

    fn after(&mut self, entry: &CaseEvent) {
        let standing = self.seen.standing.is_some();
        match &entry.event {
            Event::Printed { number, result, confirmed, .. } => match (result, confirmed) {
                (PrintState::Printed, _) | (PrintState::Unknown, Some(true)) => {
                    self.seen.printed.insert(number.clone());
                }
                _ => {}
            },
            Event::KeyedIn { paper } => {
                let theirs = self
                    .seen
                    .standing
                    .as_ref()
                    .is_some_and(|r| r.number == paper.number && r.at == paper.written_at)
                    && paper.written_at <= entry.at;
                let photo = self.seen.evidence.iter().any(|(id, _, at)| {
                    // A paper states minutes.
                    id == &paper.photo
                        && at.and_utc().timestamp() / 60 >= paper.written_at.and_utc().timestamp() / 60
                });
                self.hold(
                    10,
                    theirs && photo,
                    "手写文书与决定或者照片不符 / a hand-written paper without its decision or photo",
                );
                self.seen.printed.insert(paper.number.clone());
            }
            Event::PaperPrepared { number, .. } => {
                let fresh = self.seen.numbers.insert(number.clone());
                self.hold(10, fresh, "编号重复 / the number is used twice");
            }
            Event::EServiceAgreed { .. } => self.seen.consent = true,
            Event::TakingRefused { .. } => {
                let printed = self.paper_exists();
                self.hold(8, printed, "没有文书而记录拒收 / a refusal without a paper");
                self.seen.refused = true;
            }
            Event::Served { how, .. } => {
                let penalty = self.seen.standing.as_ref().is_some_and(|r| r.outcome.is_penalty());
                let paper = match how {
                    ServiceWay::Electronic => self.seen.consent,
                    // 处罚法 52 ①: the post does not cure a missing hand-over.
                    ServiceWay::Mailed if penalty => self.seen.refused && self.paper_exists(),
                    _ => self.paper_exists(),
                };
                self.hold(
                    8,
                    standing && paper,
                    "没有完整文书或者同意而送达 / served without a whole paper or consent",
                );
                self.seen.served = true;
            }
            Event::Voided { .. } | Event::Undelivered { .. } => {
                let open = !self.seen.served && !self.seen.refused && self.seen.confirmed.is_none();
                let before = standing && open;
                self.hold(8, before, "交付后作废 / voided after the hand-over");
                self.seen.standing = None;
            }
            Event::Revoked { by, .. } => {
                let lawful = standing && self.seen.served && self.head(by, entry);
                self.hold(
                    8,
                    lawful,
                    "撤销不是由负责人对已送达的决定作出 / a revocation not by the head, or of nothing",
                );
                // A new decision needs a new notice.
                self.seen.standing = None;
                self.seen.told = None;
                self.seen.heard = None;
            }
            Event::Corrected { by, .. } => {
                let lawful = standing && self.seen.served && self.head(by, entry);
                self.hold(
                    8,
                    lawful,
                    "补正不是由负责人对已送达的决定作出 / a correction not by the head, or of nothing",
                );
            }
            Event::Paid { amount, how, receipt, cash, reason } => {
                self.paid(amount.0, *how, receipt, *cash, reason);
            }
            Event::Refunded { amount, .. } => {
                self.seen.paid = self.seen.paid.saturating_sub(amount.0);
            }
            Event::WaiverRuled { granted, by, number, .. } => {
                let waits =
                    self.seen.standing.as_ref().is_some_and(|r| r.outcome == Outcome::NoPenaltyProposed);
                let lawful = waits && self.head(by, entry);
                self.hold(4, lawful, "不予处罚不是由负责人审查 / a waiver not ruled on by the head");
                if let Some(number) = number.as_ref().filter(|_| *granted) {
                    let fresh = self.seen.numbers.insert(number.clone()) && !number.is_empty();
                    self.hold(10, fresh, "编号重复或者为空 / the number is used twice or empty");
                    self.seen.confirmed = Some(number.clone());
                    self.seen.served = false;
                    self.seen.refused = false;
                }
            }
            Event::HandedTo { .. } => self.seen.handed = true,
            Event::Closed { .. } => {
                let first = !self.seen.closed;
                self.hold(8, first, "重复结案 / closed twice");
                self.seen.closed = true;
            }
            _ => {}
        }
    }

    fn paid(&mut self, amount: i64, how: PayWay, receipt: &str, cash: Option<CashGround>, reason: &str) {
        let owed = self.seen.standing.as_ref().map_or(0, |r| r.amount.0);
        self.seen.paid = self.seen.paid.saturating_add(amount);
        let right = amount > 0 && self.seen.served && self.seen.paid <= owed;
        self.hold(11, right, "缴款与决定不符 / the payment does not fit the decision");
        let fresh = self.seen.receipts.insert(receipt.to_owned()) && !receipt.is_empty();
        self.hold(12, fresh, "票据号码重复或者为空 / the receipt is used twice or empty");
        if how == PayWay::Cash {
            let ground = match cash {
                Some(CashGround::SmallFine) => owed <= self.rules.cash_limit.0,
                Some(CashGround::HardToEnforce | CashGround::Remote) => !reason.trim().is_empty(),
                None => false,
            };
            self.hold(12, ground && self.rules.cash, "没有依据的当场收缴 / cash without a lawful ground");
        }
    }

    fn paper_exists(&self) -> bool {
        let number = self.seen.standing.as_ref().map(|r| self.seen.confirmed.as_ref().unwrap_or(&r.number));
        number.is_some_and(|number| self.seen.printed.contains(number))
    }

    fn head(&self, by: &OfficerId, entry: &CaseEvent) -> bool {
        self.roster.may(by, Power::Head, entry.at.date())
    }
}
