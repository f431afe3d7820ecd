//! One request, one answer, without a network: the same code behind the HTTP server and in simulation.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use ezhifa_wire::{
    Check, auth,
    auth::Auth,
    blob,
    blob::BlobReceipt,
    domains, limits, paths,
    seal::{hash::Digest, sign::Signed},
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
    pub(crate) body: &'a [u8],
}

impl Asked<'_> {
    pub(crate) fn read<T: DeserializeOwned>(&self, what: &'static str) -> Result<T, HqError> {
        serde_json::from_slice(self.body).map_err(|e| ezhifa_wire::WireError::json(what, &e).into())
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        query(self.path, name)
    }
}

fn query<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = path.split_once('?')?;
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v)
}

/// Nonces seen within the window in which a signature is good.
#[derive(Default)]
pub(crate) struct Nonces(Mutex<HashMap<String, i64>>);

const WINDOW_MS: i64 = limits::SKEW_MINUTES * 60_000;

impl Nonces {
    fn take(&self, device: &str, nonce: &str, at_ms: i64, now_ms: i64) -> Result<(), HqError> {
        if now_ms.saturating_sub(at_ms).saturating_abs() > WINDOW_MS {
            return Err(HqError::Clock);
        }
        let mut seen = self.0.lock().map_err(|_| HqError::Stopped)?;
        if seen.len() > 100_000 {
            seen.retain(|_, at| now_ms.saturating_sub(*at) <= WINDOW_MS);
        }
        match seen.insert(format!("{device}/{nonce}"), at_ms) {
            None => Ok(()),
            Some(_) => Err(HqError::Replayed),
        }
    }
}

impl Hq {
    /// Answers a request. Never fails: a refusal is a [`ezhifa_wire::Problem`] with its status.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Response {
        let answer = self.route(request).unwrap_or_else(|e| self.refusal(&e));
        let route = request.path.split(['?']).next().unwrap_or_default();
        // The path of the public page names a slip; it is not written down.
        let route = if route.starts_with("/V/") { "/V/" } else { route };
        self.log(
            "request",
            &[
                ("method", Field::Word(&request.method)),
                ("route", Field::Word(route)),
                ("status", Field::Int(i64::from(answer.status))),
            ],
        );
        answer
    }

    /// How this HQ says no.
    pub(crate) fn refusal(&self, error: &HqError) -> Response {
        let problem = error.problem(self.now_ms(), self.incarnation());
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
            ("GET" | "HEAD", _) if plain.starts_with("/V/") || plain.starts_with("/v/") => {
                self.inner.public_rates.take(&request.peer, self.now_ms())?;
                let (status, html) = self.verification_page(plain.get(3..).unwrap_or_default())?;
                Ok(Response::html(status, html))
            }
            ("POST", paths::ENROL) => {
                self.inner.public_rates.take(&request.peer, self.now_ms())?;
                small(request)?;
                let auth = self.auth(request)?;
                self.inner.nonces.take("new", &auth.nonce, auth.at_ms, self.now_ms())?;
                signed(self.enrol(&asked(request, &auth))?)
            }
            ("POST", paths::HELLO) => {
                self.device_asks(request, false, |d, a| self.hello(d, a)).and_then(signed)
            }
            ("POST", paths::PUSH) => self.device_asks(request, true, |d, a| self.push(d, a)).and_then(signed),
            ("GET", paths::FEED) => {
                self.device_asks(request, false, |d, a| self.feed_page(d, a)).and_then(signed)
            }
            ("POST", paths::LEASE) => {
                self.device_asks(request, false, |d, a| self.lease(d, a)).and_then(signed)
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
            _ if plain.starts_with("/v1/desk/") => desk::http::route(self, request),
            _ => Err(HqError::NotFound("path")),
        }
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
        self.inner.device_rates.take(&device.id, now)?;
        auth.verify(&device.key, &request.method, &request.path, &request.body)?;
        self.inner.nonces.take(&device.id, &auth.nonce, auth.at_ms, now)?;
        // Hello still answers a withdrawn phone: that is how it hears of its wipe order.
        if device.withdrawn_ms.is_some() && !uploads && request.path != paths::HELLO {
            return Err(HqError::Withdrawn);
        }
        then(&device, &asked(request, &auth))
    }

    pub(crate) fn sign<T: Serialize>(&self, domain: &str, document: &T) -> Result<Signed, HqError> {
        Signed::seal(&self.inner.key, domain, document).map_err(|e| HqError::Seal(e.to_string()))
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
        _device: &Device,
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
        let progress = self.inner.blobs.append(sha256, offset, length, asked.body)?;
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
        self.sign(domains::BLOB, &receipt)
    }

    /// Feed files only: evidence never comes down to a phone.
    fn blob_get(&self, sha256: &Digest, request: &Request) -> Result<Response, HqError> {
        let published = self.read(|r| r.doc("feed_file", &sha256.to_string()))?.is_some();
        let content =
            if published { self.inner.blobs.read(sha256)? } else { None }.ok_or(HqError::NotFound("blob"))?;
        let from: Option<usize> = request
            .headers
            .get("range")
            .and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        match from {
            None => Ok(Response::bytes(200, "application/octet-stream", content)),
            Some(from) => {
                let total = content.len();
                let rest = content.get(from..).ok_or_else(|| HqError::Bad("range".into()))?.to_vec();
                let mut answer = Response::bytes(206, "application/octet-stream", rest);
                answer.headers.insert(
                    "content-range".into(),
                    format!("bytes {from}-{}/{total}", total.saturating_sub(1)),
                );
                Ok(answer)
            }
        }
    }
}

fn asked<'a>(request: &'a Request, auth: &'a Auth) -> Asked<'a> {
    Asked { auth, method: &request.method, path: &request.path, body: &request.body }
}

fn small(request: &Request) -> Result<(), HqError> {
    if request.body.len() > limits::SMALL_BYTES {
        Err(HqError::TooLarge { limit: limits::SMALL_BYTES as u64 })
    } else {
        Ok(())
    }
}
