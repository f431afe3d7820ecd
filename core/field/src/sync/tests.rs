//! The engine against a phone in memory and an HQ that a test speaks for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{cell::RefCell, collections::BTreeMap};

use ezhifa_wire::{
    Problem, ProblemCode, auth, blob, domains,
    feed::FeedPage,
    hello::{BlockUse, Cursor, Floor, HelloReply, Limits, Unsynced},
    lease::LeaseRequest,
    pack,
    problem::{Fork, Have},
    push::{Push, Receipt},
    seal::{
        entry::{DeviceId, Epoch, Head, SealedEntry, Stamp, append},
        hash::{Digest, sha256},
        sign::{Algorithm, Signed, Signer, SoftwareKey},
    },
};
use proptest::prelude::*;
use serde::Serialize;

use super::*;
use crate::transport::{Response, TransportError};

fn key(n: u8) -> SoftwareKey {
    SoftwareKey::from_secret(Algorithm::P256Sha256, [n; 32]).unwrap()
}

const EPOCH: Epoch = Epoch(7);

#[derive(Default)]
struct Phone {
    entries: Vec<SealedEntry>,
    delivered: u64,
    photos: BTreeMap<Digest, (Vec<u8>, bool)>,
    cursor: RefCell<Cursor>,
    wishes: Vec<LeaseRequest>,
}

impl Phone {
    fn with(n: u64) -> Phone {
        let mut phone = Phone::default();
        let mut head = Head::start(DeviceId("p".into()), EPOCH);
        for i in 0..n {
            let stamp = Stamp { wall_ms: 0, mono_ms: i64::try_from(i).unwrap(), boot: "b".into() };
            let (entry, next) = append(&head, "case", 1, stamp, [1; 16], "{}").unwrap();
            phone.entries.push(entry);
            head = next;
        }
        phone
    }

    fn me() -> Myself {
        Myself {
            device: DeviceId("p".into()),
            hq_keys: vec![key(9).public_key()],
            app: "t 1".into(),
            boot: "b".into(),
        }
    }

    fn take(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Delivered { receipt, .. } => self.delivered = receipt.seq,
                Change::HqHas(have) => {
                    let has = have.iter().find(|h| h.epoch == EPOCH).map_or(0, |h| h.seq);
                    self.delivered = self.delivered.min(has);
                }
                Change::BlobDurable(sha) => self.photos.get_mut(&sha).unwrap().1 = true,
                Change::Page(page) => {
                    *self.cursor.borrow_mut() = Cursor { incarnation: page.incarnation, pos: page.next };
                }
                _ => {}
            }
        }
    }
}

impl Shelf for Phone {
    fn myself(&self) -> Result<Myself, Error> {
        Ok(Phone::me())
    }
    fn heads(&self) -> Result<Vec<Head>, Error> {
        let mut head = Head::start(DeviceId("p".into()), EPOCH);
        if let Some(last) = self.entries.last() {
            (head.seq, head.hash) = (last.header.seq, last.header.hash());
        }
        Ok(vec![head])
    }
    fn hash_at(&self, _: Epoch, seq: u64) -> Result<Option<Digest>, Error> {
        Ok(self.entries.iter().find(|e| e.header.seq == seq).map(|e| e.header.hash()))
    }
    fn delivered(&self, _: Epoch) -> Result<u64, Error> {
        Ok(self.delivered)
    }
    fn entries(&self, _: Epoch, after: u64, most: usize, _: usize) -> Result<Vec<SealedEntry>, Error> {
        Ok(self.entries.iter().filter(|e| e.header.seq > after).take(most).cloned().collect())
    }
    fn cursor(&self) -> Result<Cursor, Error> {
        Ok(self.cursor.borrow().clone())
    }
    fn blocks(&self) -> Result<Vec<BlockUse>, Error> {
        Ok(vec![])
    }
    fn lease_wishes(&self) -> Result<Vec<LeaseRequest>, Error> {
        Ok(self.wishes.clone())
    }
    fn unsynced(&self) -> Result<Unsynced, Error> {
        Ok(Unsynced::default())
    }
    fn next_blob(&self, skip: &[Digest]) -> Result<Option<Blob>, Error> {
        let next = self.photos.iter().find(|(sha, (_, durable))| !durable && !skip.contains(sha));
        Ok(next.map(|(sha, (b, _))| Blob { sha256: *sha, length: b.len() as u64, offset: 0 }))
    }
    fn blob_part(&self, sha: &Digest, offset: u64, most: u64) -> Result<Vec<u8>, Error> {
        let bytes = &self.photos.get(sha).unwrap().0;
        let from = usize::try_from(offset).unwrap().min(bytes.len());
        let to = from.saturating_add(usize::try_from(most).unwrap()).min(bytes.len());
        Ok(bytes[from..to].to_vec())
    }
    fn next_file(&self, _: &[Digest]) -> Result<Option<Blob>, Error> {
        Ok(None)
    }
}

