//! The desk and the street together, one file a paragraph of docs/hq-desk.md: the real phone over HTTPS, the
//! desk over HTTPS with a token for each role, on SQLite or on the PostgreSQL that `HQ_POSTGRES` names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
mod figures;
mod leads;
mod money;
mod operation;
mod orders;
mod reviews;
mod roster;

use chrono::NaiveDateTime;
use common::{BRANCH, PINS, Street, ink, office::Office, stall};
use ezhifa_field::{
    FieldOffice,
    casework::{
        command::Command,
        event::{CaseId, Choice, FactSource, NoticeWay, ServiceWay, Source, Stage, StatementKind},
        law::{
            facts::Value,
            terms::{Outcome, PartyKind},
        },
        people::{IdKind, Identity, Officer, OfficerId, Party, Place, Power, Private, SignerRole},
    },
    clock::Clock as _,
    feed::local,
    office::{Shot, Taken},
    printer::Profile,
};
use ezhifa_hq::{
    HqConfig,
    desk::access::{Holder, Role},
};
use serde_json::{Value as Json, json};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Somebody of whom nothing is known.
const OTHER: &str = "441900199003121012";
const THIRD: &str = "44190019780921215X";

/// The street, and everybody who asks HQ.
struct Town {
    street: Street,
    desk: Office,
    supervisor: Office,
    auditor: Office,
    head: Office,
    citizens: Office,
    finance: Office,
}

fn town() -> Town {
    town_with(|_| {})
}

fn town_with(set: impl FnOnce(&mut HqConfig)) -> Town {
    let street = Street::with(set);
    let plain = |role, name| street.office(Holder::plain(role, name));
    Town {
        desk: plain(Role::Desk, "值班台"),
        supervisor: plain(Role::Supervisor, "督察"),
        auditor: plain(Role::Auditor, "审计"),
        head: street
            .office(Holder { officer: Some("o-9".into()), ..Holder::plain(Role::Supervisor, "局长") }),
        citizens: plain(Role::LeadSource, "一键找城管"),
        finance: plain(Role::PaymentSource, "非税系统"),
        street,
    }
}

fn sync(phone: &FieldOffice) {
    let report = phone.sync_now(&phone.transport().unwrap(), &()).unwrap();
    assert!(report.done, "{report:?}");
}

fn place(lat_e7: i64) -> Place {
    Place {
        address: "东纵路".into(),
        lat_e7: Some(lat_e7),
        lon_e7: Some(1_137_518_000),
        accuracy_cm: Some(500),
        source: "gnss".into(),
        branch: BRANCH.into(),
    }
}

/// Somebody met, and what the officers saw.
struct Met<'a> {
    id: &'a str,
    offence: &'a str,
    words: &'a str,
    party: &'a str,
    facts: Vec<(&'a str, Value)>,
    lat_e7: i64,
    source: Source,
}

/// A dog's owner; where `cleaned`, one who takes away what the dog left.
fn dog<'a>(id: &'a str, party: &'a str, cleaned: bool) -> Met<'a> {
    let facts = vec![
        ("dog_waste", Value::Bool(true)),
        ("cleaned_at_once", Value::Bool(false)),
        ("items", Value::Int(1)),
        ("minor", Value::Bool(cleaned)),
        ("harm", Value::Choice(if cleaned { "none" } else { "slight" }.into())),
        ("corrected", Value::Bool(cleaned)),
    ];
    let words = "携犬外出，未立即清除犬只粪便";
    Met { id, offence: "dog-waste", words, party, facts, lat_e7: 230_207_000, source: Source::Patrol }
}

/// Laundry on a railing: there is no fine for it, only an order.
fn laundry<'a>(id: &'a str, lat_e7: i64) -> Met<'a> {
    let facts = vec![("hung_out", Value::Bool(true)), ("unsightly", Value::Bool(true))];
    let words = "在道路护栏晾晒被子";
    Met { id, offence: "laundry", words, party: OTHER, facts, lat_e7, source: Source::Patrol }
}

fn person(id_number: &str) -> Party {
    Party {
        kind: PartyKind::Citizen,
        name: Private::new("李四"),
        id_kind: IdKind::ResidentId,
        id_number: Private::new(id_number),
        identity: Identity::DocumentRead,
        born: chrono::NaiveDate::parse_from_str(&id_number[6..14], "%Y%m%d").ok(),
        address: Private::new("东城街道东纵路6号"),
        phone: Private::default(),
        representative: Private::default(),
        guardian: Private::default(),
        plate: Private::default(),
    }
}

impl Town {
    fn now(&self) -> NaiveDateTime {
        local(self.street.clock.now().wall_ms)
    }

    /// Everybody's clock goes on.
    fn pass(&self, ms: i64) {
        self.street.clock.pass(ms);
    }

    fn sync(&self) {
        sync(&self.street.phone);
        self.street.hq.settle().unwrap();
    }

    fn act(&self, phone: &FieldOffice, case: &CaseId, command: Command) {
        self.pass(5_000);
        if let Err(e) = phone.act(case, &command) {
            panic!("{command:?}: {e}");
        }
    }

    fn photo(&self, phone: &FieldOffice, case: &CaseId, stage: Stage) -> String {
        let bytes = format!("jpeg of {} {stage:?} at {}", case.0, self.now());
        phone
            .capture(Some(case), &Taken::Bytes(bytes.into_bytes()), &Shot::photo(stage, "现场"))
            .unwrap()
            .sha256
    }

