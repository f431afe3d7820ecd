//! The state machine.

use std::collections::BTreeMap;

use ezhifa_wire::{
    Check, Problem, ProblemCode,
    auth::{self, Auth},
    blob::{self, BlobReceipt},
    domains,
    feed::FeedPage,
    hello::{Hello, HelloReply, Limits},
    lease::{LeaseReply, LeaseRequest},
    limits, pack, paths,
    push::{Push, Receipt},
    seal::{
        entry::{Epoch, Head},
        hash::Digest,
        sign::Signer,
    },
};
use serde::Serialize;

use super::{
    Ask, Backoff, Blob, Change, Moment, Myself, Network, Purpose, Shelf, Step, Why,
    reply::{self, Reply},
};
use crate::{
    error::Error,
    transport::{Request, Response, TransportError},
};

/// Where a round stands. Each stage ends by itself; a stage that fails is left to its back-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Hello,
    Push,
    Feed,
    Leases,
    Files,
    Blobs,
    Done,
}

/// The engine of one phone. Keep it for as long as the app runs: it remembers how long to wait.
#[derive(Debug, Clone)]
pub struct Engine {
    stage: Stage,
    /// Entries up to here are at HQ, by HQ's own word in this round.
    sent: BTreeMap<Epoch, u64>,
    /// Entries up to here were sent in this round only to hear the receipt for them again.
    again: BTreeMap<Epoch, u64>,
    /// Epochs that cannot be sent, and where; shown, never dropped.
    stuck: BTreeMap<Epoch, u64>,
    /// Size of the next push; halved when HQ finds it too large.
    batch: usize,
    limits: Limits,
    /// HQ's clock minus the phone's, for signing only.
    skew_ms: i64,
    /// The request under way was signed again after a `clock` answer.
    resigned: bool,
    main: Backoff,
    photos: Backoff,
    why: Option<Why>,
    /// Photos and files that failed in this round.
    skip: Vec<Digest>,
    /// Number wishes that HQ refused in this round.
    refused: Vec<String>,
    /// Offset of the piece of evidence under way, by HQ's word.
    blob: Option<(Digest, u64)>,
    online: bool,
    /// Nothing is fetched: the phone's file cannot be written.
    upload_only: bool,
}

impl Default for Engine {
    fn default() -> Self {
        Engine {
            stage: Stage::Hello,
            sent: BTreeMap::new(),
            again: BTreeMap::new(),
            stuck: BTreeMap::new(),
            batch: limits::PUSH_ENTRIES,
            limits: Limits::default(),
            skew_ms: 0,
            resigned: false,
            main: Backoff::default(),
            photos: Backoff::default(),
            why: None,
            skip: Vec::new(),
            refused: Vec::new(),
            blob: None,
            online: true,
            upload_only: false,
        }
    }
}

impl Engine {
    /// Begins a new round; waiting times stay.
    pub fn begin(&mut self) {
        self.stage = Stage::Hello;
        self.sent.clear();
        self.again.clear();
        self.stuck.clear();
        self.skip.clear();
        self.refused.clear();
        self.blob = None;
        self.resigned = false;
        self.batch = limits::PUSH_ENTRIES;
    }

    /// Sends only: the phone's file was written by a newer app.
    pub fn upload_only(&mut self, only: bool) {
        self.upload_only = only;
    }

    /// A file that came and is not what it is called: not asked for again in this round.
    pub fn pass_by(&mut self, file: Digest) {
        self.skip.push(file);
    }

    /// The officer asked for it now: jitter does not count, HQ's word does.
    pub fn nudge(&mut self) {
        self.main.nudged();
        self.photos.nudged();
    }

    /// When the next attempt is due on the monotonic clock, and why not now.
    #[must_use]
    pub fn next_attempt(&self) -> (i64, Option<&Why>) {
        (self.main.until_ms(), self.why.as_ref())
    }

