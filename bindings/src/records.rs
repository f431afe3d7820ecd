//! Plain records that go in and come out, as the core has them or as a screen wants them.

use std::collections::HashMap;

use ezhifa_field::{
    casefile,
    casework::{
        case::{Case, Issued},
        law::decision,
    },
    error::{Error, FieldError, Not},
    feed::local,
    office, readiness, slip,
    wire::{feed, seal::hash::Digest},
};
pub use ezhifa_field::{
    casefile::Finding,
    casework::{
        event::{Choice, Confirmation, EvidenceItem},
        law::decision::{History, PriorOrder, Rejected},
        people::{Crew, EServiceConsent, Party, Place, Signing},
    },
    office::SeriesNumbers,
    wire::feed::{Message, Verdict},
};

use crate::words::*;

/// Where it happened: raw WGS-84, never a display datum.
#[uniffi::remote(Record)]
pub struct Place {
    /// Street address as printed.
    pub address: String,
    /// Latitude in 1e-7 degree.
    pub lat_e7: Option<i64>,
    /// Longitude in 1e-7 degree.
    pub lon_e7: Option<i64>,
    /// Accuracy in centimetres.
    pub accuracy_cm: Option<i64>,
    /// `gnss`, `network`, `typed`.
    pub source: String,
    /// Branch (分局) that has jurisdiction.
    pub branch: String,
}

/// The party of a case (当事人).
#[uniffi::remote(Record)]
pub struct Party {
    /// Citizen, sole trader, organisation.
    pub kind: PartyKind,
    /// Name; empty when refused or unknown.
    pub name: Private,
    /// Which document.
    pub id_kind: IdKind,
    /// Number on it.
    pub id_number: Private,
    /// How sure.
    pub identity: Identity,
    /// Birth date, when the document gives it: see `read_resident_id`.
    pub born: Option<Day>,
    /// Address.
    pub address: Private,
    /// Phone.
    pub phone: Private,
    /// Legal representative or operator of an organisation.
    pub representative: Private,
    /// Guardian (监护人) of a child or of a person without capacity.
    pub guardian: Private,
    /// Vehicle plate, where the act is a vehicle's.
    pub plate: Private,
}

/// The officers' choice where the law leaves one, or only the reason for the proposal (limb B, 可以).
#[uniffi::remote(Record)]
pub struct Choice {
    /// Another outcome that the rulebook allows.
    pub outcome: Option<Outcome>,
    /// Another amount inside the range.
    pub amount: Option<Fen>,
    /// Reason code from the organ's list.
    pub reason: String,
}

/// An officer confirmed the decision at hand with a secret of their own.
#[uniffi::remote(Record)]
pub struct Confirmation {
    /// Who.
    pub officer: OfficerId,
    /// PIN or authenticator.
    pub how: ConfirmWay,
    /// When.
    pub at: Moment,
}

/// Who signed or did not, and in what role.
#[uniffi::remote(Record)]
pub struct Signing {
    /// Role.
    pub role: SignerRole,
    /// What happened.
    pub act: SigningAct,
    /// Name of the signer when not the party.
    pub name: Private,
    /// Reason when unable, or words at the refusal.
    pub reason: Private,
    /// Evidence id of the stroke image or of the film; ink needs none.
    pub evidence: Option<String>,
}

/// Signed consent to electronic service (处罚法 61 ②).
#[uniffi::remote(Record)]
pub struct EServiceConsent {
    /// Where to.
    pub address: Private,
    /// Evidence id of the signature.
    pub evidence: String,
    /// When.
    pub at: Moment,
}

/// The two officers of a step.
#[uniffi::remote(Record)]
pub struct Crew {
    /// Who holds the phone.
    pub lead: OfficerId,
    /// The second officer (处罚法 42).
    pub second: OfficerId,
    /// Auxiliary staff present, never signers.
    pub with: Vec<OfficerId>,
}

