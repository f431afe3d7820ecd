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
use ezhifa_law::{
    decision::{History, PriorOrder},
    facts::Value,
    money::Fen,
    rulebook::Rulebook,
    terms::*,
};
use ezhifa_slip::{BundledOnly, Document, Extras, Line, Paper, SlipError, compose, layout, png, text};
use samples::pack::{dongguan, edited, national};

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
    /// An earlier order that the case rests on.
    prior: Option<PriorOrder>,
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
            prior: None,
        }
    }

    /// After the new leaflet rules of the sample pack came into force.
    fn in_november() -> Street {
        let now = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap().and_hms_opt(19, 5, 0).unwrap();
        Street { now, ..Street::new() }
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
            history: History {
                earlier: Some(self.earlier),
                as_of: Some(self.now.date().and_hms_opt(17, 58, 0).unwrap()),
                stale: false,
            },
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
        self.stall(party, corrected, &[]);
    }

    fn stall(&mut self, party: Party, corrected: bool, more: &[(&str, Value)]) {
        let usual = [
            ("on_road", Value::Bool(true)),
            ("approved", Value::Bool(false)),
            ("area", Value::Int(15)),
            ("minor", Value::Bool(false)),
            ("harm", Value::Choice("slight".into())),
            ("corrected", Value::Bool(corrected)),
        ];
        let facts: Vec<_> = usual.into_iter().chain(more.iter().cloned()).collect();
        self.of("stall", "摆放水果货架", party, corrected, &facts);
    }

    /// Up to the proposal on any offence.
    fn of(&mut self, offence: &str, told: &str, party: Party, corrected: bool, facts: &[(&str, Value)]) {
        let act_at = self.now;
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
        self.tell(Command::ChooseOffence { offence: offence.into(), act_at, fact_text: Private::new(told) });
        self.tell(Command::IdentifyParty(Box::new(party)));
        self.tell(Command::AskHistory);
        if let Some(order) = self.prior.clone() {
            let ordered_by = vec![OfficerId("c".into()), OfficerId("d".into())];
            self.tell(Command::AttachPriorOrder { order, ordered_by, same_party: Some(true) });
        }
        for (name, value) in facts {
            let (name, value) = ((*name).to_owned(), value.clone());
            self.tell(Command::AnswerFact { name, value, source: FactSource::Officer });
        }
        if corrected {
            self.photo("9", Stage::Corrected);
            self.tell(Command::SeeCorrection { evidence: vec![format!("{:0>64}", "9")] });
        }
        self.tell(Command::Educate { how: "当面讲解占道危害及可以摆卖的地点".into() });
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
        self.adopt(choice);
    }

    /// Both officers decide, where nobody has to be heard first.
    fn adopt(&mut self, choice: Option<Choice>) {
        let confirm =
            |o: &str| Confirmation { officer: OfficerId(o.into()), how: ConfirmWay::Pin, at: self.now };
        let confirmations = vec![confirm("a"), confirm("b")];
        self.tell(Command::Decide { choice, order_due: None, confirmations });
    }

    fn extras(&self) -> Extras<'_> {
        let record = self.case.record().unwrap();
        self.extras_of(record.slip, &record.number)
    }

    /// The words of the notice of a case that leaves the street.
    fn leave(&mut self, to: Destination, reason: &str, name: &str) -> String {
        self.tell(Command::HandOver { to, reason: reason.into() });
        let number = self.case.handed().unwrap().number.clone().unwrap();
        printed(&self.slip(&self.extras_of(SlipKind::Transfer, &number)), name)
    }

    fn extras_of(&self, kind: SlipKind, number: &str) -> Extras<'_> {
        let [a, b] = &self.roster.officers[..] else { panic!() };
        let mut extras = Extras::new(kind, number, [a, b], self.now);
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

/// A loudspeaker in a sensitive area, not put right.
const LOUD: [(&str, Value); 6] = [
    ("loudspeaker", Value::Bool(true)),
    ("sensitive_area", Value::Bool(true)),
    ("emergency_use", Value::Bool(false)),
    ("commercial", Value::Bool(false)),
    ("night", Value::Bool(false)),
    ("corrected", Value::Bool(false)),
];

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
    street.facts(child(), true);
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

