//! One request, one answer, without a network: the same code behind the HTTP server and in simulation.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    sync::Mutex,
};

use ezhifa_wire::{
    Check, auth,
    auth::Auth,
    blob,
    blob::BlobReceipt,
    domains, limits, pack, paths,
    seal::{
        hash::Digest,
        sign::{Signed, SoftwareKey},
    },
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Hq, desk,
    devices::{self, Device},
    error::HqError,
    log::Field,
};

/// A request as it came in.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`, `POST`, `HEAD`, `PATCH`.
    pub method: String,
    /// Path with its query.
    pub path: String,
    /// Header names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Body.
    pub body: Vec<u8>,
    /// Who connects, for the rate of the public page.
    pub peer: String,
}

/// What goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Body.
    pub body: Vec<u8>,
}

impl Response {
    pub(crate) fn bytes(status: u16, kind: &str, body: Vec<u8>) -> Response {
        let mut headers = BTreeMap::new();
        headers.insert("content-type".to_owned(), kind.to_owned());
        headers.insert("x-content-type-options".to_owned(), "nosniff".to_owned());
        headers.insert("cache-control".to_owned(), "no-store".to_owned());
        Response { status, headers, body }
    }

    pub(crate) fn json(value: &impl Serialize) -> Result<Response, HqError> {
        Ok(Response::bytes(200, "application/json", serde_json::to_vec(value)?))
    }

    pub(crate) fn html(status: u16, html: String) -> Response {
        let mut page = Response::bytes(status, "text/html; charset=utf-8", html.into_bytes());
        page.headers.insert("content-security-policy".into(), "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'".into());
        page.headers.insert("referrer-policy".into(), "no-referrer".into());
        page
    }
}

/// A request that a device signed.
pub(crate) struct Asked<'a> {
    pub(crate) auth: &'a Auth,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// Unpacked.
    pub(crate) body: Cow<'a, [u8]>,
}

impl Asked<'_> {
    pub(crate) fn read<T: DeserializeOwned>(&self, what: &'static str) -> Result<T, HqError> {
        serde_json::from_slice(&self.body).map_err(|e| ezhifa_wire::WireError::json(what, &e).into())
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        query(self.path, name)
    }
}

fn query<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = path.split_once('?')?;
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v)
}

/// Nonces of requests whose time is still good. A request is refused when its time is over, so a nonce needs
/// to be known for one window only: two sets that take turns.
#[derive(Default)]
pub(crate) struct Nonces(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    now: HashSet<String>,
    before: HashSet<String>,
    turned_ms: i64,
}

/// How old a signature may be.
const WINDOW_MS: i64 = limits::SKEW_MINUTES * 60_000;
/// How far a phone's estimate of HQ's clock may be ahead. Small, because of [`after_restart`].
pub(crate) const AHEAD_MS: i64 = 5_000;

/// Nonces are forgotten when HQ stops. So an HQ that starts again takes no request with a time at which the
/// one before it could have taken it; the refusal names a time that is good, and the phone signs once more.
pub(crate) fn after_restart(now_ms: i64) -> i64 {
    now_ms.saturating_add(AHEAD_MS)
}

impl Nonces {
    fn take(&self, device: &str, nonce: &str, at_ms: i64, now_ms: i64, after_ms: i64) -> Result<(), HqError> {
        let earliest = now_ms.saturating_sub(WINDOW_MS).max(after_ms.saturating_add(1));
        let latest = now_ms.saturating_add(AHEAD_MS).max(earliest);
        if !(earliest..=latest).contains(&at_ms) {
            return Err(HqError::Clock);
        }
        let mut seen = self.0.lock().map_err(|_| HqError::Stopped)?;
        if now_ms.saturating_sub(seen.turned_ms).saturating_abs() > WINDOW_MS + AHEAD_MS {
            seen.before = std::mem::take(&mut seen.now);
            seen.turned_ms = now_ms;
        }
        let name = format!("{device}/{nonce}");
        if seen.before.contains(&name) || !seen.now.insert(name) {
            return Err(HqError::Replayed);
        }
        Ok(())
    }
}