/// A piece of evidence as the case knows it: by plaintext hash.
#[uniffi::remote(Record)]
pub struct EvidenceItem {
    /// Plaintext SHA-256, hex: also its id.
    pub sha256: String,
    /// `photo`, `video`, `audio`, `signature`, `document`.
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// When it was captured.
    pub captured_at: Moment,
    /// Where in the story.
    pub stage: Stage,
    /// What it proves (证明对象), short.
    pub caption: String,
}

/// What is known of earlier finds (初次违法 look-up). A hit alone never makes an outcome harsher.
#[uniffi::remote(Record)]
pub struct History {
    /// Same conduct found before: yes, no, or unknown.
    pub earlier: Option<bool>,
    /// How fresh the list was; absent when there is none.
    pub as_of: Option<Moment>,
    /// Too old or partial: limb B is provisional then.
    pub stale: bool,
}

/// An earlier order that a conditional fine rests on.
#[uniffi::remote(Record)]
pub struct PriorOrder {
    /// The order's own number.
    pub number: String,
    /// Offence id that it was made on; empty where nobody knows.
    pub offence: String,
    /// Day it was made.
    pub ordered_on: Day,
    /// When the correction was due.
    pub due: Moment,
    /// Whether its service is proved.
    pub served: bool,
    /// When the re-check was made.
    pub rechecked: Option<Moment>,
    /// Corrected or not; absent when nobody re-checked.
    pub corrected: Option<bool>,
    /// The party refused to correct before the due time.
    pub refused: bool,
}

/// A row that did not fit, with the first condition that failed.
#[uniffi::remote(Record)]
pub struct Rejected {
    /// Rule id.
    pub rule: String,
    /// First failed condition as a Chinese sentence.
    pub because: String,
}

