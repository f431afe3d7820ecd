//! A street, two officers and a law that says what the test wants: the guards are tested apart from any pack.
#![allow(
    dead_code,
    clippy::result_large_err,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs
)]

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use ezhifa_casework::{
    books::{Books, Rules},
    case::Case,
    command::{Command, Desk, NextNumber, ReceiptBlock},
    event::*,
    harsh::harsher,
    people::*,
    refusal::Refusal,
};
use ezhifa_law::{
    decision::{AnswerKind, Decision, DefenceCap, History, Inquiry, PackRef, Question},
    facts::{Facts, Value},
    money::Fen,
    terms::*,
};

pub fn at(day: u32, hour: u32, minute: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 6, day).unwrap().and_hms_opt(hour, minute, 0).unwrap()
}

pub fn officer(id: &str) -> OfficerId {
    OfficerId(id.to_owned())
}

pub fn crew(lead: &str, second: &str) -> Crew {
    Crew { lead: officer(lead), second: officer(second), with: Vec::new() }
}

fn person(id: &str, kind: OfficerKind, powers: &[Power]) -> Officer {
    Officer {
        id: officer(id),
        name: format!("官{id}"),
        certificate: format!("粤S-{id}"),
        kind,
        valid_from: NaiveDate::from_ymd_opt(2025, 1, 1).unwrap(),
        valid_to: NaiveDate::from_ymd_opt(2027, 12, 31).unwrap(),
        branch: "DC".to_owned(),
        pin_verifier: String::new(),
        powers: powers.to_vec(),
    }
}

pub fn roster() -> Roster {
    let mut lapsed = person("lapsed", OfficerKind::Certified, &[]);
    lapsed.valid_to = NaiveDate::from_ymd_opt(2026, 6, 17).unwrap();
    Roster {
        officers: vec![
            person("a", OfficerKind::Certified, &[Power::Void]),
            person("b", OfficerKind::Certified, &[]),
            person("c", OfficerKind::Certified, &[]),
            person("d", OfficerKind::Certified, &[]),
            person("aux", OfficerKind::Auxiliary, &[]),
            person("head", OfficerKind::Certified, &[Power::Head]),
            lapsed,
        ],
    }
}

pub fn rules() -> Rules {
    Rules {
        filing_hours: 24,
        gate_citizen: Fen::yuan(200),
        gate_sole_trader: Fen::yuan(200),
        gate_organisation: Fen::yuan(3000),
        cash: true,
        cash_limit: Fen::yuan(100),
        verified_identity_for_fine: true,
        recheck_other_crew: true,
        recheck_other_day: true,
        refusal_service_days: 7,
        commitment_first: false,
        online_reconsideration: true,
    }
}

/// A law of two facts: `end` names the outcome, `yuan` the amount; `limb` the limb of a waiver.
pub struct Plain {
    pub rules: Rules,
    pub version: u32,
    /// The provision was rewritten: the pack names another article.
    pub amended: bool,
    /// Forgets caps and punishes on any limb: the guards hold even then.
    pub rogue: bool,
}

pub const ENDS: [(&str, Outcome); 9] = [
    ("no_violation", Outcome::NoViolation),
    ("advice", Outcome::Advice),
    ("order", Outcome::Order),
    ("order_complied", Outcome::OrderComplied),
    ("no_penalty", Outcome::NoPenalty),
    ("no_penalty_proposed", Outcome::NoPenaltyProposed),
    ("warning", Outcome::Warning),
    ("fine", Outcome::Fine),
    ("ordinary", Outcome::OrdinaryProcedure),
];

pub const LIMBS: [(&str, Limb); 5] =
    [("A", Limb::A), ("B", Limb::B), ("C", Limb::C), ("D", Limb::D), ("E", Limb::E)];

impl Plain {
    fn pack(&self) -> PackRef {
        PackRef { id: "plain".to_owned(), version: self.version, hash: "00".repeat(32) }
    }
}

