//! The byte pipe to a printer.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::PrinterError;

/// The pipe is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The other side ended it.
    #[error("打印机连接已断开，请重新连接。 / the printer's connection is closed; connect again")]
    Closed,
    /// The system says it failed.
    #[error("打印机连接出错（{0}），请重新连接。 / the printer's connection failed ({0}); connect again")]
    Failed(String),
}

/// A byte pipe. A phone supplies its Bluetooth as one of these.
pub trait Link: Send {
    /// Takes some of the bytes and says how many: 0 when it can take none now. Waits a second at most.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError>;
    /// Reads what has come; 0 when nothing came within the time.
    fn read(&mut self, into: &mut [u8], within: Duration) -> Result<usize, LinkError>;
    /// Ends the connection.
    fn close(&mut self);
    /// False when the pipe may lose bytes without telling (BLE write without response).
    fn lossless(&self) -> bool {
        true
    }
}

impl<L: Link + ?Sized> Link for Box<L> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        (**self).write(bytes)
    }
    fn read(&mut self, into: &mut [u8], within: Duration) -> Result<usize, LinkError> {
        (**self).read(into, within)
    }
    fn close(&mut self) {
        (**self).close()
    }
    fn lossless(&self) -> bool {
        (**self).lossless()
    }
}

/// Opens `tcp://HOST:PORT`, `serial:/dev/rfcomm0` (or `serial:/dev/ttyUSB0@9600`), `file:PATH`.
pub fn open_link(address: &str) -> Result<Box<dyn Link>, PrinterError> {
    let fail = |why: String| PrinterError::Open { address: address.to_owned(), why };
    if let Some(at) = address.strip_prefix("tcp://") {
        return Ok(Box::new(TcpLink::connect(at, Duration::from_secs(3)).map_err(|e| fail(e.to_string()))?));
    }
    if let Some(path) = address.strip_prefix("serial:") {
        return open_serial(path).map_err(fail);
    }
    if let Some(path) = address.strip_prefix("file:") {
        return Ok(Box::new(FileLink { file: Some(File::create(path).map_err(|e| fail(e.to_string()))?) }));
    }
    Err(PrinterError::Address(address.to_owned()))
}

fn failed(e: &std::io::Error) -> LinkError {
    match e.kind() {
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
            LinkError::Closed
        }
        _ => LinkError::Failed(e.to_string()),
    }
}

fn later(e: &std::io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// A network printer, or the virtual one.
pub struct TcpLink {
    stream: Option<TcpStream>,
}

impl TcpLink {
    /// Connects to `HOST:PORT`.
    pub fn connect(at: &str, within: Duration) -> std::io::Result<TcpLink> {
        let mut last = std::io::Error::from(ErrorKind::AddrNotAvailable);
        for address in at.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, within) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_write_timeout(Some(Duration::from_millis(500)))?;
                    return Ok(TcpLink { stream: Some(stream) });
                }
                Err(e) => last = e,
            }
        }
        Err(last)
    }
}

impl Link for TcpLink {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        let stream = self.stream.as_mut().ok_or(LinkError::Closed)?;
        match stream.write(bytes) {
            Ok(n) => Ok(n),
            Err(e) if later(&e) => Ok(0),
            Err(e) => Err(failed(&e)),
        }
    }

    fn read(&mut self, into: &mut [u8], within: Duration) -> Result<usize, LinkError> {
        let stream = self.stream.as_mut().ok_or(LinkError::Closed)?;
        // Zero would mean "for ever" to the system.
        stream.set_read_timeout(Some(within.max(Duration::from_millis(1)))).map_err(|e| failed(&e))?;
        match stream.read(into) {
            Ok(0) => Err(LinkError::Closed),
            Ok(n) => Ok(n),
            Err(e) if later(&e) => Ok(0),
            Err(e) => Err(failed(&e)),
        }
    }

    fn close(&mut self) {
        self.stream = None;
    }
}

