//! A lawful case, step by step through the guards, and its entries in a phone's journal.
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use chrono::{NaiveDateTime, TimeDelta};
use ezhifa_casework::{
    books::InForce,
    case::Case,
    command::{Command, Desk, NextNumber, ReceiptBlock},
    event::{
        CaseEvent, CaseId, Choice, ConfirmWay, Confirmation, Event, EvidenceItem, FactSource, NoticeWay,
        PrintState, ServiceWay, Source, Stage, StatementKind,
    },
    law::{
        decision::History,
        facts::Value,
        money::Fen,
        rulebook::{Files, Rulebook, pack_hash},
        terms::{Outcome, PartyKind, Series},
    },
    people::{
        Crew, IdKind, Identity, Officer, OfficerId, OfficerKind, Party, Place, Power, Private, Roster,
        SignerRole, Signing, SigningAct,
    },
};
use ezhifa_slip::{Extras, compose};
use ezhifa_wire::seal::{
    code::{SlipCode, SlipRecord},
    hash::{Digest, sha256},
};

use super::Phone;

fn read(dir: &Path, base: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, base, files);
        } else if path.extension().is_some_and(|e| e == "toml") {
            files.insert(
                path.strip_prefix(base).unwrap().to_str().unwrap().to_owned(),
                std::fs::read(&path).unwrap(),
            );
        }
    }
}

/// The sample packs of this repository, imports first, with cash allowed. The import hash is set to what is
/// really there.
pub fn packs() -> [Files; 2] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks");
    let load = |name: &str| {
        let mut files = Files::new();
        read(&root.join(name), &root.join(name), &mut files);
        files
    };
    let (national, mut local) = (load("prc-national"), load("dongguan-sample"));
    let manifest = String::from_utf8(local["manifest.toml"].clone()).unwrap();
    let hash = pack_hash(&national);
    let manifest = manifest
        .lines()
        .map(|l| if l.starts_with("hash = ") { format!("hash = \"{hash}\"") } else { l.to_owned() })
        .collect::<Vec<_>>()
        .join("\n");
    local.insert("manifest.toml".into(), manifest.into_bytes());
    // The sample organ takes no cash (处罚法 67); this one may, so that the clocks of cash have something to do.
    let mut settings = b"cash = true\n".to_vec();
    settings.extend_from_slice(&local["settings.toml"]);
    local.insert("settings.toml".into(), settings);
    [national, local]
}

pub struct Street {
    pub book: Rulebook,
    pub roster: Roster,
    pub crew: Crew,
    pub now: NaiveDateTime,
    pub files: [Files; 2],
    /// Where the next case comes from; patrol when nothing is set.
    pub source: Option<Source>,
    /// Pay code on the next paper.
    pub pay_code: Option<String>,
    /// Finance receipts of the crew.
    pub receipts: Vec<ReceiptBlock>,
}

pub fn street() -> Street {
    street_with(packs())
}

/// The same packs without the sample flag and its unverified rows, as if an organ had published them.
pub fn street_of_an_organ() -> Street {
    let mut files = packs();
    let manifest = String::from_utf8(files[1]["manifest.toml"].clone()).unwrap();
    files[1].insert("manifest.toml".into(), manifest.replace("sample = true", "sample = false").into_bytes());
    for text in files[1].values_mut() {
        let all = String::from_utf8(text.clone()).unwrap();
        let kept: Vec<&str> = all.lines().filter(|l| !l.starts_with("unverified")).collect();
        *text = kept.join("\n").into_bytes();
    }
    street_with(files)
}

fn street_with(files: [Files; 2]) -> Street {
    let national = Rulebook::load(&files[0], &[]).unwrap();
    let book = Rulebook::load(&files[1], &[&national]).unwrap();
    let day = |y| chrono::NaiveDate::from_ymd_opt(y, 1, 1).unwrap();
    let officer = |id: &str, certificate: &str| Officer {
        id: OfficerId(id.into()),
        name: format!("样例{id}"),
        certificate: certificate.into(),
        kind: OfficerKind::Certified,
        valid_from: day(2024),
        valid_to: day(2029),
        branch: "dongcheng".into(),
        pin_verifier: String::new(),
        powers: vec![Power::Void],
    };
    Street {
        book,
        roster: Roster {
            officers: vec![
                officer("o-1", "19S00123"),
                officer("o-2", "19S00456"),
                Officer { powers: vec![Power::Head], ..officer("o-9", "19S00001") },
            ],
        },
        crew: Crew { lead: OfficerId("o-1".into()), second: OfficerId("o-2".into()), with: vec![] },
        now: ezhifa_hq::config::local(super::EVENING),
        files,
        source: None,
        pay_code: None,
        receipts: vec![],
    }
}

