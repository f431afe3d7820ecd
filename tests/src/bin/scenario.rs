//! Plays a scenario on the phone from Rust, through the same bindings as the other languages:
//! `scenario SCENARIO.json WORK_FOLDER`. tests/python/scenario.py says what the folder holds; exit code 9:
//! killed on purpose, start again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, Weak},
    time::{Duration, Instant},
};

use chrono::NaiveDateTime;
use ezhifa_bindings::*;
use ezhifa_field::casework::seal::sign::{Algorithm, Signer, SoftwareKey};
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

const KILLED: i32 = 9;

/// A word of the scenario as the value of an enum.
fn word<T: DeserializeOwned>(json: &Json) -> T {
    serde_json::from_value(json.clone()).unwrap_or_else(|e| panic!("{json}: {e}"))
}

fn text(step: &Json, name: &str) -> String {
    step[name].as_str().unwrap_or_default().to_owned()
}

fn private(step: &Json, name: &str) -> Private {
    Private::new(text(step, name))
}

fn snake(value: impl std::fmt::Debug) -> String {
    let name = format!("{value:?}");
    let spaced = name.chars().enumerate().flat_map(|(i, c)| {
        let gap = (i > 0 && c.is_uppercase()).then_some('_');
        gap.into_iter().chain(c.to_lowercase())
    });
    spaced.collect()
}

/// What the platform brings, and what the scenario does to it.
struct World {
    work: PathBuf,
    began: NaiveDateTime,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    now: NaiveDateTime,
    place: Json,
    kill: String,
    changes: usize,
    phone: Weak<FieldOffice>,
}

impl World {
    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap())
    }

    fn now(&self) -> NaiveDateTime {
        self.with(|s| s.now)
    }

    fn die_in(&self, call: &str) {
        if self.with(|s| s.kill == call) {
            std::process::exit(KILLED);
        }
    }
}

fn key() -> SoftwareKey {
    SoftwareKey::from_secret(Algorithm::P256Sha256, [3; 32]).unwrap()
}

/// ECDSA r, s as DER, as keystores give it.
fn der(raw: &[u8]) -> Vec<u8> {
    let int = |half: &[u8]| {
        let mut bytes: Vec<u8> = half.iter().copied().skip_while(|b| *b == 0).collect();
        if bytes.first().is_none_or(|b| *b >= 0x80) {
            bytes.insert(0, 0);
        }
        let mut out = vec![2, u8::try_from(bytes.len()).unwrap()];
        out.extend(bytes);
        out
    };
    let both = [int(&raw[..32]), int(&raw[32..])].concat();
    let mut out = vec![0x30, u8::try_from(both.len()).unwrap()];
    out.extend(both);
    out
}

impl PhoneKeys for World {
    fn database_key(&self) -> Result<Vec<u8>, PhoneError> {
        Ok(vec![7; 32])
    }

    fn device_public_key(&self) -> Result<Vec<u8>, PhoneError> {
        Ok(key().public_key().bytes)
    }

    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, PhoneError> {
        self.die_in("sign");
        Ok(der(&key().sign(&message).unwrap().bytes))
    }
}

impl PhoneClock for World {
    fn now(&self) -> Result<ClockStamp, AppError> {
        let wall = World::now(self);
        Ok(ClockStamp { wall, mono_ms: (wall - self.began).num_milliseconds(), boot: "boot-1".into() })
    }
}

impl PhoneLocation for World {
    fn here(&self) -> Result<Option<Fix>, AppError> {
        let place = self.with(|s| s.place.clone());
        let number = |name: &str| place[name].as_i64();
        Ok(number("lat_e7").zip(number("lon_e7")).zip(number("accuracy_cm")).map(
            |((lat_e7, lon_e7), accuracy_cm)| Fix {
                lat_e7,
                lon_e7,
                accuracy_cm,
                source: text(&place, "source"),
            },
        ))
    }
}

impl PhoneObserver for World {
    fn changed(&self, _: Change) -> Result<(), AppError> {
        let phone = self.with(|s| {
            s.changes += 1;
            s.phone.upgrade()
        });
        if let Some(phone) = phone {
            phone.cases(1).unwrap(); // calling back is allowed
        }
        Ok(())
    }
}

