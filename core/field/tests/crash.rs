//! kill -9 anywhere, fail points, torn WALs: nothing acknowledged is lost, no number is used twice, no
//! file is left over, the chain stays whole. `EZHIFA_ROUNDS` sets the number of kills.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod world;

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use ezhifa_field::{
    journal::{self, Kind},
    keys::Point,
    mark::Verdict,
    numbers::State,
    store::{Store, StoreError},
    vault::{self, About},
};
use ezhifa_seal::entry::Epoch;
use world::{Hook, World, body, sign};

const CHILD: &str = "EZHIFA_CRASH_CHILD";
const ABORT_AT: &str = "EZHIFA_CRASH_ABORT_AT";
const POINTS: [Point; 8] = [
    Point::AfterIntent,
    Point::AfterCommit,
    Point::AfterDone,
    Point::FileWritten,
    Point::BeforeRename,
    Point::BeforeSign,
    Point::AfterSign,
    Point::BeforePrint,
];

/// The process that is killed: works for ever and says what was acknowledged.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let world = World::at(std::path::Path::new(&dir));
    let mut platform = world.platform();
    if let Ok(at) = std::env::var(ABORT_AT) {
        let (name, nth) = at.split_once(':').unwrap();
        let (name, nth, seen) = (name.to_owned(), nth.parse::<u32>().unwrap(), Mutex::new(0));
        platform.probe = Arc::new(Hook(move |point| {
            if format!("{point:?}") == name {
                let mut seen = seen.lock().unwrap();
                *seen += 1;
                if *seen == nth {
                    std::process::abort();
                }
            }
            Ok(())
        }));
    }
    let store = Store::open(&world.places, platform).unwrap();
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{line}").unwrap();
        out.flush().unwrap();
    };
    for left in store.read(|dao| dao.unsigned_numbers()).unwrap() {
        sign(&store, &left.case_id, &left.text).unwrap();
        say(format!("ok {}", left.text));
    }
    for n in 0_u64.. {
        let photo = [store.head().unwrap().seq.to_be_bytes(), n.to_be_bytes()].concat();
        let about = About { kind: "photo", case: Some("c"), ..About::default() };
        let (evidence, ()) =
            store.capture(&mut photo.as_slice(), &about, |_, _| Ok::<_, StoreError>(())).unwrap();
        say(format!("file {}", evidence.sha256));
        match world.issue(&store, "c") {
            Ok(text) => say(format!("ok {text}")),
            Err(_) => {
                let next = 1 + store.read(|dao| dao.number_accounts()).unwrap().len() as u64;
                let block =
                    world.block(&format!("l{next}"), next * 1000, next * 1000 + 999, store.epoch().unwrap());
                store.write(|dao| dao.accept_block(&block, &[world.hq_key()]).map(|_| ())).unwrap();
            }
        }
    }
}

#[derive(Default)]
struct Acked {
    numbers: BTreeSet<String>,
    files: BTreeSet<String>,
}

impl Acked {
    fn hear(&mut self, output: impl std::io::Read) {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(text) = line.strip_prefix("ok ").filter(|t| t.ends_with('号')) {
                assert!(self.numbers.insert(text.into()), "{text} was issued twice");
            } else if let Some(sha) = line.strip_prefix("file ").filter(|t| t.len() == 64) {
                self.files.insert(sha.into());
            }
        }
    }
}

fn run(world: &World, acked: &mut Acked, abort_at: Option<String>, kill_after: Duration) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture"]).env(CHILD, world.root());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let aborts = abort_at.is_some();
    if let Some(at) = abort_at {
        command.env(ABORT_AT, at);
    }
    let mut child = command.spawn().unwrap();
    let output = child.stdout.take().unwrap();
    if !aborts {
        std::thread::sleep(kill_after);
        child.kill().unwrap();
    }
    acked.hear(output);
    child.wait().unwrap();
}

