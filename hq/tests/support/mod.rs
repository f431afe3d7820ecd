//! A phone made of nothing but the protocol: no `field`, plain requests, one key.
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod office;
#[cfg(feature = "postgres")]
mod postgres;
pub mod street;

pub use office::{Office, agent};

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use ezhifa_hq::{Hq, HqConfig, ServerHandle, serve};
use ezhifa_wire::{
    Problem, ProblemCode,
    auth::{Auth, HEADER},
    blob, domains,
    enrol::{Enrol, Enrolled, Ticket},
    feed::FeedPage,
    hello::{BlockUse, Cursor, Hello, HelloReply, Unsynced},
    lease::{LeaseReply, LeaseRequest},
    paths,
    push::{Push, Receipt},
    seal::{
        entry::{DeviceId, Epoch, Head, SealedEntry, Stamp, append},
        hash::Digest,
        lease::NumberBlock,
        sign::{Algorithm, Signed, Signer, SoftwareKey},
    },
};

pub struct House {
    pub hq: Hq,
    pub server: ServerHandle,
    pub now: Arc<AtomicI64>,
    pub dir: tempfile::TempDir,
}

/// 2026-09-24 18:00 in Shanghai.
pub const EVENING: i64 = 1_790_244_000_000;

#[cfg(feature = "postgres")]
pub use postgres::schema as postgres;

#[cfg(not(feature = "postgres"))]
pub fn postgres() -> Option<String> {
    None
}

pub fn config(dir: &std::path::Path, now: &Arc<AtomicI64>) -> HqConfig {
    let mut config = HqConfig::in_dir(dir, "DGCG", "样本市城市管理和综合执法局");
    let clock = now.clone();
    config.clock = Arc::new(move || clock.load(Ordering::SeqCst));
    if let Some(db) = postgres() {
        config.db = db;
    }
    config.device_rate = 10_000;
    config.public_rate = 10_000;
    config
}

/// The same on SQLite, whatever else the suite runs on: for what is SQLite's own.
pub fn config_on_sqlite(dir: &std::path::Path, now: &Arc<AtomicI64>) -> HqConfig {
    HqConfig { db: format!("sqlite:{}", dir.join("hq.db").display()), ..config(dir, now) }
}

pub fn house(tls: bool) -> House {
    house_with(tls, |_| {})
}

pub fn house_with(tls: bool, set: impl FnOnce(&mut HqConfig)) -> House {
    let dir = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicI64::new(EVENING));
    let mut config = config(dir.path(), &now);
    set(&mut config);
    let hq = Hq::open(config).unwrap();
    let server = serve(hq.clone(), SocketAddr::from(([127, 0, 0, 1], 0)), tls).unwrap();
    House { hq, server, now, dir }
}

pub struct Phone {
    pub key: SoftwareKey,
    pub device: DeviceId,
    pub head: Head,
    pub url: String,
    pub hq_key: ezhifa_wire::seal::sign::PublicKey,
    pub journal: Vec<SealedEntry>,
    pub at_ms: i64,
    pub agent: ureq::Agent,
    nonce: AtomicU64,
    pub enrolled: Option<Enrolled>,
}

impl House {
    pub fn office(&self, holder: ezhifa_hq::desk::access::Holder) -> Office {
        Office::of(&self.hq, &self.server, holder)
    }
    pub fn pass(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn problem(&self) -> Problem {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{} {}", self.status, String::from_utf8_lossy(&self.body)))
    }
    pub fn signed(&self) -> Signed {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Phone {
    pub fn new(ticket: &Ticket, seed: u8) -> Phone {
        let key = SoftwareKey::from_secret(Algorithm::P256Sha256, [seed; 32]).unwrap();
        let device = DeviceId("new".into());
        Phone {
            key,
            head: Head::start(device.clone(), Epoch(u64::from(seed))),
            device,
            url: ticket.url.clone(),
            hq_key: ticket.hq_key.clone(),
            journal: Vec::new(),
            at_ms: EVENING,
            agent: agent(ticket.ca.as_deref()),
            nonce: AtomicU64::new(1),
            enrolled: None,
        }
    }

    pub fn enrolled(house: &House, seed: u8) -> Phone {
        let ticket =
            Ticket::parse(&house.hq.ticket(&house.server.url, "dongcheng").unwrap().text().unwrap()).unwrap();
        let mut phone = Phone::new(&ticket, seed);
        let answer = phone.enrol(&ticket.code);
        phone.take(&answer);
        phone
    }

    pub fn take(&mut self, answer: &Answer) {
        let enrolled: Enrolled = answer.signed().open(domains::ENROLLED, &self.hq_key).unwrap();
        self.device = enrolled.device.clone();
        self.head = Head::start(self.device.clone(), self.head.epoch);
        self.enrolled = Some(enrolled);
    }

    pub fn enrol(&self, code: &str) -> Answer {
        let message = Enrol {
            code: code.into(),
            key: self.key.public_key(),
            epoch: self.head.epoch,
            model: "test".into(),
            app: "test 1".into(),
            wall_ms: self.at_ms,
        };
        self.ask("POST", paths::ENROL, &[], &serde_json::to_vec(&message).unwrap())
    }

    fn sign(&self, method: &str, path: &str, body: &[u8]) -> Auth {
        let nonce = format!("{:016}{:016x}", self.nonce.fetch_add(1, Ordering::SeqCst), self.head.epoch.0);
        Auth::sign(&self.key, method, path, &self.device, self.head.epoch, self.at_ms, &nonce, body).unwrap()
    }

    /// The header of one more request.
    pub fn header(&self, method: &str, path: &str, body: &[u8]) -> String {
        self.sign(method, path, body).header()
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, String)], body: &[u8]) -> Answer {
        let auth = self.sign(method, path, body);
        self.send(method, path, &auth.header(), headers, body)
    }

    pub fn send(
        &self,
        method: &str,
        path: &str,
        auth: &str,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> Answer {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(HEADER, auth);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let done = if matches!(method, "GET" | "HEAD") {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body.to_vec()).unwrap())
        };
        let mut done = done.unwrap();
        Answer {
            status: done.status().as_u16(),
            headers: done.headers().clone(),
            body: done.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap(),
        }
    }

