//! Papers beside a decision, each from a real case, out of the virtual printer, read back word for word.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use chrono::{NaiveDate, TimeDelta};
use common::{BRANCH, PINS, Street, evening, ink, ms, stall};
use ezhifa_emulator::{Emulator, Faults, Options};
use ezhifa_field::{
    casework::{
        case::Phase,
        command::Command,
        event::{CaseId, FilingWay, HandPaper, PayWay, ServiceWay, Stage},
        law::terms::{CodeSays, Outcome, Series, SlipKind},
        people::{EServiceConsent, Officer, OfficerId, OfficerKind, Power, Private},
    },
    clock::Clock as _,
    office::{Shot, Taken},
    printer::{Profile, open_link},
    printing::{WayOut, check},
    slip::Paper,
};

fn profile() -> Profile {
    Profile::named("generic-58-gbk").unwrap()
}

/// Signs and prints the newest paper; the words that are on it, without white space.
fn printed(street: &Street, case: &CaseId) -> String {
    let slip = street.phone.issue(case).unwrap();
    street.phone.print_at(case, Some(&slip.number), &street.printer_address(), &profile()).unwrap();
    let paper = street.paper();
    assert!(paper.qr().contains(&slip.code), "the code leads to HQ");
    if let Ok(folder) = std::env::var("EZHIFA_LOOK") {
        let kind = street.phone.case(case).unwrap().slip(&slip.number).unwrap().slip;
        std::fs::write(format!("{folder}/paper-{kind:?}.png"), paper.png().unwrap()).unwrap();
        let pdf = street.phone.render(case, Some(&slip.number), Paper::A4).unwrap().pdf;
        std::fs::write(format!("{folder}/paper-{kind:?}.pdf"), pdf).unwrap();
    }
    let whole = |number: &str| paper.lines.iter().any(|l| l.contains(number));
    let case = street.phone.case(case).unwrap();
    let decided =
        case.record().map(|r| r.number.clone()).filter(|n| paper.lines.join("").contains(n.as_str()));
    assert!(whole(&slip.number) && decided.is_none_or(|n| whole(&n)), "a number is never broken");
    let words = paper.lines.join("").replace(' ', "");
    assert!(words.contains(&slip.number) && words.contains("样本·无法律效力"), "{words}");
    // Whoever scans the code reads which paper it is, and no outcome of the case on a paper that decides nothing.
    let page = street.hq.verification(slip.code.rsplit('/').next().unwrap()).unwrap();
    let fact = |name: &str| page.facts.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    let kind = case.slip(&slip.number).unwrap().slip;
    match CodeSays::of(kind, case.outcome().unwrap_or(Outcome::Advice)) {
        CodeSays::Outcome(outcome) => {
            assert_eq!((fact("处理结果").as_deref(), fact("文书种类")), (Some(outcome.name()), None));
        }
        CodeSays::Paper(paper) => {
            assert_eq!((fact("文书种类").as_deref(), fact("处理结果")), (Some(paper.name()), None));
            assert!(words.contains(paper.name()), "{paper:?}: {words}");
        }
    }
    words
}

#[track_caller]
fn says(words: &str, all: &[&str]) {
    for one in all {
        assert!(words.contains(one), "{one} is missing in\n{words}");
    }
}

fn refused(street: &Street, case: &CaseId, slip: SlipKind) -> String {
    street.phone.act(case, &Command::PreparePaper { slip }).unwrap_err().code.to_string()
}

fn head_on_roster(street: &Street) -> OfficerId {
    let mut roster = street.phone.roster().unwrap().officers.clone();
    roster.push(Officer {
        id: OfficerId("o-9".into()),
        name: "赵局".into(),
        certificate: "19S00001".into(),
        kind: OfficerKind::Certified,
        valid_from: NaiveDate::from_ymd_opt(2024, 1, 1).unwrap(),
        valid_to: NaiveDate::from_ymd_opt(2029, 1, 1).unwrap(),
        branch: BRANCH.into(),
        pin_verifier: String::new(),
        powers: vec![Power::Head],
    });
    street.hq.publish_roster(BRANCH, &roster).unwrap();
    assert!(street.sync().done);
    OfficerId("o-9".into())
}

