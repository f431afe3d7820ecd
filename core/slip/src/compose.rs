//! Composes the slip of a case: gathers what the case and the rulebook know into places, fills the template.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use ezhifa_casework::{
    case::{Act, Case},
    event::{DecisionRecord, Destination, EvidenceItem, Stage, StatementKind},
    people::{IdKind, Identity, Officer, Party, SignerRole, Signing, SigningAct},
};
use ezhifa_law::{
    decision::Decision,
    money::Fen,
    rulebook::Rulebook,
    template::{Part, Style},
    terms::{Citation, Limb, Outcome, PartyKind, SlipKind},
};

use crate::{
    document::{Block, Document, Line, Mark, clean},
    error::SlipError,
    fill::{Marks, Places, fill},
    zh,
};

/// What the paper needs and neither case nor rulebook holds.
#[derive(Clone)]
pub struct Extras<'a> {
    /// Which paper.
    pub kind: SlipKind,
    /// Number as printed.
    pub number: String,
    /// Human check code; on a trial before the number is used, any of the same length.
    pub check_code: String,
    /// Text of the verification QR; `None` on a trial.
    pub code: Option<String>,
    /// The two officers as the roster names them.
    pub officers: [&'a Officer; 2],
    /// Their signatures and the party's.
    pub marks: Marks,
    /// When and where, for papers that are not the decision itself.
    pub at: NaiveDateTime,
    /// Place of that.
    pub place: String,
    /// Pay code from the finance system, as digits.
    pub pay_code: Option<String>,
    /// Last day to pay; `None` when the calendar is not known (a period in words is printed always).
    pub pay_last_day: Option<NaiveDate>,
    /// How the party signed, where it is known before the print.
    pub signing: Option<Signing>,
    /// Places that the roster knows: `head`.
    pub more: BTreeMap<&'static str, String>,
}

impl<'a> Extras<'a> {
    /// The usual paper: signed in ink by all three.
    #[must_use]
    pub fn new(
        kind: SlipKind,
        number: impl Into<String>,
        officers: [&'a Officer; 2],
        at: NaiveDateTime,
    ) -> Self {
        Extras {
            kind,
            number: number.into(),
            check_code: "0000-0000".to_owned(),
            code: None,
            officers,
            marks: Marks { officers: [Some(Mark::Ink), Some(Mark::Ink)], party: Some(Mark::Ink) },
            at,
            place: String::new(),
            pay_code: None,
            pay_last_day: None,
            signing: None,
            more: BTreeMap::new(),
        }
    }
}

const SAMPLE: &str = "样本·无法律效力";
const DRILL: &str = "演练无效";

/// The slip of `case` under `law`.
///
/// # Errors
/// No template of this kind, a required place without a value, or a sample or drill mark that the template lost.
pub fn compose(case: &Case, law: &Rulebook, extras: &Extras<'_>) -> Result<Document, SlipError> {
    let template = law.template(extras.kind).ok_or(SlipError::NoTemplate { kind: extras.kind })?;
    let mut places = Places::new();
    {
        let mut put = Put(&mut places);
        put.paper(&template.title, case, law, extras);
        put.organ(law);
        put.party(case, extras.kind);
        put.act(case);
        put.handling(case);
        let record = case.record();
        // Papers before the decision (transfer, advice) speak from the proposal.
        if let Some(decision) = record.map(|r| &r.decision).or(case.proposal().map(|p| &p.decision)) {
            put.decision(decision, law);
            put.result(case, decision, extras);
        }
        put.signing(case, extras);
        put.later(case, extras);
    }
    for (name, value) in &extras.more {
        places.insert(name, value.clone());
    }
    let blocks = fill(template, &places, &extras.marks)?;
    let document = Document {
        version: 1,
        kind: extras.kind,
        title: clean(&template.title),
        number: clean(&extras.number),
        check_code: clean(&extras.check_code),
        code: extras.code.clone().unwrap_or_default(),
        pay_code: extras.pay_code.clone(),
        keep: keep(&places),
        blocks,
    };
    for (name, mark, must) in [("sample", SAMPLE, law.is_sample()), ("drill", DRILL, case.is_drill())] {
        if must && !document.words().contains(mark) {
            return Err(SlipError::MarkMissing { mark: name });
        }
    }
    Ok(document)
}

impl Document {
    /// The same words with 补打 n and its time: the number stays.
    #[must_use]
    pub fn reprint(&self, copy: u32, at: NaiveDateTime) -> Document {
        let mut again = self.clone();
        let after_marks = again.blocks.iter().take_while(|b| b.part == Part::Mark).count();
        let text = format!("补打 第{copy}次 {}", zh::clock(at));
        again.blocks.insert(
            after_marks,
            Block {
                part: Part::Mark,
                label: String::new(),
                style: Style::Centred,
                rule_above: false,
                lines: vec![Line::text(text)],
            },
        );
        again
    }
}

/// Words that stay whole on a line.
fn keep(places: &Places) -> Vec<String> {
    const KEPT: &[&str] = &[
        "party",
        "guardian",
        "child",
        "amount_digits",
        "amount_capitals",
        "prior_order",
        "pay_code",
        "pay_last_day",
        "corrects",
        "revokes",
        "receipt",
        "contact_phone",
        "reconsideration_phone",
        "order_due",
    ];
    KEPT.iter().filter_map(|k| places.get(k)).filter(|v| !v.is_empty()).map(|v| clean(v)).collect()
}

struct Put<'a>(&'a mut Places);