    pub fn write(&mut self, kind: &str, body: &str) -> SealedEntry {
        let salt = [u8::try_from(self.head.seq % 251).unwrap(); 16];
        let stamp =
            Stamp { wall_ms: self.at_ms, mono_ms: i64::try_from(self.head.seq).unwrap(), boot: "b".into() };
        let (entry, head) = append(&self.head, kind, 1, stamp, salt, body).unwrap();
        self.head = head;
        self.journal.push(entry.clone());
        entry
    }

    pub fn push(&self, from: usize) -> Answer {
        self.push_entries(self.journal[from..].to_vec(), self.head.clone())
    }

    pub fn push_entries(&self, entries: Vec<SealedEntry>, head: Head) -> Answer {
        let push = Push::new(entries, head, &self.key).unwrap();
        self.ask("POST", paths::PUSH, &[], &serde_json::to_vec(&push).unwrap())
    }

    pub fn receipt(&self, answer: &Answer) -> Receipt {
        answer.signed().open(domains::RECEIPT, &self.hq_key).unwrap()
    }

    pub fn hello(&self) -> HelloReply {
        self.hello_with(Unsynced::default())
    }

    pub fn hello_with(&self, unsynced: Unsynced) -> HelloReply {
        self.hello_saying(unsynced, vec![])
    }

    pub fn hello_saying(&self, unsynced: Unsynced, blocks: Vec<BlockUse>) -> HelloReply {
        let hello = Hello {
            versions: vec![1],
            app: "test 1".into(),
            heads: vec![self.head.clone()],
            cursor: Cursor::default(),
            blocks,
            unsynced,
            wall_ms: self.at_ms,
            mono_ms: 0,
            boot: "b".into(),
        };
        self.ask("POST", paths::HELLO, &[], &serde_json::to_vec(&hello).unwrap())
            .signed()
            .open(domains::HELLO, &self.hq_key)
            .unwrap()
    }

    pub fn feed(&self, incarnation: &str, pos: u64) -> FeedPage {
        self.ask(
            "GET",
            &format!("{}?incarnation={incarnation}&pos={pos}&max_bytes=4000000", paths::FEED),
            &[],
            b"",
        )
        .signed()
        .open(domains::FEED, &self.hq_key)
        .unwrap()
    }

    pub fn lease(&self, request_id: &str, series: &str, want: u64) -> Answer {
        let request = LeaseRequest {
            request_id: request_id.into(),
            series: series.into(),
            year: 2026,
            want,
            epoch: self.head.epoch,
        };
        self.ask("POST", paths::LEASE, &[], &serde_json::to_vec(&request).unwrap())
    }

    pub fn block(&self, answer: &Answer) -> NumberBlock {
        let reply: LeaseReply = answer.signed().open(domains::LEASE_REPLY, &self.hq_key).unwrap();
        reply.block.open(domains::NUMBER_BLOCK, &self.hq_key).unwrap()
    }

    pub fn blob_part(&self, sha: &Digest, length: usize, offset: usize, bytes: &[u8]) -> Answer {
        self.ask(
            "PATCH",
            &format!("{}?length={length}", blob::path(sha)),
            &[(blob::OFFSET, offset.to_string())],
            bytes,
        )
    }
}

pub fn code(answer: &Answer) -> ProblemCode {
    let problem = answer.problem();
    assert_eq!(problem.code.status(), answer.status);
    problem.code
}
