//! The ready way to HQ: HTTPS through `ureq` over rustls.
//!
//! HQ is known by the certificate authority of the enrolment ticket and by nothing else: no public
//! authority, no redirect, no proxy of the platform can stand in for it.

use std::{sync::Arc, time::Duration};

use ezhifa_wire::{enrol::Ticket, limits};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use super::{Request, Response, Transport, TransportError};

/// HTTPS through `ureq` over rustls; plain HTTP on loopback only (tests, simulator).
pub struct HttpTransport {
    agent: ureq::Agent,
    base: String,
}

impl HttpTransport {
    /// The way that a ticket describes.
    ///
    /// # Errors
    /// The certificate in it is not one.
    pub fn new(ticket: &Ticket) -> Result<HttpTransport, TransportError> {
        HttpTransport::within(ticket, Duration::from_secs(15), Duration::from_secs(90))
    }

    /// The same for a question on which people wait: five seconds in all.
    ///
    /// # Errors
    /// As [`HttpTransport::new`].
    pub fn brief(ticket: &Ticket) -> Result<HttpTransport, TransportError> {
        HttpTransport::within(ticket, Duration::from_secs(3), Duration::from_secs(5))
    }

    fn within(ticket: &Ticket, connect: Duration, all: Duration) -> Result<HttpTransport, TransportError> {
        let roots = match &ticket.ca {
            Some(pem) => {
                vec![
                    Certificate::from_pem(pem.as_bytes())
                        .map_err(|e| TransportError::Ticket(e.to_string()))?,
                ]
            }
            None => Vec::new(),
        };
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .https_only(ticket.url.starts_with("https:"))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent("ezhifa")
            .timeout_connect(Some(connect))
            .timeout_global(Some(all))
            .build()
            .new_agent();
        Ok(HttpTransport { agent, base: ticket.url.trim_end_matches('/').to_owned() })
    }
}

fn failed(e: ureq::Error) -> TransportError {
    use ureq::Error as E;
    match e {
        E::Timeout(_) => TransportError::Timeout,
        E::Tls(_) | E::Rustls(_) | E::Pem(_) => TransportError::NotHq,
        E::Io(e) if e.kind() == std::io::ErrorKind::InvalidData => TransportError::NotHq,
        E::Io(e) => TransportError::Unreachable(e.kind().to_string()),
        E::HostNotFound => TransportError::Unreachable("host not found".into()),
        E::ConnectionFailed => TransportError::Unreachable("connection failed".into()),
        other => TransportError::Unreachable(other.to_string()),
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let mut builder = ureq::http::Request::builder()
            .method(request.method)
            .uri(format!("{}{}", self.base, request.path));
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let bad = |e: ureq::http::Error| TransportError::Ticket(e.to_string());
        let answer = if matches!(request.method, "GET" | "HEAD") {
            self.agent.run(builder.body(()).map_err(bad)?)
        } else {
            self.agent.run(builder.body(request.body.as_slice()).map_err(bad)?)
        };
        let mut answer = answer.map_err(failed)?;
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(n, v)| Some((n.as_str().to_owned(), v.to_str().ok()?.to_owned())))
            .collect();
        let body = answer
            .body_mut()
            .with_config()
            .limit(limits::REPLY_BYTES as u64)
            .read_to_vec()
            .map_err(failed)?;
        Ok(Response { status: answer.status().as_u16(), headers, body })
    }
}
