//! Slips of real cases under the packs of this repository: what the party holds in hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod samples;

use chrono::{NaiveDate, NaiveDateTime};
use ezhifa_casework::{
    books::InForce,
    case::Case,
    command::{Command, Desk, NextNumber},
    event::*,
    people::*,
};
use ezhifa_law::{decision::History, facts::Value, money::Fen, rulebook::Rulebook, terms::*};
use ezhifa_slip::{BundledOnly, Document, Extras, Line, Paper, SlipError, compose, layout, png, text};
use samples::pack::{dongguan, national};

fn at(hour: u32, minute: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 9, 24).unwrap().and_hms_opt(hour, minute, 0).unwrap()
}

fn person(id: &str, name: &str, certificate: &str) -> Officer {
    Officer {
        id: OfficerId(id.into()),
        name: name.into(),
        certificate: certificate.into(),
        kind: OfficerKind::Certified,
        valid_from: NaiveDate::from_ymd_opt(2025, 1, 1).unwrap(),
        valid_to: NaiveDate::from_ymd_opt(2027, 12, 31).unwrap(),
        branch: "DC".into(),
        pin_verifier: String::new(),
        powers: Vec::new(),
    }
}

/// Two officers on the street with the sample law.
struct Street {
    book: Rulebook,
    case: Case,
    roster: Roster,
    now: NaiveDateTime,
    earlier: bool,
    drill: bool,
}

impl Street {
    fn new() -> Street {
        Street {
            book: dongguan(),
            case: Case::new(CaseId("case-1".into())),
            roster: Roster {
                officers: vec![person("a", "王建国", "19S00123"), person("b", "李秀英", "19S00456")],
            },
            now: at(19, 5),
            earlier: false,
            drill: false,
        }
    }

    #[track_caller]
    fn tell(&mut self, command: Command) {
        self.now += chrono::TimeDelta::minutes(1);
        let series = match command {
            Command::Decide { .. } => self.case.needed_series().unwrap(),
            _ => Series::Notice,
        };
        let crew = Crew { lead: OfficerId("a".into()), second: OfficerId("b".into()), with: Vec::new() };
        let desk = Desk {
            now: self.now,
            crew: &crew,
            roster: &self.roster,
            books: &InForce { at_act: &self.book, at_decision: &self.book },
            history: History { earlier: Some(self.earlier), as_of: Some(at(17, 58)), stale: false },
            next_number: Some(NextNumber {
                series,
                text: self.book.number_text(series, 2026, 123),
                drill: self.drill,
            }),
            filing_overdue: false,
            clock_trusted: true,
            encounter_fines: Fen::ZERO,
            receipts: &[],
        };
        let events = self.case.handle(&command, &desk).unwrap_or_else(|r| panic!("{command:?}: {r}"));
        for event in events {
            self.case.apply(&event);
        }
    }

    fn photo(&mut self, name: &str, stage: Stage) {
        let item = EvidenceItem {
            sha256: format!("{name:0>64}"),
            kind: "photo".into(),
            size: 1000,
            captured_at: self.now,
            stage,
            caption: String::new(),
        };
        self.tell(Command::AddEvidence(item));
    }

    fn facts(&mut self, party: Party, corrected: bool) {
        let place = Place {
            address: "东城街道××路112号门前人行道".into(),
            lat_e7: None,
            lon_e7: None,
            accuracy_cm: None,
            source: "typed".into(),
            branch: "DC".into(),
        };
        let drill = self.drill;
        self.tell(Command::Open { source: Source::Patrol, place, drill, continues: None });
        self.tell(Command::ShowCertificates);
        self.photo("1", Stage::Fact);
        self.photo("2", Stage::Fact);
        self.tell(Command::ChooseOffence {
            offence: "stall".into(),
            act_at: at(19, 5),
            fact_text: Private::new("摆放水果货架"),
        });
        self.tell(Command::IdentifyParty(Box::new(party)));
        self.tell(Command::AskHistory);
        for (name, value) in [
            ("on_road", Value::Bool(true)),
            ("approved", Value::Bool(false)),
            ("area", Value::Int(15)),
            ("minor", Value::Bool(false)),
            ("harm", Value::Choice("slight".into())),
            ("corrected", Value::Bool(corrected)),
        ] {
            self.tell(Command::AnswerFact { name: name.into(), value, source: FactSource::Officer });
        }
        if corrected {
            self.photo("9", Stage::Corrected);
            self.tell(Command::SeeCorrection { evidence: vec![format!("{:0>64}", "9")] });
            self.tell(Command::Educate { how: "当面讲解占道危害及可以摆卖的地点".into() });
        }
        self.tell(Command::Propose { choice: None });
    }