/// An HQ in memory. `rude` answers instead of it, when it wants to.
#[derive(Default)]
struct Hq {
    entries: Vec<SealedEntry>,
    blobs: BTreeMap<String, Vec<u8>>,
    incarnation: String,
    pushes: u64,
}

fn signed<T: Serialize>(domain: &str, value: &T) -> Response {
    let body = serde_json::to_vec(&Signed::seal(&key(9), domain, value).unwrap()).unwrap();
    Response { status: 200, headers: vec![], body }
}

fn no(code: ProblemCode, more: impl FnOnce(&mut Problem)) -> Response {
    let mut problem = Problem {
        code,
        zh: "不".into(),
        en: "no".into(),
        server_ms: 5_000_000,
        incarnation: "i".into(),
        retry_after_s: None,
        have: None,
        fork: None,
        offset: None,
    };
    more(&mut problem);
    Response { status: code.status(), headers: vec![], body: serde_json::to_vec(&problem).unwrap() }
}

impl Hq {
    fn new() -> Hq {
        Hq { incarnation: "i1".into(), ..Hq::default() }
    }

    fn have(&self) -> Have {
        let last = self.entries.last();
        Have {
            epoch: EPOCH,
            seq: last.map_or(0, |e| e.header.seq),
            hash: last.map_or(Digest::ZERO, |e| e.header.hash()),
        }
    }

    fn answer(&mut self, ask: &Ask) -> Response {
        let device = DeviceId("p".into());
        let nonce = ask.nonce.clone();
        match &ask.purpose {
            Purpose::Hello => signed(
                domains::HELLO,
                &HelloReply {
                    device,
                    nonce,
                    version: 1,
                    incarnation: self.incarnation.clone(),
                    server_ms: 0,
                    // HQ names the journals that it has, and no others.
                    have: Some(self.have()).filter(|h| h.seq > 0).into_iter().collect(),
                    floors: vec![],
                    limits: Limits { push_bytes: 1 << 20, push_entries: 4, blob_chunk: 8 << 10 },
                    come_after_s: 0,
                    min_app: String::new(),
                    wipe: None,
                },
            ),
            Purpose::Push { .. } => {
                self.pushes += 1;
                let packed = ask.request.headers.iter().any(|(name, _)| *name == pack::HEADER);
                let body = if packed {
                    pack::unpack(&ask.request.body, 1 << 20).unwrap()
                } else {
                    ask.request.body.clone()
                };
                let push: Push = serde_json::from_slice(&body).unwrap();
                push.claim(&key(1).public_key()).unwrap();
                for entry in push.entries {
                    let have = self.have();
                    if entry.header.seq == have.seq + 1 {
                        if entry.header.prev != have.hash {
                            return no(ProblemCode::Fork, |p| {
                                p.fork = Some(Fork { epoch: EPOCH, seq: entry.header.seq, hash: have.hash })
                            });
                        }
                        self.entries.push(entry);
                    } else if entry.header.seq > have.seq {
                        return no(ProblemCode::NeedFrom, |p| p.have = Some(have));
                    }
                }
                let have = self.have();
                signed(
                    domains::RECEIPT,
                    &Receipt {
                        device,
                        nonce,
                        epoch: EPOCH,
                        seq: have.seq,
                        hash: have.hash,
                        floor: Floor { epoch: EPOCH, seq: 0 },
                        incarnation: self.incarnation.clone(),
                        received_ms: 0,
                        quarantined: vec![],
                    },
                )
            }
            Purpose::Feed { after } => signed(
                domains::FEED,
                &FeedPage {
                    device,
                    nonce,
                    incarnation: self.incarnation.clone(),
                    after: *after,
                    items: vec![],
                    next: *after,
                    more: false,
                    snapshot: *after == 0,
                    server_ms: 0,
                },
            ),
            Purpose::BlobAsk(sha) => match self.blobs.get(&sha.to_string()) {
                Some(b) => Response {
                    status: 200,
                    headers: vec![(blob::OFFSET.into(), b.len().to_string())],
                    body: vec![],
                },
                None => Response { status: 404, headers: vec![], body: vec![] },
            },
            Purpose::BlobSend { sha256: sha, offset, .. } => {
                let length: u64 = ask.request.path.split("length=").nth(1).unwrap().parse().unwrap();
                let held = self.blobs.entry(sha.to_string()).or_default();
                if *offset != held.len() as u64 {
                    let offset = held.len() as u64;
                    return no(ProblemCode::BlobOffset, |p| p.offset = Some(offset));
                }
                held.extend(&ask.request.body);
                let offset = held.len() as u64;
                let durable = offset == length && sha256(held) == *sha;
                signed(
                    domains::BLOB,
                    &blob::BlobReceipt { device, nonce, sha256: *sha, offset, length, durable, server_ms: 0 },
                )
            }
            Purpose::Lease { .. } | Purpose::File(_) => no(ProblemCode::Unavailable, |_| {}),
        }
    }
}