    /// Epochs that HQ does not take, with the place: rolled back or cloned. Shown until somebody looks.
    #[must_use]
    pub fn stuck(&self) -> &BTreeMap<Epoch, u64> {
        &self.stuck
    }

    /// What to do now.
    ///
    /// # Errors
    /// The store or the key failed; nothing was sent.
    pub fn step(&mut self, now: &Moment, shelf: &dyn Shelf, key: &dyn Signer) -> Result<Step, Error> {
        match now.network {
            Network::Offline | Network::Captive => {
                self.online = false;
                let why = if now.network == Network::Offline { Why::Offline } else { Why::NotHq };
                self.why = Some(why.clone());
                return Ok(Step::Wait { until_ms: i64::MAX, why });
            }
            _ if !self.online => {
                self.online = true;
                self.main.regained(now.mono_ms, now.random);
            }
            _ => {}
        }
        loop {
            let lane = if self.stage == Stage::Blobs { &self.photos } else { &self.main };
            if self.stage != Stage::Done && lane.until_ms() > now.mono_ms {
                let why = self.why.clone().unwrap_or(Why::HqAsked);
                return Ok(Step::Wait { until_ms: lane.until_ms(), why });
            }
            let ask = match self.stage {
                Stage::Hello => Some(self.hello(now, shelf)?),
                Stage::Push => self.push(shelf, key)?,
                Stage::Feed => Some(feed(shelf)?),
                Stage::Leases => self.lease(shelf)?,
                Stage::Files => self.file(shelf)?,
                Stage::Blobs if now.network == Network::Metered && !now.photos_on_metered => {
                    if shelf.next_blob(&self.skip)?.is_some() {
                        self.why = Some(Why::PhotosOnMetered);
                    }
                    None
                }
                Stage::Blobs => self.blob(shelf)?,
                Stage::Done => return Ok(Step::Done),
            };
            match ask {
                Some((request, purpose)) => return self.signed(now, shelf, key, request, purpose),
                None => self.next_stage(),
            }
        }
    }

    /// What an answer changes. The caller stores the changes, then asks for the next step.
    pub fn receive(
        &mut self,
        now: &Moment,
        myself: &Myself,
        ask: &Ask,
        answer: Result<Response, TransportError>,
    ) -> Vec<Change> {
        let answer = match answer {
            Ok(answer) => reply::unpacked(answer),
            Err(e) => {
                self.wait(now, &ask.purpose, Why::Failed(e.to_string()), None);
                return Vec::new();
            }
        };
        if (200..300).contains(&answer.status) {
            self.resigned = false;
        }
        match &ask.purpose {
            Purpose::Hello => self.on_hello(now, myself, ask, &answer),
            Purpose::Push { epoch, from, to } => self.on_push(now, myself, ask, &answer, *epoch, *from, *to),
            Purpose::Feed { after } => self.on_feed(now, myself, ask, &answer, *after),
            Purpose::Lease { request_id } => self.on_lease(now, myself, ask, &answer, request_id),
            Purpose::BlobAsk(sha256) => self.on_blob_ask(now, ask, &answer, *sha256),
            Purpose::BlobSend { sha256, offset, sent } => {
                self.on_blob(now, myself, ask, &answer, *sha256, offset.saturating_add(*sent))
            }
            Purpose::File(file) => self.on_file(now, ask, &answer, file),
        }
    }

    fn next_stage(&mut self) {
        self.stage = match self.stage {
            Stage::Hello => Stage::Push,
            Stage::Push if self.upload_only => Stage::Blobs,
            Stage::Push => Stage::Feed,
            Stage::Feed => Stage::Leases,
            Stage::Leases => Stage::Files,
            Stage::Files => Stage::Blobs,
            Stage::Blobs | Stage::Done => Stage::Done,
        };
    }

