//! The one writer: a bounded queue, group commit, and answers only after COMMIT.
//!
//! Requests that arrive while a commit is under way share the next one; an idle writer commits at once.
//! A full queue is said at the door ([`HqError::Busy`]), never after the fact.

use std::{
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::{
    error::HqError,
    store::{Batch, Store, Write},
};

/// Events that share one commit at most.
const GROUP: usize = 1_000;
/// Time that requests are gathered for one commit at most.
const GATHER: Duration = Duration::from_millis(5);

type Work = Box<dyn FnOnce(&mut dyn Write) -> Result<Answer, HqError> + Send>;
/// Called after COMMIT (or instead of it, with the error).
type Answer = Box<dyn FnOnce(Result<(), HqError>) + Send>;

struct Job {
    weight: usize,
    work: Work,
    refuse: Box<dyn FnOnce(HqError) + Send>,
}

/// Handle to the writer thread. Dropping it ends the thread after the queue is empty.
pub struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    refused: AtomicU64,
}

impl Writer {
    /// Starts the thread with a queue of `depth` requests.
    ///
    /// # Errors
    /// The store gives no writing end, or the system no thread.
    pub fn start(store: &dyn Store, depth: usize) -> Result<Writer, HqError> {
        let mut batch = store.writer()?;
        let (queue, jobs) = sync_channel(depth);
        let thread = std::thread::Builder::new()
            .name("hq-writer".into())
            .spawn(move || run(&mut *batch, &jobs))
            .map_err(|e| HqError::Store(e.to_string()))?;
        Ok(Writer { queue: Some(queue), thread: Some(thread), refused: AtomicU64::new(0) })
    }

    /// Runs `work` in the next group commit and waits until it is durable.
    ///
    /// # Errors
    /// What `work` says (its writes are undone), a full queue, or a failed commit.
    pub fn run<T: Send + 'static>(
        &self,
        weight: usize,
        work: impl FnOnce(&mut dyn Write) -> Result<T, HqError> + Send + 'static,
    ) -> Result<T, HqError> {
        let (tell, hear) = sync_channel::<Result<T, HqError>>(1);
        let tell_refusal = tell.clone();
        let job = Job {
            weight,
            work: Box::new(move |w| {
                let value = work(w)?;
                Ok(Box::new(move |done: Result<(), HqError>| drop(tell.send(done.map(|()| value)))) as Answer)
            }),
            refuse: Box::new(move |e| drop(tell_refusal.send(Err(e)))),
        };
        match self.queue.as_ref().ok_or(HqError::Stopped)?.try_send(job) {
            Ok(()) => hear.recv().unwrap_or(Err(HqError::Stopped)),
            // Spread, so that those who were refused together do not come back together.
            Err(TrySendError::Full(_)) => Err(HqError::Busy {
                retry_after_s: 1_u64.saturating_add(self.refused.fetch_add(1, Ordering::Relaxed) % 10),
            }),
            Err(TrySendError::Disconnected(_)) => Err(HqError::Stopped),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(batch: &mut dyn Batch, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        if let Err(e) = batch.begin() {
            (first.refuse)(e);
            continue;
        }
        let started = Instant::now();
        let mut weight = 0_usize;
        let mut answers: Vec<Answer> = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next {
            weight = weight.saturating_add(job.weight);
            match one(batch, job.work) {
                Ok(answer) => answers.push(answer),
                Err(e) => (job.refuse)(e),
            }
            next = if weight < GROUP && started.elapsed() < GATHER { jobs.try_recv().ok() } else { None };
        }
        let done = batch.commit();
        if done.is_err() {
            batch.abandon();
        }
        let failure = done.err().map(|e| e.to_string());
        for answer in answers {
            answer(failure.clone().map_or(Ok(()), |e| Err(HqError::Store(e))));
        }
    }
}

fn one(batch: &mut dyn Batch, work: Work) -> Result<Answer, HqError> {
    batch.mark()?;
    // A panic in one request must not take the writer, and with it the house, down.
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(batch.as_write())));
    match done.unwrap_or_else(|_| Err(HqError::Store("内部错误 / internal fault".into()))) {
        Ok(answer) => {
            batch.keep()?;
            Ok(answer)
        }
        Err(e) => {
            batch.back()?;
            Err(e)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::sync::{Arc, Barrier};

    use super::*;
    use crate::store::sqlite::Sqlite;

    fn writer(depth: usize) -> (tempfile::TempDir, Sqlite, Arc<Writer>) {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&dir.path().join("w.db")).unwrap();
        let writer = Arc::new(Writer::start(&store, depth).unwrap());
        (dir, store, writer)
    }

    #[test]
    fn one_bad_request_does_not_spoil_its_neighbours() {
        let (_dir, store, writer) = writer(8);
        let run = |key: &'static str, fine: bool| {
            writer.run(1, move |w| {
                w.put_doc("s", key, "1")?;
                if fine { Ok(()) } else { Err(HqError::Bad("no".into())) }
            })
        };
        run("a", true).unwrap();
        assert!(run("b", false).is_err());
        assert!(writer.run::<()>(1, |_| panic!("a fault in one request")).is_err());
        run("c", true).unwrap();
        store
            .read(&mut |r| {
                let keys: Vec<String> = r.docs("s", "", "", 9)?.into_iter().map(|d| d.0).collect();
                assert_eq!(keys, ["a", "c"]);
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn a_full_queue_is_said_at_the_door_with_spread_times() {
        let (_dir, _store, writer) = writer(1);
        let gate = Arc::new(Barrier::new(2));
        let held = gate.clone();
        let slow = writer.clone();
        let first = std::thread::spawn(move || {
            slow.run(1, move |_| {
                held.wait();
                held.wait();
                Ok(())
            })
        });
        gate.wait();
        let queued = writer.clone();
        let second = std::thread::spawn(move || queued.run(1, |_| Ok(())));
        // Nothing else can run, so once the second request is in the queue every other is refused.
        std::thread::sleep(Duration::from_millis(200));
        let mut waits = std::collections::BTreeSet::new();
        while waits.len() < 3 {
            if let Err(HqError::Busy { retry_after_s }) = writer.run(1, |_| Ok(())) {
                waits.insert(retry_after_s);
            } else {
                panic!("the queue was not full");
            }
        }
        gate.wait();
        first.join().unwrap().unwrap();
        second.join().unwrap().unwrap();
    }
}