fn check(world: &World, acked: &Acked) {
    let store = world.open();
    assert_ne!(store.opened().verdict, Some(Verdict::RolledBack), "a crash is not a roll-back");
    assert_eq!(world.incoming(), 0, "no file is left over");
    assert!(vault::missing(&store).unwrap().is_empty(), "no row without its file");
    // Nothing was sent here, so every row still waits.
    let rows = store.read(|dao| dao.waiting_evidence(usize::MAX)).unwrap().len();
    assert_eq!(world.sealed().len(), rows, "no file without its row");
    let report = store.read(journal::verify_all).unwrap();
    assert!(report.is_whole(), "{report:?}");
    let mut slips = BTreeSet::new();
    for stored in store.read(|dao| dao.case_entries("c")).unwrap() {
        let body = stored.entry.body.unwrap();
        if let Some(text) = body.strip_prefix(r#"{"slip":""#).and_then(|t| t.strip_suffix(r#""}"#)) {
            assert!(slips.insert(text.to_owned()), "{text} stands on two slips");
        }
    }
    let accounts = store.read(|dao| dao.number_accounts()).unwrap();
    assert!(accounts.iter().all(|a| a.adds_up()));
    let issued: BTreeSet<String> = accounts
        .iter()
        .flat_map(|a| &a.used)
        .filter(|u| u.state == State::Issued)
        .map(|u| u.text.clone())
        .collect();
    assert_eq!(issued, slips, "issued numbers and slips are the same");
    assert!(acked.numbers.is_subset(&issued), "an acknowledged slip is gone");
    for sha in acked.files.iter().rev().take(50) {
        let sha = sha.parse().unwrap();
        assert!(store.read_evidence(&sha, &mut Vec::new()).is_ok(), "acknowledged evidence is gone");
    }
    assert!(store.read(|dao| dao.unsigned_numbers()).unwrap().len() <= 1);
}