    /// Nobody answered, or not HQ: back off in the lane concerned. Photos never hold up entries.
    fn wait(&mut self, now: &Moment, purpose: &Purpose, why: Why, told_s: Option<u64>) {
        self.why = Some(why);
        self.blob = None;
        self.resigned = false;
        if matches!(purpose, Purpose::BlobAsk(_) | Purpose::BlobSend { .. }) {
            self.photos.failed(now.mono_ms, now.random, told_s);
        } else {
            self.main.failed(now.mono_ms, now.random, told_s);
            self.stage = Stage::Hello;
        }
    }

    /// HQ itself said no to this one thing: the rest goes on.
    fn pass_over(&mut self, now: &Moment, purpose: &Purpose, why: Why, told_s: Option<u64>) {
        match purpose {
            Purpose::Hello | Purpose::Push { .. } => return self.wait(now, purpose, why, told_s),
            Purpose::Feed { .. } => self.next_stage(),
            Purpose::Lease { request_id } => self.refused.push(request_id.clone()),
            Purpose::BlobAsk(sha256) | Purpose::BlobSend { sha256, .. } => self.skip.push(*sha256),
            Purpose::File(file) => self.skip.push(file.sha256),
        }
        self.why = Some(why);
        self.blob = None;
    }

    /// What every refusal has in common; `true` when it is dealt with.
    fn common(&mut self, now: &Moment, ask: &Ask, problem: &Problem) -> bool {
        match problem.code {
            ProblemCode::Clock if !self.resigned => {
                // Not signed, so it is believed for one thing only: the time written into the next request.
                self.skew_ms = problem.server_ms.saturating_sub(now.wall_ms);
                self.resigned = true;
                true
            }
            ProblemCode::Snapshot
            | ProblemCode::NeedFrom
            | ProblemCode::Fork
            | ProblemCode::BlobOffset
            | ProblemCode::BlobHash
            | ProblemCode::NoNumbers
            | ProblemCode::Malformed
            | ProblemCode::TooLarge
            | ProblemCode::NotFound
            | ProblemCode::Withdrawn => false,
            ProblemCode::Busy => {
                self.wait(now, &ask.purpose, Why::HqAsked, problem.retry_after_s);
                true
            }
            _ => {
                self.pass_over(now, &ask.purpose, refused(problem), problem.retry_after_s);
                true
            }
        }
    }

    fn stranger(&mut self, now: &Moment, ask: &Ask) {
        self.wait(now, &ask.purpose, Why::NotHq, None);
    }

    fn hello(&self, now: &Moment, shelf: &dyn Shelf) -> Result<(Request, Purpose), Error> {
        let me = shelf.myself()?;
        let mut heads = shelf.heads()?;
        // A phone with more roll-backs than this has older trouble; the newest epochs are the ones that matter.
        let surplus = heads.len().saturating_sub(limits::EPOCHS);
        heads.drain(..surplus);
        let hello = Hello {
            versions: vec![ezhifa_wire::VERSION],
            app: me.app,
            heads,
            cursor: shelf.cursor()?,
            blocks: shelf.blocks()?,
            unsynced: shelf.unsynced()?,
            wall_ms: now.wall_ms,
            mono_ms: now.mono_ms,
            boot: me.boot,
        };
        Ok((post(paths::HELLO, &hello)?, Purpose::Hello))
    }