impl Put<'_> {
    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        let value = value.into();
        if !value.trim().is_empty() {
            self.0.insert(name, value);
        }
    }

    fn flag(&mut self, name: &'static str) {
        self.set(name, "是");
    }

    fn paper(&mut self, title: &str, case: &Case, law: &Rulebook, extras: &Extras<'_>) {
        if law.is_sample() {
            self.set("sample", SAMPLE);
        }
        if case.is_drill() {
            self.set("drill", DRILL);
        }
        self.set("title", title);
        self.set("number", extras.number.as_str());
        self.set("check_code", extras.check_code.as_str());
        if let Some(code) = &extras.code {
            self.set("verify_code", code.as_str());
        }
        let [first, second] = extras.officers;
        self.set("officer_1", officer(first));
        self.set("officer_2", officer(second));
        let own = case.record().filter(|r| r.slip == extras.kind);
        self.set("decided_at", zh::moment(own.map_or(extras.at, |r| r.at)));
        let place = case.place().map_or("", |p| p.address.as_str());
        let place = if extras.place.is_empty() { place } else { extras.place.as_str() };
        self.set("decided_place", own.map_or(place, |r| r.place.as_str()));
    }

    fn organ(&mut self, law: &Rulebook) {
        let organ = law.organ();
        self.set("organ", organ.name.as_str());
        self.set("branch", organ.branch.as_str());
        self.set("pay_bank", organ.bank.name.as_str());
        self.set("pay_bank_address", organ.bank.address.as_str());
        self.set("pay_account", organ.bank.account.as_str());
        self.set("reconsideration_organ", organ.reconsideration.name.as_str());
        self.set("reconsideration_address", organ.reconsideration.address.as_str());
        self.set("reconsideration_phone", organ.reconsideration.phone.as_str());
        self.set("reconsideration_online", organ.reconsideration.online.as_str());
        self.set("court", organ.court.name.as_str());
        self.set("contact_phone", organ.phone.as_str());
        self.set("complaint_phone", organ.complaint_phone.as_str());
        self.set("data_purpose", organ.data_purpose.as_str());
        self.set("come_where", organ.come_where.as_str());
        self.set("come_when", organ.come_when.as_str());
        self.set("waiver_rule", citations(&law.settings().waiver_cite));
        if law.settings().cash {
            self.flag("cash");
        }
    }

    fn party(&mut self, case: &Case, kind: SlipKind) {
        let you = if case.party_kind() == PartyKind::Organisation { "你单位" } else { "你" };
        self.set("you", you);
        if case.party().is_some_and(|p| p.identity == Identity::Refused) {
            self.flag("identity_refused");
        }
        let Some(party) = case.party_on_paper() else { return };
        let age = case.act().and_then(|act| party.age_at(act.at.date()));
        self.set("guardian", party.guardian.reveal());
        if let Some(consent) = case.e_service() {
            self.set("e_address", consent.address.reveal());
        }
        if case.is_child() {
            // Surname and age only (invariant 21; 个人信息保护法 31).
            let child = format!("{}某某（{}周岁）", surname(party.name.reveal()), age.unwrap_or_default());
            self.set("child", child.clone());
            if kind != SlipKind::Guardian {
                self.set("party", child);
                self.set("party_kind", kind_name(party.kind));
            }
            return;
        }
        if party.name.is_blank() {
            return;
        }
        self.set("party", party.name.reveal());
        self.set("party_kind", kind_name(party.kind));
        self.set("representative", party.representative.reveal());
        self.set("party_address", party.address.reveal());
        self.set("party_id", identity(&party));
    }

    fn act(&mut self, case: &Case) {
        let Some(Act { at, text, .. }) = case.act() else {
            // Advice may be given before anything is found out.
            if let Some(opening) = case.opening() {
                self.set("act_time", zh::moment(opening.at));
            }
            self.place(case);
            return;
        };
        self.set("act_time", zh::moment(*at));
        self.set("act_ended", zh::day(at.date()));
        self.set("fact", text.reveal());
        if let Some(opening) = case.opening() {
            self.set("discovered_on", zh::day(opening.at.date()));
        }
        self.place(case);
    }

    fn place(&mut self, case: &Case) {
        if let Some(place) = case.place() {
            self.set("act_place", place.address.as_str());
        }
    }

    fn handling(&mut self, case: &Case) {
        let you = if case.party_kind() == PartyKind::Organisation { "你单位" } else { "你" };
        let frozen = case.record().map(|r| &r.evidence);
        let items = || {
            case.evidence().iter().map(|held| (&held.item, held.after_decision)).filter(
                move |(item, late)| match frozen {
                    Some(hashes) => hashes.contains(&item.sha256),
                    None => !late,
                },
            )
        };
        let mut proof = counted(
            items().map(|(item, _)| item).filter(|i| i.stage == Stage::Fact || i.stage == Stage::Other),
        );
        if let Some(statement) = case.statement() {
            let words = match statement.kind {
                StatementKind::Made => {
                    proof.push(format!("{you}的陈述"));
                    format!("{you}陈述：“{}”", statement.words.reveal().trim())
                }
                StatementKind::NotMade => format!("{you}没有陈述、申辩。"),
                StatementKind::Waived => format!("{you}明确放弃陈述、申辩。"),
            };
            self.set("statement", words);
            self.set("statement_review", statement.review.as_str());
        }
        self.set("proof", proof.join("、"));
        if let Some(education) = case.education() {
            self.set("education", education);
        }
        if let Some(at) = case.corrected_at() {
            let pictures =
                counted(items().map(|(item, _)| item).filter(|i| i.stage == Stage::Corrected)).join("、");
            let pictures = if pictures.is_empty() { pictures } else { format!("（改正后{pictures}）") };
            // The hour is enough on the paper of that very day.
            let today = case.record().is_some_and(|r| r.at.date() == at.date());
            let when = if today { zh::clock(at) } else { zh::moment(at) };
            self.set("order_done", format!("{when}已改正{pictures}"));
        }
        if let Some(until) = case.promise() {
            self.set("commitment", format!("{you}承诺于{}前改正", zh::moment(until)));
        }
        if let Some(prior) = case.prior_order() {
            let order = &prior.order;
            self.set("prior_order", order.number.as_str());
            self.set("prior_order_on", zh::day(order.ordered_on));
            self.set("prior_order_due", zh::moment(order.due));
            let found = match (order.refused, order.corrected, order.rechecked) {
                (true, _, _) => "拒不改正".to_owned(),
                (_, Some(false), Some(at)) => format!("逾期未改正（{}复查）", zh::day(at.date())),
                (_, Some(true), _) => "已改正".to_owned(),
                _ => String::new(),
            };
            self.set("prior_order_found", found);
        }
        if let Some(handed) = case.handed() {
            self.set("transfer_reason", handed.reason.as_str());
            if let Destination::Organ(name) = &handed.to {
                self.set("handed_to", name.as_str());
            }
        }
        if let Some((text, _)) = case.advice() {
            self.set("education", text);
        }
    }

    fn decision(&mut self, decision: &Decision, law: &Rulebook) {
        // The officers' own sentence, then what the law asks about it with the measured answers.
        let told = self.0.get("fact").map(|t| t.trim_end_matches('。').to_owned()).unwrap_or_default();
        let law_text = decision.fact_text.trim_end_matches('。');
        let fact = match (told.is_empty(), law_text.is_empty() || told.contains(law_text)) {
            (true, _) => law_text.to_owned(),
            (false, true) => told,
            (false, false) => format!("{told}，{law_text}"),
        };
        self.set("fact", fact);
        self.set("violated", citations(&decision.violated));
        self.set("basis", decision.basis.iter().map(quoted).collect::<Vec<_>>().join("；"));
        self.set("order", decision.order_text.as_str());
        if let Some(tier) = &decision.tier_name {
            self.set("tier", tier.as_str());
        }
        let mut reasons = Vec::new();
        for reason in &decision.reasons {
            match reason.rule.as_str() {
                "milder_law" => self.set("milder_law", reason.text.as_str()),
                // Said elsewhere on the paper: the provision, the education, the authority.
                "waiver.authority" | "education" => {}
                // The limb's own text is its basis; its conditions are the reasons, one line each.
                rule if waives(decision, rule) => {
                    let basis = reason.citations.iter().map(|c| match &c.quote {
                        Some(quote) => format!("{c}（{quote}）"),
                        None => c.to_string(),
                    });
                    self.set("limb_basis", basis.collect::<Vec<_>>().join("；"));
                    self.set("limb_name", reason.text.as_str());
                    let said = |(name, value): &(String, ezhifa_law::facts::Value)| {
                        law.phrase_for(&decision.offence, name, value)
                    };
                    reasons.extend(reason.facts.iter().map(said));
                }
                rule if rule.starts_with("offence.")
                    && (decision.tier_name.is_some() || !rule.contains(".tier")) => {}
                _ => reasons.push(reason.text.clone()),
            }
        }
        // Why 首违不罚 is shut: the party may contest it (处罚法 44).
        if decision.outcome.is_penalty() {
            let shut = decision.rejected.iter().filter(|r| r.rule.starts_with("limb.B"));
            reasons.extend(shut.map(|r| format!("首违不罚不适用：{}", r.because)));
        }
        if let Some(last) = decision.reasons.iter().rev().find(|r| r.rule != "milder_law")
            && !self.0.contains_key("transfer_reason")
        {
            self.set("transfer_reason", last.text.as_str());
        }
        self.set("reasons", numbered(&reasons));
        match decision.limb {
            Some(Limb::A) => self.flag("limb_a"),
            Some(Limb::B) => self.flag("limb_b"),
            Some(Limb::C) => self.flag("limb_c"),
            Some(Limb::D) => self.flag("limb_d"),
            Some(Limb::E) => self.flag("limb_e"),
            None => {}
        }
    }

    fn result(&mut self, case: &Case, decision: &Decision, extras: &Extras<'_>) {
        let record = case.record();
        let decided = record.map_or(decision.outcome, |r| r.outcome);
        let outcome = match (decided, extras.kind) {
            // The head granted what was proposed (57 ①): this paper is the decision.
            (Outcome::NoPenaltyProposed, SlipKind::NoPenalty | SlipKind::Guardian) => Outcome::NoPenalty,
            (decided, _) => decided,
        };
        self.set("decision", outcome.name());
        if matches!(outcome, Outcome::Warning | Outcome::WarningAndFine) {
            self.flag("warning");
        }
        if let Some(as_of) = record.and_then(|r| r.history_as_of) {
            self.set("history_as_of", zh::moment(as_of));
        }
        // At once (立即) is said by the order itself; what is put right has no term left.
        let due = case.order_due().filter(|due| record.is_none_or(|r| *due > r.at));
        if let (Some(due), None) = (due, case.corrected_at()) {
            self.set("order_due", zh::moment(due));
        }
        let amount = record.map_or(decision.amount, |r| r.amount);
        if outcome.has_fine() && amount > Fen::ZERO {
            // One value: digits, capitals and the cap of the late fee come from it (invariant 11).
            self.set("amount_digits", format!("￥{}", amount.digits()));
            self.set("amount_capitals", amount.capitals());
            self.set("late_fee_cap", amount.digits());
            if let Some(day) = extras.pay_last_day {
                self.set("pay_last_day", zh::day(day));
            }
            match &extras.pay_code {
                Some(code) => self.set("pay_code", code.as_str()),
                None => self.flag("pay_code_absent"),
            }
        }
    }

    /// What papers that come after a decision, or beside it, say of it.
    fn later(&mut self, case: &Case, extras: &Extras<'_>) {
        let number = Some(extras.number.as_str());
        match extras.kind {
            SlipKind::Transfer => match ordered(case) {
                // At once (立即) is said by the order itself.
                Some(decision) if decision.order_hours > 0 => {
                    let hours = chrono::TimeDelta::hours(decision.order_hours.into());
                    let due = extras.at.checked_add_signed(hours).unwrap_or(extras.at);
                    self.set("order_due", zh::moment(due));
                }
                Some(_) => {}
                None => {
                    self.0.remove("order");
                    self.0.remove("order_due");
                }
            },
            SlipKind::Void => {
                if let Some(ended) = case.ended().last() {
                    self.set("corrects", ended.record.number.as_str());
                    self.set("void_reason", ended.reason.as_str());
                }
            }
            SlipKind::Correction => {
                let corrected = case.clerical_corrections().iter().find(|(_, n)| n.as_deref() == number);
                if let Some((what, _)) = corrected {
                    self.set("correction", what.as_str());
                }
                if let Some(record) = case.record() {
                    self.set("corrects", record.number.as_str());
                }
            }
            SlipKind::Revocation => {
                if let Some(ended) = case.ended().iter().find(|e| e.paper.as_deref() == number) {
                    self.set("revokes", ended.record.number.as_str());
                    self.set("revocation_reason", ended.reason.as_str());
                }
            }
            SlipKind::PaymentReference => {
                if let (Some(record), Some(paid)) = (case.record(), case.payments().last()) {
                    self.set("corrects", record.number.as_str());
                    self.set("amount_digits", format!("￥{}", paid.amount.digits()));
                    self.set("amount_capitals", paid.amount.capitals());
                    self.set("receipt", paid.receipt.as_str());
                }
            }
            SlipKind::FilingSheet => {
                if let Some(record) = case.record() {
                    // Named so that it stays on one line.
                    self.set("corrects", record.number.as_str());
                    self.filing(record);
                }
            }
            _ => {}
        }
    }

    /// 报送案件: what the organ files, one line each.
    fn filing(&mut self, record: &DecisionRecord) {
        let known = |places: &Places, name| places.get(name).cloned().unwrap_or_default();
        let mut lines = vec![record.number.clone(), format!("当事人 {}", known(self.0, "party"))];
        lines.push(format!("事实 {}", known(self.0, "fact")));
        let amount = if record.outcome.has_fine() {
            format!(" {} {}", known(self.0, "amount_digits"), known(self.0, "amount_capitals"))
        } else {
            String::new()
        };
        lines.push(format!("决定 {}{amount}", record.outcome.name()));
        lines.push(format!("决定时间 {}", zh::moment(record.at)));
        self.set("filing", lines.join("\n"));
    }

    fn signing(&mut self, case: &Case, extras: &Extras<'_>) {
        self.flag("party_sign");
        let Some(signing) = &extras.signing else { return };
        match signing.act {
            SigningAct::RefusedToSign => self.flag("sign_refused"),
            SigningAct::Unable => {
                let reason = signing.reason.reveal();
                self.set("sign_unable", if reason.is_empty() { "不能书写" } else { reason });
            }
            SigningAct::Signed | SigningAct::Ink | SigningAct::RefusedToTake => {}
        }
        if signing.role != SignerRole::Party && !case.is_child() {
            self.set("signer", format!("{}（{}）", signing.name.reveal(), role_name(signing.role)));
        }
    }
}

