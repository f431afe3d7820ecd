//! The printer on a cable: a TCP port, or a pseudo-terminal that stands for an RFCOMM tty.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

#[cfg(unix)]
use serialport::{SerialPort, TTYPort};

use crate::{Device, EmulatorError, Faults, Options, Paper};

/// How long a read waits before the printer looks at its own work again.
const TICK: Duration = Duration::from_millis(2);

/// Starts virtual printers.
pub struct Emulator;

struct Shared {
    device: Mutex<Device>,
    stop: AtomicBool,
    hang_up: AtomicBool,
    papers: Mutex<Vec<Paper>>,
    written: AtomicUsize,
    options: Options,
}

/// A running printer. Dropping it switches the printer off.
pub struct Handle {
    shared: Arc<Shared>,
    address: String,
    thread: Option<JoinHandle<()>>,
}

impl Emulator {
    /// A printer on a TCP address such as `127.0.0.1:9100` (port 0: any free one).
    pub fn start(listen: &str, options: Options) -> Result<Handle, EmulatorError> {
        let fail = |e: std::io::Error| EmulatorError::Listen { at: listen.to_owned(), why: e.to_string() };
        let listener = TcpListener::bind(listen).map_err(fail)?;
        let address: SocketAddr = listener.local_addr().map_err(fail)?;
        listener.set_nonblocking(true).map_err(fail)?;
        let shared = Shared::new(options);
        let inner = shared.clone();
        let thread = std::thread::spawn(move || {
            while !inner.stop.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let ready = stream.set_nonblocking(false).is_ok()
                            && stream.set_read_timeout(Some(TICK)).is_ok()
                            && stream.set_nodelay(true).is_ok();
                        if ready {
                            inner.serve(Cable::Tcp(stream));
                        }
                    }
                    Err(_) => {
                        // Between callers the printer goes on with what it has.
                        std::thread::sleep(TICK);
                        inner.work_alone();
                    }
                }
            }
        });
        Ok(Handle { shared, address: address.to_string(), thread: Some(thread) })
    }

    /// A printer behind a pseudo-terminal (Unix); [`Handle::address`] is the tty's path.
    #[cfg(unix)]
    pub fn start_pty(options: Options) -> Result<Handle, EmulatorError> {
        let fail = |e: serialport::Error| EmulatorError::Listen { at: "pty".into(), why: e.to_string() };
        let (mut master, slave) = TTYPort::pair().map_err(fail)?;
        master.set_timeout(TICK).map_err(fail)?;
        let address = slave.name().unwrap_or_default();
        // It holds a lock that would keep every caller out.
        drop(slave);
        let shared = Shared::new(options);
        let inner = shared.clone();
        let thread = std::thread::spawn(move || inner.serve(Cable::Tty(master)));
        Ok(Handle { shared, address, thread: Some(thread) })
    }
}

enum Cable {
    Tcp(TcpStream),
    #[cfg(unix)]
    Tty(TTYPort),
}

impl Cable {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Cable::Tcp(s) => s.read(buf),
            #[cfg(unix)]
            Cable::Tty(t) => t.read(buf),
        }
    }

    /// Does it stay when a caller goes? A terminal does.
    fn survives(&self) -> bool {
        match self {
            Cable::Tcp(_) => false,
            #[cfg(unix)]
            Cable::Tty(_) => true,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Cable::Tcp(s) => s.write_all(bytes),
            #[cfg(unix)]
            Cable::Tty(t) => t.write_all(bytes),
        }
    }
}

impl Shared {
    fn new(options: Options) -> Arc<Shared> {
        Arc::new(Shared {
            device: Mutex::new(Device::new(options.clone())),
            stop: AtomicBool::new(false),
            hang_up: AtomicBool::new(false),
            papers: Mutex::default(),
            written: AtomicUsize::new(0),
            options,
        })
    }