/// What stands under a label.
fn under<'w>(slip: &'w Document, label: &str) -> Vec<&'w str> {
    let lines = slip.blocks.iter().filter(|b| b.label == label).flat_map(|b| &b.lines);
    lines
        .filter_map(|l| match l {
            Line::Text { text } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

const B: &str =
    "《中华人民共和国行政处罚法》第三十三条第一款（初次违法且危害后果轻微并及时改正的，可以不予行政处罚）";

#[test]
fn a_waiver_rests_on_the_limb_and_not_on_whatever_was_found_before_it() {
    // The stall is a van: special law comes first in the reasons, the limb is the basis.
    let mut street = Street::new();
    street.stall(party("陈志𬱖"), true, &[("vehicle", Value::Bool(true))]);
    street.decide(Some(Choice::because("B-1")));
    let slip = street.slip(&street.extras());
    printed(&slip, "van");
    assert_eq!(under(&slip, "依据").first(), Some(&B), "{:?}", under(&slip, "依据"));
    let reasons = under(&slip, "理由").join("\n");
    assert!(
        reasons.contains("以车辆流动经营是占道摆摊的特别情形") && reasons.contains("未查到同类"),
        "{reasons}"
    );

    // An order was refused before; the limb is still C, or D.
    let refused = PriorOrder {
        number: "东城管责改字〔2026〕第000007号".into(),
        offence: "loudspeaker".into(),
        ordered_on: at(9, 0).date(),
        due: at(9, 0),
        served: true,
        rechecked: None,
        corrected: None,
        refused: true,
    };
    let loud =
        |more: &[(&'static str, Value)]| LOUD.into_iter().chain(more.iter().cloned()).collect::<Vec<_>>();
    for (limb, party, more, article) in [
        (Limb::C, party("陈志𬱖"), vec![("no_fault", Value::Bool(true))], "第三十三条第二款（当事人有证据"),
        (Limb::D, child(), Vec::new(), "第三十条（不满十四周岁"),
    ] {
        let mut street = Street::new();
        street.prior = Some(refused.clone());
        street.of("loudspeaker", "用高音喇叭叫卖", party, false, &loud(&more));
        street.decide(None);
        assert_eq!(street.case.record().unwrap().decision.limb, Some(limb));
        let slip = street.slip(&street.extras());
        printed(&slip, &format!("refused-{limb:?}"));
        let basis = under(&slip, "依据").first().copied().unwrap_or_default();
        assert!(basis.contains(article) && !basis.contains("噪声"), "{basis}");
        assert!(under(&slip, "理由").join("").contains("当事人拒不改正"), "{:?}", under(&slip, "理由"));
    }
}

/// A row of the organ's own list (免罚清单) is the basis where it fits and no general limb does.
#[test]
fn a_waiver_from_the_organs_list_names_the_list() {
    let mut street = Street::in_november();
    let facts = [
        ("leaflets", Value::Bool(true)),
        ("approved", Value::Bool(false)),
        ("minor", Value::Bool(false)),
        ("harm", Value::Choice("serious".into())),
        ("corrected", Value::Bool(true)),
    ];
    street.of("leaflets", "散发楼盘广告", party("陈志𬱖"), true, &facts);
    street.decide(Some(Choice::because("B-1")));
    let slip = street.slip(&street.extras());
    let words = printed(&slip, "list");
    let basis = under(&slip, "依据");
    let rule = street.case.record().unwrap().decision.reasons.iter().find(|r| r.rule.contains(".waive."));
    let cited = rule.unwrap().citations.first().unwrap().to_string();
    assert!(basis.first().is_some_and(|b| b.contains(&cited)), "{basis:?} {cited}");
    assert!(words.contains("2026年11月20日19时") && !words.contains("第三十三条第一款"), "{words}");
}

fn child() -> Party {
    Party {
        id_kind: IdKind::None,
        id_number: Private::default(),
        identity: Identity::Declared,
        name: Private::new("欧阳小宝"),
        born: NaiveDate::from_ymd_opt(2014, 1, 1),
        guardian: Private::new("欧阳大明"),
        ..party("")
    }
}

#[test]
fn a_case_that_leaves_the_street_is_ordered_only_where_this_organ_found_the_fact() {
    // Over the gate: the fact is clear, the order stands beside its own remedy.
    let mut street = Street::new();
    street.earlier = true;
    street.stall(party("陈志𬱖"), false, &[("area", Value::Int(150))]);
    assert_eq!(street.case.proposal().unwrap().decision.outcome, Outcome::OrdinaryProcedure);
    let words = street.leave(Destination::Ordinary, "罚款幅度超过当场处罚限额", "transfer-gate");
    has(
        &words,
        &[
            "转普通程序告知书",
            "转由普通程序调查处理",
            "立即清除占道摊点",
            "第二十八条第一款",
            "认为上述责令改正侵犯你合法权益的，可以自收到之日起六十日内向东莞市人民政府申请行政复议",
            "六个月内直接向有管辖权的人民法院提起行政诉讼",
            "接受调查",
            "东城分局综合执法队",
        ],
    );

    // The fact is not clear: nothing is ordered, nothing can be contested.
    let mut street = Street::new();
    street.stall(party("陈志𬱖"), false, &[("approved", Value::Unknown)]);
    let words = street.leave(Destination::Ordinary, "是否经批准尚未查明", "transfer-unclear");
    has(&words, &["转由普通程序调查处理", "接受调查"]);
    let nothing_ordered = |words: &str| {
        for word in ["责令改正", "行政复议", "行政诉讼", "六个月"] {
            assert!(!words.contains(word), "{word} in\n{words}");
        }
    };
    nothing_ordered(&words);

    // Another organ decides: no investigation here, no order of ours.
    let mut street = Street::new();
    street.of(
        "car-pavement",
        "小型轿车停在人行道上",
        party("陈志𬱖"),
        false,
        &[("car_on_pavement", Value::Bool(true)), ("marked_bay", Value::Bool(false))],
    );
    assert_eq!(street.case.proposal().unwrap().decision.outcome, Outcome::Referral);
    let to = Destination::Organ("公安机关交通管理部门".into());
    let words = street.leave(to, "该行为由公安机关交通管理部门管辖", "transfer-referral");
    has(&words, &["移送告知书", "移送公安机关交通管理部门处理", "没有作出处罚决定，不用缴款"]);
    nothing_ordered(&words);
    for word in ["普通程序", "接受调查", "东城分局综合执法队", "带本告知书"] {
        assert!(!words.contains(word), "{word} in\n{words}");
    }
}

#[test]
fn cash_is_refused_or_offered_as_the_organ_set_it_and_an_old_receipt_is_nobodys() {
    let mut street = Street::new();
    street.earlier = true;
    street.facts(party("陈志𬱖"), false);
    street.decide(None);
    let words = street.slip(&street.extras()).words();
    has(&words, &["执法人员不收现金，也不收个人转账"]);
    assert!(!words.contains("当场收缴"), "{words}");

    let mut street = Street::new();
    street.book = edited("settings.toml", &|t| format!("{t}\ncash = true\n"));
    street.earlier = true;
    street.facts(party("陈志𬱖"), false);
    street.decide(None);
    let words = printed(&street.slip(&street.extras()), "cash");
    has(
        &words,
        &[
            "罚款一百元以下的，不当场收缴事后难以执行的",
            "边远、水上、交通不便地区",
            "第六十八条、第六十九条",
            "不出具财政专用票据的，你有权拒绝缴纳",
            "不收个人转账",
            "代收机构：××银行东莞东城支行",
            "凭本决定书编号可在代收机构柜台缴纳",
        ],
    );
    assert!(!words.contains("不收现金"), "{words}");

    // Cash of a decision that was revoked and refunded says nothing about a later one.
    let event = Event::Paid {
        amount: Fen::yuan(50),
        how: PayWay::Cash,
        receipt: "GD100".into(),
        cash: Some(CashGround::SmallFine),
        reason: String::new(),
    };
    let crew = Crew { lead: OfficerId("a".into()), second: OfficerId("b".into()), with: Vec::new() };
    let mut later = street.case.clone();
    later.apply(&CaseEvent { case: later.id().clone(), at: street.now, crew, event });
    let again = compose(&later, &street.book, &street.extras()).unwrap().words();
    assert_eq!(again, street.slip(&street.extras()).words());
}

#[test]
fn the_last_day_is_named_only_for_a_paper_handed_over_on_the_day() {
    let mut street = Street::new();
    street.earlier = true;
    street.facts(party("陈志𬱖"), false);
    street.decide(None);
    let mut extras = street.extras();
    extras.pay_last_day = NaiveDate::from_ymd_opt(2026, 10, 9);
    let words = street.slip(&extras).words();
    has(
        &words,
        &[
            "自收到本决定书之日起十五日内",
            "当日交付的，最后缴款日：2026年10月9日（含当日）；以后送达的，自送达之日起算",
        ],
    );
}

#[test]
fn an_order_to_somebody_unnamed_says_what_happened() {
    let order = |identity| {
        let stranger = Party {
            identity,
            id_kind: IdKind::None,
            id_number: Private::default(),
            name: Private::default(),
            born: None,
            ..party("")
        };
        let mut street = Street::new();
        street.of("loudspeaker", "用高音喇叭叫卖", stranger, false, &LOUD);
        street.adopt(None);
        assert_eq!(street.case.record().unwrap().slip, SlipKind::OrderUnnamed);
        printed(&street.slip(&street.extras()), &format!("unnamed-{identity:?}"))
    };
    let refused = order(Identity::Refused);
    has(&refused, &["现场行为人（拒绝表明身份）", "当事人拒绝表明身份，执法人员二人注明"]);
    let unknown = order(Identity::Unknown);
    has(&unknown, &["现场行为人（身份不明）", "拒绝接收的，注明情况，留置现场并拍照或者录像"]);
    assert!(!unknown.contains("拒绝表明身份") && !unknown.contains("无人接收"), "{unknown}");
}

#[test]
fn a_correction_seen_on_another_day_has_its_date() {
    let mut street = Street::new();
    street.facts(party("陈志𬱖"), true);
    street.now += chrono::TimeDelta::days(2);
    street.decide(Some(Choice::because("B-1")));
    has(
        &street.slip(&street.extras()).words(),
        &["改正情况：2026年9月24日19时", "分已改正（改正后照片1张）"],
    );
}

/// Every place is filled by something, but those that earlier packs may still name.
#[test]
fn no_place_is_promised_that_nothing_fills() {
    let composer = include_str!("../src/compose.rs");
    let phone = include_str!("../../field/src/office/decide.rs");
    for place in ezhifa_law::template::PLACES {
        let set = |by: &str| by.contains(&format!("(\"{place}\"")) || by.contains(&format!("=> \"{place}\""));
        let retired = ezhifa_law::template::RETIRED.contains(place);
        assert_eq!(set(composer) || set(phone), !retired, "{place}");
    }
}

/// 人民币壹佰零伍元整 as fen, read by a table of its own.
fn read_capitals(text: &str) -> Option<i64> {
    let (mut sum, mut digit) = (0, 0);
    for c in text.strip_prefix("人民币")?.chars() {
        let unit = match c {
            '元' => 100,
            '拾' => 1_000,
            '佰' => 10_000,
            '仟' => 100_000,
            '角' => 10,
            '分' => 1,
            '零' | '整' => continue,
            other => {
                digit = i64::try_from("零壹贰叁肆伍陆柒捌玖".chars().position(|d| d == other)?).unwrap();
                continue;
            }
        };
        sum += digit * unit;
        digit = 0;
    }
    Some(sum)
}

#[test]
fn invariant_11_digits_capitals_the_sum_to_pay_and_the_stored_value_are_one() {
    for yuan in [50, 57, 70, 100] {
        let mut street = Street::new();
        street.earlier = true;
        street.facts(party("陈志𬱖"), false);
        let choice = Choice { outcome: None, amount: Some(Fen::yuan(yuan)), reason: "裁-2".into() };
        street.tell(Command::Propose { choice: Some(choice) });
        street.decide(None);
        let stored = street.case.record().unwrap().amount;
        assert_eq!(stored, Fen::yuan(yuan));
        let slip = street.slip(&street.extras());
        let words = slip.words();
        let digits: Vec<&str> = words
            .split('￥')
            .skip(1)
            .map(|after| after.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap())
            .collect();
        // In large type, and in the sum to pay.
        assert_eq!(digits.len(), 2, "{words}");
        for one in digits {
            assert_eq!(one.replace('.', "").parse::<i64>().unwrap(), stored.0, "{one}");
        }
        let capitals = words.split("人民币").nth(1).unwrap().split('整').next().unwrap();
        assert_eq!(read_capitals(&format!("人民币{capitals}整")), Some(stored.0), "{capitals}");
        let cap = words.split("总额不超过").nth(1).unwrap().split('元').next().unwrap();
        assert_eq!(cap.replace('.', "").parse::<i64>().unwrap(), stored.0, "the late fee ends at the fine");
    }
}