/// Words from HQ to the crew.
#[uniffi::remote(Record)]
pub struct Message {
    /// Id.
    pub id: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// What HQ found about a case.
#[uniffi::remote(Record)]
pub struct Verdict {
    /// Id of this verdict.
    pub id: String,
    /// Case id.
    pub case: String,
    /// Number, when there is one.
    pub number: String,
    /// `filed`, `replay_differs`, `review_opened`, `review_closed`, `waiver_confirmed`, `waiver_refused`,
    /// `quarantined`.
    pub finding: String,
    /// For the officers, Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Numbers of one series and year on this phone: they add up to what was lent.
#[uniffi::remote(Record)]
pub struct SeriesNumbers {
    /// Series word, `drill-…` for drills.
    pub series: String,
    /// Year.
    pub year: i32,
    /// Ready.
    pub free: u64,
    /// Decided, not yet signed.
    pub reserved: u64,
    /// On a signed paper.
    pub issued: u64,
    /// Taken out with a reason.
    pub void: u64,
    /// Free when the journal was rolled back.
    pub burnt: u64,
    /// Declared lost.
    pub lost: u64,
    /// Lent in all.
    pub lent: u64,
    /// Half of what is live is gone: go online before it runs out.
    pub low: bool,
}

/// A signature from the glass: polylines in a box, y downwards.
#[derive(Clone, Default, uniffi::Record)]
pub struct Strokes {
    /// Width of the box.
    pub width: u16,
    /// Height of the box.
    pub height: u16,
    /// Each stroke as its points.
    pub lines: Vec<Vec<Dot>>,
}

/// A point of a stroke.
#[derive(Clone, Copy, Default, uniffi::Record)]
pub struct Dot {
    /// To the right.
    pub x: u16,
    /// Downwards.
    pub y: u16,
}

impl From<Strokes> for slip::Strokes {
    fn from(s: Strokes) -> slip::Strokes {
        let line = |line: Vec<Dot>| line.into_iter().map(|d| [d.x, d.y]).collect();
        slip::Strokes { width: s.width, height: s.height, lines: s.lines.into_iter().map(line).collect() }
    }
}

/// What people drew on the glass, where they did not sign in ink.
#[derive(Clone, Default, uniffi::Record)]
pub struct Drawn {
    /// The officer who holds the phone.
    #[uniffi(default = None)]
    pub lead: Option<Strokes>,
    /// The second officer.
    #[uniffi(default = None)]
    pub second: Option<Strokes>,
    /// The party.
    #[uniffi(default = None)]
    pub party: Option<Strokes>,
    /// The party signs nothing (refused, unable, gone): the line stays off the paper.
    #[uniffi(default = false)]
    pub no_party_line: bool,
    /// How the party signed, where it is known before the print.
    #[uniffi(default = None)]
    pub signing: Option<Signing>,
}

impl From<Drawn> for office::Drawn {
    fn from(d: Drawn) -> office::Drawn {
        office::Drawn {
            officers: [d.lead.map(Into::into), d.second.map(Into::into)],
            party: d.party.map(Into::into),
            no_party_line: d.no_party_line,
            signing: d.signing,
        }
    }
}

/// What a capture is.
#[derive(Clone, uniffi::Record)]
pub struct Shot {
    /// Where in the story.
    pub stage: Stage,
    /// What it proves (证明对象), short.
    pub caption: String,
    /// `photo`, `video`, `audio`, `signature`, `document`.
    #[uniffi(default = "photo")]
    pub kind: String,
    /// Sealed record: EXIF, place, camera. JSON of integers and strings, or empty.
    #[uniffi(default = "")]
    pub record: String,
    /// Small picture for lists.
    #[uniffi(default = None)]
    pub thumbnail: Option<Vec<u8>>,
}

/// One line of the check before a shift.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Ready {
    /// Stable code.
    pub what: String,
    /// Fine?
    pub ok: bool,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl From<readiness::Ready> for Ready {
    fn from(r: readiness::Ready) -> Ready {
        Ready { what: r.what.to_owned(), ok: r.ok, zh: r.zh, en: r.en }
    }
}

/// The phone at a glance.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Status {
    /// Entries that HQ has not confirmed.
    pub unsynced_entries: u64,
    /// Photos that HQ has not confirmed.
    pub unsynced_photos: u64,
    /// Their bytes.
    pub unsynced_bytes: u64,
    /// When the oldest waiting entry was written.
    pub oldest: Option<Moment>,
    /// Milliseconds until the next attempt; zero: now.
    pub next_attempt_ms: i64,
    /// Why not now, one sentence.
    pub why: String,
    /// Decisions not yet filed (备案).
    pub unfiled: u64,
    /// When the first of them is due.
    pub filing_due: Option<Moment>,
    /// Numbers by series and year.
    pub numbers: Vec<SeriesNumbers>,
    /// Decided and not yet signed.
    pub unsigned: u64,
    /// HQ's clock minus the phone's, when measured since the last boot.
    pub skew_ms: Option<i64>,
}

impl From<readiness::Status> for Status {
    fn from(s: readiness::Status) -> Status {
        Status {
            unsynced_entries: s.unsynced_entries,
            unsynced_photos: s.unsynced_photos,
            unsynced_bytes: s.unsynced_bytes,
            oldest: s.oldest,
            next_attempt_ms: s.next_attempt_ms,
            why: s.why,
            unfiled: s.unfiled,
            filing_due: s.filing_due,
            numbers: s.numbers,
            unsigned: s.unsigned,
            skew_ms: s.skew_ms,
        }
    }
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Synced {
    /// Everything that could go is gone and everything there is was fetched.
    pub done: bool,
    /// Stopped by the app.
    pub cancelled: bool,
    /// Milliseconds until the next attempt makes sense.
    pub wait_ms: Option<i64>,
    /// Why it waits, one sentence.
    pub why: String,
    /// Signed receipts got.
    pub receipts: u64,
    /// Photos that HQ now holds.
    pub photos: u64,
    /// Feed items taken.
    pub items: u64,
    /// HQ's clock minus the phone's.
    pub skew_ms: Option<i64>,
    /// Things that could not be used; they held up nothing.
    pub faults: Vec<String>,
}

impl From<office::SyncReport> for Synced {
    fn from(r: office::SyncReport) -> Synced {
        Synced {
            done: r.done,
            cancelled: r.cancelled,
            wait_ms: r.wait_ms,
            why: r.why,
            receipts: r.receipts,
            photos: r.blobs,
            items: r.items,
            skew_ms: r.skew_ms,
            faults: r.faults,
        }
    }
}

/// Who this phone is, as HQ said at enrolment.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Enrolment {
    /// The name that HQ gave this phone.
    pub device: String,
    /// Organ code.
    pub organ: String,
    /// Branch (分局) code.
    pub branch: String,
    /// HQ's address.
    pub url: String,
}

/// One person on the roster.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OfficerLine {
    /// Id.
    pub id: OfficerId,
    /// Name as signed on paper.
    pub name: String,
    /// 行政执法证号.
    pub certificate: String,
    /// Certified or auxiliary.
    pub kind: OfficerKind,
    /// First day of validity.
    pub valid_from: Day,
    /// Last day of validity.
    pub valid_to: Day,
    /// May void, decide as head, review.
    pub powers: Vec<Power>,
}

