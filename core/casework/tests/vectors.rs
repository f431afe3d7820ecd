//! Golden JSON of every event kind. A change of the journal's form breaks this test: then it is a
//! new kind or a new version, never a new meaning of an old one. `UPDATE_VECTORS=1` writes new ones.
#![allow(
    clippy::field_reassign_with_default,
    clippy::result_large_err,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs
)]

mod common;

use std::{collections::BTreeSet, path::Path};

use common::*;
use ezhifa_casework::{case::Case, command::Command, event::*, people::*};
use ezhifa_law::{decision::PriorOrder, facts::Value, money::Fen, terms::*};

/// One list of events that has every kind; not one lawful case.
fn every_kind() -> Vec<CaseEvent> {
    let mut paid = Street::until_facts("fine");
    paid.all(&[
        Command::AttachPriorOrder {
            order: PriorOrder {
                number: "样改〔2026〕第000001号".to_owned(),
                offence: String::new(),
                ordered_on: at(10, 0, 0).date(),
                due: at(12, 12, 0),
                served: true,
                rechecked: None,
                corrected: None,
                refused: false,
            },
            ordered_by: vec![officer("c"), officer("d")],
            same_party: None,
        },
        Command::Recheck { corrected: false, evidence: vec![hash("f1")] },
        Command::AskRecusal { officer: officer("b") },
        Command::RuleRecusal { officer: officer("b"), granted: false, by: officer("head") },
        Command::Propose { choice: None },
        notice(),
        speaks(false),
    ]);
    let decide = paid.decide();
    paid.all(&[decide]);
    let number = paid.case.record().unwrap().number.clone();
    paid.all(&[
        issue(SlipKind::Penalty, &number),
        printed(&number, PrintState::NotPrinted { reason: "paper_out".to_owned() }),
        printed(&number, PrintState::Unknown),
        Command::ConfirmPrint { number: number.clone(), complete: true },
        photo("film", Stage::Service),
        Command::AgreeEService(EServiceConsent {
            address: Private::new("13800138000"),
            evidence: hash("film"),
            at: at(18, 19, 10),
        }),
        Command::RefuseTaking(refusal_to_take("film")),
        Command::Serve { how: ServiceWay::LeftAndFilmed, signing: refusal_to_take("film") },
        Command::DeferPayment(Deferral {
            reference: "deferral:1".to_owned(),
            number: number.clone(),
            asked_on: at(19, 0, 0).date(),
            until: at(28, 0, 0).date(),
            parts: Vec::new(),
            by: officer("head"),
        }),
        pay_cash(50, "GD100", Some(CashGround::HardToEnforce), "无固定住所"),
        Command::HandInCash { leg: CashLeg::ToOrgan, receipt: "GD100".to_owned() },
        Command::File(FilingWay::Receipt),
        Command::Correct { what: "门牌号更正为13号".to_owned(), by: officer("head"), party: None },
        Command::Revoke { reason: "依据错误".to_owned(), by: officer("head") },
        Command::Refund { amount: Fen::yuan(50), receipt: "TK1".to_owned() },
        Command::HandOver {
            to: Destination::Organ("市生态环境局".to_owned()),
            reason: "不属本机关管辖".to_owned(),
        },
        Command::Close(CloseWay::Transferred),
    ]);

    let mut waived = Street::until_facts("no_penalty_proposed");
    waived.all(&[
        answer("limb", Value::Choice("B".into())),
        answer("disputed", Value::Bool(false)),
        answer("yuan", Value::Unknown),
        Command::PromiseCorrection { until: at(19, 12, 0) },
        photo("after", Stage::Corrected),
        Command::SeeCorrection { evidence: vec![hash("after")] },
        Command::Educate { how: "当场讲解".to_owned() },
        Command::Propose { choice: Some(Choice::because("B-1")) },
        notice(),
        silent(),
    ]);
    let decide = waived.decide();
    waived.all(&[decide]);
    waived.all(&[Command::RuleWaiver { granted: true, by: officer("head") }]);
    let mut gone = Street::until_printed("warning");
    gone.all(&[Command::Undeliver { reason: "当事人离开".to_owned() }]);

    let mut voided = Street::until_printed("warning");
    let confirmation = Confirmation { officer: officer("b"), how: ConfirmWay::Authenticator, at: voided.now };
    voided.all(&[Command::Void { reason: "写错".to_owned(), confirmation }]);

    let mut advised = Street::default();
    advised.all(&[Command::Open {
        source: Source::VideoLead { lead: "v-9".to_owned(), audited_by: "o-3".to_owned() },
        place: place(),
        drill: true,
        continues: Some(CaseId("case-0".to_owned())),
    }]);
    advised.drill_numbers = true;
    advised.all(&[offence(), Command::Advise { text: "请收进店内".to_owned() }]);

    let mut by_hand = Street::until_heard("fine");
    let written = by_hand.now;
    by_hand.now += chrono::TimeDelta::minutes(5);
    by_hand.all(&[Command::AddEvidence(item("sheet", Stage::Service, by_hand.now))]);
    let key_in = by_hand.key_in(written, "sheet");
    by_hand.all(&[key_in, Command::PreparePaper { slip: SlipKind::FilingSheet }]);

    let mut stubborn = Street::until_facts("order");
    stubborn.all(&[Command::Propose { choice: None }]);
    let decide = stubborn.decide();
    stubborn.all(&[decide]);
    stubborn.issue_and_print();
    stubborn.all(&[
        serve(),
        Command::RefuseCorrection { words: Private::new("不搬"), evidence: vec![hash("f1")] },
    ]);
    let refused = stubborn.events.split_off(stubborn.events.len() - 1);

    [paid.events, waived.events, gone.events, voided.events, advised.events, by_hand.events, refused].concat()
}

#[test]
fn every_event_kind_keeps_its_form() {
    let events = every_kind();
    let kinds: BTreeSet<_> = events.iter().map(|e| e.event.kind()).collect();
    assert_eq!(kinds, Event::KINDS.iter().copied().collect(), "every kind has a vector");

    // One line for each different event; the first of a kind and every variant of it.
    let mut lines = Vec::new();
    for event in &events {
        let line = serde_json::to_string(event).unwrap();
        let back: CaseEvent = serde_json::from_str(&line).unwrap();
        assert_eq!(&back, event, "{} comes back as it went", event.event.kind());
        assert!(line.contains(&format!("\"kind\":\"{}\"", event.event.kind())));
        lines.push(line);
    }
    let text = lines.join("\n") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/events.jsonl");
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    for (n, (was, is)) in golden.lines().zip(text.lines()).enumerate() {
        assert_eq!(is, was, "line {} of tests/vectors/events.jsonl", n + 1);
    }
    assert_eq!(golden.lines().count(), text.lines().count());
}

#[test]
fn golden_entries_still_fold() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/events.jsonl");
    let golden = std::fs::read_to_string(path).unwrap();
    let events: Vec<CaseEvent> = golden.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let case = Case::fold(&events);
    assert_eq!(case.id().0, "case-1");
}

#[test]
fn entries_hold_integers_and_strings_only() {
    fn no_float(value: &serde_json::Value) {
        match value {
            serde_json::Value::Number(n) => assert!(n.is_i64() || n.is_u64(), "{n}"),
            serde_json::Value::Array(items) => items.iter().for_each(no_float),
            serde_json::Value::Object(map) => map.values().for_each(no_float),
            _ => {}
        }
    }
    for event in every_kind() {
        no_float(&serde_json::to_value(event).unwrap());
    }
}
