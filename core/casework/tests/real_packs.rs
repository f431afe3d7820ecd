//! The guards with the packs of this repository: an evening's cases, their deadlines, their replay.
#![allow(
    clippy::field_reassign_with_default,
    clippy::result_large_err,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs
)]

mod common;

use std::{fs, path::Path};

use chrono::NaiveDate;
use common::*;
use ezhifa_casework::{
    audit::breaches,
    books::{Books, InForce},
    case::Case,
    command::{Command, Desk, NextNumber},
    deadlines::{self, Due, Task},
    event::*,
    people::*,
    refusal::Refusal,
    replay::replay,
};
use ezhifa_law::{
    calendar::Calendar,
    decision::History,
    facts::Value,
    money::Fen,
    rulebook::{Files, Rulebook},
    terms::*,
};

fn rulebooks() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks")
}

fn pack(name: &str, imports: &[&Rulebook]) -> Rulebook {
    fn walk(root: &Path, dir: &Path, files: &mut Files) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let root = rulebooks().join(name);
    let mut files = Files::new();
    walk(&root, &root, &mut files);
    Rulebook::load(&files, imports).unwrap_or_else(|e| panic!("{:#?}", e.findings))
}

fn dongguan() -> Rulebook {
    pack("dongguan-sample", &[&pack("prc-national", &[])])
}

fn calendar() -> Calendar {
    Calendar::parse(&fs::read_to_string(rulebooks().join("calendar/2024-2026.toml")).unwrap()).unwrap()
}

/// A crew with the real law.
struct Shift {
    book: Rulebook,
    case: Case,
    events: Vec<CaseEvent>,
    now: chrono::NaiveDateTime,
    history: History,
    used: u64,
}

impl Shift {
    fn new(book: &Rulebook) -> Shift {
        Shift {
            book: book.clone(),
            case: Case::new(CaseId("case-1".to_owned())),
            events: Vec::new(),
            now: at(18, 19, 0),
            history: History { earlier: Some(false), as_of: Some(at(18, 8, 0)), stale: false },
            used: 0,
        }
    }

    fn books(&self) -> InForce<'_> {
        InForce { at_act: &self.book, at_decision: &self.book }
    }

    fn tell(&mut self, command: &Command) -> Result<(), Refusal> {
        self.now += chrono::TimeDelta::seconds(20);
        let series = match command {
            Command::Decide { .. } => self.case.needed_series().unwrap(),
            _ => Series::Notice,
        };
        self.used += 1;
        let text = self.book.number_text(series, 2026, self.used);
        let (crew, roster) = (crew("a", "b"), roster());
        let desk = Desk {
            now: self.now,
            crew: &crew,
            roster: &roster,
            books: &self.books(),
            history: self.history.clone(),
            next_number: Some(NextNumber { series, text, drill: false }),
            filing_overdue: false,
            clock_trusted: true,
            encounter_fines: Fen::ZERO,
            receipts: &[],
        };
        let events = self.case.handle(command, &desk)?;
        for event in events {
            self.case.apply(&event);
            self.events.push(event);
        }
        Ok(())
    }

    #[track_caller]
    fn all(&mut self, commands: &[Command]) {
        for command in commands {
            self.tell(command).unwrap_or_else(|r| panic!("{command:?} refused: {r}"));
        }
    }

    #[track_caller]
    fn decide(&mut self, choice: Option<Choice>) {
        let confirm = |o: &str| Confirmation { officer: officer(o), how: ConfirmWay::Pin, at: self.now };
        let confirmations = vec![confirm("a"), confirm("b")];
        self.all(&[Command::Decide { choice, order_due: None, confirmations }]);
    }

    fn finish(&mut self) {
        let record = self.case.record().unwrap().clone();
        self.all(&[
            issue(record.slip, &record.number),
            printed(&record.number, PrintState::Printed),
            serve(),
        ]);
    }

    /// Opened on `offence` with these answers, party known, history asked.
    fn facts(&mut self, offence: &str, answers: &[(&str, Value)]) {
        self.all(&[
            open(),
            Command::ShowCertificates,
            photo("f1", Stage::Fact),
            Command::ChooseOffence {
                offence: offence.to_owned(),
                act_at: at(18, 18, 55),
                fact_text: Private::new("见现场照片"),
            },
            Command::IdentifyParty(Box::new(vendor())),
            Command::AskHistory,
        ]);
        for (name, value) in answers {
            self.all(&[answer(name, value.clone())]);
        }
    }

    /// HQ asks every decision again and finds the same to the letter, and nothing unlawful.
    fn check(&self) {
        let again = replay(&self.events, |_| Some(self.books()));
        assert!(!again.is_empty());
        for one in again {
            assert!(one.agrees(), "{:?} {:?}", one.differs, one.recomputed);
        }
        assert_eq!(breaches(&self.events, &roster(), &self.books().rules()), []);
        // And from the JSON of the journal.
        let texts: Vec<String> = self.events.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
        let events: Vec<CaseEvent> = texts.iter().map(|t| serde_json::from_str(t).unwrap()).collect();
        assert_eq!(Case::fold(&events), self.case);
        assert!(replay(&events, |_| Some(self.books())).iter().all(|r| r.agrees()));
    }
}

