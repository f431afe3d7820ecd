//! What HQ answers to the code on a slip: first the signature, from the code alone; then what became of it.

use ezhifa_casework::{
    event::Event,
    law::{
        clocks::Clocks,
        rulebook::Rulebook,
        template::{BlockTemplate, Part},
        terms::{CodeSays, Outcome, SlipKind},
    },
};
use ezhifa_slip::Document;
use ezhifa_wire::seal::code::{SlipCode, SlipRecord};

use crate::{
    Hq,
    config::local,
    devices::{self, Device},
    error::HqError,
    numbers::NumberFile,
    page::{Page, Section, Standing},
    store,
};

fn slip_of(outcome: Outcome) -> SlipKind {
    match outcome {
        Outcome::Order | Outcome::OrderComplied => SlipKind::Order,
        Outcome::NoPenalty => SlipKind::NoPenalty,
        Outcome::NoPenaltyProposed => SlipKind::NoPenaltyProposed,
        Outcome::Warning | Outcome::Fine | Outcome::WarningAndFine => SlipKind::Penalty,
        Outcome::OrdinaryProcedure | Outcome::Referral => SlipKind::Transfer,
        Outcome::NoViolation | Outcome::Advice => SlipKind::Advice,
    }
}

impl Hq {
    /// The page for what follows `/V/` in the slip's code.
    ///
    /// # Errors
    /// The store failed; a code that means nothing is a page of its own, not an error.
    pub fn verification_page(&self, code: &str) -> Result<(u16, String), HqError> {
        let page = self.verification(code)?;
        let status = if page.standing == Standing::NotOurs { 404 } else { 200 };
        Ok((status, page.html()))
    }

    /// What the page says, as data.
    ///
    /// # Errors
    /// As [`Hq::verification_page`].
    pub fn verification(&self, code: &str) -> Result<Page, HqError> {
        let book = self.newest_book();
        let organ = book.as_ref().map(|b| b.organ().clone());
        let mut page = Page {
            organ: organ.as_ref().map_or_else(|| self.config().organ_name.clone(), |o| o.name.clone()),
            standing: Standing::NotOurs,
            facts: Vec::new(),
            next: Vec::new(),
            phone: organ.as_ref().map(|o| o.phone.clone()).unwrap_or_default(),
            asked_at: local(self.now_ms()).format("%Y年%-m月%-d日 %H:%M").to_string(),
        };
        let Ok(parsed) = SlipCode::parse(code) else { return Ok(page) };
        let Some((record, lost_ms)) = self.genuine(&parsed)? else { return Ok(page) };
        page.facts = facts(&record, &parsed.check_code());
        let known: Option<NumberFile> = self.read(|r| store::get(r, "number", &record.number))?;
        let same = known.filter(|n| n.check_code.is_empty() || n.check_code == parsed.check_code());
        let anew = match &same {
            Some(n) if n.state == "revoked" => self.decided_anew(n, &record.number)?,
            _ => None,
        };
        page.standing = match &same {
            None if book.as_ref().is_some_and(|b| b.is_sample()) => Standing::Sample,
            None => Standing::NotYetArrived,
            Some(n) if n.sample => Standing::Sample,
            Some(n) => match n.state.as_str() {
                "void" | "undelivered" | "lost" => Standing::Voided,
                "revoked" if anew.is_some() => Standing::Superseded,
                "revoked" => Standing::Revoked,
                "reserved" => Standing::NotYetArrived,
                _ if n.corrected => Standing::Corrected,
                _ => Standing::Filed,
            },
        };
        // Whoever has the phone has its key, and writes into a code what time it likes: for a lost phone HQ
        // answers only for what it holds itself, from before the loss.
        let answered_for = match page.standing {
            Standing::NotYetArrived => lost_ms == i64::MAX,
            Standing::Filed | Standing::Corrected => record.decided_ms <= lost_ms,
            _ => true,
        };
        if !answered_for {
            page.standing = Standing::DeviceLost;
        }
        page.next = match (&same, page.standing) {
            (_, Standing::Voided | Standing::NotOurs) => Vec::new(),
            (Some(number), _) if !number.case.is_empty() => self.next_from_slip(number, &record)?,
            _ => book.map(|b| next_from_template(&b, &record)).unwrap_or_default(),
        };
        match page.standing {
            // Nobody shall pay on a decision that is revoked, on a lost phone's word, or on a sample.
            Standing::Revoked | Standing::DeviceLost => page.next.retain(|s| s.title != PAYING),
            Standing::Superseded => {
                page.next.clear();
                page.facts.extend(anew.map(|new| ("新文书编号".to_owned(), new)));
            }
            Standing::Sample => page.next.iter_mut().for_each(|s| s.title.push_str("（样式）")),
            _ => {}
        }
        Ok(page)
    }

    /// The number under which the same case was decided again.
    fn decided_anew(&self, number: &NumberFile, revoked: &str) -> Result<Option<String>, HqError> {
        let standing = self.case_file(&number.case)?.standing().map(|d| d.number.clone());
        Ok(standing.filter(|new| new != revoked && !new.is_empty()))
    }

    /// The record, once a key of one of our phones is known to have signed it, and when that phone was lost
    /// (`i64::MAX`: never).
    fn genuine(&self, code: &SlipCode) -> Result<Option<(SlipRecord, i64)>, HqError> {
        let device: Option<String> = self.read(|r| store::get(r, "device_key", &code.key().0))?;
        let Some(device) = device else { return Ok(None) };
        let device: Option<Device> = self.read(|r| devices::get(r, &device))?;
        Ok(device
            .and_then(|d| Some((code.verify(&d.key).ok()?, d.lost_ms.unwrap_or(i64::MAX))))
            .filter(|(record, _)| record.organ == self.config().organ))
    }