    fn on_hello(&mut self, now: &Moment, me: &Myself, ask: &Ask, answer: &Response) -> Vec<Change> {
        match reply::read::<HelloReply>(answer, domains::HELLO, &me.hq_keys, &me.device, &ask.nonce) {
            Reply::Yes(hello, _) => {
                self.skew_ms = hello.server_ms.saturating_sub(now.wall_ms);
                self.limits = Limits {
                    push_bytes: hello.limits.push_bytes.clamp(64 << 10, limits::PUSH_BYTES as u64),
                    push_entries: hello.limits.push_entries.min(limits::PUSH_ENTRIES as u64),
                    blob_chunk: hello.limits.blob_chunk.clamp(4 << 10, limits::BLOB_CHUNK as u64),
                };
                self.batch = self.batch.min(usize::try_from(self.limits.push_entries).unwrap_or(1)).max(1);
                self.main.worked();
                self.main.told(now.mono_ms, hello.come_after_s);
                self.why = None;
                self.next_stage();
                let mut changes = vec![
                    Change::Clock { server_ms: hello.server_ms, wall_ms: now.wall_ms },
                    Change::Floors(hello.floors),
                    Change::MinApp(hello.min_app),
                ];
                self.sent = hello.have.iter().map(|have| (have.epoch, have.seq)).collect();
                changes.push(Change::HqHas(hello.have));
                changes.extend(hello.wipe.map(Change::Wipe));
                changes
            }
            Reply::No(problem) if self.common(now, ask, &problem) => Vec::new(),
            // A withdrawn phone may still hand in what it holds.
            Reply::No(problem) if problem.code == ProblemCode::Withdrawn => {
                self.why = Some(refused(&problem));
                self.next_stage();
                Vec::new()
            }
            Reply::No(problem) => {
                self.wait(now, &ask.purpose, refused(&problem), problem.retry_after_s);
                Vec::new()
            }
            Reply::Stranger => {
                self.stranger(now, ask);
                Vec::new()
            }
        }
    }

