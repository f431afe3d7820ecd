//! Does the file prove what it says? The same questions when it is made and when it is verified: chain,
//! receipts, codes, law, evidence.

use std::collections::BTreeMap;

use ezhifa_casework::{
    books::InForce,
    case::Case,
    event::{CaseEvent, Event},
    law::{
        decision::PackRef,
        rulebook::{Files, Rulebook},
    },
    replay,
};
use ezhifa_wire::{
    domains,
    push::Receipt,
    seal::{
        code::SlipCode,
        entry::{Header, SealedEntry, verify},
        hash::Digest,
        sign::Signed,
    },
};
use serde::{Deserialize, Serialize};

use crate::format::{BodyState, Form, Manifest};

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl Finding {
    pub(crate) fn new(ok: bool, code: &str, place: impl Into<String>, zh: &str, en: &str) -> Finding {
        Finding { ok, code: code.to_owned(), place: place.into(), zh: zh.to_owned(), en: en.to_owned() }
    }
}

/// What the file says, taken apart.
pub(crate) struct Content {
    pub(crate) manifest: Manifest,
    /// Entries of each run; bodies of other cases are not there.
    pub(crate) runs: Vec<Vec<SealedEntry>>,
    /// Receipt of each run.
    pub(crate) receipts: Vec<Option<Signed>>,
    /// Packs with their files, imports first.
    pub(crate) packs: Vec<(PackRef, Files)>,
}

/// One step of the case, as far as this audience sees it.
pub(crate) struct Step {
    pub(crate) header: Header,
    pub(crate) event: CaseEvent,
    pub(crate) withheld: bool,
}

/// The case, read back, and what the questions gave.
pub(crate) struct Examined {
    pub(crate) steps: Vec<Step>,
    pub(crate) case: Case,
    pub(crate) findings: Vec<Finding>,
    pub(crate) sample: bool,
    /// The rulebook of the decision, for wording.
    pub(crate) book: Option<Rulebook>,
}

/// Asks everything.
pub(crate) fn examine(content: &Content) -> Examined {
    let mut findings = Vec::new();
    chains(content, &mut findings);
    let steps = steps(content, &mut findings);
    let events: Vec<CaseEvent> = steps.iter().map(|s| s.event.clone()).collect();
    let case = Case::fold(&events);
    if case.id().0 != content.manifest.case {
        findings.push(Finding::new(
            false,
            "case",
            content.manifest.case.clone(),
            "日志讲的不是这个案件",
            "the entries are about another case",
        ));
    }
    codes(content, &case, &steps, &mut findings);
    let books = laws(content, &mut findings);
    decisions(&events, &books, &mut findings);
    evidence(content, &case, &mut findings);
    let sample = books.values().any(Rulebook::is_sample);
    let named = case.record().map(|r| &r.laws.at_decision).or(case.proposal().map(|p| &p.laws.at_decision));
    let book = named
        .map(|p| p.hash.clone())
        .and_then(|hash| books.into_values().find(|b| b.reference().hash == hash));
    Examined { steps, case, findings, sample, book }
}