/// A socket to the printer that breaks when the scenario says so.
struct Link {
    world: Arc<World>,
    how: String,
    after: usize,
    pipe: Mutex<(TcpStream, usize)>,
}

impl Link {
    fn new(world: &Arc<World>, fault: &Json) -> Arc<Link> {
        let at = std::fs::read_to_string(world.work.join("printer")).unwrap();
        let after = fault["after"].as_u64().map_or(usize::MAX, |n| usize::try_from(n).unwrap());
        let pipe = Mutex::new((TcpStream::connect(at.trim()).unwrap(), 0));
        Arc::new(Link { world: world.clone(), how: text(fault, "how"), after, pipe })
    }
}

impl PrinterLink for Link {
    fn write(&self, bytes: Vec<u8>) -> Result<u32, AppError> {
        self.world.die_in("link");
        let mut pipe = self.pipe.lock().unwrap();
        if pipe.1 >= self.after {
            match self.how.as_str() {
                "closed" => return Err(AppError::Closed),
                // Rust has no exceptions: an error of the app stands for both.
                "failed" | "throws" => {
                    return Err(AppError::Failed { reason: "蓝牙断开 / Bluetooth went away".into() });
                }
                _ => {}
            }
        }
        let left = if pipe.1 < self.after { self.after - pipe.1 } else { usize::MAX };
        let some = &bytes[..bytes.len().min(left)];
        pipe.0.write_all(some).map_err(|_| AppError::Closed)?;
        pipe.1 += some.len();
        Ok(u32::try_from(some.len()).unwrap())
    }

    fn read(&self, most: u32, within_ms: u32) -> Result<Vec<u8>, AppError> {
        let mut pipe = self.pipe.lock().unwrap();
        pipe.0.set_read_timeout(Some(Duration::from_millis(within_ms.max(1).into()))).unwrap();
        let mut into = vec![0; usize::try_from(most).unwrap()];
        let n = match pipe.0.read(&mut into) {
            Ok(n) => n,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => 0,
            Err(_) => return Err(AppError::Closed),
        };
        into.truncate(n);
        Ok(into)
    }

    fn lossless(&self) -> Result<bool, AppError> {
        Ok(true)
    }

    fn end(&self) -> Result<(), AppError> {
        let _ = self.pipe.lock().unwrap().0.shutdown(std::net::Shutdown::Both);
        Ok(())
    }
}

fn strokes() -> Strokes {
    let line = [(6, 12), (70, 44), (150, 20)].map(|(x, y)| Dot { x, y });
    Strokes { width: 160, height: 60, lines: vec![line.to_vec()] }
}

fn signing(step: &Json, evidence: Option<String>) -> Signing {
    Signing {
        role: word(&step["role"]),
        act: word(&step["act"]),
        name: Private::default(),
        reason: private(step, "reason"),
        evidence,
    }
}

fn choice(step: &Json) -> Option<Choice> {
    let outcome = step.get("outcome").map(word);
    step.get("reason").map(|reason| Choice { outcome, amount: None, reason: word(reason) })
}

fn shown(case: &FieldCase, stage: Stage) -> Vec<String> {
    let held = case.look().unwrap().evidence;
    held.into_iter().filter(|item| item.stage == stage).map(|item| item.sha256).collect()
}

fn shot(stage: Stage, caption: &str, kind: &str) -> Shot {
    Shot { stage, caption: caption.into(), kind: kind.into(), record: String::new(), thumbnail: None }
}

fn party(step: &Json) -> Party {
    let read = || {
        let read = read_resident_id(text(step, "id_number")).unwrap();
        read.filter(|_| step["id_kind"] == "resident_id").map(|id| id.born)
    };
    Party {
        kind: word(&step["kind"]),
        name: private(step, "name"),
        id_kind: word(&step["id_kind"]),
        id_number: private(step, "id_number"),
        identity: word(&step["identity"]),
        born: step.get("born").map(word).or_else(read),
        address: private(step, "address"),
        phone: private(step, "phone"),
        representative: private(step, "representative"),
        guardian: private(step, "guardian"),
        plate: private(step, "plate"),
    }
}

struct Player {
    file: PathBuf,
    scenario: Json,
    world: Arc<World>,
    crew: Vec<OfficerId>,
    ids: BTreeMap<String, String>,
    from: (usize, usize),
    phone: Option<Arc<FieldOffice>>,
}

