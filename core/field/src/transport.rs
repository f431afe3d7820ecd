//! How bytes reach HQ: a narrow trait, and (feature `https`) the one ready implementation of it.

#[cfg(feature = "https")]
mod https;

#[cfg(feature = "https")]
pub use https::HttpTransport;

/// One request to HQ.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD`, `POST`, `PATCH`.
    pub method: &'static str,
    /// Path and query, from the root.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Empty for GET and HEAD.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Request {
    /// Never the body: it is about people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({} B)", self.method, self.path, self.body.len())
    }
}

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`REPLY_BYTES`](ezhifa_wire::limits::REPLY_BYTES).
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} B)", self.status, self.body.len())
    }
}

impl Response {
    /// The first header of this name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Why nothing came back. The journal keeps everything; the next attempt sends it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No way to HQ right now.
    #[error(
        "连不上指挥中心（{0}），请检查网络；数据都在本机 / cannot reach HQ ({0}): check the network; everything is kept"
    )]
    Unreachable(String),
    /// HQ, or somebody in between, is too slow.
    #[error("指挥中心响应超时，稍后自动重试 / HQ did not answer in time; it will be tried again")]
    Timeout,
    /// Whoever answered is not HQ.
    #[error(
        "对方不是已登记的指挥中心（证书不符），请换网络 / whoever answered is not HQ (certificate): use another network"
    )]
    NotHq,
    /// The address or certificate of the ticket cannot be used.
    #[error(
        "注册票据不可用（{0}），请向指挥中心重新领取 / the enrolment ticket cannot be used ({0}): ask HQ for a new one"
    )]
    Ticket(String),
    /// Built without the feature `https`, and the app handed in no transport.
    #[error(
        "本应用未提供联网方式，请联系应用开发者；数据都在本机 / this build has no HTTPS of its own and the app handed in no transport: tell its makers; everything is kept"
    )]
    NoWay,
}

/// A way to HQ. Called with no lock held; may block; must not retry by itself.
pub trait Transport: Send + Sync {
    /// Sends one request and waits for its answer.
    ///
    /// # Errors
    /// Nothing came back.
    fn send(&self, request: &Request) -> Result<Response, TransportError>;
}