/// An offence (案由) of the rulebook in force.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OffenceLine {
    /// Id.
    pub id: String,
    /// 案由.
    pub name: String,
    /// Catalogue code, may be empty.
    pub code: String,
}

/// A lead for the branch (线索); the reporter's identity never comes along.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Lead {
    /// Id.
    pub lead: String,
    /// `citizen_report`, `video_lead`, `petition`, `drone`, `other_organ`.
    pub source: String,
    /// Where.
    pub place: String,
    /// What.
    pub text: String,
    /// Who audited a video record (处罚法 41); empty else.
    pub audited_by: String,
    /// Answer until.
    pub due: Option<Moment>,
    /// Latitude in 1e-7 degree, WGS-84, where HQ knows it.
    pub lat_e7: Option<i64>,
    /// Longitude, likewise.
    pub lon_e7: Option<i64>,
    /// Offences that it may turn out to be, likeliest first; decides nothing.
    pub offences: Vec<String>,
}

impl From<feed::Lead> for Lead {
    fn from(l: feed::Lead) -> Lead {
        Lead {
            lead: l.lead,
            source: l.source,
            place: l.place,
            text: l.text,
            audited_by: l.audited_by,
            due: l.due_ms.map(local),
            lat_e7: l.lat_e7,
            lon_e7: l.lon_e7,
            offences: l.offences,
        }
    }
}

/// An order of the branch whose correction nobody has checked yet.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OpenOrder {
    /// Its number.
    pub number: String,
    /// Offence id.
    pub offence: String,
    /// Where.
    pub place: String,
    /// When the correction is due.
    pub due: Moment,
    /// Its service is proved.
    pub served: bool,
    /// Latitude in 1e-7 degree, WGS-84, where HQ knows it.
    pub lat_e7: Option<i64>,
    /// Longitude, likewise.
    pub lon_e7: Option<i64>,
}

impl From<feed::OpenOrder> for OpenOrder {
    fn from(o: feed::OpenOrder) -> OpenOrder {
        OpenOrder {
            number: o.number,
            offence: o.offence,
            place: o.place,
            due: local(o.due_ms),
            served: o.served_ms.is_some(),
            lat_e7: o.lat_e7,
            lon_e7: o.lon_e7,
        }
    }
}

/// Money arrived.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Payment {
    /// Number of the decision.
    pub number: String,
    /// How much.
    pub amount: Fen,
    /// When.
    pub paid_at: Moment,
}

/// HQ orders this phone to be wiped: destroy the keystore's keys, then call `wiped`.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WipeOrder {
    /// Its id.
    pub id: String,
    /// At once, entries unsent or not.
    pub force: bool,
}

/// Whether the journal verifies.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct JournalCheck {
    /// No break anywhere.
    pub whole: bool,
    /// Entries, all epochs together.
    pub entries: u64,
    /// Lives of this journal: each roll-back begins another.
    pub epochs: u32,
    /// The first break, one sentence; empty when there is none.
    pub fault: String,
}

