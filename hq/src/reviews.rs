//! Review tasks: where HQ's fuller knowledge differs from what the officers could know. A review is opened
//! with both explanations, closed by a person with reasons, and travels back; nothing becomes a fine here.

use chrono::{Datelike, Months, NaiveDate, NaiveDateTime};
use ezhifa_casework::law::{
    rulebook::Rulebook,
    terms::{Limb, Outcome},
};
use ezhifa_wire::feed::{FeedBody, Verdict};
use serde::{Deserialize, Serialize};

use crate::{
    Hq,
    casefile::CaseFile,
    desk::{
        geo::{self, Point},
        open,
        supervision::Pattern,
    },
    error::HqError,
    feed,
    store::{self, Write},
};

/// A review task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Id: kind, number and the other number, so that one cause opens one review.
    pub id: String,
    /// `replay_differs`, `first_offence_hit`, `same_act`, `suspended_offence`, `after_lost`, `number_twice`; and
    /// the patterns `waived_without_correction`, `party_waived_often`, `officer_party_pair`.
    pub kind: String,
    /// Case.
    pub case: String,
    /// Number of the decision.
    pub number: String,
    /// The other decision, where there is one.
    pub other: String,
    /// What the phone had.
    pub phone_says: String,
    /// What HQ found.
    pub hq_says: String,
    /// Device that decided.
    pub device: String,
    /// When it was opened.
    pub opened_ms: i64,
    /// How it was closed.
    pub verdict: Option<String>,
    /// By whom.
    pub closed_by: Option<String>,
    /// When.
    pub closed_ms: Option<i64>,
}

/// One decision as later look-ups see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Find {
    pub(crate) case: String,
    pub(crate) number: String,
    pub(crate) offence: String,
    pub(crate) conduct: String,
    pub(crate) party: Option<String>,
    pub(crate) act_at: NaiveDateTime,
    pub(crate) decided_at: NaiveDateTime,
    pub(crate) outcome: Outcome,
    pub(crate) limb: Option<Limb>,
    pub(crate) asked: Option<bool>,
    pub(crate) lat_e7: Option<i64>,
    pub(crate) lon_e7: Option<i64>,
    pub(crate) device: String,
}

impl Find {
    fn by_party(&self) -> Option<String> {
        Some(format!("{}/{}/{}", self.party.as_ref()?, self.conduct, self.number))
    }

    /// For one act under two provisions: the same party, whatever the offence.
    fn by_party_and_day(&self) -> Option<String> {
        Some(format!("{}/{}/{}", self.party.as_ref()?, day(self.act_at.date()), self.number))
    }

    fn by_act(&self) -> String {
        format!("{}/{}/{}", self.offence, day(self.act_at.date()), self.number)
    }
}

fn day(d: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", d.year(), d.month(), d.day())
}

/// Opens a review once and tells the phone.
#[allow(clippy::too_many_arguments)] // The fields of the task.
pub(crate) fn open(
    w: &mut dyn Write,
    kind: &str,
    file: &CaseFile,
    number: &str,
    other: &str,
    phone_says: &str,
    hq_says: &str,
    device: &str,
    now: i64,
) -> Result<(), HqError> {
    open_for(w, kind, &file.id, number, other, phone_says, hq_says, device, now)
}

#[allow(clippy::too_many_arguments)] // As above.
fn open_for(
    w: &mut dyn Write,
    kind: &str,
    case: &str,
    number: &str,
    other: &str,
    phone_says: &str,
    hq_says: &str,
    device: &str,
    now: i64,
) -> Result<(), HqError> {
    let id = format!("{kind}:{number}:{other}");
    if w.doc("review", &id)?.is_some() {
        return Ok(());
    }
    let review = Review {
        id: id.clone(),
        kind: kind.to_owned(),
        case: case.to_owned(),
        number: number.to_owned(),
        other: other.to_owned(),
        phone_says: phone_says.to_owned(),
        hq_says: hq_says.to_owned(),
        device: device.to_owned(),
        opened_ms: now,
        verdict: None,
        closed_by: None,
        closed_ms: None,
    };
    keep(w, &review)?;
    w.advance("reviews", 1)?;
    let finding = if kind == "replay_differs" { "replay_differs" } else { "review_opened" };
    tell(
        w,
        &review,
        finding,
        format!("指挥中心开启复核：{hq_says}"),
        format!("HQ opened a review: {hq_says}"),
        now,
    )
}

/// One review for each pattern and each further repeat.
pub(crate) fn pattern_id(pattern: &Pattern) -> String {
    format!("{}:{}:{}", pattern.kind, pattern.about, pattern.count)
}