/// One case as the test wants it.
pub struct Script<'a> {
    pub id: &'a str,
    pub offence: &'a str,
    pub id_number: &'a str,
    pub facts: &'a [(&'a str, Value)],
    pub earlier: Option<bool>,
    pub choice: Option<(Option<Outcome>, &'a str)>,
    pub seq: u64,
    pub serve: bool,
    pub lat_e7: i64,
}

pub struct Done {
    pub number: String,
    pub outcome: Outcome,
    pub amount: Fen,
    pub code: SlipCode,
    pub evidence: Vec<Vec<u8>>,
    pub case: Case,
}

impl Street {
    /// One step through the guards into the journal; the hash of the decision entry, if it was one.
    pub fn step(
        &mut self,
        phone: &mut Phone,
        case: &mut Case,
        earlier: Option<bool>,
        seq: u64,
        command: Command,
    ) -> Option<Digest> {
        self.now += TimeDelta::seconds(20);
        let books = InForce { at_act: &self.book, at_decision: &self.book };
        let notice =
            matches!(command, Command::Revoke { .. } | Command::Correct { .. }).then_some(Series::Notice);
        let next_number = notice.or(case.needed_series()).map(|series| NextNumber {
            series,
            text: self.book.number_text(series, 2026, seq),
            drill: false,
        });
        let desk = Desk {
            now: self.now,
            crew: &self.crew,
            roster: &self.roster,
            books: &books,
            history: History { earlier, as_of: Some(self.now), stale: false },
            next_number,
            filing_overdue: false,
            clock_trusted: true,
            encounter_fines: Fen::ZERO,
            receipts: &self.receipts,
        };
        let events: Vec<CaseEvent> =
            case.handle(&command, &desk).unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let mut hash = None;
        for event in events {
            let entry = phone.write("case", &serde_json::to_string(&event).unwrap());
            if matches!(event.event, Event::Decided { .. }) {
                hash = Some(entry.header.hash());
            }
            case.apply(&event);
        }
        hash
    }