/// What a first-offence look-up gave.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Looked {
    /// As recorded in the case.
    pub history: History,
    /// HQ's references of exact hits.
    pub references: Vec<String>,
    /// Months that no list covers.
    pub missing_months: Vec<String>,
}

impl From<office::Looked> for Looked {
    fn from(l: office::Looked) -> Looked {
        Looked { history: l.history, references: l.references, missing_months: l.missing_months }
    }
}

/// One case in a list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CaseLine {
    /// Case.
    pub id: CaseId,
    /// When it was opened.
    pub opened: Option<Moment>,
    /// Where.
    pub place: String,
    /// Offence id.
    pub offence: String,
    /// How far it is: a word of [`Phase`].
    pub phase: String,
    /// How it ends.
    pub outcome: Option<Outcome>,
    /// Fine decided.
    pub amount: Fen,
    /// Numbers of its papers, decision first.
    pub numbers: Vec<String>,
    /// 演练.
    pub drill: bool,
    /// 已备案.
    pub filed: bool,
}

impl From<office::CaseLine> for CaseLine {
    fn from(c: office::CaseLine) -> CaseLine {
        CaseLine {
            id: c.id,
            opened: c.opened,
            place: c.place,
            offence: c.offence,
            phase: c.phase,
            outcome: c.outcome,
            amount: c.amount,
            numbers: c.numbers,
            drill: c.drill,
            filed: c.filed,
        }
    }
}

/// A question for lists of cases; people are looked up with `look_up`, which leaves an entry.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Query {
    /// Within metres of a place (WGS-84, 1e-7 degree), nearest first.
    Near {
        /// Latitude.
        lat_e7: i64,
        /// Longitude.
        lon_e7: i64,
        /// Metres.
        metres: u32,
    },
    /// By offence, newest first.
    Offence {
        /// Id.
        id: String,
    },
    /// By phase, last changed first.
    Phase {
        /// Its word.
        word: String,
    },
    /// Opened in `from..to`, newest first.
    Opened {
        /// From.
        from: Moment,
        /// Before.
        to: Moment,
    },
}

/// What the law still needs to know, as the officer is asked.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Question {
    /// Fact name.
    pub fact: String,
    /// Wording for the officer, Chinese.
    pub text: String,
    /// What kind of answer.
    pub answer: AnswerKind,
    /// Help line, Chinese, may be empty.
    pub help: String,
}

/// Type and range of an answer.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum AnswerKind {
    /// Yes, no, or unknown.
    Bool,
    /// Integer in `unit`, between the bounds, inclusive.
    Int {
        /// Unit as shown.
        unit: String,
        /// Digits after the point that the app shows; the answer is stored times 10^decimals.
        decimals: u8,
        /// Lowest allowed, stored form.
        min: i64,
        /// Highest allowed, stored form.
        max: i64,
    },
    /// One of these.
    Choice {
        /// What may be chosen.
        options: Vec<AnswerOption>,
    },
}

/// One thing that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AnswerOption {
    /// Stored.
    pub value: String,
    /// Shown.
    pub label: String,
}

impl From<decision::Question> for Question {
    fn from(q: decision::Question) -> Question {
        use decision::AnswerKind as Kind;
        let answer = match q.answer {
            Kind::Bool => AnswerKind::Bool,
            Kind::Int { unit, decimals, min, max } => AnswerKind::Int { unit, decimals, min, max },
            Kind::Choice { options } => AnswerKind::Choice {
                options: options.into_iter().map(|(value, label)| AnswerOption { value, label }).collect(),
            },
        };
        Question { fact: q.fact, text: q.text, answer, help: q.help }
    }
}

/// One step of the reasoning, as a lawyer would read it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Reason {
    /// Rule id.
    pub rule: String,
    /// Chinese sentence.
    pub text: String,
    /// Law relied on, as printed.
    pub citations: Vec<String>,
}