impl Books for Plain {
    fn decide(&self, inquiry: &Inquiry) -> Result<Decision, String> {
        let word = |name: &str| match inquiry.facts.get(name) {
            Value::Choice(c) => c.clone(),
            _ => String::new(),
        };
        let mut outcome =
            ENDS.iter().find(|(w, _)| *w == word("end")).map_or(Outcome::OrdinaryProcedure, |(_, o)| *o);
        if inquiry.age_at_act.is_some_and(|a| a < 14) && outcome.is_penalty() {
            outcome = Outcome::NoPenalty;
        }
        let mut amount = match (outcome.has_fine(), inquiry.facts.get("yuan")) {
            (true, Value::Int(n)) => Fen::yuan(*n),
            (true, _) => Fen::yuan(50),
            _ => Fen::ZERO,
        };
        let waives = matches!(outcome, Outcome::NoPenalty | Outcome::NoPenaltyProposed);
        let mut limb =
            LIMBS.iter().find(|(w, _)| *w == word("limb")).map(|(_, l)| *l).filter(|_| waives || self.rogue);
        let mut may_choose = Vec::new();
        if limb == Some(Limb::B) {
            may_choose.push(Outcome::Fine);
        }
        if let Some(choice) = inquiry.choice {
            if choice.outcome != outcome && !may_choose.contains(&choice.outcome) {
                return Err("not open".to_owned());
            }
            if choice.outcome.is_penalty() {
                limb = None;
            }
            outcome = choice.outcome;
            amount = choice.amount.filter(|_| !self.rogue).unwrap_or(if outcome.has_fine() {
                Fen::yuan(50)
            } else {
                Fen::ZERO
            });
        }
        if let Some(cap) = inquiry.defence_cap.filter(|_| !self.rogue)
            && harsher(DefenceCap { outcome, amount }, cap)
        {
            (outcome, amount) = (cap.outcome, cap.amount);
        }
        let (slip, series, remedy) = match outcome {
            Outcome::Warning | Outcome::Fine | Outcome::WarningAndFine => {
                (SlipKind::Penalty, Series::Penalty, Remedy::ReconsiderationFirst)
            }
            Outcome::NoPenalty if limb == Some(Limb::D) => {
                (SlipKind::Guardian, Series::NoPenalty, Remedy::ReconsiderationOrCourt)
            }
            Outcome::NoPenalty => (SlipKind::NoPenalty, Series::NoPenalty, Remedy::ReconsiderationOrCourt),
            Outcome::NoPenaltyProposed => (SlipKind::NoPenaltyProposed, Series::Notice, Remedy::None),
            Outcome::Order | Outcome::OrderComplied => {
                (SlipKind::Order, Series::Order, Remedy::ReconsiderationOrCourt)
            }
            Outcome::Advice | Outcome::NoViolation => (SlipKind::Advice, Series::Notice, Remedy::None),
            Outcome::OrdinaryProcedure | Outcome::Referral => {
                (SlipKind::Transfer, Series::Notice, Remedy::None)
            }
        };
        let amended =
            Citation { instrument: "样例".into(), article: "第二条".into(), version: None, quote: None };
        let basis: Vec<Citation> = self.amended.then_some(amended).into_iter().collect();
        let json = serde_json::json!({
            "offence": inquiry.offence, "offence_name": "占道经营", "outcome": outcome, "limb": limb,
            "provisional": false, "tier": null, "tier_name": null,
            "range": { "low": 2000, "high": 20000 }, "amount": amount, "may_choose": may_choose,
            "violated": [], "basis": basis, "order_text": "立即清理", "order_hours": 0, "fact_text": "",
            "reasons": [], "rejected": [], "duties": [], "remedy": remedy, "slip": slip, "series": series,
            "pack": self.pack(), "pack_at_act": self.pack(), "semantics": 1, "facts": inquiry.facts,
        });
        serde_json::from_value(json).map_err(|e| e.to_string())
    }

    fn questions(&self, _: &Inquiry) -> Result<Vec<Question>, String> {
        Ok(Vec::new())
    }

