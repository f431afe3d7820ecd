//! Disks that fail, and what a power cut leaves of a WAL: cut anywhere, garbage anywhere, with the mark and
//! the vault of that very instant. `EZHIFA_ROUNDS` sets how many images.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod world;

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

use ezhifa_field::{
    journal::{self, Kind},
    keys::Point,
    mark::Verdict,
    store::{Store, StoreError},
    vault::{self, About},
};
use world::{Hook, World, body};

fn rounds(everyday: usize, each: usize) -> usize {
    std::env::var("EZHIFA_ROUNDS").ok().and_then(|n| n.parse::<usize>().ok()).map_or(everyday, |n| n * each)
}

fn capture(store: &Store, bytes: &[u8]) -> Result<(), StoreError> {
    let about = About { kind: "photo", case: Some("c"), ..About::default() };
    let mut from = bytes;
    store.capture(&mut from, &about, |_, _| Ok::<_, StoreError>(())).map(|_| ())
}

// --- disks that fail ------------------------------------------------------------------------------

const LIMITED: &str = "EZHIFA_LIMITED_CHILD";
const FULL: &str = "EZHIFA_FULL_CHILD";

/// Runs one of this file's tests as a process of its own, under a shell that prepares the ground.
fn shell(prepare: &str, test: &str, var: &str, dir: &std::path::Path) -> std::process::Output {
    let script = format!("{prepare}; exec \"$0\" {test} --exact --nocapture");
    Command::new("bash")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(var, dir)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(output: &std::process::Output, word: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter_map(|l| l.strip_prefix(word)).map(|l| l.trim().to_owned()).collect()
}

/// Works until the system refuses to let a file grow; says what was acknowledged.
#[test]
fn limited_child() {
    let Some(dir) = std::env::var_os(LIMITED) else { return };
    let world = World::at(std::path::Path::new(&dir));
    let store = world.open();
    let mut refused = 0;
    for n in 0_u32..400 {
        match world.issue(&store, "c") {
            Ok(text) => println!("\nok {text}"),
            Err(_) => refused += 1,
        }
        if n == 30 {
            // A film larger than the limit: refused, and nothing of it stays.
            assert!(capture(&store, &vec![7; 4 << 20]).is_err());
            println!("\nfilm refused");
        }
        if refused > 3 {
            println!("\nrefused");
            return;
        }
    }
}

#[test]
fn a_file_that_may_not_grow_loses_nothing() {
    let world = World::new();
    let store = world.create();
    world.lease(&store, "l1", 1, 900);
    drop(store);
    let mut acked = Vec::new();
    for blocks in [120, 180, 260] {
        let prepare = format!("trap '' XFSZ; ulimit -f {blocks}");
        let output = shell(&prepare, "limited_child", LIMITED, world.root());
        let fresh = said(&output, "ok ");
        assert!(!fresh.is_empty() || blocks < 200, "{}", String::from_utf8_lossy(&output.stderr));
        acked.extend(fresh);
        let store = world.open();
        assert_ne!(store.opened().verdict, Some(Verdict::RolledBack));
        assert_eq!(world.incoming(), 0);
        assert!(vault::missing(&store).unwrap().is_empty());
        assert!(store.verify().unwrap().is_whole());
        for left in store.read(|dao| dao.unsigned_numbers()).unwrap() {
            world::sign(&store, &left.case_id, &left.text).unwrap();
        }
        let accounts = store.read(|dao| dao.number_accounts()).unwrap();
        assert!(accounts.iter().all(|a| a.adds_up()));
        let used: Vec<&str> = accounts.iter().flat_map(|a| &a.used).map(|u| u.text.as_str()).collect();
        assert!(acked.iter().all(|text| used.contains(&text.as_str())), "an acknowledged slip is gone");
        store.checkpoint().unwrap();
    }
    acked.sort();
    let all = acked.len();
    acked.dedup();
    assert_eq!(acked.len(), all, "no number twice");
    assert!(all > 0);
}

/// A phone that is really full: other apps took the last byte.
#[test]
fn full_child() {
    let Some(dir) = std::env::var_os(FULL) else { return };
    let world = World::at(std::path::Path::new(&dir));
    let store = world.create();
    world.lease(&store, "l1", 1, 900);
    let mut filler = std::fs::File::create(world.root().join("other-apps")).unwrap();
    while std::io::Write::write_all(&mut filler, &[1; 4096]).is_ok() {}
    let mut acked = Vec::new();
    let full = (0..2_000).find_map(|_| match world.issue(&store, "c") {
        Ok(text) => {
            acked.push(text);
            None
        }
        Err(e) => Some(e),
    });
    assert!(matches!(full, Some(StoreError::Full)), "{full:?}");
    assert!(matches!(capture(&store, b"jpeg"), Err(StoreError::LowSpace)), "no captures without the reserve");
    // The reserve was given up: the running case is finished.
    for left in store.read(|dao| dao.unsigned_numbers()).unwrap() {
        world::sign(&store, &left.case_id, &left.text).unwrap();
    }
    for _ in 0..20 {
        acked.push(world.issue(&store, "c").unwrap());
    }
    drop(store);
    let store = world.open();
    assert_ne!(store.opened().verdict, Some(Verdict::RolledBack));
    assert!(store.verify().unwrap().is_whole());
    let accounts = store.read(|dao| dao.number_accounts()).unwrap();
    let used: Vec<&str> = accounts.iter().flat_map(|a| &a.used).map(|u| u.text.as_str()).collect();
    assert!(acked.iter().all(|text| used.contains(&text.as_str())));
    println!("\nfinished {}", acked.len());
}

#[test]
fn on_a_full_phone_the_running_case_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let disk = dir.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mount = format!("mount -t tmpfs -o size=24m tmpfs '{}' || exit 77", disk.display());
    let inner = format!("{mount}; exec \"$0\" full_child --exact --nocapture");
    let output = Command::new("unshare")
        .args(["-rm", "bash", "-c", &inner])
        .arg(std::env::current_exe().unwrap())
        .env(FULL, &disk)
        .output();
    let Ok(output) = output else {
        println!("no unshare: a_file_that_may_not_grow_loses_nothing stands alone");
        return;
    };
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    if text.contains("unshare:") || output.status.code() == Some(77) {
        println!("no small disk of one's own here: {text}");
        return;
    }
    assert!(output.status.success() && text.contains("finished"), "{text}");
}