/// A reasoned proposal: nothing is decided until two officers adopt it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Proposal {
    /// Offence decided on (处罚法 29 may move it to another provision).
    pub offence: String,
    /// Offence name as printed.
    pub offence_name: String,
    /// How it ends.
    pub outcome: Outcome,
    /// The same, Chinese.
    pub outcome_name: String,
    /// Limb of the waiver.
    pub limb: Option<Limb>,
    /// Limb B on an old or partial list: HQ checks it again.
    pub provisional: bool,
    /// Name of the tier (裁量阶次).
    pub tier_name: Option<String>,
    /// Lower bound of the fine.
    pub low: Option<Fen>,
    /// Upper bound of the fine.
    pub high: Option<Fen>,
    /// Proposed amount; zero where there is no fine.
    pub amount: Fen,
    /// Outcomes the officers may choose instead, each needing a reason code.
    pub may_choose: Vec<Outcome>,
    /// What was done (违法事实).
    pub fact_text: String,
    /// The provisions broken, as printed.
    pub violated: Vec<String>,
    /// The provisions that penalise, as printed.
    pub basis: Vec<String>,
    /// Order text to correct (责令改正).
    pub order_text: String,
    /// Period to correct in hours; 0 is at once (立即).
    pub order_hours: u32,
    /// Reasons in the order of thought.
    pub reasons: Vec<Reason>,
    /// Rows that did not fit.
    pub rejected: Vec<Rejected>,
    /// Duties still open.
    pub duties: Vec<Duty>,
    /// Remedy clause that belongs on the paper.
    pub remedy: Remedy,
    /// Which paper.
    pub slip: SlipKind,
    /// Which number series.
    pub series: Series,
}

impl From<&decision::Decision> for Proposal {
    fn from(d: &decision::Decision) -> Proposal {
        let reason = |r: &decision::Reason| Reason {
            rule: r.rule.clone(),
            text: r.text.clone(),
            citations: r.citations.iter().map(ToString::to_string).collect(),
        };
        Proposal {
            offence: d.offence.clone(),
            offence_name: d.offence_name.clone(),
            outcome: d.outcome,
            outcome_name: d.outcome.name().to_owned(),
            limb: d.limb,
            provisional: d.provisional,
            tier_name: d.tier_name.clone(),
            low: d.range.map(|r| r.low),
            high: d.range.map(|r| r.high),
            amount: d.amount,
            may_choose: d.may_choose.clone(),
            fact_text: d.fact_text.clone(),
            violated: d.violated.iter().map(ToString::to_string).collect(),
            basis: d.basis.iter().map(ToString::to_string).collect(),
            order_text: d.order_text.clone(),
            order_hours: d.order_hours,
            reasons: d.reasons.iter().map(reason).collect(),
            rejected: d.rejected.clone(),
            duties: d.duties.clone(),
            remedy: d.remedy,
            slip: d.slip,
            series: d.series,
        }
    }
}

/// A decision as it was made.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Decided {
    /// Number as printed.
    pub number: String,
    /// Outcome.
    pub outcome: Outcome,
    /// Limb of the waiver.
    pub limb: Option<Limb>,
    /// Amount decided.
    pub amount: Fen,
    /// When.
    pub at: Moment,
    /// The order's due time, when there is an order.
    pub order_due: Option<Moment>,
    /// Evidence frozen in the decision: hashes in order of capture.
    pub evidence: Vec<String>,
}

impl From<&ezhifa_field::casework::event::DecisionRecord> for Decided {
    fn from(r: &ezhifa_field::casework::event::DecisionRecord) -> Decided {
        Decided {
            number: r.number.clone(),
            outcome: r.outcome,
            limb: r.decision.limb,
            amount: r.amount,
            at: r.at,
            order_due: r.order_due,
            evidence: r.evidence.clone(),
        }
    }
}

/// A signed paper.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Slip {
    /// Number as printed.
    pub number: String,
    /// Text of the verification QR.
    pub code: String,
    /// Human check code.
    pub check_code: String,
}

impl From<office::Slip> for Slip {
    fn from(s: office::Slip) -> Slip {
        Slip { number: s.number, code: s.code, check_code: s.check_code }
    }
}