impl Hq {
    /// Answers a request. Never fails: a refusal is a [`ezhifa_wire::Problem`] with its status.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Response {
        let answer = self.route(request).unwrap_or_else(|e| {
            let refusal = self.refusal(&e);
            if looks_up(request) { sorry(refusal) } else { refusal }
        });
        let route = known(&request.method, &request.path);
        self.log(
            "request",
            &[
                ("method", Field::Word(route.0)),
                ("route", Field::Word(route.1)),
                ("status", Field::Int(i64::from(answer.status))),
            ],
        );
        answer
    }

    /// How this HQ says no.
    pub(crate) fn refusal(&self, error: &HqError) -> Response {
        // A time that is good for signing, also in the first seconds after a start.
        let now = self.now_ms().max(self.inner.signed_after_ms.saturating_add(1));
        let problem = error.problem(now, self.incarnation());
        if problem.code == ezhifa_wire::ProblemCode::Unavailable {
            self.log("failure", &[("what", Field::Word(&error.to_string()))]);
        }
        let mut answer = Response::bytes(
            problem.code.status(),
            "application/json",
            serde_json::to_vec(&problem).unwrap_or_default(),
        );
        if let Some(seconds) = problem.retry_after_s {
            answer.headers.insert("retry-after".into(), seconds.to_string());
        }
        answer
    }

    fn route(&self, request: &Request) -> Result<Response, HqError> {
        let (method, path) = (request.method.as_str(), request.path.as_str());
        let plain = path.split('?').next().unwrap_or_default();
        let signed = |doc: Signed| Response::json(&doc);
        match (method, plain) {
            ("GET" | "HEAD", paths::HEALTH) => {
                self.read(|r| r.counter("entries"))?;
                Ok(Response::bytes(200, "text/plain; charset=utf-8", b"ok".to_vec()))
            }
            ("GET", "/metrics") => Ok(Response::bytes(
                200,
                "text/plain; version=0.0.4; charset=utf-8",
                self.metrics()?.into_bytes(),
            )),
            ("GET", "/openapi.json") => Response::json(&crate::openapi::document()),
            _ if looks_up(request) => {
                self.inner.public_rates.take(&request.peer, self.now_ms())?;
                let (status, html) = self.verification_page(plain.get(3..).unwrap_or_default())?;
                Ok(Response::html(status, html))
            }
            ("POST", paths::ENROL) => {
                self.inner.public_rates.take(&request.peer, self.now_ms())?;
                small(request)?;
                let auth = self.auth(request)?;
                self.once("new", &auth)?;
                signed(self.enrol(&asked(request, &auth, limits::SMALL_BYTES)?)?)
            }
            ("POST", paths::HELLO) => {
                self.device_asks(request, false, |d, a| self.hello(d, a)).and_then(signed)
            }
            ("POST", paths::PUSH) => self.device_asks(request, true, |d, a| self.push(d, a)).and_then(signed),
            ("GET", paths::FEED) => {
                let page = self.device_asks(request, false, |d, a| self.feed_page(d, a)).and_then(signed)?;
                Ok(packed(request, page))
            }
            ("POST", paths::LEASE) => {
                self.device_asks(request, false, |d, a| self.lease(d, a)).and_then(signed)
            }
            ("POST", paths::PAY_CODE) => {
                self.device_asks(request, false, |d, a| self.pay_code(d, a)).and_then(signed)
            }
            (_, _) if plain.starts_with(paths::BLOBS) => {
                let sha256 = plain
                    .strip_prefix(paths::BLOBS)
                    .and_then(|hex| Digest::from_hex(hex).ok())
                    .ok_or(HqError::NotFound("blob"))?;
                match method {
                    "HEAD" => self.device_asks(request, true, |_, _| self.blob_head(&sha256)),
                    "PATCH" => self
                        .device_asks(request, true, |d, a| self.blob_patch(d, a, &sha256, request))
                        .and_then(signed),
                    "GET" => self.device_asks(request, false, |_, _| self.blob_get(&sha256, request)),
                    _ => Err(HqError::NotFound("method")),
                }
            }
            ("POST", crate::operator::PATH) => self.door(request),
            _ if plain.starts_with("/v1/desk/") => desk::http::route(self, request),
            _ => Err(HqError::NotFound("path")),
        }
    }

    fn once(&self, device: &str, auth: &Auth) -> Result<(), HqError> {
        self.inner.nonces.take(device, &auth.nonce, auth.at_ms, self.now_ms(), self.inner.signed_after_ms)
    }

    fn auth(&self, request: &Request) -> Result<Auth, HqError> {
        let header = request.headers.get(auth::HEADER).ok_or(HqError::Denied(auth::HEADER))?;
        Ok(Auth::parse(header)?)
    }

    /// Who asks, that it is the one it says, now, and for the first time. `uploads`: a withdrawn device may.
    fn device_asks<T>(
        &self,
        request: &Request,
        uploads: bool,
        then: impl FnOnce(&Device, &Asked<'_>) -> Result<T, HqError>,
    ) -> Result<T, HqError> {
        let auth = self.auth(request)?;
        if !uploads {
            small(request)?;
        }
        let device = self.read(|r| devices::get(r, &auth.device.0))?.ok_or(HqError::Denied("device"))?;
        let now = self.now_ms();
        // Before the signature is looked at, so from each address apart: a stranger who knows a phone's name
        // must not use up what the phone may ask.
        self.inner.device_rates.take(&format!("{}@{}", device.id, request.peer), now)?;
        auth.verify(&device.key, &request.method, &request.path, &request.body)?;
        self.once(&device.id, &auth)?;
        // Hello still answers a withdrawn phone: that is how it hears of its wipe order.
        if device.withdrawn_ms.is_some() && !uploads && request.path != paths::HELLO {
            return Err(HqError::Withdrawn);
        }
        let room = if uploads { limits::PUSH_BYTES } else { limits::SMALL_BYTES };
        then(&device, &asked(request, &auth, room)?)
    }

    /// Signs with the newest key that this phone knows.
    pub(crate) fn sign_for<T: Serialize>(
        &self,
        device: &Device,
        domain: &str,
        document: &T,
    ) -> Result<Signed, HqError> {
        self.sign_with(&self.key_for(device), domain, document)
    }

    pub(crate) fn sign_with<T: Serialize>(
        &self,
        key: &SoftwareKey,
        domain: &str,
        document: &T,
    ) -> Result<Signed, HqError> {
        Signed::seal(key, domain, document).map_err(|e| HqError::Seal(e.to_string()))
    }

    fn blob_head(&self, sha256: &Digest) -> Result<Response, HqError> {
        let progress = self.inner.blobs.progress(sha256)?;
        if progress.offset == 0 && !progress.complete {
            return Err(HqError::NotFound("blob"));
        }
        let mut answer = Response::bytes(200, "application/octet-stream", Vec::new());
        answer.headers.insert(blob::OFFSET.into(), progress.offset.to_string());
        if progress.complete {
            answer.headers.insert(blob::LENGTH.into(), progress.offset.to_string());
        }
        answer.headers.insert(blob::DURABLE.into(), if progress.complete { "yes" } else { "no" }.into());
        Ok(answer)
    }

    fn blob_patch(
        &self,
        device: &Device,
        asked: &Asked<'_>,
        sha256: &Digest,
        request: &Request,
    ) -> Result<Signed, HqError> {
        if asked.body.len() > limits::BLOB_CHUNK {
            return Err(HqError::TooLarge { limit: limits::BLOB_CHUNK as u64 });
        }
        let length: u64 = asked
            .query("length")
            .and_then(|l| l.parse().ok())
            .ok_or_else(|| HqError::Bad("length".into()))?;
        let offset: u64 = request
            .headers
            .get(blob::OFFSET)
            .and_then(|o| o.parse().ok())
            .ok_or_else(|| HqError::Bad(blob::OFFSET.into()))?;
        let progress = self.inner.blobs.append(sha256, offset, length, &asked.body)?;
        let receipt = BlobReceipt {
            device: asked.auth.device.clone(),
            nonce: asked.auth.nonce.clone(),
            sha256: *sha256,
            offset: progress.offset,
            length: if progress.complete { progress.offset } else { length },
            durable: progress.complete,
            server_ms: self.now_ms(),
        };
        receipt.check()?;
        self.sign_for(device, domains::BLOB, &receipt)
    }

    /// Feed files only: evidence never comes down to a phone. A part at a time: a file may be larger than an
    /// answer.
    fn blob_get(&self, sha256: &Digest, request: &Request) -> Result<Response, HqError> {
        const LONGEST: u64 = limits::REPLY_BYTES as u64;
        if self.read(|r| r.doc("feed_file", &sha256.to_string()))?.is_none() {
            return Err(HqError::NotFound("blob"));
        }
        let total = match self.inner.blobs.progress(sha256)? {
            progress if progress.complete => progress.offset,
            _ => return Err(HqError::NotFound("blob")),
        };
        let Some(range) = request.headers.get("range") else {
            if total > LONGEST {
                return Err(HqError::TooLarge { limit: LONGEST });
            }
            return Ok(Response::bytes(
                200,
                "application/octet-stream",
                self.inner.blobs.part(sha256, 0, total)?,
            ));
        };
        let (from, to) = range
            .strip_prefix("bytes=")
            .and_then(|r| r.split_once('-'))
            .and_then(|(from, to)| {
                let last = if to.is_empty() { total.checked_sub(1)? } else { to.parse().ok()? };
                Some((from.parse::<u64>().ok()?, last.min(total.checked_sub(1)?)))
            })
            .filter(|(from, to)| from <= to)
            .ok_or_else(|| HqError::Bad("range".into()))?;
        let to = to.min(from.saturating_add(LONGEST - 1));
        let part = self.inner.blobs.part(sha256, from, to.saturating_add(1))?;
        let mut answer = Response::bytes(206, "application/octet-stream", part);
        answer.headers.insert("content-range".into(), format!("bytes {from}-{to}/{total}"));
        Ok(answer)
    }
}