fn yes() -> Value {
    Value::Bool(true)
}

fn no() -> Value {
    Value::Bool(false)
}

fn harm(word: &str) -> Value {
    Value::Choice(word.to_owned())
}

#[test]
fn a_first_offence_put_right_on_the_spot_is_waived_and_replayed() {
    let book = dongguan();
    let mut shift = Shift::new(&book);
    shift.facts(
        "stall",
        &[
            ("on_road", yes()),
            ("approved", no()),
            ("area", Value::Int(15)),
            ("minor", no()),
            ("harm", harm("slight")),
            ("corrected", yes()),
        ],
    );
    shift.all(&[
        photo("after", Stage::Corrected),
        Command::SeeCorrection { evidence: vec![hash("after")] },
        Command::Educate { how: "当场讲解《城市道路管理条例》".to_owned() },
        Command::Propose { choice: None },
        notice(),
        silent(),
    ]);
    shift.decide(Some(Choice::because("B-1")));
    shift.finish();
    let record = shift.case.record().unwrap();
    assert_eq!(record.outcome, Outcome::NoPenalty);
    assert_eq!(record.decision.limb, Some(Limb::B));
    assert_eq!(record.series, Series::NoPenalty);
    shift.check();
}

#[test]
fn a_fine_for_one_who_was_found_before_runs_to_its_deadlines() {
    let book = dongguan();
    let mut shift = Shift::new(&book);
    shift.history.earlier = Some(true);
    shift.facts(
        "stall",
        &[
            ("on_road", yes()),
            ("approved", no()),
            ("area", Value::Int(15)),
            ("minor", no()),
            ("harm", harm("slight")),
            ("corrected", no()),
        ],
    );
    shift.all(&[
        Command::Propose { choice: None },
        notice(),
        speaks(false),
        Command::Propose { choice: None },
    ]);
    shift.decide(None);
    let decided = shift.now;
    shift.finish();
    let record = shift.case.record().unwrap();
    assert_eq!((record.outcome, record.amount), (Outcome::Fine, Fen::yuan(50)));
    assert_eq!(record.remedy, Remedy::ReconsiderationFirst);

    let clocks = book.clocks().unwrap();
    let open = deadlines::open(&shift.case, &shift.books().rules(), &clocks, &calendar());
    let due = |task| open.iter().find(|d| d.task == task).map(|d| d.due.clone());
    assert_eq!(due(Task::File), Some(Due::At(decided + chrono::TimeDelta::hours(24))));
    // 2026-06-18 + 15 days is Friday, 3 July; 60 days end on Monday, 17 August.
    assert_eq!(due(Task::Pay), NaiveDate::from_ymd_opt(2026, 7, 3).map(Due::By));
    assert_eq!(due(Task::Reconsider), NaiveDate::from_ymd_opt(2026, 8, 17).map(Due::By));
    assert_eq!(due(Task::FollowUpService), None);
    shift.check();
}

#[test]
fn invariant_13_what_went_back_after_a_revocation_pays_no_new_fine() {
    let book = dongguan();
    let mut shift = Shift::new(&book);
    shift.history.earlier = Some(true);
    shift.facts(
        "stall",
        &[
            ("on_road", yes()),
            ("approved", no()),
            ("area", Value::Int(15)),
            ("minor", no()),
            ("harm", harm("slight")),
            ("corrected", no()),
        ],
    );
    let decides_and_serves = |shift: &mut Shift| {
        shift.all(&[Command::Propose { choice: None }, notice(), silent()]);
        shift.decide(None);
        shift.finish();
    };
    decides_and_serves(&mut shift);
    let (clocks, calendar) = (book.clocks().unwrap(), calendar());
    // Ten days after Friday, 3 July 2026.
    let late = |shift: &Shift| {
        deadlines::late_fee(&shift.case, &clocks, &calendar, NaiveDate::from_ymd_opt(2026, 7, 13).unwrap())
    };
    assert_eq!(late(&shift), Fen::yuan(15), "fifty yuan, three percent, ten days");
    shift.all(&[pay(50, "P1")]);
    assert_eq!(late(&shift), Fen::ZERO, "paid in time");
    shift.all(&[
        Command::Revoke { reason: "依据错误".to_owned(), by: officer("head") },
        Command::Refund { amount: Fen::yuan(50), receipt: "TK1".to_owned() },
    ]);
    decides_and_serves(&mut shift);
    assert_eq!(late(&shift), Fen::yuan(15), "the new one is not paid");
}