impl Player {
    fn new(file: &Path, work: &Path) -> Player {
        let read = |path: &Path| -> Option<Json> { serde_json::from_slice(&std::fs::read(path).ok()?).ok() };
        let scenario = read(file).expect("a scenario");
        let at = read(&work.join("position.json"))
            .unwrap_or_else(|| json!({ "case": 0, "step": 0, "now": scenario["begins"], "ids": {} }));
        let state = State { now: word(&at["now"]), ..State::default() };
        let world = World { work: work.into(), began: word(&scenario["begins"]), state: Mutex::new(state) };
        Player {
            file: file.into(),
            crew: word(&scenario["crew"]),
            ids: word(&at["ids"]),
            from: (word(&at["case"]), word(&at["step"])),
            scenario,
            world: Arc::new(world),
            phone: None,
        }
    }

    fn phone(&self) -> &FieldOffice {
        self.phone.as_ref().unwrap()
    }

    fn pin(&self, officer: &OfficerId) -> String {
        let officers = self.scenario["hq"]["officers"].as_array().unwrap();
        text(officers.iter().find(|o| o["id"] == *officer.0).unwrap(), "pin")
    }

    fn start(&mut self) -> Result<(), PhoneError> {
        let path = |name: &str| self.world.work.join(name).display().to_string();
        let platform = PhonePlatform {
            app: "scenario 1.0.0".into(),
            model: "rust".into(),
            clock: Some(self.world.clone()),
            location: Some(self.world.clone()),
            observer: Some(self.world.clone()),
            ..PhonePlatform::default()
        };
        let phone = FieldOffice::open(path("store"), path("mark"), self.world.clone(), Some(platform))?;
        self.world.with(|s| s.phone = Arc::downgrade(&phone));
        self.phone = Some(phone);
        if !self.phone().is_enrolled()? {
            let ticket = std::fs::read_to_string(self.world.work.join("ticket")).unwrap();
            self.phone().enrol(ticket.trim().into())?;
            self.sync()?;
        }
        for officer in &self.crew {
            self.phone().sign_in(officer.clone(), self.pin(officer))?;
        }
        self.phone().set_crew(self.crew[0].clone(), self.crew[1].clone(), Vec::new())?;
        Ok(())
    }

    fn sync(&self) -> Result<(), PhoneError> {
        // Numbers that a sync brings are entries, which the next one sends.
        for _ in 0..3 {
            let done = self.phone().sync(None)?;
            assert!(done.done && done.faults.is_empty(), "{done:?}");
            let status = self.phone().status()?;
            if (status.unsynced_entries, status.unsynced_photos) == (0, 0) {
                return Ok(());
            }
        }
        panic!("something is never delivered")
    }

    fn keep(&self, case: usize, step: usize) {
        let at = json!({ "case": case, "step": step, "now": self.world.now(), "ids": self.ids });
        std::fs::write(self.world.work.join("position.part"), at.to_string()).unwrap();
        std::fs::rename(self.world.work.join("position.part"), self.world.work.join("position.json"))
            .unwrap();
    }

    fn play(&mut self) {
        self.start().unwrap();
        let cases: Vec<Json> = word(&self.scenario["cases"]);
        // Of each case: the phone's own work, and the print, which waits for the printer.
        let mut spent = [Vec::new(), Vec::new()];
        for (c, script) in cases.iter().enumerate().skip(self.from.0) {
            let done = if c == self.from.0 { self.from.1 } else { 0 };
            let mut took = [Duration::ZERO; 2];
            for (s, step) in script["steps"].as_array().unwrap().iter().enumerate().skip(done) {
                let after = Duration::from_secs(step["after_s"].as_u64().unwrap_or(0));
                self.world.with(|w| w.now += after);
                if let Some(call) = step.get("killed") {
                    self.keep(c, s + 1); // what goes on after it is the next step
                    self.world.with(|w| w.kill = word(call));
                }
                let began = Instant::now();
                let answer = self.act(script, step);
                took[usize::from(step["do"] == "print")] += began.elapsed();
                match answer {
                    Ok(()) => {
                        assert!(step.get("refused").is_none(), "not refused: {step}");
                        assert!(step.get("killed").is_none(), "survived: {step}");
                    }
                    Err(error) => {
                        let why = error.why();
                        assert_eq!(why.code, text(step, "refused"), "{} {step}: {error}", script["name"]);
                        assert!(!why.zh.is_empty() && !why.en.is_empty(), "{why:?}");
                    }
                }
                self.keep(c, s + 1);
            }
            self.keep(c + 1, 0);
            spent.iter_mut().zip(took).for_each(|(all, one)| all.push(one));
        }
        if std::env::var_os("EZHIFA_TIMES").is_some() {
            for (what, mut all) in ["whole case", "its print"].into_iter().zip(spent) {
                all.sort();
                let ms = |d: Duration| d.as_secs_f64() * 1e3;
                let (best, middle) = (ms(all[0]), ms(all[all.len() / 2]));
                eprintln!("rust    {what:20} {middle:9.2} ms  best {best:.2}, {} of them", all.len());
            }
        }
        self.end(&cases);
    }