/// A paper of a case and what came of its prints.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PaperLine {
    /// Kind.
    pub kind: SlipKind,
    /// Number as printed.
    pub number: String,
    /// Human check code.
    pub check_code: String,
    /// A whole paper exists.
    pub printed: bool,
    /// A print ended without anybody knowing how: look, then `confirm_print`.
    pub look: bool,
    /// 0: the next print is the first; n: it will say 补打 n.
    pub next_copy: u32,
}

impl From<&Issued> for PaperLine {
    fn from(s: &Issued) -> PaperLine {
        PaperLine {
            kind: s.slip,
            number: s.number.clone(),
            check_code: s.check_code.clone(),
            printed: s.printed(),
            look: s.prints.iter().any(|p| p.open()),
            next_copy: s.next_copy(),
        }
    }
}

/// A paper before it exists.
#[derive(Clone, uniffi::Record)]
pub struct Preview {
    /// PNG, as the printer would print it.
    pub png: Vec<u8>,
    /// Words.
    pub text: String,
}

/// A paper in its other forms.
#[derive(Clone, uniffi::Record)]
pub struct Rendered {
    /// Receipt page or A4.
    pub pdf: Vec<u8>,
    /// PNG of the roll.
    pub png: Vec<u8>,
    /// Words.
    pub text: String,
}

/// What came of a print.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Printed {
    /// Printed, not printed, or not known.
    pub result: PrintState,
    /// Why, when it is not printed or not known; one sentence.
    pub reason: String,
    /// 0 is the first print, n is 补打 n.
    pub copy: u32,
    /// Bytes of the slip's own commands.
    pub bytes: u64,
}

impl From<office::Printed> for Printed {
    fn from(p: office::Printed) -> Printed {
        Printed { result: p.result, reason: p.reason, copy: p.copy, bytes: p.slip_bytes as u64 }
    }
}

/// One event of a case, as a supervisor reads it.
#[derive(Clone, uniffi::Record)]
pub struct EventLine {
    /// When.
    pub at: Moment,
    /// Who held the phone.
    pub lead: OfficerId,
    /// Kind: a word of the protocol.
    pub kind: String,
    /// The body as it stands in the journal, JSON.
    pub json: String,
}

/// A case as it stands.
#[derive(Clone, uniffi::Record)]
pub struct CaseView {
    /// Case.
    pub id: CaseId,
    /// How far it has come.
    pub phase: Phase,
    /// When it was opened.
    pub opened: Option<Moment>,
    /// Where.
    pub place: Option<Place>,
    /// 演练.
    pub drill: bool,
    /// 已亮证.
    pub certificates_shown: bool,
    /// Evidence in the order in which it came.
    pub evidence: Vec<EvidenceItem>,
    /// 当事人.
    pub party: Option<Party>,
    /// Offence id; empty before it is chosen.
    pub offence: String,
    /// When the act happened.
    pub act_at: Option<Moment>,
    /// Answers so far.
    pub facts: HashMap<String, Value>,
    /// First-offence look-up, when asked.
    pub history: Option<History>,
    /// The earlier order that this case rests on.
    pub prior_order: Option<PriorOrder>,
    /// What the rulebook says.
    pub proposal: Option<Proposal>,
    /// A statement was upheld after the proposal: propose again.
    pub outdated: bool,
    /// 已告知.
    pub noticed: bool,
    /// 已听取.
    pub heard: bool,
    /// 已教育.
    pub educated: bool,
    /// When the correction was seen.
    pub corrected_at: Option<Moment>,
    /// How the case ends, as far as can be said now.
    pub outcome: Option<Outcome>,
    /// The decision that stands.
    pub decided: Option<Decided>,
    /// Papers signed so far.
    pub papers: Vec<PaperLine>,
    /// The party has signed a consent to electronic service (电子送达确认书).
    pub e_service: bool,
    /// When it was served.
    pub served_at: Option<Moment>,
    /// 复查 made.
    pub rechecks: u32,
    /// Paid less refunded.
    pub paid: Fen,
    /// 备案.
    pub filed_at: Option<Moment>,
    /// 结案.
    pub closed: Option<CloseWay>,
}