#[test]
fn kill_minus_nine_loses_nothing() {
    let rounds = std::env::var("EZHIFA_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(12_u64);
    let world = World::new();
    drop(world.create());
    let mut acked = Acked::default();
    // On a busy machine the first ones die before they have done anything: it goes on, each a little later.
    let mut round = 0;
    while round < rounds || (acked.numbers.is_empty() && round < 500) {
        run(&world, &mut acked, None, Duration::from_millis(15 + (round * 37) % (90 + round.min(2_000))));
        if round % 5 == 0 || round + 1 >= rounds {
            check(&world, &acked);
        }
        round += 1;
    }
    assert!(!acked.numbers.is_empty());
    println!("{rounds} kills, {} slips, {} files", acked.numbers.len(), acked.files.len());
}

#[test]
fn a_crash_at_every_point_loses_nothing() {
    let world = World::new();
    drop(world.create());
    let mut acked = Acked::default();
    for point in POINTS {
        for nth in 1..=3 {
            run(&world, &mut acked, Some(format!("{point:?}:{nth}")), Duration::ZERO);
            check(&world, &acked);
        }
    }
}

#[test]
fn an_error_at_every_point_is_survived_without_reopening() {
    for point in POINTS {
        let world = World::new();
        drop(world.create());
        let armed = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let mut platform = world.platform();
        let trigger = armed.clone();
        platform.probe = Arc::new(Hook(move |at| {
            let fire = at == point && trigger.swap(false, std::sync::atomic::Ordering::SeqCst);
            if fire { Err(StoreError::Internal("test")) } else { Ok(()) }
        }));
        let store = Store::open(&world.places, platform).unwrap();
        world.lease(&store, "l1", 1, 50);
        let about = About { kind: "photo", case: Some("c"), ..About::default() };
        for n in 0..3_u8 {
            armed.store(n == 1, std::sync::atomic::Ordering::SeqCst);
            let _ = store.capture(&mut &[n; 100][..], &about, |_, _| Ok::<_, StoreError>(()));
            let _ = world.issue(&store, "c");
        }
        for left in store.read(|dao| dao.unsigned_numbers()).unwrap() {
            sign(&store, &left.case_id, &left.text).unwrap();
        }
        store.write(|dao| dao.append(Kind::Case, 1, None, &body(1))).unwrap();
        drop(store);
        check(&world, &Acked::default());
    }
}

#[test]
fn a_file_size_limit_is_survived() {
    let world = World::new();
    let store = world.create();
    world.lease(&store, "l1", 1, 50);
    let kept = world.issue(&store, "c").unwrap();
    let big = format!(r#"{{"x":"{}"}}"#, "y".repeat(400_000));
    drop(store);
    // SQLite's own limit stands for a full disk: the same error, without filling one.
    let store = world.open();
    store.limit_pages(1);
    let refused: Result<(), StoreError> =
        store.write(|dao| dao.append(Kind::Case, 1, None, &big).map(|_| ()));
    assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    store.limit_pages(1_000_000);
    let next = world.issue(&store, "c").unwrap();
    assert_ne!(kept, next);
    drop(store);
    check(&world, &Acked { numbers: BTreeSet::from([kept, next]), files: BTreeSet::new() });
}

/// Every WAL a power cut can leave, with the mark before and after the commit.
#[test]
fn every_torn_wal_opens_as_a_valid_prefix() {
    let world = World::new();
    drop(world.create());
    let wal = world.places.dir.join("journal.db-wal");
    let mark = world.places.mark.clone();
    // (mark announcing the commit, WAL after the commit, mark confirming it)
    type Moments = Vec<(Vec<u8>, usize, Vec<u8>)>;
    let moments: Arc<Mutex<Moments>> = Arc::default();
    let mut platform = world.platform();
    let (seen, wal_at, mark_at) = (moments.clone(), wal.clone(), mark.clone());
    platform.probe = Arc::new(Hook(move |point| {
        let mut seen = seen.lock().unwrap();
        let mark = std::fs::read(&mark_at).unwrap();
        match point {
            Point::AfterIntent => seen.push((mark, 0, Vec::new())),
            Point::AfterCommit => {
                let len = std::fs::metadata(&wal_at).unwrap().len();
                seen.last_mut().unwrap().1 = usize::try_from(len).unwrap();
            }
            Point::AfterDone => seen.last_mut().unwrap().2 = mark,
            _ => {}
        }
        Ok(())
    }));
    let store = Store::open(&world.places, platform).unwrap();
    world.lease(&store, "l1", 1, 50);
    store.checkpoint().unwrap();
    moments.lock().unwrap().clear();
    let mut issued = Vec::new();
    for n in 0..3 {
        issued.push(world.issue(&store, "c").unwrap());
        store.write(|dao| dao.append(Kind::Case, 1, Some("c"), &body(n))).unwrap();
    }
    let (database, log) = (std::fs::read(world.places.database()).unwrap(), std::fs::read(&wal).unwrap());
    let epoch = store.epoch().unwrap();
    drop(store);
    let moments = moments.lock().unwrap().clone();
    assert_eq!(moments.len(), 9);

    let frame = 24 + 4096;
    let mut images: Vec<(Vec<u8>, usize)> = Vec::new();
    for cut in (32..=log.len()).step_by(frame) {
        images.push((log[..cut].to_vec(), cut));
        images.push((log[..(cut + 1111).min(log.len())].to_vec(), cut));
        let mut garbage = log.clone();
        let end = (cut + 512).min(log.len());
        garbage[cut..end].fill(0xAB);
        images.push((garbage, cut));
    }
    let mut verdicts = BTreeSet::new();
    for (image, whole) in &images {
        // The first commit that is not whole in this image, or the last one.
        let at = moments.iter().position(|(_, len, _)| len > whole).unwrap_or(moments.len() - 1);
        let complete = moments[at].1 <= *whole;
        for confirmed in [false, true] {
            std::fs::write(world.places.database(), &database).unwrap();
            std::fs::write(&wal, image).unwrap();
            let _ = std::fs::remove_file(world.places.dir.join("journal.db-shm"));
            std::fs::write(&mark, if confirmed { &moments[at].2 } else { &moments[at].0 }).unwrap();
            let store = world.open();
            let verdict = store.opened().verdict.unwrap();
            let expected = match (complete, confirmed) {
                (true, _) => Verdict::Fine,
                (false, false) => Verdict::NeverCommitted,
                (false, true) => Verdict::RolledBack,
            };
            assert_eq!(verdict, expected, "cut {whole}, commit {at}, confirmed {confirmed}");
            verdicts.insert(format!("{verdict:?}"));
            let report = store.read(journal::verify_all).unwrap();
            assert!(report.is_whole());
            let next = store.read(|dao| dao.next_number("penalty", 2026, 0)).unwrap();
            if verdict == Verdict::RolledBack {
                assert_eq!(next, None, "no number twice");
                assert!(
                    report.epochs[1].declares.clone().unwrap().contains("\"to\":"),
                    "the tail is declared"
                );
                assert_ne!(store.epoch().unwrap(), epoch);
            } else {
                assert_eq!(store.epoch().unwrap(), Epoch(7), "a torn commit burns nothing");
                let text = format!("样执〔2026〕{}号", next.unwrap().n);
                let done = moments.iter().take(at + usize::from(complete)).count();
                assert!(!issued[..(done / 3).min(3)].contains(&text), "{text} was acknowledged before");
            }
        }
    }
    assert_eq!(verdicts.len(), 3);
    println!("{} images", images.len() * 2);
}