    fn act(&mut self, script: &Json, step: &Json) -> Result<(), PhoneError> {
        let work = self.world.work.clone();
        match text(step, "do").as_str() {
            "open" => {
                self.world.with(|w| w.place = step["place"].clone());
                let address = text(&step["place"], "address");
                let case = self.phone().open_case(address, Some(word(&step["source"])), false, None)?;
                self.ids.insert(text(script, "name"), case.id()?.0);
                Ok(())
            }
            "sync" => self.sync(),
            "back_up" => {
                copy(&work.join("store"), &work.join("copy"));
                Ok(())
            }
            "restore" => {
                self.phone = None;
                std::fs::remove_dir_all(work.join("store")).unwrap();
                std::fs::rename(work.join("copy"), work.join("store")).unwrap();
                self.start()?;
                assert_eq!(Some(u64::from(self.phone().verify_journal()?.epochs)), step["epochs"].as_u64());
                Ok(())
            }
            what => {
                let case = self.phone().case(CaseId(self.ids[&text(script, "name")].clone()))?;
                self.one(&case, script, step, what)
            }
        }
    }

    fn one(&self, case: &FieldCase, script: &Json, step: &Json, what: &str) -> Result<(), PhoneError> {
        let flag = |name: &str| step[name].as_bool().unwrap_or(false);
        match what {
            "show_certificates" => {
                case.show_certificates()?;
            }
            "photo" => {
                let photo = self.file.parent().unwrap().join("photos").join(text(step, "file"));
                let what = shot(word(&step["stage"]), &text(step, "caption"), "photo");
                case.capture(&std::fs::read(photo).unwrap(), what)?;
            }
            "offence" => {
                let at = self.world.now() - chrono::TimeDelta::seconds(word(&step["ago_s"]));
                case.choose_offence(text(step, "offence"), at, private(step, "fact"))?;
            }
            "party" => {
                case.identify_party(party(step))?;
            }
            "answer" => {
                while let Some(question) = case.questions()?.into_iter().next() {
                    let answer = step["facts"].get(&question.fact).expect(&question.fact);
                    case.answer(question.fact, word(answer), FactSource::Officer)?;
                }
            }
            "tell" => {
                case.answer(text(step, "fact"), word(&step["value"]), word(&step["source"]))?;
            }
            "history" => {
                case.history()?;
            }
            "prior_order" => {
                case.attach_order(text(step, "number"))?;
            }
            "recheck" => {
                let stage = if flag("corrected") { Stage::Corrected } else { Stage::Fact };
                case.recheck(flag("corrected"), shown(case, stage))?;
            }
            "propose" => {
                case.propose(choice(step))?;
                assert!(case.preview(Paper::Mm58)?.png.starts_with(b"\x89PNG"));
            }
            "notice" => {
                case.give_notice(NoticeWay::Oral)?;
            }
            "statement" => {
                let (words, review) = (private(step, "words"), text(step, "review"));
                case.hear_statement(word(&step["kind"]), SignerRole::Party, words, review, flag("upheld"))?;
            }
            "educate" => {
                case.educate(text(step, "how"))?;
            }
            "correction" => {
                case.see_correction(shown(case, Stage::Corrected))?;
            }
            "decide" => {
                let typed: Vec<String> = match step.get("pins") {
                    Some(pins) => word(pins),
                    None => self.crew.iter().map(|o| self.pin(o)).collect(),
                };
                let both = self.crew.iter().zip(typed).map(|(o, pin)| case.confirm(o.clone(), pin));
                case.decide(both.collect::<Result<_, _>>()?, choice(step), None)?;
            }
            "issue" => {
                self.issue(script, case)?;
            }
            "print" => {
                let number = self.issue(script, case)?.number;
                let link = Link::new(&self.world, &step["fault"]);
                let printed = case.print(
                    link,
                    step["printer"].as_str().unwrap_or("generic-58-gbk").into(),
                    Some(number),
                )?;
                let got = match &printed.result {
                    PrintState::Printed => "printed",
                    PrintState::NotPrinted { .. } => "not_printed",
                    PrintState::Unknown => "unknown",
                };
                assert_eq!(got, step["result"].as_str().unwrap_or("printed"), "{printed:?}");
            }
            "confirm_print" => {
                let number = case.look()?.papers.pop().unwrap().number;
                case.confirm_print(number, flag("complete"))?;
            }
            "look" => {
                let mut view = case.look()?;
                assert_eq!(snake(view.phase), text(step, "phase"));
                assert_eq!(view.papers.pop().unwrap().look, flag("look"));
            }
            "serve" => {
                let signed = step["act"] == "signed";
                let evidence = signed.then(|| {
                    let strokes = format!("strokes of {}", text(script, "name"));
                    case.capture(strokes.as_bytes(), shot(Stage::Service, "签收签名", "signature"))
                });
                let evidence = evidence.transpose()?.map(|item| item.sha256);
                case.serve(word(&step["how"]), signing(step, evidence))?;
            }
            "advise" => {
                case.advise(text(step, "text"))?;
            }
            "hand_over" => {
                case.hand_over(word(&step["to"]), text(step, "reason"))?;
            }
            "close" => {
                case.close_case(word(&step["how"]))?;
            }
            _ => panic!("no such step: {what}"),
        }
        Ok(())
    }

