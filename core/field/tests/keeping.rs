//! What stays and what goes: evidence and bodies, at every moment at which a phone may die.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use ezhifa_field::{
    journal::{self, Kind},
    store::{Store, StoreError},
    vault::{self, About, Evidence},
};
use world::{World, body};

fn capture(store: &Store, case: Option<&str>, bytes: &[u8]) -> Evidence {
    let about = About { kind: "photo", case, ..About::default() };
    store.capture(&mut &*bytes, &about, |_, _| Ok::<_, StoreError>(())).unwrap().0
}

/// Sealed files on the disk.
fn whole(store: &Store) -> bool {
    vault::missing(store).unwrap().is_empty() && store.read(journal::verify_all).unwrap().is_whole()
}

/// HQ holds everything, twice.
fn held_by_hq(store: &Store, evidence: &[&Evidence]) {
    let head = store.head().unwrap();
    store
        .write::<_, StoreError>(|dao| {
            evidence.iter().try_for_each(|e| dao.evidence_durable(&e.sha256))?;
            dao.set_delivered(head.epoch, head.seq)?;
            dao.raise_floor(head.epoch, head.seq)
        })
        .unwrap();
}

#[test]
fn the_same_picture_twice_is_one_row_and_one_file() {
    let world = World::new();
    let store = world.create();
    capture(&store, Some("a"), b"picture");
    capture(&store, Some("a"), b"picture");
    capture(&store, Some("b"), b"picture");
    assert_eq!(world.sealed().len(), 1, "{:?}", world.sealed());
    assert!(whole(&store));
    assert_eq!(store.read(|dao| dao.case_evidence("b")).unwrap().len(), 1);
}

#[test]
fn a_purged_file_that_a_crash_left_is_removed_by_the_next_opening() {
    let world = World::new();
    let store = world.create();
    let evidence = capture(&store, Some("a"), b"picture");
    let before = world.files();
    let file = world.sealed().remove(0);
    store.write(|dao| dao.keep_until("a", 5)).unwrap();
    held_by_hq(&store, &[&evidence]);
    store.drop_evidence(&evidence.sha256, 6).unwrap();
    assert!(world.sealed().is_empty());
    drop(store);
    // Killed after the commit and before the removal: the file is still there.
    std::fs::write(&file, &before[&file]).unwrap();
    let store = world.open();
    assert!(world.sealed().is_empty(), "no file without a row");
    assert!(whole(&store));
    // The same picture, taken again for another case, is evidence again.
    let again = capture(&store, Some("b"), b"picture");
    let mut back = Vec::new();
    store.read_evidence(&again.sha256, &mut back).unwrap();
    assert_eq!(back, b"picture");
    assert!(!again.durable, "HQ is asked again");
    assert!(whole(&store));
}

#[test]
fn invariant_15_nothing_leaves_before_date_floor_and_receipt() {
    let world = World::new();
    let store = world.create();
    store.write(|dao| dao.append(Kind::Case, 1, Some("a"), &body(1))).unwrap();
    let own = capture(&store, Some("a"), b"of a alone");
    let shared = capture(&store, Some("a"), b"of both");
    capture(&store, Some("b"), b"of both");
    let due = |now| store.read(|dao| dao.purgeable(now, 10)).unwrap();
    assert!(due(i64::MAX).is_empty(), "a case without a date is kept for ever");
    store.write(|dao| dao.keep_at_least("a", 1_000)).unwrap();
    store.write(|dao| dao.keep_at_least("a", 10)).unwrap();
    assert_eq!(store.read(|dao| dao.kept_until("a")).unwrap(), Some(1_000), "never shortened");
    assert!(due(2_000).is_empty(), "HQ holds nothing yet");
    let head = store.head().unwrap();
    let floor = || {
        store.write(|dao| dao.raise_floor(head.epoch, head.seq)).unwrap();
        store.read(|dao| dao.epochs()).unwrap()[0].floor
    };
    assert_eq!(floor(), 0, "a prune line never runs ahead of receipts");
    store.write(|dao| dao.set_delivered(head.epoch, head.seq)).unwrap();
    assert_eq!(floor(), head.seq);
    assert!(due(2_000).is_empty(), "its pictures are not at HQ");
    held_by_hq(&store, &[&own, &shared]);
    assert!(due(1_000).is_empty(), "the date is not past");
    assert_eq!(due(1_001), ["a"]);

    let files = store.read(|dao| dao.droppable_files("a", 1_001)).unwrap();
    assert_eq!(files, [own.sha256], "what another case needs stays");
    store.drop_evidence(&own.sha256, 1_001).unwrap();
    let gone = store.write(|dao| dao.purge_case("a", 1_001)).unwrap();
    assert_eq!(gone, 2, "the step and its own picture's record; the shared one's stays");
    assert!(due(1_001).is_empty(), "what is left of it goes with the other case, and costs no entry a day");
    assert_eq!(store.read(|dao| dao.case_evidence("b")).unwrap().len(), 1);
    let mut back = Vec::new();
    store.read_evidence(&shared.sha256, &mut back).unwrap();
    assert_eq!(back, b"of both");
    assert!(whole(&store), "headers remain: the chain verifies");
    assert!(store.read(|dao| dao.thumbnail(&own.sha256)).unwrap().is_none());
}

#[test]
fn evidence_taken_before_the_case_belongs_to_it_and_goes_with_it() {
    let world = World::new();
    let store = world.create();
    let early = capture(&store, None, b"early");
    assert!(store.read(|dao| dao.evidence_entries("a")).unwrap().is_empty());
    store.write(|dao| dao.link_evidence("a", &early.sha256)).unwrap();
    let entries = store.read(|dao| dao.evidence_entries("a")).unwrap();
    assert_eq!(entries.len(), 1);
    store.write(|dao| dao.keep_at_least("a", 5)).unwrap();
    held_by_hq(&store, &[&early]);
    assert_eq!(store.write(|dao| dao.purge_case("a", 6)).unwrap(), 1, "its sealed record goes too");
    assert!(whole(&store));
}

/// Memory while a film is sealed, read back and exported: `EZHIFA_NIGHTLY` makes it 200 MB.
#[test]
#[cfg(target_os = "linux")]
fn a_film_is_streamed_in_flat_memory() {
    struct Film(u64);
    impl std::io::Read for Film {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let n = buffer.len().min(usize::try_from(self.0).unwrap_or(usize::MAX));
            buffer[..n].fill((self.0 % 251) as u8);
            self.0 -= n as u64;
            Ok(n)
        }
    }
    fn peak_kb() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
    let size = if std::env::var_os("EZHIFA_NIGHTLY").is_some() { 200 << 20 } else { 24 << 20 };
    let world = World::new();
    let store = world.create();
    let about = About { kind: "video", case: Some("a"), ..About::default() };
    let before = peak_kb();
    let (film, ()) = store.capture(&mut Film(size), &about, |_, _| Ok::<_, StoreError>(())).unwrap();
    assert_eq!(film.size, size);
    assert_eq!(store.read_evidence(&film.sha256, &mut std::io::sink()).unwrap(), size);
    let grew = peak_kb().saturating_sub(before);
    assert!(grew < 12 << 10, "{grew} KB more at the peak for a film of {size} bytes");
}