/// Opens a review of a pattern. Nobody on the street is told before a person has looked.
pub(crate) fn open_pattern(w: &mut dyn Write, pattern: &Pattern, now: i64) -> Result<(), HqError> {
    let last = pattern.cases.last().cloned().unwrap_or_default();
    let file: Option<CaseFile> = store::get(w, "case", &last)?;
    let decision = file.as_ref().and_then(CaseFile::standing);
    let review = Review {
        id: pattern_id(pattern),
        kind: pattern.kind.clone(),
        number: decision.map(|d| d.number.clone()).unwrap_or_default(),
        other: String::new(),
        phone_says: String::new(),
        hq_says: format!("{} 件：{}", pattern.cases.len(), pattern.cases.join("、")),
        device: file.as_ref().and_then(|f| f.entries.first()).map(|e| e.device.clone()).unwrap_or_default(),
        case: last,
        opened_ms: now,
        verdict: None,
        closed_by: None,
        closed_ms: None,
    };
    keep(w, &review)?;
    w.advance("reviews", 1)?;
    Ok(())
}

fn keep(w: &mut dyn Write, review: &Review) -> Result<(), HqError> {
    store::put(w, "review", &review.id, review)?;
    mark(w, review)
}

/// Keeps a task on the list of those that nobody has closed.
pub(crate) fn mark(w: &mut dyn Write, review: &Review) -> Result<(), HqError> {
    open::mark(w, open::REVIEWS, &review.id, review.closed_ms.is_none())
}

fn tell(
    w: &mut dyn Write,
    review: &Review,
    finding: &str,
    zh: String,
    en: String,
    now: i64,
) -> Result<(), HqError> {
    let verdict = Verdict {
        id: review.id.clone(),
        case: review.case.clone(),
        number: review.number.clone(),
        finding: finding.to_owned(),
        zh,
        en,
    };
    feed::publish(w, &feed::to_device(&review.device), &FeedBody::Verdict(verdict), now)
}

/// Holds a new decision against everything HQ knows: earlier finds (and later ones that arrived first),
/// and other decisions on one act (处罚法 29).
pub(crate) fn compare(
    w: &mut dyn Write,
    file: &CaseFile,
    find: &Find,
    counts: bool,
    book: &Rulebook,
    now: i64,
) -> Result<(), HqError> {
    if let Some(key) = find.by_party() {
        let prefix = format!("{}/{}/", find.party.as_deref().unwrap_or_default(), find.conduct);
        let others: Vec<(String, Find)> = store::list(w, "find", &prefix)?;
        for (_, other) in others.iter().filter(|(_, o)| o.case != find.case) {
            let (earlier, later) = if other.act_at <= find.act_at { (other, find) } else { (find, other) };
            let window = later.act_at.checked_sub_months(Months::new(book.settings().look_back_months));
            let within = window.is_some_and(|w| earlier.act_at >= w) && earlier.act_at < later.act_at;
            let earlier_counts = book.settings().counts_as_earlier(earlier.outcome, earlier.limb);
            if within && earlier_counts && later.limb == Some(Limb::B) && later.asked != Some(true) {
                let hq = format!(
                    "当事人在 {} 已有同类记录（{}），首违不罚需复核",
                    earlier.act_at.date(),
                    earlier.number
                );
                open_for(
                    w,
                    "first_offence_hit",
                    &later.case,
                    &later.number,
                    &earlier.number,
                    "查无此前记录",
                    &hq,
                    &later.device,
                    now,
                )?;
            }
        }
        if counts || find.limb == Some(Limb::B) {
            store::put(w, "find", &key, find)?;
        }
    }
    same_act(w, file, find, book, now)?;
    if let Some(key) = find.by_party_and_day() {
        store::put(w, "party_act", &key, find)?;
    }
    store::put(w, "act", &find.by_act(), find)
}