fn at(mono_ms: i64) -> Moment {
    Moment {
        wall_ms: mono_ms,
        mono_ms,
        network: Network::Online,
        photos_on_metered: false,
        random: 12_345,
        nonce: [4; 16],
    }
}

type Rude<'a> = &'a mut dyn FnMut(&Ask) -> Option<Result<Response, TransportError>>;

/// One round; answers how it ended.
fn round(engine: &mut Engine, phone: &mut Phone, hq: &mut Hq, now: Moment, rude: Rude<'_>) -> Step {
    engine.begin();
    for _ in 0..1_000 {
        match engine.step(&now, phone, &key(1)).unwrap() {
            Step::Send(ask) => {
                let answer = rude(&ask).unwrap_or_else(|| Ok(hq.answer(&ask)));
                let changes = engine.receive(&now, &Phone::me(), &ask, answer);
                phone.take(changes);
            }
            end => return end,
        }
    }
    panic!("the round has no end");
}

fn polite(_: &Ask) -> Option<Result<Response, TransportError>> {
    None
}

#[test]
fn everything_arrives_in_batches_of_hqs_size() {
    let (mut engine, mut phone, mut hq) = (Engine::default(), Phone::with(10), Hq::new());
    let photo = vec![5u8; 20_000];
    phone.photos.insert(sha256(&photo), (photo, false));
    assert_eq!(round(&mut engine, &mut phone, &mut hq, at(0), &mut polite), Step::Done);
    assert_eq!((phone.delivered, hq.entries.len(), hq.pushes), (10, 10, 3));
    assert!(phone.photos.values().all(|(_, durable)| *durable));
    assert_eq!(round(&mut engine, &mut phone, &mut hq, at(1), &mut polite), Step::Done);
    assert_eq!(hq.pushes, 3, "nothing is sent twice");
}

#[test]
fn a_receipt_that_was_lost_on_the_way_is_asked_for_again() {
    let (mut engine, mut phone, mut hq) = (Engine::default(), Phone::with(10), Hq::new());
    // HQ has it all, and its answers never came: without a receipt nothing counts as filed.
    hq.entries.clone_from(&phone.entries);
    assert_eq!(round(&mut engine, &mut phone, &mut hq, at(0), &mut polite), Step::Done);
    assert_eq!((phone.delivered, hq.entries.len()), (10, 10));
    let pushes = hq.pushes;
    assert_eq!(round(&mut engine, &mut phone, &mut hq, at(1), &mut polite), Step::Done);
    assert_eq!(hq.pushes, pushes, "once is enough");
}

#[test]
fn a_sign_in_page_is_never_success() {
    let (mut engine, mut phone, mut hq) = (Engine::default(), Phone::with(3), Hq::new());
    let page = Response { status: 200, headers: vec![], body: b"<html>Welcome to free wifi</html>".to_vec() };
    let end = round(&mut engine, &mut phone, &mut hq, at(0), &mut |_| Some(Ok(page.clone())));
    assert!(matches!(end, Step::Wait { why: Why::NotHq, .. }), "{end:?}");
    // A page in place of the receipt only.
    let mut engine = Engine::default();
    let end = round(&mut engine, &mut phone, &mut hq, at(0), &mut |ask| {
        matches!(ask.purpose, Purpose::Push { .. }).then(|| Ok(page.clone()))
    });
    assert!(matches!(end, Step::Wait { why: Why::NotHq, .. }), "{end:?}");
    assert_eq!(phone.delivered, 0);
}