/// Somebody with a slip in their hand.
fn looks_up(request: &Request) -> bool {
    matches!(request.method.as_str(), "GET" | "HEAD")
        && (request.path.starts_with("/V/") || request.path.starts_with("/v/"))
}

/// A refusal that a person can read: the same status, and when to come again.
fn sorry(refusal: Response) -> Response {
    let seconds = refusal.headers.get("retry-after").and_then(|s| s.parse().ok());
    let mut page = Response::html(refusal.status, crate::page::later(seconds));
    page.headers.extend(refusal.headers.into_iter().filter(|(name, _)| name == "retry-after"));
    page
}

/// Method and route for the log, from our own tables: what somebody wrote into a path (a slip's number, a
/// name, a secret in the wrong place) is never written down.
fn known(method: &str, path: &str) -> (&'static str, &'static str) {
    let plain = path.split('?').next().unwrap_or_default();
    let method = ["GET", "HEAD", "POST", "PATCH"].into_iter().find(|m| *m == method).unwrap_or("other");
    let fixed = [
        paths::HEALTH,
        paths::ENROL,
        paths::HELLO,
        paths::PUSH,
        paths::FEED,
        paths::LEASE,
        crate::operator::PATH,
        "/metrics",
        "/openapi.json",
    ];
    let route = fixed
        .into_iter()
        .find(|p| *p == plain)
        .or_else(|| ["/V/", "/v/", paths::BLOBS].into_iter().find(|p| plain.starts_with(p)))
        .or_else(|| desk::http::pattern(method, plain))
        .unwrap_or("other");
    (method, route)
}