    fn push(&mut self, shelf: &dyn Shelf, key: &dyn Signer) -> Result<Option<(Request, Purpose)>, Error> {
        let heads = shelf.heads()?;
        let writing = heads.last().map(|h| h.epoch);
        for head in heads {
            if self.stuck.contains_key(&head.epoch) {
                continue;
            }
            let delivered = shelf.delivered(head.epoch)?;
            let mut after = self.sent.get(&head.epoch).copied().unwrap_or(delivered);
            if after > head.seq && writing == Some(head.epoch) {
                // HQ has entries of this epoch that this phone does not: the mark failed, or there is a twin.
                self.stuck.insert(head.epoch, head.seq);
                continue;
            }
            if after >= head.seq {
                // HQ has it all (of an epoch that was rolled back, even more), but its receipt never came, or
                // went with the roll-back. Sent again, it is given again; without it nothing counts as filed.
                let heard = self.again.get(&head.epoch).copied().unwrap_or(0);
                if delivered >= head.seq || heard > delivered {
                    continue;
                }
                after = delivered;
            }
            // Escaping can double the bytes of a body inside JSON; headers add some 500 each.
            let bytes = usize::try_from(self.limits.push_bytes).unwrap_or(limits::PUSH_BYTES) / 3;
            let entries = shelf.entries(head.epoch, after, self.batch, bytes)?;
            let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
                self.stuck.insert(head.epoch, after);
                continue;
            };
            let (from, to) = (first.header.seq, last.header.seq);
            if self.sent.get(&head.epoch).is_some_and(|sent| *sent >= head.seq) {
                self.again.insert(head.epoch, to);
            }
            if Some(from) != after.checked_add(1) {
                // HQ wants entries that were pruned below its own floor: it lost its back-up as well.
                self.stuck.insert(head.epoch, after);
                continue;
            }
            let claim =
                Head { device: head.device.clone(), epoch: head.epoch, seq: to, hash: last.header.hash() };
            let push = Push::new(entries, claim, key)?;
            return Ok(Some((post(paths::PUSH, &push)?, Purpose::Push { epoch: head.epoch, from, to })));
        }
        Ok(None)
    }

    #[allow(clippy::too_many_arguments)] // What was asked, and what came.
    fn on_push(
        &mut self,
        now: &Moment,
        me: &Myself,
        ask: &Ask,
        answer: &Response,
        epoch: Epoch,
        from: u64,
        to: u64,
    ) -> Vec<Change> {
        match reply::read::<Receipt>(answer, domains::RECEIPT, &me.hq_keys, &me.device, &ask.nonce) {
            Reply::Yes(receipt, signed) if receipt.epoch == epoch && receipt.seq >= to => {
                self.main.worked();
                self.why = None;
                self.sent.insert(epoch, receipt.seq);
                self.batch = self
                    .batch
                    .saturating_mul(2)
                    .min(usize::try_from(self.limits.push_entries).unwrap_or(1))
                    .max(1);
                vec![Change::Delivered { receipt: Box::new(receipt), signed: Box::new(signed), sent_to: to }]
            }
            Reply::Yes(..) | Reply::Stranger => {
                self.stranger(now, ask);
                Vec::new()
            }
            Reply::No(problem) if self.common(now, ask, &problem) => Vec::new(),
            Reply::No(problem) => match (problem.code, &problem.have, &problem.fork) {
                // Believed without a signature, because sending from anywhere is harmless. It must go
                // back, or the two would go round in circles.
                (ProblemCode::NeedFrom, Some(have), _)
                    if have.epoch == epoch && have.seq.saturating_add(1) < from =>
                {
                    self.sent.insert(epoch, have.seq);
                    Vec::new()
                }
                (ProblemCode::Fork, _, Some(fork)) if fork.epoch == epoch => {
                    self.stuck.insert(epoch, fork.seq);
                    vec![Change::Forked { epoch, seq: fork.seq }]
                }
                (ProblemCode::Malformed | ProblemCode::TooLarge, ..) if from < to => {
                    self.batch = (self.batch.min(usize::try_from(to - from).unwrap_or(1)) / 2).max(1);
                    Vec::new()
                }
                (ProblemCode::Malformed | ProblemCode::TooLarge | ProblemCode::Withdrawn, ..) => {
                    self.why = Some(refused(&problem));
                    self.stuck.insert(epoch, from);
                    Vec::new()
                }
                _ => {
                    self.wait(now, &ask.purpose, refused(&problem), problem.retry_after_s);
                    Vec::new()
                }
            },
        }
    }

    fn on_feed(
        &mut self,
        now: &Moment,
        me: &Myself,
        ask: &Ask,
        answer: &Response,
        after: u64,
    ) -> Vec<Change> {
        match reply::read::<FeedPage>(answer, domains::FEED, &me.hq_keys, &me.device, &ask.nonce) {
            Reply::Yes(page, _) if page.after == after => {
                self.main.worked();
                if !page.more {
                    self.next_stage();
                }
                vec![Change::Page(Box::new(page))]
            }
            Reply::Yes(..) | Reply::Stranger => {
                self.stranger(now, ask);
                Vec::new()
            }
            Reply::No(problem) if self.common(now, ask, &problem) => Vec::new(),
            Reply::No(problem) if problem.code == ProblemCode::Snapshot && after > 0 => {
                // The new incarnation is taken from the signed page that follows, not from here.
                vec![Change::Page(Box::new(FeedPage {
                    device: me.device.clone(),
                    nonce: ask.nonce.clone(),
                    incarnation: String::new(),
                    after,
                    items: Vec::new(),
                    next: 0,
                    more: true,
                    snapshot: true,
                    server_ms: problem.server_ms,
                }))]
            }
            Reply::No(problem) => {
                self.why = Some(refused(&problem));
                self.next_stage();
                Vec::new()
            }
        }
    }

    fn lease(&self, shelf: &dyn Shelf) -> Result<Option<(Request, Purpose)>, Error> {
        let wish: Option<LeaseRequest> =
            shelf.lease_wishes()?.into_iter().find(|w| !self.refused.contains(&w.request_id));
        wish.map(|w| Ok((post(paths::LEASE, &w)?, Purpose::Lease { request_id: w.request_id }))).transpose()
    }

    fn on_lease(&mut self, now: &Moment, me: &Myself, ask: &Ask, answer: &Response, id: &str) -> Vec<Change> {
        match reply::read::<LeaseReply>(answer, domains::LEASE_REPLY, &me.hq_keys, &me.device, &ask.nonce) {
            Reply::Yes(lease, _) if lease.request_id == id => {
                self.main.worked();
                self.refused.push(id.to_owned());
                vec![Change::Block { request_id: id.to_owned(), signed: Box::new(lease.block) }]
            }
            Reply::Yes(..) | Reply::Stranger => {
                self.stranger(now, ask);
                Vec::new()
            }
            Reply::No(problem) if self.common(now, ask, &problem) => Vec::new(),
            Reply::No(problem) => {
                self.why = Some(refused(&problem));
                self.refused.push(id.to_owned());
                Vec::new()
            }
        }
    }

    fn file(&self, shelf: &dyn Shelf) -> Result<Option<(Request, Purpose)>, Error> {
        Ok(shelf.next_file(&self.skip)?.map(|file| {
            let request = Request {
                method: "GET",
                path: blob::path(&file.sha256),
                headers: vec![(
                    "range",
                    format!("bytes={}-{}", file.offset, file.offset.saturating_add(FILE_PART - 1)),
                )],
                body: Vec::new(),
            };
            (request, Purpose::File(file))
        }))
    }

    fn on_file(&mut self, now: &Moment, ask: &Ask, answer: &Response, file: &Blob) -> Vec<Change> {
        // Named by content: whoever sent it, it is right or it is thrown away when it is whole.
        let room = usize::try_from(file.length.saturating_sub(file.offset)).unwrap_or(usize::MAX);
        match answer.status {
            206 if !answer.body.is_empty() && answer.body.len() <= room => {
                vec![Change::FilePart { file: file.clone(), bytes: answer.body.clone() }]
            }
            200 if file.offset == 0 && answer.body.len() == room => {
                vec![Change::FilePart { file: file.clone(), bytes: answer.body.clone() }]
            }
            _ => {
                self.skip.push(file.sha256);
                if let Reply::No::<()>(problem) = reply::no(answer) {
                    let _ = self.common(now, ask, &problem);
                }
                Vec::new()
            }
        }
    }

    fn blob(&mut self, shelf: &dyn Shelf) -> Result<Option<(Request, Purpose)>, Error> {
        let (next, offset, body) = loop {
            let Some(next) = shelf.next_blob(&self.skip)? else { return Ok(None) };
            let offset = match self.blob {
                Some((sha256, offset)) if sha256 == next.sha256 => offset,
                _ => {
                    let request = Request {
                        method: "HEAD",
                        path: blob::path(&next.sha256),
                        headers: vec![],
                        body: vec![],
                    };
                    return Ok(Some((request, Purpose::BlobAsk(next.sha256))));
                }
            };
            match shelf.blob_part(&next.sha256, offset, self.limits.blob_chunk) {
                Ok(body) => break (next, offset, body),
                // A file that is damaged or missing on the phone must not keep the others from HQ.
                Err(e) => {
                    self.why = Some(Why::Failed(e.to_string()));
                    self.skip.push(next.sha256);
                    self.blob = None;
                }
            }
        };
        let sent = u64::try_from(body.len()).unwrap_or(0);
        let request = Request {
            method: "PATCH",
            path: format!("{}?length={}", blob::path(&next.sha256), next.length),
            headers: vec![
                (blob::OFFSET, offset.to_string()),
                ("content-type", "application/octet-stream".into()),
            ],
            body,
        };
        Ok(Some((request, Purpose::BlobSend { sha256: next.sha256, offset, sent })))
    }

    fn on_blob_ask(&mut self, now: &Moment, ask: &Ask, answer: &Response, sha256: Digest) -> Vec<Change> {
        let offset = match answer.status {
            // Not signed: used to save bytes, never to believe that HQ has them.
            200 => answer.header(blob::OFFSET).and_then(|v| v.parse().ok()),
            404 => Some(0),
            _ => None,
        };
        match offset {
            Some(offset) => self.blob = Some((sha256, offset)),
            None => self.pass_over(now, &ask.purpose, Why::Failed(format!("HTTP {}", answer.status)), None),
        }
        Vec::new()
    }

    fn on_blob(
        &mut self,
        now: &Moment,
        me: &Myself,
        ask: &Ask,
        answer: &Response,
        sha256: Digest,
        end: u64,
    ) -> Vec<Change> {
        match reply::read::<BlobReceipt>(answer, domains::BLOB, &me.hq_keys, &me.device, &ask.nonce) {
            Reply::Yes(receipt, _) if receipt.sha256 == sha256 && receipt.offset >= end => {
                self.photos.worked();
                if receipt.durable {
                    self.blob = None;
                    vec![Change::BlobDurable(sha256)]
                } else {
                    self.blob = Some((sha256, receipt.offset));
                    vec![Change::BlobAt { sha256, offset: receipt.offset }]
                }
            }
            Reply::Yes(..) | Reply::Stranger => {
                self.stranger(now, ask);
                Vec::new()
            }
            Reply::No(problem) if self.common(now, ask, &problem) => Vec::new(),
            Reply::No(problem) => {
                match (problem.code, problem.offset) {
                    // The same offset again would go round in circles.
                    (ProblemCode::BlobOffset, Some(offset)) if !matches!(ask.purpose, Purpose::BlobSend { offset: sent, .. } if sent == offset) =>
                    {
                        self.blob = Some((sha256, offset));
                    }
                    _ => {
                        self.why = Some(refused(&problem));
                        self.skip.push(sha256);
                        self.blob = None;
                    }
                }
                Vec::new()
            }
        }
    }

    fn signed(
        &mut self,
        now: &Moment,
        shelf: &dyn Shelf,
        key: &dyn Signer,
        mut request: Request,
        purpose: Purpose,
    ) -> Result<Step, Error> {
        let me = shelf.myself()?;
        let epoch = shelf.heads()?.last().map_or_else(Epoch::default, |h| h.epoch);
        let nonce: String = now.nonce.iter().map(|b| format!("{b:02x}")).collect();
        let at_ms = now.wall_ms.saturating_add(self.skew_ms);
        let auth =
            Auth::sign(key, request.method, &request.path, &me.device, epoch, at_ms, &nonce, &request.body)?;
        request.headers.push((auth::HEADER, auth.header()));
        Ok(Step::Send(Box::new(Ask { request, purpose, nonce })))
    }
}