#[test]
fn an_old_receipt_or_one_of_another_key_is_not_a_receipt() {
    let (mut phone, mut hq) = (Phone::with(1), Hq::new());
    let mut engine = Engine::default();
    let mut old = None;
    round(&mut engine, &mut phone, &mut hq, at(0), &mut |ask| {
        matches!(ask.purpose, Purpose::Push { .. }).then(|| {
            let mut ask = ask.clone();
            ask.nonce = "an-older-nonce-000".into();
            let answer = hq_answer(&ask);
            old = Some(answer.clone());
            Ok(answer)
        })
    });
    assert!(old.is_some());
    assert_eq!(phone.delivered, 0, "a replayed answer");

    fn hq_answer(ask: &Ask) -> Response {
        Hq::new().answer(ask)
    }
}

#[test]
fn a_restored_hq_gets_again_what_it_lost() {
    let (mut engine, mut phone, mut hq) = (Engine::default(), Phone::with(9), Hq::new());
    round(&mut engine, &mut phone, &mut hq, at(0), &mut polite);
    // Its copy has the beginning of this journal, or was made before there was one.
    for (left, incarnation) in [(2, "i2"), (0, "i3")] {
        hq.entries.truncate(left);
        hq.incarnation = incarnation.into();
        let now = at(i64::try_from(left).unwrap() + 1);
        assert_eq!(round(&mut engine, &mut phone, &mut hq, now, &mut polite), Step::Done);
        assert_eq!(hq.entries.len(), 9, "{left} were left");
    }
}

#[test]
fn a_fork_is_shown_and_blocks_neither_feed_nor_photos() {
    let (mut engine, mut phone, mut hq) = (Engine::default(), Phone::with(3), Hq::new());
    phone.photos.insert(sha256(b"x"), (b"x".to_vec(), false));
    hq.entries = Phone::with(1).entries;
    let end = round(&mut engine, &mut phone, &mut hq, at(0), &mut |ask| {
        matches!(ask.purpose, Purpose::Push { .. }).then(|| {
            Ok(no(ProblemCode::Fork, |p| p.fork = Some(Fork { epoch: EPOCH, seq: 2, hash: Digest::ZERO })))
        })
    });
    assert_eq!(end, Step::Done);
    assert_eq!(engine.stuck().get(&EPOCH), Some(&2));
    assert_eq!(phone.delivered, 0);
    assert!(phone.photos.values().all(|(_, durable)| *durable));
}

#[test]
fn a_poison_entry_is_found_by_halving_and_a_refused_block_holds_up_nothing() {
    let (mut engine, mut phone, mut hq) = (Engine::default(), Phone::with(8), Hq::new());
    let wish = LeaseRequest {
        request_id: "r-1".into(),
        series: "penalty".into(),
        year: 2026,
        want: 5,
        epoch: EPOCH,
    };
    phone.wishes.push(wish);
    phone.photos.insert(sha256(b"x"), (b"x".to_vec(), false));
    let end = round(&mut engine, &mut phone, &mut hq, at(0), &mut |ask| match &ask.purpose {
        Purpose::Push { from, to, .. } if (*from..=*to).contains(&6) => {
            Some(Ok(no(ProblemCode::Malformed, |_| {})))
        }
        _ => None,
    });
    assert_eq!(end, Step::Done);
    assert_eq!(phone.delivered, 5, "everything before it is delivered");
    assert!(phone.photos.values().all(|(_, durable)| *durable));
}

#[test]
fn retry_after_is_obeyed_even_when_the_officer_taps() {
    let (mut engine, mut phone, mut hq) = (Engine::default(), Phone::with(1), Hq::new());
    let busy = |_: &Ask| Some(Ok(no(ProblemCode::Busy, |p| p.retry_after_s = Some(60))));
    let end = round(&mut engine, &mut phone, &mut hq, at(0), &mut { busy });
    assert!(matches!(end, Step::Wait { until_ms: 60_000.., why: Why::HqAsked }), "{end:?}");
    engine.nudge();
    let end = round(&mut engine, &mut phone, &mut hq, at(59_000), &mut polite);
    assert!(matches!(end, Step::Wait { .. }), "{end:?}");
    assert_eq!(round(&mut engine, &mut phone, &mut hq, at(61_000), &mut polite), Step::Done);
}