/// A tty: an RFCOMM device, a USB serial cable, a pseudo-terminal.
#[cfg(not(any(target_os = "android", target_os = "ios")))]
pub struct SerialLink {
    port: Option<Box<dyn serialport::SerialPort>>,
}

#[cfg(not(any(target_os = "android", target_os = "ios")))]
fn open_serial(path: &str) -> Result<Box<dyn Link>, String> {
    let (path, baud) = match path.rsplit_once('@') {
        Some((path, baud)) => (path, baud.parse().map_err(|_| format!("baud rate {baud:?}"))?),
        None => (path, 115_200),
    };
    let port =
        serialport::new(path, baud).timeout(Duration::from_millis(500)).open().map_err(|e| e.to_string())?;
    Ok(Box::new(SerialLink { port: Some(port) }))
}

#[cfg(any(target_os = "android", target_os = "ios"))]
fn open_serial(_path: &str) -> Result<Box<dyn Link>, String> {
    Err("a phone reaches its printer through the platform's Bluetooth".to_owned())
}

#[cfg(not(any(target_os = "android", target_os = "ios")))]
impl Link for SerialLink {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        let port = self.port.as_mut().ok_or(LinkError::Closed)?;
        match port.write(bytes) {
            Ok(n) => Ok(n),
            Err(e) if later(&e) => Ok(0),
            Err(e) => Err(failed(&e)),
        }
    }

    fn read(&mut self, into: &mut [u8], within: Duration) -> Result<usize, LinkError> {
        let port = self.port.as_mut().ok_or(LinkError::Closed)?;
        port.set_timeout(within.max(Duration::from_millis(1)))
            .map_err(|e| LinkError::Failed(e.to_string()))?;
        match port.read(into) {
            // Readable and yet nothing: the other end has hung up.
            Ok(0) if !into.is_empty() => Err(LinkError::Closed),
            Ok(n) => Ok(n),
            Err(e) if later(&e) => Ok(0),
            Err(e) => Err(failed(&e)),
        }
    }

    fn close(&mut self) {
        self.port = None;
    }
}

/// Bytes into a file, or a device like /dev/usb/lp0. It never answers.
pub struct FileLink {
    file: Option<File>,
}

impl Link for FileLink {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        self.file.as_mut().ok_or(LinkError::Closed)?.write(bytes).map_err(|e| failed(&e))
    }

    fn read(&mut self, _into: &mut [u8], within: Duration) -> Result<usize, LinkError> {
        std::thread::sleep(within);
        Ok(0)
    }

    fn close(&mut self) {
        self.file = None;
    }
}

/// Answers what was written.
pub type Responder = Box<dyn FnMut(&[u8]) -> Vec<u8> + Send>;

/// A pipe in memory, for tests and previews: what was written can be read back by the caller, and a
/// function plays the printer.
pub struct MemoryLink {
    written: Arc<Mutex<Vec<u8>>>,
    answers: Vec<u8>,
    respond: Responder,
}

impl MemoryLink {
    /// The link, and the bytes that will be written to it.
    pub fn new(respond: Responder) -> (MemoryLink, Arc<Mutex<Vec<u8>>>) {
        let written = Arc::new(Mutex::new(Vec::new()));
        (MemoryLink { written: written.clone(), answers: Vec::new(), respond }, written)
    }
}

impl Link for MemoryLink {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        self.written.lock().map_err(|_| LinkError::Closed)?.extend_from_slice(bytes);
        let more = (self.respond)(bytes);
        self.answers.extend(more);
        Ok(bytes.len())
    }

    fn read(&mut self, into: &mut [u8], within: Duration) -> Result<usize, LinkError> {
        let n = self.answers.len().min(into.len());
        if n == 0 {
            std::thread::sleep(within);
        }
        for (slot, b) in into.iter_mut().zip(self.answers.drain(..n)) {
            *slot = b;
        }
        Ok(n)
    }

    fn close(&mut self) {}
}