// --- what a power cut leaves ----------------------------------------------------------------------

type Files = BTreeMap<String, Vec<u8>>;

/// The phone at one moment.
struct Instant {
    point: Point,
    /// Commits whose frames are whole in the WAL.
    commits: usize,
    wal: usize,
    mark: Vec<u8>,
    vault: Files,
}

fn vault_files(world: &World) -> Files {
    world.files().into_iter().filter(|(path, _)| path.contains("/evidence/")).collect()
}

/// A small generator of our own: the seed stands in the message of a failure.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap()
}

#[test]
fn a_wal_cut_or_littered_anywhere_is_a_valid_prefix_with_its_tail_declared() {
    let world = World::new();
    drop(world.create());
    let wal = world.places.dir.join("journal.db-wal");
    let instants: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let mut platform = world.platform();
    let (seen, wal_at) = (instants.clone(), wal.clone());
    let there = World::at(world.root());
    platform.probe = Arc::new(Hook(move |point| {
        let mut seen = seen.lock().unwrap();
        let before = seen.last().map_or(0, |i| i.commits);
        seen.push(Instant {
            point,
            commits: before + usize::from(point == Point::AfterCommit),
            wal: usize::try_from(std::fs::metadata(&wal_at).unwrap().len()).unwrap(),
            mark: std::fs::read(&there.places.mark).unwrap(),
            vault: vault_files(&there),
        });
        Ok(())
    }));
    let store = Store::open(&world.places, platform).unwrap();
    world.lease(&store, "l1", 1, 90);
    store.checkpoint().unwrap();
    let base = store.head().unwrap();
    instants.lock().unwrap().clear();
    let mut issued = Vec::new();
    for n in 0..4_u8 {
        capture(&store, &[n; 5_000]).unwrap();
        issued.push(world.issue(&store, "c").unwrap());
        store.write(|dao| dao.append(Kind::Case, 1, Some("c"), &body(n.into()))).unwrap();
    }
    let (database, log) = (std::fs::read(world.places.database()).unwrap(), std::fs::read(&wal).unwrap());
    let (epoch, reached) = (store.epoch().unwrap(), store.head().unwrap());
    drop(store);
    let instants = std::mem::take(&mut *instants.lock().unwrap());
    // Where in the WAL each commit ends.
    let ends: Vec<usize> = instants.iter().filter(|i| i.point == Point::AfterCommit).map(|i| i.wal).collect();
    assert_eq!(ends.len(), 16);
    assert!(log.len() < 128 * 4_000, "no checkpoint came between");

    let mut verdicts = BTreeMap::new();
    for round in 0..rounds(120, 5) {
        let mut seed = 0xE2_0000 + round as u64;
        let now = &instants[next(&mut seed) % instants.len()];
        let mut image = log[..now.wal].to_vec();
        let hit = if round % 3 == 0 { now.wal } else { next(&mut seed) % (now.wal + 1) };
        match round % 3 {
            0 => {}
            1 => image.truncate(hit),
            _ => {
                let end = (hit + 1 + next(&mut seed) % 600).min(image.len());
                image[hit..end].iter_mut().for_each(|b| *b ^= 0xA5);
            }
        }
        let whole = ends.iter().filter(|end| **end <= hit).count();
        std::fs::remove_dir_all(&world.places.dir).unwrap();
        std::fs::create_dir_all(world.places.incoming()).unwrap();
        for (path, bytes) in &now.vault {
            std::fs::create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        std::fs::write(world.places.database(), &database).unwrap();
        std::fs::write(&wal, &image).unwrap();
        std::fs::write(&world.places.mark, &now.mark).unwrap();

        let store = world.open();
        let verdict = store.opened().verdict.unwrap();
        let about = format!("round {round}: {:?}, {} commits, {whole} whole", now.point, now.commits);
        // After the intent the mark is one ahead of what is committed.
        let ahead = usize::from(now.point == Point::AfterIntent);
        let expected = match now.commits.checked_sub(whole) {
            Some(0) if ahead == 1 => Verdict::NeverCommitted,
            Some(0) => Verdict::Fine,
            // The commit was there and its "done" was not written yet.
            Some(1) if now.point == Point::AfterCommit => Verdict::NeverCommitted,
            _ => Verdict::RolledBack,
        };
        assert_eq!(verdict, expected, "{about}");
        *verdicts.entry(format!("{verdict:?}")).or_insert(0) += 1;
        assert!(store.verify().unwrap().is_whole(), "{about}");
        assert!(vault::missing(&store).unwrap().is_empty(), "{about}: a row without its file");
        assert_eq!(world.incoming(), 0, "{about}: a file left over");
        let heads = store.read(|dao| dao.epochs()).unwrap();
        assert!(heads[0].head.seq >= base.seq && heads[0].head.seq <= reached.seq);
        let free = store.read(|dao| dao.next_number("penalty", 2026, 0)).unwrap();
        if verdict == Verdict::RolledBack {
            assert_eq!(free, None, "{about}: no number twice");
            let declared = store.read(journal::verify_all).unwrap().epochs[1].declares.clone().unwrap();
            assert!(
                declared.contains("rolled_back") && declared.contains("\"hole\":{"),
                "{about}: {declared}"
            );
        } else {
            assert_eq!(store.epoch().unwrap(), epoch, "{about}: nothing is burnt");
            let text = format!("样执〔2026〕{}号", free.unwrap().n);
            // Four commits a turn: the file, the decision, the slip, a note.
            let acknowledged = &issued[..(now.commits + 1) / 4];
            assert!(!acknowledged.contains(&text), "{about}: {text} was acknowledged");
        }
    }
    println!("{verdicts:?}");
    assert_eq!(verdicts.len(), 3, "{verdicts:?}");
}