#[test]
fn after_a_refusal_to_take_the_clocks_run_from_the_follow_up_service() {
    let book = dongguan();
    let mut shift = Shift::new(&book);
    shift.history.earlier = Some(true);
    shift.facts(
        "stall",
        &[
            ("on_road", yes()),
            ("approved", no()),
            ("area", Value::Int(15)),
            ("minor", no()),
            ("harm", harm("slight")),
            ("corrected", no()),
        ],
    );
    shift.all(&[Command::Propose { choice: None }, notice(), silent()]);
    shift.decide(None);
    let record = shift.case.record().unwrap().clone();
    shift.all(&[
        issue(record.slip, &record.number),
        printed(&record.number, PrintState::Printed),
        photo("film", Stage::Service),
        Command::RefuseTaking(refusal_to_take("film")),
    ]);
    let clocks = book.clocks().unwrap();
    let rules = shift.books().rules();
    let due = |shift: &Shift, task| {
        deadlines::open(&shift.case, &rules, &clocks, &calendar())
            .into_iter()
            .find(|d| d.task == task)
            .map(|d| d.due)
    };
    // 19 June 2026 is the Dragon Boat holiday: seven working days after the 18th end on 30 June.
    assert_eq!(due(&shift, Task::FollowUpService), NaiveDate::from_ymd_opt(2026, 6, 30).map(Due::By));
    assert_eq!(due(&shift, Task::Pay), None);
    shift.now = at(23, 10, 0);
    shift.all(&[Command::Serve { how: ServiceWay::LeftAndFilmed, signing: refusal_to_take("film") }]);
    assert_eq!(due(&shift, Task::FollowUpService), None);
    assert_eq!(due(&shift, Task::Pay), NaiveDate::from_ymd_opt(2026, 7, 8).map(Due::By));
    shift.check();
}

#[test]
fn invariant_03_fourteen_to_seventeen_pay_strictly_less() {
    let book = dongguan();
    let amount_for = |born: Option<NaiveDate>| {
        let mut shift = Shift::new(&book);
        shift.history.earlier = Some(true);
        shift.facts(
            "stall",
            &[
                ("on_road", yes()),
                ("approved", no()),
                ("area", Value::Int(30)),
                ("minor", no()),
                ("harm", harm("slight")),
                ("corrected", no()),
            ],
        );
        let party = Party {
            born,
            id_kind: IdKind::None,
            id_number: Private::default(),
            identity: Identity::Declared,
            ..vendor()
        };
        shift.all(&[Command::IdentifyParty(Box::new(party)), Command::Propose { choice: None }]);
        shift.case.proposal().unwrap().told()
    };
    let adult = amount_for(NaiveDate::from_ymd_opt(1990, 1, 1));
    let youth = amount_for(NaiveDate::from_ymd_opt(2010, 6, 1));
    let child = amount_for(NaiveDate::from_ymd_opt(2012, 6, 18));
    assert!(adult.outcome.has_fine());
    assert!(youth.amount < adult.amount, "{youth:?} {adult:?}");
    assert!(!child.outcome.is_penalty(), "{child:?}: fourteen that very day counts as under");
}

#[test]
fn the_rulebook_answers_what_it_asks() {
    let book = dongguan();
    let mut shift = Shift::new(&book);
    shift.facts("stall", &[]);
    let refused = |shift: &mut Shift, name: &str, value| shift.tell(&answer(name, value)).unwrap_err().code;
    assert_eq!(refused(&mut shift, "on_road", Value::Int(3)), "wrong_answer_type");
    assert_eq!(refused(&mut shift, "area", Value::Int(-1)), "wrong_answer_type");
    assert_eq!(refused(&mut shift, "harm", harm("fatal")), "wrong_answer_type");
    assert_eq!(refused(&mut shift, "colour", yes()), "unknown_fact");
    // Asking only what is asked, answering as the questions say, always ends.
    for _ in 0..40 {
        let inquiry = shift.case.inquiry(shift.now, Fen::ZERO, None).unwrap();
        let questions = shift.books().questions(&inquiry).unwrap();
        let Some(question) = questions.first() else { break };
        let value = match &question.answer {
            ezhifa_law::decision::AnswerKind::Bool => yes(),
            ezhifa_law::decision::AnswerKind::Int { min, .. } => Value::Int(*min),
            ezhifa_law::decision::AnswerKind::Choice { options } => Value::Choice(options[0].0.clone()),
        };
        shift.all(&[answer(&question.fact, value)]);
    }
    let inquiry = shift.case.inquiry(shift.now, Fen::ZERO, None).unwrap();
    assert!(shift.books().questions(&inquiry).unwrap().is_empty());
}