impl From<&Case> for CaseView {
    fn from(c: &Case) -> CaseView {
        CaseView {
            id: c.id().clone(),
            phase: c.phase(),
            opened: c.opening().map(|o| o.at),
            place: c.place().cloned(),
            drill: c.is_drill(),
            certificates_shown: !c.certificates_shown().is_empty(),
            evidence: c.evidence().iter().map(|h| h.item.clone()).collect(),
            party: c.party().cloned(),
            offence: c.act().map(|a| a.offence.clone()).unwrap_or_default(),
            act_at: c.act().map(|a| a.at),
            facts: c.facts().0.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            history: c.history().cloned(),
            prior_order: c.prior_order().map(|p| p.order.clone()),
            proposal: c.proposal().map(|p| Proposal::from(&p.decision)),
            outdated: c.proposal().is_some_and(|p| p.outdated),
            noticed: c.notice().is_some(),
            heard: c.statement().is_some(),
            educated: c.education().is_some(),
            corrected_at: c.corrected_at(),
            outcome: c.outcome(),
            decided: c.record().map(Decided::from),
            papers: c.slips().iter().map(PaperLine::from).collect(),
            e_service: c.e_service().is_some(),
            served_at: c.served().map(|s| s.at),
            rechecks: u32::try_from(c.rechecks().len()).unwrap_or(u32::MAX),
            paid: c.balance_paid(),
            filed_at: c.filed().map(|(at, _)| at),
            closed: c.closed(),
        }
    }
}

/// What is asked of a case file (案件卷宗).
#[derive(Clone, uniffi::Record)]
pub struct CaseFileWishes {
    /// For whom: decides what is withheld.
    pub audience: Audience,
    /// Who asks: recorded (个人信息保护法 55 三).
    pub by: String,
    /// Why: recorded.
    pub reason: String,
    /// Names and phrases to withhold beyond what the entries tell: people named in free text.
    #[uniffi(default = [])]
    pub withhold: Vec<Private>,
    /// Evidence to withhold.
    #[uniffi(default = [])]
    pub withhold_evidence: Vec<Withheld>,
}

/// A piece of evidence that stays out of a case file.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Withheld {
    /// Its hash.
    pub sha256: String,
    /// Why: printed in the report.
    pub reason: String,
}

impl TryFrom<&CaseFileWishes> for casefile::Wishes {
    type Error = FieldError;

    fn try_from(w: &CaseFileWishes) -> Result<casefile::Wishes, FieldError> {
        let evidence = |w: &Withheld| {
            let sha256 = Digest::from_hex(&w.sha256).map_err(|_| Error::from(Not::Evidence))?;
            Ok::<_, FieldError>((sha256, w.reason.clone()))
        };
        Ok(casefile::Wishes {
            audience: w.audience,
            words: w.withhold.iter().map(|text| text.reveal().to_owned()).collect(),
            withheld_evidence: w.withhold_evidence.iter().map(evidence).collect::<Result<_, _>>()?,
        })
    }
}

/// A case file that was written.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CaseFile {
    /// Hash of its manifest: names the file in a register.
    pub manifest: String,
    /// Files in it.
    pub members: u64,
    /// Entries whose body is withheld.
    pub withheld: u64,
    /// The examination that its report prints.
    pub findings: Vec<Finding>,
}

impl From<casefile::Written> for CaseFile {
    fn from(w: casefile::Written) -> CaseFile {
        let many = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        CaseFile {
            manifest: w.manifest.to_string(),
            members: many(w.members),
            withheld: many(w.withheld),
            findings: w.findings,
        }
    }
}

/// One answer of the examination.
#[uniffi::remote(Record)]
pub struct Finding {
    /// Fine?
    pub ok: bool,
    /// Stable code of the question.
    pub code: String,
    /// Member, journal place, number or hash that it is about.
    pub place: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}