#[test]
fn a_wrong_clock_is_measured_and_the_phone_still_gets_through() {
    let (mut engine, mut phone, mut hq) = (Engine::default(), Phone::with(1), Hq::new());
    let mut asked = 0;
    let end = round(&mut engine, &mut phone, &mut hq, at(0), &mut |ask| {
        asked += 1;
        let auth = ask.request.headers.iter().find(|(n, _)| *n == auth::HEADER).unwrap();
        let sent = auth::Auth::parse(&auth.1).unwrap();
        let wrong = (sent.at_ms - 5_000_000).abs() > 600_000;
        (asked == 1 && wrong).then(|| Ok(no(ProblemCode::Clock, |_| {})))
    });
    assert_eq!(end, Step::Done);
    // An HQ that says `clock` for ever is left alone after one more try.
    let mut engine = Engine::default();
    let mut tries = 0;
    let end = round(&mut engine, &mut phone, &mut hq, at(0), &mut |_| {
        tries += 1;
        Some(Ok(no(ProblemCode::Clock, |_| {})))
    });
    assert!(matches!(end, Step::Wait { .. }));
    assert_eq!(tries, 2);
}

#[test]
fn photos_wait_for_a_free_network_entries_do_not() {
    let (mut engine, mut phone, mut hq) = (Engine::default(), Phone::with(2), Hq::new());
    phone.photos.insert(sha256(b"x"), (b"x".to_vec(), false));
    let metered = Moment { network: Network::Metered, ..at(0) };
    assert_eq!(round(&mut engine, &mut phone, &mut hq, metered, &mut polite), Step::Done);
    assert_eq!(phone.delivered, 2);
    assert!(phone.photos.values().all(|(_, durable)| !*durable));
    let offline = Moment { network: Network::Offline, ..at(0) };
    assert!(matches!(
        round(&mut engine, &mut phone, &mut hq, offline, &mut polite),
        Step::Wait { why: Why::Offline, .. }
    ));
    // Back on line: not everybody in the same second.
    assert!(matches!(round(&mut engine, &mut phone, &mut hq, at(0), &mut polite), Step::Wait { .. }));
    assert_eq!(round(&mut engine, &mut phone, &mut hq, at(120_001), &mut polite), Step::Done);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever comes back, a round ends, nothing is believed without HQ's signature, and when the weather
    /// clears everything arrives.
    #[test]
    fn any_weather_loses_nothing(weather in prop::collection::vec(0u8..9, 0..60), entries in 0u64..20) {
        let (mut engine, mut phone, mut hq) = (Engine::default(), Phone::with(entries), Hq::new());
        let photo = vec![7u8; 9_000];
        phone.photos.insert(sha256(&photo), (photo, false));
        let mut weather = weather.into_iter();
        let mut now = at(0);
        for _ in 0..20 {
            let mut storm = |ask: &Ask| match weather.next()? {
                0 => Some(Err(TransportError::Timeout)),
                1 => Some(Ok(Response { status: 200, headers: vec![], body: b"<html>".to_vec() })),
                2 => Some(Ok(no(ProblemCode::Busy, |p| p.retry_after_s = Some(1)))),
                3 => Some(Ok(no(ProblemCode::NeedFrom, |p| p.have = Some(Have { epoch: EPOCH, seq: 1, hash: Digest::ZERO })))),
                4 => Some(Ok(no(ProblemCode::Snapshot, |_| {}))),
                5 => Some(Ok(no(ProblemCode::Unavailable, |_| {}))),
                6 => Some(Ok(no(ProblemCode::BlobOffset, |p| p.offset = Some(3)))),
                7 => { let _ = ask; Some(Ok(no(ProblemCode::Clock, |_| {}))) }
                _ => None,
            };
            round(&mut engine, &mut phone, &mut hq, now, &mut storm);
            prop_assert!(phone.delivered <= hq.entries.len() as u64);
            now.wall_ms += 3_600_000;
            now.mono_ms += 3_600_000;
        }
        prop_assert_eq!(round(&mut engine, &mut phone, &mut hq, now, &mut polite), Step::Done);
        prop_assert_eq!(phone.delivered, entries);
        prop_assert!(phone.photos.values().all(|(_, durable)| *durable));
    }
}