    fn has_offence(&self, offence: &str) -> bool {
        offence == "stall"
    }

    fn is_same_matter(&self, one: &str, other: &str) -> bool {
        one == other
    }

    fn answer_kind(&self, fact: &str) -> Option<AnswerKind> {
        let options = |words: &[&str]| AnswerKind::Choice {
            options: words.iter().map(|w| ((*w).to_owned(), (*w).to_owned())).collect(),
        };
        match fact {
            "end" => Some(options(&ENDS.map(|(w, _)| w))),
            "limb" => Some(options(&LIMBS.map(|(w, _)| w))),
            "yuan" => Some(AnswerKind::Int { unit: "元".to_owned(), decimals: 0, min: 0, max: 5000 }),
            "disputed" => Some(AnswerKind::Bool),
            _ => None,
        }
    }

    fn rules(&self) -> Rules {
        self.rules.clone()
    }

    fn laws(&self) -> Laws {
        Laws { at_act: self.pack(), at_decision: self.pack() }
    }
}

/// A case in the making: commands go in, events are kept.
pub struct Street {
    pub case: Case,
    pub events: Vec<CaseEvent>,
    pub law: Plain,
    pub roster: Roster,
    pub crew: Crew,
    pub now: NaiveDateTime,
    pub clock_trusted: bool,
    pub filing_overdue: bool,
    pub encounter_fines: Fen,
    pub history: History,
    pub numbers: bool,
    pub drill_numbers: bool,
    pub receipts: Vec<ReceiptBlock>,
    pub used: u64,
}

impl Default for Street {
    fn default() -> Self {
        Street {
            case: Case::new(CaseId("case-1".to_owned())),
            events: Vec::new(),
            law: Plain { rules: rules(), version: 1, amended: false, rogue: false },
            roster: roster(),
            crew: crew("a", "b"),
            now: at(18, 19, 0),
            clock_trusted: true,
            filing_overdue: false,
            encounter_fines: Fen::ZERO,
            history: History { earlier: Some(false), as_of: Some(at(18, 8, 0)), stale: false },
            numbers: true,
            drill_numbers: false,
            receipts: vec![ReceiptBlock { prefix: "GD".to_owned(), from: 100, to: 109 }],
            used: 0,
        }
    }
}

pub type Done = Result<(), Refusal>;

impl Street {
    pub fn tell(&mut self, command: &Command) -> Done {
        self.now += TimeDelta::seconds(20);
        // A number lies ready of the series that this command needs.
        let series = match command {
            Command::Decide { .. } => self.case.needed_series().unwrap_or(Series::Notice),
            Command::RuleWaiver { .. } => Series::NoPenalty,
            Command::KeyInPaper { .. } => Series::HandWritten,
            _ => Series::Notice,
        };
        let events = self.case.handle(command, &self.desk(series))?;
        self.used += 1;
        for event in events {
            self.case.apply(&event);
            self.events.push(event);
        }
        Ok(())
    }