#[test]
fn every_paper_beside_a_decision_comes_from_the_case_and_out_of_the_printer() {
    let street = Street::new();
    let head = head_on_roster(&street);
    let phone = &street.phone;

    // 承诺书: before anything is decided.
    let promised = stall(&street, "c-promise");
    assert_eq!(refused(&street, &promised, SlipKind::Commitment), "paper_has_no_occasion");
    street.act(&promised, Command::PromiseCorrection { until: evening() + TimeDelta::hours(20) });
    street.act(&promised, Command::PreparePaper { slip: SlipKind::Commitment });
    says(
        &printed(&street, &promised),
        &["改正承诺书", "张三", "你承诺于2026年6月19日15时00分前改正", "承诺不代替改正", "承诺人（签名）"],
    );

    // 作废通知: its own number, and that of the paper that is void.
    let (void, decided) = street.decided("c-void");
    let number = decided.number;
    printed(&street, &void);
    assert_eq!(refused(&street, &void, SlipKind::Void), "paper_has_no_occasion");
    street.clock.pass(5_000);
    let confirmation = phone.confirm(&void, &street.officers[1], PINS[1]).unwrap();
    street.act(&void, Command::Void { reason: "当事人姓名写错".into(), confirmation });
    street.act(&void, Command::PreparePaper { slip: SlipKind::Void });
    let words = printed(&street, &void);
    says(
        &words,
        &["作废通知", &format!("编号{number}的文书因当事人姓名写错作废"), "不发生效力", "王建国", "李梅"],
    );
    assert!(!words.contains("行政复议"), "it decides nothing: {words}");

    let (case, decided) = street.decided("c-fine");
    let number = decided.number;
    printed(&street, &case);
    street.act(&case, Command::Serve { how: ServiceWay::HandedOver, signing: ink() });

    // 备案报送单: the sheet files the decision, once it is on paper.
    let by_sheet = Command::File(FilingWay::PrintedSheet);
    assert_eq!(phone.act(&case, &by_sheet).unwrap_err().code, "filing_sheet_not_printed");
    street.act(&case, Command::PreparePaper { slip: SlipKind::FilingSheet });
    says(
        &printed(&street, &case),
        &["当场处罚备案报送单", &number, "当事人张三", "摆设摊点经营", "决定罚款￥", "决定时间2026年6月18日"],
    );
    street.act(&case, by_sheet);
    assert_eq!(refused(&street, &case, SlipKind::FilingSheet), "paper_has_no_occasion", "it is filed");

    // 电子送达确认书.
    assert_eq!(refused(&street, &case, SlipKind::EServiceConsent), "paper_has_no_occasion");
    let shot = Shot { kind: "signature".into(), ..Shot::photo(Stage::Service, "确认书签名") };
    let signed = phone.capture(Some(&case), &Taken::Bytes(b"strokes".to_vec()), &shot).unwrap();
    let consent = EServiceConsent {
        address: Private::new("13800138000"),
        evidence: signed.sha256,
        at: signed.captured_at,
    };
    street.act(&case, Command::AgreeEService(consent));
    street.act(&case, Command::PreparePaper { slip: SlipKind::EServiceConsent });
    says(
        &printed(&street, &case),
        &["电子送达确认书", "张三", "13800138000", "第六十一条第二款", "撤回同意"],
    );

    // 缴款登记单: what was paid on which decision, and that it is no receipt.
    assert_eq!(refused(&street, &case, SlipKind::PaymentReference), "paper_has_no_occasion");
    let amount = phone.case(&case).unwrap().record().unwrap().amount;
    street.act(
        &case,
        Command::Pay {
            amount,
            how: PayWay::PayCode,
            receipt: "44192600000000000123".into(),
            cash: None,
            reason: String::new(),
        },
    );
    street.act(&case, Command::PreparePaper { slip: SlipKind::PaymentReference });
    says(
        &printed(&street, &case),
        &[
            "缴款登记单",
            &number,
            &format!("￥{}", amount.digits()),
            &amount.capitals(),
            "44192600000000000123",
            "本单不是票据",
        ],
    );

    // 补正, 撤销: by the head, after service.
    street.act(
        &case,
        Command::Correct {
            what: "“东纵路88号”更正为“东纵路86号”。".into(), by: head.clone(), party: None
        },
    );
    says(
        &printed(&street, &case),
        &["补正通知书", &number, "“东纵路88号”更正为“东纵路86号”", "不改变原决定的结果", "本机关负责人赵局"],
    );
    street.act(&case, Command::Revoke { reason: "认定事实的证据不足".into(), by: head });
    says(
        &printed(&street, &case),
        &[
            "撤销决定书",
            &format!("撤销{number}"),
            "认定事实的证据不足",
            "依法退还",
            "本机关负责人赵局",
            "行政复议",
        ],
    );

    // Every number is accounted for, here and at HQ.
    let notice = |state| {
        let accounts = phone.with_store(|s| s.read(|dao| dao.number_accounts())).unwrap();
        assert!(accounts.iter().all(|a| a.adds_up()));
        accounts.iter().filter(|a| a.series == "notice").map(|a| a.count(state)).sum::<u64>()
    };
    assert_eq!(notice(ezhifa_field::numbers::State::Issued), 7);
    assert!(street.sync().done);
    street.hq.settle().unwrap();
    assert_eq!(street.hq.replay_report().unwrap().mismatches, 0);
    assert!(phone.verify_journal().unwrap().is_whole());
}