/// What a case that leaves the street still orders (处罚法 28): nothing while the facts are not clear, where
/// another organ has to decide, or where there is nothing left to put right.
fn ordered(case: &Case) -> Option<&Decision> {
    if case.handed().is_some_and(|h| matches!(h.to, Destination::Organ(_))) || case.corrected_at().is_some() {
        return None;
    }
    let standing = case.record().map(|r| &r.decision);
    let proposed = case.proposal().filter(|p| !p.outdated).map(|p| &p.decision);
    let decision = standing.or(proposed)?;
    let unclear = |rule: &str| rule == "facts.unclear" || rule.starts_with("ordinary.");
    let violation = !matches!(
        decision.outcome,
        Outcome::NoViolation | Outcome::Advice | Outcome::Referral | Outcome::OrderComplied
    );
    (violation && !decision.reasons.iter().any(|r| unclear(&r.rule))).then_some(decision)
}

/// Whether this is the rule that waives: the limb that fits, or the row of the offence that says so for it.
fn waives(decision: &Decision, rule: &str) -> bool {
    decision.limb.is_some_and(|limb| {
        rule == format!("limb.{limb:?}") || rule.starts_with(&format!("offence.{}.waive.", decision.offence))
    })
}

fn officer(officer: &Officer) -> String {
    format!("{} 证号{}", officer.name, officer.certificate)
}