    pub fn desk(&self, series: Series) -> Desk<'_> {
        Desk {
            now: self.now,
            crew: &self.crew,
            roster: &self.roster,
            books: &self.law,
            history: self.history.clone(),
            next_number: self.numbers.then(|| NextNumber {
                series,
                text: format!("{series:?}-{}", self.used),
                drill: self.drill_numbers,
            }),
            filing_overdue: self.filing_overdue,
            clock_trusted: self.clock_trusted,
            encounter_fines: self.encounter_fines,
            receipts: &self.receipts,
        }
    }

    /// Codes of everything that still stands before the decision.
    pub fn missing(&self) -> Vec<&'static str> {
        let series = self.case.needed_series().unwrap_or(Series::Notice);
        self.case.missing(&self.desk(series)).iter().map(|r| r.code).collect()
    }

    /// Tells several; panics at the first refusal.
    #[track_caller]
    pub fn all(&mut self, commands: &[Command]) -> &mut Self {
        for command in commands {
            if let Err(refusal) = self.tell(command) {
                panic!("{command:?} refused: {refusal}");
            }
        }
        self
    }

    /// The code of the refusal that `command` meets.
    #[track_caller]
    pub fn refused(&mut self, command: &Command) -> &'static str {
        match self.tell(command) {
            Ok(()) => panic!("{command:?} was not refused"),
            Err(refusal) => refusal.code,
        }
    }

    pub fn decide(&self) -> Command {
        self.decide_with(None)
    }

    /// What the crew writes by hand now, on the sheet that lies on the desk.
    pub fn key_in(&self, written_at: NaiveDateTime, photo: &str) -> Command {
        let Command::Decide { choice, order_due, confirmations } = self.decide() else { unreachable!() };
        let number = format!("{:?}-{}", Series::HandWritten, self.used);
        let paper = HandPaper { number, written_at, photo: hash(photo) };
        Command::KeyInPaper { paper, choice, order_due, confirmations }
    }

    pub fn decide_with(&self, choice: Option<Choice>) -> Command {
        let confirm = |officer: &OfficerId| Confirmation {
            officer: officer.clone(),
            how: ConfirmWay::Pin,
            at: self.now,
        };
        Command::Decide {
            choice,
            order_due: None,
            confirmations: vec![confirm(&self.crew.lead), confirm(&self.crew.second)],
        }
    }

    /// Open, certificates, photo, offence, party, and the end that the law shall say.
    pub fn until_facts(end: &str) -> Street {
        let mut street = Street::default();
        street.all(&[
            open(),
            Command::ShowCertificates,
            photo("f1", Stage::Fact),
            offence(),
            Command::IdentifyParty(Box::new(vendor())),
            answer("end", Value::Choice(end.to_owned())),
            Command::AskHistory,
        ]);
        street
    }

    /// The same, proposed, notified and heard.
    pub fn until_heard(end: &str) -> Street {
        let mut street = Street::until_facts(end);
        street.all(&[Command::Propose { choice: None }, notice(), silent()]);
        street
    }

    /// A waiver on `limb`, ready to be decided.
    pub fn until_waiver(limb: &str) -> Street {
        let mut street = Street::until_facts("no_penalty");
        street.all(&[
            answer("limb", Value::Choice(limb.to_owned())),
            photo("after", Stage::Corrected),
            Command::SeeCorrection { evidence: vec![hash("after")] },
            Command::Educate { how: "当场讲解".to_owned() },
            Command::Propose { choice: None },
            notice(),
            silent(),
        ]);
        street
    }

    /// Decided, issued, printed.
    pub fn until_printed(end: &str) -> Street {
        let mut street = Street::until_heard(end);
        let decide = street.decide();
        street.all(&[decide]);
        street.issue_and_print();
        street
    }

    pub fn issue_and_print(&mut self) {
        let record = self.case.record().unwrap().clone();
        self.all(&[issue(record.slip, &record.number), printed(&record.number, PrintState::Printed)]);
    }

    /// Served in ink.
    pub fn until_served(end: &str) -> Street {
        let mut street = Street::until_printed(end);
        street.all(&[serve()]);
        street
    }
}

pub fn open() -> Command {
    Command::Open { source: Source::Patrol, place: place(), drill: false, continues: None }
}

pub fn place() -> Place {
    Place {
        address: "东城街道花园新村12号门前".to_owned(),
        lat_e7: Some(230_201_000),
        lon_e7: Some(1_137_518_000),
        accuracy_cm: Some(500),
        source: "gnss".to_owned(),
        branch: "DC".to_owned(),
    }
}

pub fn hash(name: &str) -> String {
    format!("{name:0>64}")
}

pub fn item(name: &str, stage: Stage, captured_at: NaiveDateTime) -> EvidenceItem {
    EvidenceItem {
        sha256: hash(name),
        kind: "photo".to_owned(),
        size: 1000,
        captured_at,
        stage,
        caption: "现场".to_owned(),
    }
}