    /// The blocks of the very slip that tell what to do next, and last days where service is proved.
    fn next_from_slip(&self, number: &NumberFile, record: &SlipRecord) -> Result<Vec<Section>, HqError> {
        let events = self.case_events(&number.case)?;
        let document = events.iter().rev().find_map(|e| match &e.event {
            Event::SlipIssued { number: n, document, .. } if *n == record.number => {
                serde_json::from_str::<Document>(document.reveal()).ok()
            }
            _ => None,
        });
        let mut sections: Vec<Section> = document.map(|d| sections(&d)).unwrap_or_default();
        let file = self.case_file(&number.case)?;
        let decision = file.decisions.iter().find(|d| d.number == record.number);
        if let (Some(served), Some(decision), Some(calendar)) = (file.served_at, decision, self.calendar())
            && let Some(book) = self.book(&decision.pack.hash)
        {
            let clocks = Clocks::new(book.clocks_file(), book.settings().roll_over).ok();
            let last = |id: &str| {
                clocks
                    .as_ref()
                    .and_then(|c| c.last_day(id, served.date(), &calendar).ok())
                    .map(|d| d.format("%Y年%-m月%-d日").to_string())
            };
            let mut lines = vec![format!("送达日期：{}", served.format("%Y年%-m月%-d日"))];
            if decision.outcome.has_fine() {
                lines.extend(last("pay").map(|d| format!("缴款截止：{d}")));
            }
            lines.extend(last("reconsideration").map(|d| format!("申请行政复议截止：{d}")));
            // Days come before words: they are what a person acts on.
            sections.insert(0, Section { title: "期限".into(), lines });
        }
        if file.paid.0 > 0 {
            sections.push(Section {
                title: "缴款情况".into(),
                lines: vec![format!("已登记缴款 {}", file.paid.digits())],
            });
        }
        Ok(sections)
    }
}

fn facts(record: &SlipRecord, check_code: &str) -> Vec<(String, String)> {
    let says = CodeSays::from_code(record.outcome);
    let (what, when) = match says {
        Some(CodeSays::Paper(_)) => ("文书种类", "出具时间"),
        _ => ("处理结果", "决定时间"),
    };
    let time = |ms: i64| local(ms).format("%Y年%-m月%-d日%H时%M分").to_string();
    [
        ("文书编号", record.number.clone()),
        ("核对码", check_code.to_owned()),
        (what, says.map_or("", CodeSays::name).to_owned()),
        (when, time(record.decided_ms)),
        ("依据条款", record.clause.clone()),
        ("改正期限", record.order_due_ms.map(time).unwrap_or_default()),
        ("执法证号", record.officers.join("、")),
    ]
    .into_iter()
    .map(|(k, v)| (k.to_owned(), v))
    .collect()
}

const PAYING: &str = "怎样缴款";

/// Only parts that say nothing about the party.
fn public(part: Part) -> Option<&'static str> {
    match part {
        Part::Payment => Some(PAYING),
        Part::Rights => Some("您的权利"),
        _ => None,
    }
}

/// Blocks of one kind are one section, in the order of the paper.
fn sections(document: &Document) -> Vec<Section> {
    let mut out: Vec<Section> = Vec::new();
    for block in &document.blocks {
        let Some(title) = public(block.part) else { continue };
        let lines = block.lines.iter().map(|l| l.words().to_owned()).filter(|l| !l.is_empty());
        match out.iter_mut().find(|s| s.title == title) {
            Some(section) => section.lines.extend(lines),
            None => out.push(Section { title: title.to_owned(), lines: lines.collect() }),
        }
    }
    out.retain(|s| !s.lines.is_empty());
    out
}

/// Before the decision has arrived: the rights that any slip of this kind carries, from its template.
fn next_from_template(book: &Rulebook, record: &SlipRecord) -> Vec<Section> {
    let kind = match CodeSays::from_code(record.outcome) {
        Some(CodeSays::Outcome(outcome)) => slip_of(outcome),
        Some(CodeSays::Paper(kind)) => kind,
        None => return Vec::new(),
    };
    let Some(template) = book.template(kind) else {
        return Vec::new();
    };
    template
        .blocks
        .iter()
        .filter(|b| b.part == Part::Rights && b.when.is_empty())
        .filter_map(|b| filled(book, b))
        .collect()
}

fn filled(book: &Rulebook, block: &BlockTemplate) -> Option<Section> {
    let organ = book.organ();
    let places = [
        ("{reconsideration_organ}", &organ.reconsideration.name),
        ("{reconsideration_address}", &organ.reconsideration.address),
        ("{reconsideration_phone}", &organ.reconsideration.phone),
        ("{court}", &organ.court.name),
        ("{organ}", &organ.name),
        ("{contact_phone}", &organ.phone),
        ("{complaint_phone}", &organ.complaint_phone),
    ];
    let lines: Vec<String> = block
        .lines
        .iter()
        .map(|line| places.iter().fold(line.clone(), |text, (place, value)| text.replace(place, value)))
        // A line with a place that only the decision can fill waits for the decision.
        .filter(|line| !line.contains('{'))
        .collect();
    (!lines.is_empty()).then_some(Section { title: public(block.part)?.to_owned(), lines })
}