    pub fn run(&mut self, phone: &mut Phone, script: &Script<'_>) -> Done {
        let mut case = Case::new(CaseId(script.id.into()));
        let hash = std::cell::Cell::new(None);
        let go = |street: &mut Street, case: &mut Case, phone: &mut Phone, command: Command| {
            if let Some(decided) = street.step(phone, case, script.earlier, script.seq, command) {
                hash.set(Some(decided));
            }
        };
        let photo = |stage: &str| format!("{}-{stage}", script.id).into_bytes();
        let item = |bytes: &[u8], stage: Stage, at: NaiveDateTime| EvidenceItem {
            sha256: sha256(bytes).to_string(),
            kind: "photo".into(),
            size: bytes.len() as u64,
            captured_at: at,
            stage,
            caption: "样例".into(),
        };
        let place = Place {
            address: "样例路1号".into(),
            lat_e7: Some(script.lat_e7),
            lon_e7: Some(1_137_850_000),
            accuracy_cm: Some(500),
            source: "gnss".into(),
            branch: "dongcheng".into(),
        };
        let s = self;
        let source = s.source.take();
        go(
            s,
            &mut case,
            phone,
            Command::Open { source: source.unwrap_or(Source::Patrol), place, drill: false, continues: None },
        );
        go(s, &mut case, phone, Command::ShowCertificates);
        let at = s.now;
        go(s, &mut case, phone, Command::AddEvidence(item(&photo("before"), Stage::Fact, at)));
        go(
            s,
            &mut case,
            phone,
            Command::ChooseOffence {
                offence: script.offence.into(),
                act_at: at,
                fact_text: Private::new("样例事实"),
            },
        );
        let party = Party {
            kind: PartyKind::Citizen,
            name: Private::new("样例某"),
            id_kind: IdKind::ResidentId,
            id_number: Private::new(script.id_number),
            identity: Identity::DocumentRead,
            born: chrono::NaiveDate::parse_from_str(&script.id_number[6..14], "%Y%m%d").ok(),
            address: Private::new("样例路2号"),
            phone: Private::default(),
            representative: Private::default(),
            guardian: Private::default(),
            plate: Private::default(),
        };
        go(s, &mut case, phone, Command::IdentifyParty(Box::new(party)));
        go(s, &mut case, phone, Command::AskHistory);
        for (name, value) in script.facts {
            go(
                s,
                &mut case,
                phone,
                Command::AnswerFact {
                    name: (*name).into(),
                    value: value.clone(),
                    source: FactSource::Officer,
                },
            );
        }
        let corrected = script.facts.contains(&("corrected", Value::Bool(true)));
        let at = s.now;
        if corrected {
            go(s, &mut case, phone, Command::AddEvidence(item(&photo("after"), Stage::Corrected, at)));
        }
        let choice =
            script.choice.map(|(outcome, reason)| Choice { outcome, amount: None, reason: reason.into() });
        go(s, &mut case, phone, Command::Propose { choice: choice.clone() });
        // An order is no penalty: nothing is notified (处罚法 44).
        let order = case.proposal().is_some_and(|p| p.decision.outcome == Outcome::Order);
        if !order {
            go(s, &mut case, phone, Command::GiveNotice(NoticeWay::Oral));
            go(
                s,
                &mut case,
                phone,
                Command::HearStatement {
                    statement: StatementKind::NotMade,
                    by: SignerRole::Party,
                    words: Private::default(),
                    review: "未陈述申辩".into(),
                    upheld: false,
                },
            );
            go(s, &mut case, phone, Command::Educate { how: "当面讲解".into() });
        }
        if corrected {
            go(
                s,
                &mut case,
                phone,
                Command::SeeCorrection { evidence: vec![sha256(&photo("after")).to_string()] },
            );
        }
        let at = s.now;
        let confirmations = ["o-1", "o-2"]
            .map(|o| Confirmation { officer: OfficerId(o.into()), how: ConfirmWay::Pin, at })
            .to_vec();
        let order_due = order.then(|| s.now + TimeDelta::days(3));
        go(s, &mut case, phone, Command::Decide { choice, order_due, confirmations });
        let record = case.record().unwrap().clone();
        let decided_ms = record.at.and_utc().timestamp_millis() - 8 * 3_600_000;
        let slip_record = SlipRecord {
            number: record.number.clone(),
            organ: "DGCG".into(),
            officers: ["19S00123".into(), "19S00456".into()],
            decided_ms,
            clause: "样例条款".into(),
            outcome: record.outcome.code(),
            order_due_ms: None,
            entry_prefix: hash.get().unwrap().prefix(),
        };
        let code = SlipCode::encode(&slip_record, "https://localhost", &phone.key).unwrap();
        let officers = [&s.roster.officers[0], &s.roster.officers[1]];
        let mut extras = Extras::new(record.slip, record.number.clone(), officers, s.now);
        extras.check_code = code.check_code();
        extras.code = Some(code.text());
        extras.pay_code = s.pay_code.clone();
        let document = compose(&case, &s.book, &extras).unwrap();
        let issue = Command::IssueSlip {
            slip: record.slip,
            number: record.number.clone(),
            code: code.text(),
            check_code: code.check_code(),
            document: Private::new(serde_json::to_string(&document).unwrap()),
        };
        go(s, &mut case, phone, issue);
        if script.serve {
            go(
                s,
                &mut case,
                phone,
                Command::RecordPrint { number: record.number.clone(), result: PrintState::Printed },
            );
            let signing = Signing {
                role: SignerRole::Party,
                act: SigningAct::Ink,
                name: Private::default(),
                reason: Private::default(),
                evidence: None,
            };
            go(s, &mut case, phone, Command::Serve { how: ServiceWay::HandedOver, signing });
        }
        let mut evidence = vec![photo("before")];
        if corrected {
            evidence.push(photo("after"));
        }
        Done { number: record.number, outcome: record.outcome, amount: record.amount, code, evidence, case }
    }
}