fn chains(content: &Content, findings: &mut Vec<Finding>) {
    for ((line, entries), receipt) in content.manifest.runs.iter().zip(&content.runs).zip(&content.receipts) {
        let found = match verify(&line.after, entries) {
            Ok(head) if head == line.until => Finding::new(
                true,
                "chain",
                line.path.clone(),
                &format!("日志第{}条至第{}条首尾相接，一字未改", line.after.seq.saturating_add(1), head.seq),
                &format!(
                    "entries {} to {} follow one another unchanged",
                    line.after.seq.saturating_add(1),
                    head.seq
                ),
            ),
            Ok(head) => Finding::new(
                false,
                "chain",
                format!("{} #{}", line.path, head.seq),
                "日志末尾与清单不符（被截短、加长或改动）",
                "the end of the journal is not the one that the manifest names",
            ),
            Err(fault) => {
                let text = fault.to_string();
                let (zh, en) = text.split_once(" / ").unwrap_or((&text, &text));
                Finding::new(false, "chain", format!("{} #{}", line.path, fault.seq), zh, en)
            }
        };
        findings.push(found);
        if let (Some(signed), Some(path)) = (receipt, &line.receipt) {
            let keys = &content.manifest.hq_keys;
            let opened = keys.iter().find_map(|key| signed.open::<Receipt>(domains::RECEIPT, key).ok());
            let covers = opened.is_some_and(|r| {
                r.device == line.until.device
                    && r.epoch == line.until.epoch
                    && r.seq == line.until.seq
                    && r.hash == line.until.hash
            });
            findings.push(if covers {
                Finding::new(
                    true,
                    "receipt",
                    path.clone(),
                    "指挥中心签收了同一条日志",
                    "HQ signed for this very journal",
                )
            } else {
                Finding::new(
                    false,
                    "receipt",
                    path.clone(),
                    "指挥中心回执与日志不符",
                    "HQ's receipt is not about this journal",
                )
            });
        }
    }
}

fn steps(content: &Content, findings: &mut Vec<Finding>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut named: BTreeMap<(usize, u64), BodyState> = BTreeMap::new();
    for line in &content.manifest.entries {
        let place = |what: &str| format!("{what} #{}", line.seq);
        let path = content.manifest.runs.get(line.run).map_or("journal", |r| r.path.as_str());
        named.insert((line.run, line.seq), line.body);
        let found = content.runs.get(line.run).and_then(|r| r.iter().find(|e| e.header.seq == line.seq));
        let Some(entry) = found else {
            findings.push(Finding::new(
                false,
                "entry",
                place(path),
                "清单所列的日志条目不在卷宗里",
                "an entry of the case is missing",
            ));
            continue;
        };
        let state = match (&entry.body, &line.shown) {
            (Some(_), None) => BodyState::Shown,
            (None, Some(_)) => BodyState::Withheld,
            (None, None) => BodyState::Purged,
            (Some(_), Some(_)) => BodyState::Withheld,
        };
        if state != line.body || (state == BodyState::Withheld && entry.body.is_some()) {
            findings.push(Finding::new(
                false,
                "entry",
                place(path),
                "条目正文的去留与清单不符",
                "the entry's body is not in the state that the manifest names",
            ));
        }
        if !matches!(entry.header.kind.as_str(), "case" | "drill") {
            continue;
        }
        let body = entry.body.as_ref().or(line.shown.as_ref());
        let Some(body) = body else { continue };
        match serde_json::from_str::<CaseEvent>(body) {
            Ok(event) => {
                steps.push(Step { header: entry.header.clone(), event, withheld: entry.body.is_none() });
            }
            Err(_) => findings.push(Finding::new(
                false,
                "entry",
                place(path),
                "条目正文无法读取",
                "the entry's body cannot be read",
            )),
        }
    }
    for (index, run) in content.runs.iter().enumerate() {
        for entry in run.iter().filter(|e| e.body.is_some()) {
            if !named.contains_key(&(index, entry.header.seq)) {
                findings.push(Finding::new(
                    false,
                    "entry",
                    format!("journal #{}", entry.header.seq),
                    "卷宗里有清单之外的正文",
                    "a body that the manifest does not name",
                ));
            }
        }
    }
    steps
}

/// The number that an event took, with the hash of its entry: the code on the paper carries its first bytes.
fn grounds(steps: &[Step]) -> BTreeMap<&str, Digest> {
    let mut out = BTreeMap::new();
    for step in steps {
        let number = match &step.event.event {
            Event::Decided { record } => Some(record.number.as_str()),
            Event::PaperPrepared { number, .. } => Some(number.as_str()),
            Event::Advised { number, .. }
            | Event::HandedTo { number, .. }
            | Event::Corrected { number, .. }
            | Event::Revoked { number, .. }
            | Event::WaiverRuled { number, .. } => number.as_deref(),
            _ => None,
        };
        if let Some(number) = number {
            out.entry(number).or_insert(step.header.hash());
        }
    }
    out
}