    fn issue(&self, script: &Json, case: &FieldCase) -> Result<Slip, PhoneError> {
        let serve = script["steps"].as_array().unwrap().iter().find(|s| s["do"] == "serve");
        let act = serve.map_or_else(|| "ink".to_owned(), |s| text(s, "act"));
        case.issue(Some(Drawn {
            lead: Some(strokes()),
            second: Some(strokes()),
            party: (act == "signed").then(strokes),
            no_party_line: !matches!(act.as_str(), "signed" | "ink"),
            signing: serve.map(|s| signing(s, None)),
        }))
    }

    fn end(&self, cases: &[Json]) {
        self.sync().unwrap();
        let mut lines = Vec::new();
        let mut numbers = Vec::new();
        for script in cases {
            let found = self.phone().case(CaseId(self.ids[&text(script, "name")].clone()));
            if script["expect"]["gone"] == true {
                // Lost with the newer journal; HQ holds it.
                assert_eq!(found.err().unwrap().why().code, "no_such_case");
                continue;
            }
            let case = found.unwrap();
            let view = case.look().unwrap();
            let papers: Vec<String> = view.papers.iter().map(|p| p.number.clone()).collect();
            let decided = view.decided.as_ref();
            let line = json!({
                "name": script["name"], "phase": snake(view.phase), "outcome": view.outcome.map(snake),
                "limb": decided.and_then(|d| d.limb).map(|l| format!("{l:?}")),
                "amount_fen": decided.map_or(0, |d| d.amount.0), "papers": papers,
                "events": case.events().unwrap().into_iter().map(|e| e.kind).collect::<Vec<_>>(),
            });
            for (key, want) in script["expect"].as_object().unwrap() {
                assert_eq!(&line[key], want, "{} {key}", script["name"]);
            }
            lines.push(line);
            numbers.extend(papers);
        }
        let count = numbers.len();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), count, "a number on two papers");
        let journal = self.phone().verify_journal().unwrap();
        assert!(journal.whole, "{journal:?}");
        assert!(self.world.with(|s| s.changes) > lines.len(), "the observer heard nothing");
        let summary = json!({ "cases": lines, "epochs": journal.epochs });
        std::fs::write(self.world.work.join("summary.json"), summary.to_string()).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn main() {
    let mut paths = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(file), Some(work)) = (paths.next(), paths.next()) else {
        panic!("scenario SCENARIO.json WORK_FOLDER");
    };
    Player::new(&file, &work).play();
}