/// Kind of document, last four characters, how sure: never the whole number.
fn identity(party: &Party) -> String {
    let kind = match party.id_kind {
        IdKind::ResidentId => "居民身份证",
        IdKind::CreditCode => "统一社会信用代码",
        IdKind::Passport => "护照",
        IdKind::TravelPermit => "通行证",
        IdKind::ResidencePermit => "居住证",
        IdKind::PermanentResidence => "永久居留身份证",
        IdKind::None => "身份",
    };
    let number = party.id_number.reveal();
    let last =
        number.char_indices().rev().nth(3).map_or(number, |(at, _)| number.get(at..).unwrap_or(number));
    let sure = match party.identity {
        Identity::DocumentRead => "已核验",
        Identity::Declared => "自报，未核验",
        Identity::Refused => "拒绝表明",
        Identity::Unknown => "不明",
    };
    match (party.id_kind, number.is_empty()) {
        // A company's code is public and identifies it.
        (IdKind::CreditCode, false) => format!("{kind} {number}（{sure}）"),
        (_, false) => format!("{kind} 尾号{last}（{sure}）"),
        (_, true) => format!("{kind}（{sure}）"),
    }
}

/// 照片3张、录像1段.
fn counted<'e>(items: impl Iterator<Item = &'e EvidenceItem>) -> Vec<String> {
    let mut counts = [
        ("photo", "照片", "张", 0u32),
        ("video", "录像", "段", 0),
        ("audio", "录音", "段", 0),
        ("document", "书证", "份", 0),
    ];
    for item in items {
        if let Some(count) = counts.iter_mut().find(|c| c.0 == item.kind) {
            count.3 = count.3.saturating_add(1);
        }
    }
    counts.iter().filter(|c| c.3 > 0).map(|(_, name, unit, n)| format!("{name}{n}{unit}")).collect()
}