    fn decide(&mut self, choice: Option<Choice>) {
        self.tell(Command::GiveNotice(NoticeWay::Oral));
        self.tell(Command::HearStatement {
            statement: StatementKind::Made,
            by: SignerRole::Party,
            words: Private::new("第一次来，马上收。"),
            review: "经复核，违法事实成立".into(),
            upheld: false,
        });
        let confirm =
            |o: &str| Confirmation { officer: OfficerId(o.into()), how: ConfirmWay::Pin, at: self.now };
        let confirmations = vec![confirm("a"), confirm("b")];
        self.tell(Command::Decide { choice, order_due: None, confirmations });
    }

    fn extras(&self) -> Extras<'_> {
        let record = self.case.record().unwrap();
        let [a, b] = &self.roster.officers[..] else { panic!() };
        let mut extras = Extras::new(record.slip, record.number.clone(), [a, b], self.now);
        extras.check_code = "3F8R-6T2W".into();
        extras.code = Some(samples::code());
        extras
    }

    fn slip(&self, extras: &Extras<'_>) -> Document {
        let slip = compose(&self.case, &self.book, extras).unwrap();
        // Every slip fits both papers.
        layout(&slip, Paper::Mm80, &BundledOnly).unwrap();
        slip
    }
}

fn party(name: &str) -> Party {
    Party {
        kind: PartyKind::Citizen,
        name: Private::new(name),
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

fn printed(slip: &Document, name: &str) -> String {
    let set = layout(slip, Paper::Mm58, &BundledOnly).unwrap();
    if let Ok(dir) = std::env::var("EZHIFA_LOOK") {
        std::fs::write(format!("{dir}/case-{name}-58.png"), png::render(&set).unwrap()).unwrap();
        std::fs::write(format!("{dir}/case-{name}-58.txt"), text::render(&set)).unwrap();
    }
    slip.words()
}

#[track_caller]
fn has(words: &str, all: &[&str]) {
    for one in all {
        assert!(words.contains(one), "{one} is missing in\n{words}");
    }
}

#[test]
fn a_waiver_says_why_and_that_it_is_no_penalty() {
    let mut street = Street::new();
    street.facts(party("阿依古丽•买买提"), true);
    street.decide(Some(Choice::because("B-1")));
    let words = printed(&street.slip(&street.extras()), "waiver");
    has(
        &words,
        &[
            "样本·无法律效力",
            "东莞市城市管理和综合执法局",
            "不予行政处罚决定书",
            "校验码3F8R-6T2W",
            "阿依古丽·买买提（公民）",
            "居民身份证尾号002X（已核验）",
            "2026年9月24日19时05分",
            "照片2张",
            "决定：不予行政处罚",
            "第三十三条第一款",
            "2026年9月24日17时58分",
            "这不是处罚，不用缴款",
            "你陈述：“第一次来，马上收。”",
            "已改正（改正后照片1张）",
            "可以自收到之日起六十日内向东莞市人民政府申请行政复议",
            "六个月内",
            "王建国证号19S00123",
            "李秀英证号19S00456",
            "0769-00000000",
            "12345",
            "仅用于本案",
        ],
    );
    assert!(
        !words.contains("先向") && !words.contains("罚款￥") && !words.contains("11010519491231"),
        "{words}"
    );
    assert_eq!(words.matches(&street.case.record().unwrap().number).count(), 2, "number at top and bottom");
}

#[test]
fn a_fine_carries_everything_that_articles_52_and_7_ask_for() {
    let mut street = Street::new();
    street.earlier = true;
    street.facts(party("陈志𬱖"), false);
    street.decide(None);
    let mut extras = street.extras();
    extras.pay_code = Some("44192600000000000123".into());
    extras.pay_last_day = NaiveDate::from_ymd_opt(2026, 10, 9);
    let slip = street.slip(&extras);
    let words = printed(&slip, "fine");
    has(
        &words,
        &[
            "当场行政处罚决定书",
            "陈志𬱖",
            "￥50.00",
            "人民币伍拾元整",
            "2026年10月9日",
            "44192600000000000123",
            "每日按罚款数额的百分之三加处罚款",
            "不超过50.00元",
            "延期或者分期",
            "不收现金",
            "应当自收到本决定书之日起六十日内，先向东莞市人民政府申请行政复议",
            "××银行东莞东城支行",
            "第五十一条",
            "已出示执法证件",
            "未因",
            "首违不罚不适用：未改正",
        ],
    );
    assert!(
        slip.blocks
            .iter()
            .flat_map(|b| &b.lines)
            .any(|l| matches!(l, Line::Code { code, .. } if code == "44192600000000000123"))
    );
    // The calendar is unknown: the period in words stays, the date goes. No pay code: the counter takes its place.
    extras.pay_code = None;
    extras.pay_last_day = None;
    let words = street.slip(&extras).words();
    has(&words, &["十五日内", "缴款码将在上报后提供"]);
    assert!(!words.contains("最后缴款日"));
    assert!(!words.contains("改正期限"), "at once has no due time");
}

#[test]
fn a_refusal_to_sign_and_a_hand_that_cannot_write_are_on_the_paper() {
    let mut street = Street::new();
    street.earlier = true;
    street.facts(party("陈志𬱖"), false);
    street.decide(None);
    let mut extras = street.extras();
    let signing = |act, reason: &str| Signing {
        role: SignerRole::Party,
        act,
        name: Private::default(),
        reason: Private::new(reason),
        evidence: None,
    };
    extras.signing = Some(signing(SigningAct::RefusedToSign, ""));
    let words = street.slip(&extras).words();
    has(&words, &["拒绝签名：当事人看过后拒绝签名，执法人员二人注明"]);
    assert!(!words.contains("当事人（签名）"));
    extras.signing = Some(signing(SigningAct::Unable, "不识字"));
    has(&street.slip(&extras).words(), &["不能签名（原因：不识字），已宣读，捺印"]);
}

#[test]
fn a_childs_paper_names_the_guardian_and_no_number() {
    let mut street = Street::new();
    let child = Party {
        id_kind: IdKind::None,
        id_number: Private::default(),
        identity: Identity::Declared,
        name: Private::new("欧阳小宝"),
        born: NaiveDate::from_ymd_opt(2014, 1, 1),
        guardian: Private::new("欧阳大明"),
        ..party("")
    };
    street.facts(child, true);
    street.decide(None);
    let words = printed(&street.slip(&street.extras()), "child");
    has(&words, &["责令管教通知书", "欧阳大明", "欧阳某某（12周岁）", "加以管教"]);
    assert!(!words.contains("小宝") && !words.contains("002X"), "{words}");
}

#[test]
fn a_drill_says_so_in_large_type() {
    let mut street = Street::new();
    street.drill = true;
    street.facts(party("演练甲"), true);
    street.decide(Some(Choice::because("B-1")));
    has(&printed(&street.slip(&street.extras()), "drill"), &["演练无效"]);
}

#[test]
fn a_paper_without_its_officers_place_or_organ_is_refused() {
    let mut street = Street::new();
    street.facts(party("陈志𬱖"), true);
    street.decide(Some(Choice::because("B-1")));
    // The national pack alone has no organ: nothing can be issued in nobody's name.
    let refused = compose(&street.case, &national(), &street.extras());
    assert_eq!(refused.unwrap_err(), SlipError::EmptyPlace { place: "organ".into() });
}