fn codes(content: &Content, case: &Case, steps: &[Step], findings: &mut Vec<Finding>) {
    let grounds = grounds(steps);
    for slip in case.slips() {
        let record = SlipCode::parse(&slip.code).ok().and_then(|code| {
            let key = content.manifest.device_keys.iter().find(|k| k.key.id() == *code.key())?;
            let record = code.verify(&key.key).ok()?;
            (code.check_code() == slip.check_code).then_some(record)
        });
        let fine = record.is_some_and(|r| {
            r.number == slip.number
                && grounds.get(slip.number.as_str()).is_some_and(|hash| hash.prefix() == r.entry_prefix)
        });
        findings.push(if fine {
            Finding::new(
                true,
                "code",
                slip.number.clone(),
                "小条二维码由执法终端签名，指向本日志中的决定条目",
                "the slip's code is signed by the phone and names the decision entry in this journal",
            )
        } else {
            Finding::new(
                false,
                "code",
                slip.number.clone(),
                "小条二维码与日志不符",
                "the slip's code does not fit the journal",
            )
        });
    }
}

fn laws(content: &Content, findings: &mut Vec<Finding>) -> BTreeMap<String, Rulebook> {
    let mut books: BTreeMap<String, Rulebook> = BTreeMap::new();
    for (named, files) in &content.packs {
        let imports: Vec<&Rulebook> = books.values().collect();
        let place = format!("{} {}", named.id, named.version);
        match Rulebook::load(files, &imports) {
            Ok(book) if book.reference() == *named => {
                findings.push(Finding::new(
                    true,
                    "pack",
                    place,
                    "规则包与决定所用的一致",
                    "the rulebook is the very one that was used",
                ));
                books.insert(named.hash.clone(), book);
            }
            _ => findings.push(Finding::new(
                false,
                "pack",
                place,
                "规则包被改动或者不完整",
                "the rulebook was changed or is not whole",
            )),
        }
    }
    books
}

fn decisions(events: &[CaseEvent], books: &BTreeMap<String, Rulebook>, findings: &mut Vec<Finding>) {
    let results = replay::replay(events, |record| {
        let at_act = books.get(&record.laws.at_act.hash)?;
        let at_decision = books.get(&record.laws.at_decision.hash)?;
        Some(InForce { at_act, at_decision })
    });
    for result in results {
        findings.push(if result.agrees() {
            Finding::new(
                true,
                "replay",
                result.number,
                "用卷宗所附规则包重新计算，结论完全一致",
                "made again with the rulebook in this file: the same to the letter",
            )
        } else {
            Finding::new(
                false,
                "replay",
                result.number,
                "用卷宗所附规则包重新计算，结论不一致",
                "made again with the rulebook in this file, it comes out differently",
            )
        });
    }
}

fn evidence(content: &Content, case: &Case, findings: &mut Vec<Finding>) {
    let lines: BTreeMap<String, &crate::format::EvidenceLine> =
        content.manifest.evidence.iter().map(|e| (e.sha256.to_string(), e)).collect();
    let frozen = case.record().map(|r| r.evidence.clone()).unwrap_or_default();
    for held in case.evidence() {
        let short: String = held.item.sha256.chars().take(16).collect();
        match lines.get(&held.item.sha256) {
            None => findings.push(Finding::new(
                false,
                "evidence",
                short,
                "证据未列入清单",
                "a piece of evidence is not in the manifest",
            )),
            Some(line) if line.form == Form::Elsewhere => findings.push(Finding::new(
                true,
                "evidence",
                short,
                "证据文件不在制作地，日志中有其哈希值",
                "the file was not where this case file was made; the journal holds its hash",
            )),
            Some(_) => {}
        }
    }
    let missing = frozen.iter().filter(|hash| !case.evidence().iter().any(|h| h.item.sha256 == **hash));
    for hash in missing {
        findings.push(Finding::new(
            false,
            "evidence",
            hash.chars().take(16).collect::<String>(),
            "决定所列证据没有取证记录",
            "the decision names evidence that was never taken",
        ));
    }
}