/// The request with its body unpacked. Called after the signature over the packed bytes held.
fn asked<'a>(request: &'a Request, auth: &'a Auth, room: usize) -> Result<Asked<'a>, HqError> {
    let body = match request.headers.get(pack::HEADER).map(String::as_str) {
        None | Some("identity") => Cow::Borrowed(request.body.as_slice()),
        Some(pack::ENCODING) => Cow::Owned(pack::unpack(&request.body, room)?),
        Some(_) => return Err(HqError::Bad(pack::HEADER.into())),
    };
    Ok(Asked { auth, method: &request.method, path: &request.path, body })
}

/// The answer packed, for a phone that takes it so.
fn packed(request: &Request, mut answer: Response) -> Response {
    let takes = |accept: &String| accept.split(',').any(|e| e.trim() == pack::ENCODING);
    if request.headers.get(pack::ACCEPT).is_some_and(takes)
        && let Some(body) = pack::pack(&answer.body)
    {
        answer.body = body;
        answer.headers.insert(pack::HEADER.into(), pack::ENCODING.into());
    }
    answer
}

fn small(request: &Request) -> Result<(), HqError> {
    if request.body.len() > limits::SMALL_BYTES {
        Err(HqError::TooLarge { limit: limits::SMALL_BYTES as u64 })
    } else {
        Ok(())
    }
}