fn citations(list: &[Citation]) -> String {
    list.iter().map(Citation::to_string).collect::<Vec<_>>().join("、")
}

fn quoted(citation: &Citation) -> String {
    match &citation.quote {
        Some(quote) => format!("{citation}：{}", quote.trim_end_matches('。')),
        None => citation.to_string(),
    }
}

fn numbered(reasons: &[String]) -> String {
    match reasons {
        [one] => one.clone(),
        many => many
            .iter()
            .enumerate()
            .map(|(i, r)| format!("{}.{}。", i.saturating_add(1), r.trim_end_matches('。')))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn kind_name(kind: PartyKind) -> &'static str {
    match kind {
        PartyKind::Citizen => "公民",
        PartyKind::SoleTrader => "个体工商户",
        PartyKind::Organisation => "单位",
    }
}

fn role_name(role: SignerRole) -> &'static str {
    match role {
        SignerRole::Party => "本人",
        SignerRole::LegalRepresentative => "法定代表人或者主要负责人",
        SignerRole::Receiver => "负责收件的人",
        SignerRole::HouseholdAdult => "同住成年家属",
        SignerRole::Guardian => "监护人",
        SignerRole::Agent => "委托代理人",
    }
}

/// Surname of a name: two characters for the common double surnames.
fn surname(name: &str) -> &str {
    const DOUBLE: &[&str] = &[
        "欧阳", "上官", "司马", "诸葛", "司徒", "皇甫", "尉迟", "公孙", "慕容", "令狐", "夏侯", "东方",
        "宇文", "长孙", "南宫",
    ];
    if let Some(double) = DOUBLE.iter().find(|d| name.starts_with(**d)) {
        return name.get(..double.len()).unwrap_or(name);
    }
    name.char_indices().nth(1).map_or(name, |(at, _)| name.get(..at).unwrap_or(name))
}