    /// A case of what was met, proposed.
    fn meet(&self, phone: &FieldOffice, met: &Met<'_>) -> (CaseId, Outcome) {
        let id = CaseId(met.id.into());
        let case = phone.open_case_as(&id, met.source.clone(), place(met.lat_e7), false, None).unwrap();
        self.act(phone, &case, Command::ShowCertificates);
        self.photo(phone, &case, Stage::Fact);
        self.act(phone, &case, Command::IdentifyParty(Box::new(person(met.party))));
        let choose = Command::ChooseOffence {
            offence: met.offence.into(),
            act_at: self.now(),
            fact_text: Private::new(met.words),
        };
        self.act(phone, &case, choose);
        phone.history(&case).unwrap();
        for (name, value) in &met.facts {
            let answer = Command::AnswerFact {
                name: (*name).into(),
                value: value.clone(),
                source: FactSource::Officer,
            };
            self.act(phone, &case, answer);
        }
        let outcome = phone.propose(&case, None).unwrap().outcome;
        (case, outcome)
    }

    /// Told, heard, decided by both, printed and handed over; its number.
    fn finish(
        &self,
        phone: &FieldOffice,
        case: &CaseId,
        choice: Option<&str>,
        due: Option<NaiveDateTime>,
    ) -> String {
        let folded = phone.case(case).unwrap();
        let proposal = folded.proposal().unwrap().decision.clone();
        if proposal.outcome != Outcome::Order {
            self.act(phone, case, Command::GiveNotice(NoticeWay::Oral));
            self.pass(30_000);
            let heard = Command::HearStatement {
                statement: StatementKind::Made,
                by: SignerRole::Party,
                words: Private::new("知道了"),
                review: "经复核，违法事实成立".into(),
                upheld: false,
            };
            self.act(phone, case, heard);
        }
        if proposal.limb.is_some() {
            let after = self.photo(phone, case, Stage::Corrected);
            self.act(phone, case, Command::SeeCorrection { evidence: vec![after] });
            self.act(phone, case, Command::Educate { how: "当面讲解有关规定".into() });
        }
        let both: Vec<_> = self
            .street
            .officers
            .iter()
            .zip(PINS)
            .map(|(officer, pin)| phone.confirm(case, officer, pin).unwrap())
            .collect();
        let number = phone.decide(case, choice.map(Choice::because), due, &both).unwrap().number;
        self.hand_over(phone, case);
        number
    }

    fn hand_over(&self, phone: &FieldOffice, case: &CaseId) {
        phone.issue(case).unwrap();
        let profile = Profile::named("generic-58-gbk").unwrap();
        phone.print_at(case, None, &self.street.printer_address(), &profile).unwrap();
        self.act(phone, case, Command::Serve { how: ServiceWay::HandedOver, signing: ink() });
    }

    /// A waiver of limb A on the street's phone; its number.
    fn waive(&self, id: &str, party: &str) -> String {
        let phone = &self.street.phone;
        let (case, outcome) = self.meet(phone, &dog(id, party, true));
        assert_eq!(outcome, Outcome::NoPenalty);
        self.finish(phone, &case, None, None)
    }

    /// A stall's fine, decided, that has no paper yet: case, number, fen.
    fn fined(&self, id: &str) -> (CaseId, String, i64) {
        let (case, decided) = self.street.decided(id);
        (case, decided.number, decided.record.amount.0)
    }

    /// Publishes a roster with a head of the organ on it.
    fn with_head(&self) {
        let mut roster = self.street.hq.roster(BRANCH).unwrap();
        roster.push(Officer {
            id: OfficerId("o-9".into()),
            name: "赵局".into(),
            powers: vec![Power::Head],
            ..roster[0].clone()
        });
        self.desk.post(&format!("roster/{BRANCH}"), &roster);
        self.sync();
    }

    /// The ground of the branch.
    fn ground(&self) {
        let corner = |lat: i64, lon: i64| json!({"lat_e7": lat, "lon_e7": lon});
        let corners = [
            corner(230_000_000, 1_137_000_000),
            corner(230_000_000, 1_138_000_000),
            corner(231_000_000, 1_138_000_000),
            corner(231_000_000, 1_137_000_000),
        ];
        self.desk.post(&format!("areas/{BRANCH}"), &corners);
    }

    /// A line of a list, by its number.
    fn line(&self, list: &str, number: &str) -> Json {
        let mut found = self.desk.list(&format!("{list}?number={}", common::office::part(number)));
        assert_eq!(found.len(), 1, "{list} {number}");
        found.remove(0)
    }
}

/// What HQ has told a phone of its cases: (finding, number).
fn told(phone: &FieldOffice) -> Vec<(String, String)> {
    let inbox = phone.from_hq().unwrap();
    inbox.verdicts().iter().map(|v| (v.finding.clone(), v.number.clone())).collect()
}

fn has_told(phone: &FieldOffice, finding: &str, number: &str) -> bool {
    told(phone).iter().any(|(f, n)| f == finding && n == number)
}

/// The words that HQ has sent to the crew.
fn words(phone: &FieldOffice) -> Vec<String> {
    phone.from_hq().unwrap().messages().iter().map(|m| m.zh.clone()).collect()
}

fn lead(reference: &str, lat_e7: i64) -> Json {
    json!({"reference": reference, "source": "citizen_report", "event_code": "0501", "text": "有人占道摆摊",
        "place": "东纵路", "at": {"lat_e7": lat_e7, "lon_e7": 1_137_518_000}, "reporter": "李某 13900000000"})
}