pub fn photo(name: &str, stage: Stage) -> Command {
    Command::AddEvidence(item(name, stage, at(18, 18, 59)))
}

pub fn offence() -> Command {
    Command::ChooseOffence {
        offence: "stall".to_owned(),
        act_at: at(18, 18, 55),
        fact_text: Private::new("在人行道摆卖水果"),
    }
}

pub fn vendor() -> Party {
    Party {
        kind: PartyKind::Citizen,
        name: Private::new("王小明"),
        id_kind: IdKind::ResidentId,
        id_number: Private::new("11010519491231002X"),
        identity: Identity::DocumentRead,
        born: NaiveDate::from_ymd_opt(1949, 12, 31),
        address: Private::default(),
        phone: Private::default(),
        representative: Private::default(),
        guardian: Private::default(),
        plate: Private::default(),
    }
}

pub fn shop() -> Party {
    Party {
        kind: PartyKind::Organisation,
        name: Private::new("东莞市某某商行有限公司"),
        id_kind: IdKind::CreditCode,
        id_number: Private::new("91350100M000100Y43"),
        identity: Identity::DocumentRead,
        born: None,
        representative: Private::new("李四"),
        ..vendor()
    }
}

pub fn child() -> Party {
    Party {
        name: Private::new("小宝"),
        id_kind: IdKind::None,
        id_number: Private::default(),
        identity: Identity::Declared,
        born: NaiveDate::from_ymd_opt(2014, 1, 1),
        guardian: Private::new("王大明"),
        ..vendor()
    }
}

pub fn answer(name: &str, value: Value) -> Command {
    Command::AnswerFact { name: name.to_owned(), value, source: FactSource::Officer }
}

pub fn notice() -> Command {
    Command::GiveNotice(NoticeWay::Oral)
}

pub fn silent() -> Command {
    Command::HearStatement {
        statement: StatementKind::NotMade,
        by: SignerRole::Party,
        words: Private::default(),
        review: String::new(),
        upheld: false,
    }
}

pub fn speaks(upheld: bool) -> Command {
    Command::HearStatement {
        statement: StatementKind::Made,
        by: SignerRole::Party,
        words: Private::new("我第一次摆"),
        review: "经复核属实".to_owned(),
        upheld,
    }
}

pub fn issue(slip: SlipKind, number: &str) -> Command {
    Command::IssueSlip {
        slip,
        number: number.to_owned(),
        code: "HTTPS://EXAMPLE.INVALID/V/AAAA".to_owned(),
        check_code: "3F8R-6T2W".to_owned(),
        document: Private::new("{}"),
    }
}

pub fn printed(number: &str, result: PrintState) -> Command {
    Command::RecordPrint { number: number.to_owned(), result }
}

pub fn ink() -> Signing {
    Signing {
        role: SignerRole::Party,
        act: SigningAct::Ink,
        name: Private::default(),
        reason: Private::default(),
        evidence: None,
    }
}

pub fn serve() -> Command {
    Command::Serve { how: ServiceWay::HandedOver, signing: ink() }
}

pub fn refusal_to_take(film: &str) -> Signing {
    Signing {
        act: SigningAct::RefusedToTake,
        reason: Private::new("不要"),
        evidence: Some(hash(film)),
        ..ink()
    }
}

pub fn pay(yuan: i64, receipt: &str) -> Command {
    Command::Pay {
        amount: Fen::yuan(yuan),
        how: PayWay::PayCode,
        receipt: receipt.to_owned(),
        cash: None,
        reason: String::new(),
    }
}

pub fn pay_cash(yuan: i64, receipt: &str, ground: Option<CashGround>, reason: &str) -> Command {
    Command::Pay {
        amount: Fen::yuan(yuan),
        how: PayWay::Cash,
        receipt: receipt.to_owned(),
        cash: ground,
        reason: reason.to_owned(),
    }
}

pub fn no_facts() -> Facts {
    Facts::default()
}