/// Two decisions on what may be one act (处罚法 29), near in time: of one offence, and same party or same place; or two
/// fines of two phones for one party at one place under two provisions.
fn same_act(
    w: &mut dyn Write,
    file: &CaseFile,
    find: &Find,
    book: &Rulebook,
    now: i64,
) -> Result<(), HqError> {
    let today = find.act_at.date();
    let days = [today.pred_opt(), Some(today), today.succ_opt()];
    for d in days.into_iter().flatten() {
        let near: Vec<(String, Find)> = store::list(w, "act", &format!("{}/{}/", find.offence, day(d)))?;
        let of_party: Vec<(String, Find)> = match &find.party {
            Some(party) => store::list(w, "party_act", &format!("{party}/{}/", day(d)))?,
            None => Vec::new(),
        };
        let two_provisions = |o: &Find| {
            let fined = find.outcome.has_fine() && o.outcome.has_fine();
            fined && o.offence != find.offence && o.device != find.device
        };
        let near = near.into_iter().chain(of_party.into_iter().filter(|(_, o)| two_provisions(o)));
        for (_, other) in near.filter(|(_, o)| o.case != file.id) {
            let minutes = (other.act_at - find.act_at).num_minutes().unsigned_abs();
            if minutes > u64::from(book.settings().same_act_minutes) {
                continue;
            }
            let party = find.party.is_some() && find.party == other.party;
            // Two known and different parties are two acts, however near.
            let strangers = find.party.is_some() && other.party.is_some() && !party;
            let metres = distance(find, &other);
            let close = |m: f64| m <= f64::from(book.settings().same_act_metres);
            let place = !strangers && metres.is_some_and(close);
            let one_act = if other.offence == find.offence {
                party || place
            } else {
                // Where one of the two does not know its place, the party and the hour have to do.
                party && metres.is_none_or(close)
            };
            if one_act {
                let hq = format!(
                    "与 {} 可能属于同一违法行为（相隔 {minutes} 分钟），不得给予两次以上罚款",
                    other.number
                );
                open_for(
                    w,
                    "same_act",
                    &find.case,
                    &find.number,
                    &other.number,
                    "单独处理",
                    &hq,
                    &find.device,
                    now,
                )?;
            }
        }
    }
    Ok(())
}

fn distance(a: &Find, b: &Find) -> Option<f64> {
    let at = |f: &Find| Some(Point { lat_e7: f.lat_e7?, lon_e7: f.lon_e7? });
    Some(geo::metres(at(a)?, at(b)?))
}

/// What was kept of this decision before.
pub(crate) fn known(w: &mut dyn Write, find: &Find) -> Result<Option<Find>, HqError> {
    store::get(w, "act", &find.by_act())
}

/// A decision that no longer stands counts for nobody.
pub(crate) fn forget(w: &mut dyn Write, find: &Find) -> Result<(), HqError> {
    if let Some(key) = find.by_party() {
        w.remove_doc("find", &key)?;
    }
    if let Some(key) = find.by_party_and_day() {
        w.remove_doc("party_act", &key)?;
    }
    w.remove_doc("act", &find.by_act())
}

impl Hq {
    /// Review tasks; only open ones where `open`.
    ///
    /// # Errors
    /// The store failed.
    pub fn reviews(&self, open: bool) -> Result<Vec<Review>, HqError> {
        self.read(|r| {
            if open {
                return open::read(r, open::REVIEWS, "review");
            }
            Ok(store::list(r, "review", "")?.into_iter().map(|(_, r)| r).collect())
        })
    }

    /// Closes a review with reasons; the verdict travels back to the phone that decided.
    ///
    /// # Errors
    /// No such review, or it is closed.
    pub fn close_review(&self, id: &str, by: &str, verdict: &str) -> Result<Review, HqError> {
        if verdict.trim().is_empty() {
            return Err(HqError::Bad("复核结论需要理由 / a verdict needs reasons".into()));
        }
        let (id, by, verdict, now) = (id.to_owned(), by.to_owned(), verdict.to_owned(), self.now_ms());
        self.write(1, move |w| {
            let mut review: Review = store::get(w, "review", &id)?.ok_or(HqError::NotFound("review"))?;
            if review.closed_ms.is_some() {
                return Err(HqError::Conflict("复核已经办结 / the review is closed".into()));
            }
            review.verdict = Some(verdict.clone());
            review.closed_by = Some(by);
            review.closed_ms = Some(now);
            keep(w, &review)?;
            tell(
                w,
                &review,
                "review_closed",
                format!("复核结论：{verdict}"),
                format!("The review is closed: {verdict}"),
                now,
            )?;
            Ok(review)
        })
    }

    /// 负责人审查 of a proposed waiver: the answer goes to the phone that proposed it, which records it in its
    /// journal and prints the paper.
    ///
    /// # Errors
    /// HQ does not hold the decision.
    pub fn rule_waiver(&self, number: &str, granted: bool, reason: &str) -> Result<(), HqError> {
        self.settle()?;
        let now = self.now_ms();
        let doc: crate::numbers::NumberFile =
            self.read(|r| store::get(r, "number", number))?.ok_or(HqError::NotFound("number"))?;
        let (finding, zh, en) = if granted {
            ("waiver_confirmed", "负责人同意不予处罚", "The head of the organ grants the waiver")
        } else {
            (
                "waiver_refused",
                "负责人不同意，转普通程序",
                "The head of the organ refuses: ordinary procedure",
            )
        };
        let verdict = Verdict {
            id: format!("waiver:{number}"),
            case: doc.case,
            number: number.to_owned(),
            finding: finding.to_owned(),
            zh: format!("{zh}：{reason}"),
            en: format!("{en}: {reason}"),
        };
        self.write(1, move |w| {
            feed::publish(w, &feed::to_device(&doc.device), &FeedBody::Verdict(verdict), now)
        })
    }
}