#[test]
fn a_paper_that_could_not_be_printed_takes_no_number() {
    let street = Street::new();
    let case = street.open("c-1");
    street.act(&case, Command::ShowCertificates);
    let fact_text = Private::new("摆设摊点");
    street.act(&case, Command::ChooseOffence { offence: "stall".into(), act_at: evening(), fact_text });
    let reserved = || {
        let numbers = street.phone.numbers().unwrap();
        numbers.iter().map(|n| n.reserved + n.issued).sum::<u64>()
    };
    for text in ["请𪚥收进店内".to_owned(), "请收进店内。".repeat(5_000)] {
        let refused = street.phone.act(&case, &Command::Advise { text }).unwrap_err();
        assert!(["paper_cannot_be_made", "slip"].contains(&refused.code.as_ref()), "{refused}");
        assert_eq!(reserved(), 0);
    }
    street.act(&case, Command::Advise { text: "请收进店内".into() });
    says(&printed(&street, &case), &["劝导", "请收进店内"]);
    assert_eq!(reserved(), 1);
}

#[test]
fn a_dead_printer_leads_to_a_sheet_written_by_hand_and_keyed_in_later() {
    let street = Street::new();
    let phone = &street.phone;
    let case = stall(&street, "c-1");
    phone.propose(&case, None).unwrap();
    street.hear(&case);

    // The printer answers nothing: no number is used, the crew sees its choices.
    let faults = Faults::parse("mute").unwrap();
    let mute = Emulator::start("127.0.0.1:0", Options { faults, ..Options::paper(58) }).unwrap();
    let quick = Profile { answer_ms: 150, ..profile() };
    let asked = check(open_link(&format!("tcp://{}", mute.address())).ok(), &quick);
    assert!(asked.reason.is_some() && asked.ways.contains(&WayOut::HandWritten));
    assert!(phone.numbers().unwrap().iter().all(|n| n.reserved + n.issued == 0));

    // One sheet is spoiled, the next one is filled in, signed and handed over.
    let spoiled = phone.next_sheet(false).unwrap().unwrap();
    assert!(phone.spoil_sheet("写坏", PINS[0], false).is_err(), "the lead's PIN is not the other officer's");
    assert_eq!(phone.spoil_sheet("写坏", PINS[1], false).unwrap(), spoiled);
    let number = phone.next_sheet(false).unwrap().unwrap();
    assert!(number != spoiled && number.contains('手'), "{number}");
    let now = || evening() + TimeDelta::milliseconds(street.clock.now().wall_ms - ms(evening()));
    let written_at = now();
    street.clock.pass(40 * 60_000);
    let shot = Shot::photo(Stage::Service, "填写好的手写文书");
    let photo =
        phone.capture(Some(&case), &Taken::Bytes(b"jpeg of the sheet".to_vec()), &shot).unwrap().sha256;

    let sheet = |number: &str| HandPaper { number: number.into(), written_at, photo: photo.clone() };
    let key_in = |paper| phone.key_in(&case, paper, None, None, &street.both(&case));
    assert_eq!(key_in(sheet(&spoiled)).unwrap_err().code, "hand_paper_number");
    assert_eq!(
        key_in(HandPaper { photo: "0".repeat(64), ..sheet(&number) }).unwrap_err().code,
        "hand_paper_not_photographed"
    );
    let one = vec![street.both(&case).remove(0)];
    assert!(phone.key_in(&case, sheet(&number), None, None, &one).is_err(), "both confirm");
    let keyed = key_in(sheet(&number)).unwrap();
    assert_eq!(
        (keyed.number.as_str(), keyed.record.at, keyed.record.series),
        (number.as_str(), written_at, Series::HandWritten)
    );

    // Nothing to sign, nothing to print; served when it was written.
    assert_eq!(phone.case(&case).unwrap().phase(), Phase::Printed);
    assert_eq!(phone.status().unwrap().unsigned, 0);
    assert!(phone.print_at(&case, None, &street.printer_address(), &profile()).is_err());
    street.act(&case, Command::Serve { how: ServiceWay::HandedOver, signing: ink() });
    assert_eq!(phone.case(&case).unwrap().served().unwrap().at, written_at);
    let due = phone.status().unwrap().filing_due.unwrap();
    assert!(due <= written_at + TimeDelta::hours(24), "the filing clock runs from the paper: {due}");

    let numbers = phone.numbers().unwrap();
    let by_hand = numbers.iter().find(|n| n.series == "hand_written").unwrap();
    assert_eq!((by_hand.issued, by_hand.void, by_hand.reserved), (1, 1, 0), "{numbers:?}");
    assert!(numbers.iter().all(|n| n.series == "hand_written" || n.issued == 0));
    assert!(street.sync().done);
    street.hq.settle().unwrap();
    let replay = street.hq.replay_report().unwrap();
    assert_eq!((replay.replayed, replay.mismatches), (1, 0));
    assert!(street.hq.alarms().unwrap().is_empty(), "{:?}", street.hq.alarms().unwrap());
}