/// Bytes of a feed file asked for at once.
const FILE_PART: u64 = 4 << 20;

fn refused(problem: &Problem) -> Why {
    Why::Failed(format!("{} / {}", problem.zh, problem.en))
}

fn post<T: Serialize + Check>(path: &str, message: &T) -> Result<Request, Error> {
    message.check()?;
    let mut headers = vec![("content-type", "application/json".into())];
    let mut body = serde_json::to_vec(message)?;
    if let Some(packed) = pack::pack(&body) {
        headers.push((pack::HEADER, pack::ENCODING.into()));
        body = packed;
    }
    Ok(Request { method: "POST", path: path.to_owned(), headers, body })
}

fn feed(shelf: &dyn Shelf) -> Result<(Request, Purpose), Error> {
    let cursor = shelf.cursor()?;
    let path = format!(
        "{}?incarnation={}&pos={}&max_bytes={}",
        paths::FEED,
        cursor.incarnation,
        cursor.pos,
        FEED_BYTES
    );
    let headers = vec![(pack::ACCEPT, pack::ENCODING.into())];
    let request = Request { method: "GET", path, headers, body: Vec::new() };
    Ok((request, Purpose::Feed { after: cursor.pos }))
}

/// Bytes of a feed page asked for at once: one item may still be larger.
const FEED_BYTES: u64 = 2 << 20;