    fn device(&self) -> MutexGuard<'_, Device> {
        self.device.lock().unwrap_or_else(|p| p.into_inner())
    }

    fn serve(&self, mut cable: Cable) {
        let mut buf = [0u8; 4096];
        let mut last = Instant::now();
        let mut clock = Instant::now();
        let mut credit = 0.0f64;
        let mut stopped_since: Option<Instant> = None;
        self.hang_up.store(false, Ordering::Relaxed);
        while !self.stop.load(Ordering::Relaxed) && !self.hang_up.load(Ordering::Relaxed) {
            let room = self.device().room().min(buf.len());
            let mut closed = false;
            if room == 0 {
                std::thread::sleep(TICK);
            } else {
                match cable.read(buf.get_mut(..room).unwrap_or_default()) {
                    Ok(0) => closed = true,
                    Ok(n) => {
                        last = Instant::now();
                        closed = self.device().receive(buf.get(..n).unwrap_or_default());
                    }
                    Err(e)
                        if matches!(
                            e.kind(),
                            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                        ) => {}
                    // A terminal whose other end is closed: the paper is taken, the next caller may come.
                    Err(_) if cable.survives() => {
                        std::thread::sleep(TICK);
                        self.work_alone();
                        let mut device = self.device();
                        device.tear();
                        self.collect(&mut device);
                    }
                    Err(_) => closed = true,
                }
            }
            let replies = {
                let mut device = self.device();
                let (slow, mend) = device.pace();
                match slow {
                    None => {
                        device.work(usize::MAX);
                    }
                    Some(rate) => {
                        credit = (credit + clock.elapsed().as_secs_f64() * rate as f64).min(rate as f64);
                        clock = Instant::now();
                        credit -= device.work(credit as usize) as f64;
                    }
                }
                if !device.stopped() {
                    stopped_since = None;
                } else if let Some(after) = mend
                    && stopped_since.get_or_insert_with(Instant::now).elapsed() >= after
                {
                    device.mend();
                }
                if !device.idle() {
                    last = Instant::now();
                }
                if last.elapsed() >= self.options.quiet && device.has_paper() {
                    device.tear();
                }
                self.collect(&mut device);
                device.replies()
            };
            if !replies.is_empty() && cable.write(&replies).is_err() {
                closed = true;
            }
            if closed {
                break;
            }
        }
        drop(cable);
        // What was received before the line went is printed, then the paper is taken.
        self.work_alone();
        let mut device = self.device();
        device.tear();
        self.collect(&mut device);
    }

    fn work_alone(&self) {
        let mut device = self.device();
        if !device.idle() {
            device.work(usize::MAX);
            device.tear();
        }
        device.replies();
        self.collect(&mut device);
    }

    fn collect(&self, device: &mut Device) {
        let new = device.papers();
        if new.is_empty() {
            return;
        }
        if let Some(dir) = &self.options.out_dir {
            for paper in &new {
                self.save(dir, paper);
            }
        }
        self.papers.lock().unwrap_or_else(|p| p.into_inner()).extend(new);
    }

    fn save(&self, dir: &Path, paper: &Paper) {
        let n = self.written.fetch_add(1, Ordering::Relaxed) + 1;
        let ok = std::fs::create_dir_all(dir).is_ok();
        // A full disk must not stop the printer: the paper stays in memory either way.
        if ok && let Ok(png) = paper.png() {
            let _ = std::fs::write(dir.join(format!("{n:04}.png")), png);
            let _ = std::fs::write(dir.join(format!("{n:04}.escpos")), &paper.bytes);
        }
    }
}

impl Handle {
    /// `HOST:PORT`, or the path of the tty.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Papers that are finished (connection closed, silence, or torn by a fault).
    pub fn take_papers(&self) -> Vec<Paper> {
        std::mem::take(&mut *self.shared.papers.lock().unwrap_or_else(|p| p.into_inner()))
    }

    /// Waits until at least one paper is finished, at most so long.
    pub fn wait_papers(&self, at_most: Duration) -> Vec<Paper> {
        let start = Instant::now();
        loop {
            let papers = self.take_papers();
            if !papers.is_empty() || start.elapsed() > at_most {
                return papers;
            }
            std::thread::sleep(TICK);
        }
    }

    /// From now on these faults, their byte counts beginning now.
    pub fn inject(&self, faults: Faults) {
        self.shared.device().inject(faults);
    }

    /// Puts new paper in and closes the cover.
    pub fn mend(&self) {
        self.shared.device().mend();
    }

    /// Takes the roll out.
    pub fn take_paper_out(&self) {
        self.shared.device().take_paper_out();
    }

    /// Opens the cover.
    pub fn open_cover(&self) {
        self.shared.device().open_cover();
    }

    /// Ends the present connection from the printer's side.
    pub fn hang_up(&self) {
        self.shared.hang_up.store(true, Ordering::Relaxed);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(t) = self.thread.take() {
            let _ = t.join();
        }
    }
}
