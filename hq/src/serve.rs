//! The HTTP(S) server: a thin shell around [`Hq::answer`], in a thread of its own, so that a command line,
//! a test or a simulation can call it without being asynchronous.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request as HttpRequest, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::Response as HttpResponse,
};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use tokio::sync::Semaphore;

use crate::{
    Hq,
    error::HqError,
    protocol::{Request, Response},
    tls,
};

/// A running server. Dropping it stops it.
pub struct ServerHandle {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The authority to trust, with TLS.
    pub ca_pem: Option<String>,
    /// `https://host:port` or `http://host:port`.
    pub url: String,
    handle: Handle<SocketAddr>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl ServerHandle {
    /// Stops after the requests under way, at the latest after five seconds.
    pub fn stop(mut self) {
        self.shut();
    }

    /// Waits for Ctrl-C or SIGTERM, then stops after the requests under way.
    ///
    /// # Errors
    /// The system lets nobody listen for signals.
    pub fn until_told(self) -> Result<(), HqError> {
        let failed = |e: std::io::Error| HqError::Config(e.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        runtime
            .block_on(async {
                #[cfg(unix)]
                {
                    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
                    tokio::select! {
                        done = tokio::signal::ctrl_c() => done,
                        _ = term.recv() => Ok(()),
                    }
                }
                #[cfg(not(unix))]
                tokio::signal::ctrl_c().await
            })
            .map_err(failed)?;
        self.stop();
        Ok(())
    }

    fn shut(&mut self) {
        self.handle.graceful_shutdown(Some(Duration::from_secs(5)));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.shut();
    }
}

#[derive(Clone)]
struct Shell {
    hq: Hq,
    /// Requests being worked on; more than this wait in their connections, then in the writer's queue.
    at_once: Arc<Semaphore>,
}

/// Requests that are worked on at the same time.
const AT_ONCE: usize = 128;

/// Serves `hq` on `addr` (port 0 picks one) until the handle is stopped.
///
/// # Errors
/// The address is taken, or the certificate cannot be made.
pub fn serve(hq: Hq, addr: SocketAddr, with_tls: bool) -> Result<ServerHandle, HqError> {
    let failed = |e: std::io::Error| HqError::Config(format!("{addr}: {e}"));
    let listener = std::net::TcpListener::bind(addr).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let config = hq.config();
    let (tls, ca_pem) = if with_tls {
        let mut names = config.names.clone();
        let ip = bound.ip().to_string();
        if !bound.ip().is_unspecified() && !names.contains(&ip) {
            names.push(ip);
        }
        (Some(RustlsConfig::from_config(tls::server(&config.dir, &names)?)), Some(hq.ca_pem()?))
    } else {
        (None, None)
    };
    let scheme = if with_tls { "https" } else { "http" };
    let host =
        if bound.ip().is_unspecified() { format!("127.0.0.1:{}", bound.port()) } else { bound.to_string() };
    let handle = Handle::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("hq-http")
        .enable_all()
        .build()
        .map_err(failed)?;
    let stop = handle.clone();
    let shell = Shell { hq, at_once: Arc::new(Semaphore::new(AT_ONCE)) };
    let thread = std::thread::Builder::new()
        .name("hq-server".into())
        .spawn(move || {
            let app = Router::new()
                .fallback(answer)
                .with_state(shell)
                .into_make_service_with_connect_info::<SocketAddr>();
            let done = runtime.block_on(async move {
                match tls {
                    Some(tls) => axum_server::from_tcp_rustls(listener, tls)?.handle(stop).serve(app).await,
                    None => axum_server::from_tcp(listener)?.handle(stop).serve(app).await,
                }
            });
            // The listener is gone either way; whoever holds the handle sees connections refused.
            drop(done);
        })
        .map_err(failed)?;
    Ok(ServerHandle { addr: bound, ca_pem, url: format!("{scheme}://{host}"), handle, thread: Some(thread) })
}

async fn answer(
    State(shell): State<Shell>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: HttpRequest,
) -> HttpResponse {
    let (parts, body) = request.into_parts();
    let head = parts.method == axum::http::Method::HEAD;
    let Ok(_permit) = shell.at_once.clone().acquire_owned().await else {
        return http(shell.hq.refusal(&HqError::Stopped), head);
    };
    let limit = shell.hq.config().body_limit;
    // A slow sender must not hold a place for ever. What is a little too large is read to its end all the
    // same: an answer in the middle of an upload would reach nobody.
    let body =
        match tokio::time::timeout(Duration::from_secs(60), to_bytes(body, limit.saturating_mul(2))).await {
            Ok(Ok(body)) if body.len() <= limit => body.to_vec(),
            Ok(Ok(_) | Err(_)) => {
                return http(shell.hq.refusal(&HqError::TooLarge { limit: limit as u64 }), head);
            }
            Err(_) => return http(shell.hq.refusal(&HqError::Busy { retry_after_s: 5 }), head),
        };
    let peer = caller(peer.ip(), &parts.headers, &shell.hq.config().trusted_proxies);
    let request = Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path_and_query().map_or_else(String::new, |p| p.as_str().to_owned()),
        headers: parts
            .headers
            .iter()
            .filter_map(|(n, v)| Some((n.as_str().to_owned(), v.to_str().ok()?.to_owned())))
            .collect(),
        body,
        peer: peer.to_string(),
    };
    let hq = shell.hq.clone();
    match tokio::task::spawn_blocking(move || hq.answer(&request)).await {
        Ok(answer) => http(answer, head),
        Err(_) => http(shell.hq.refusal(&HqError::Stopped), head),
    }
}

/// Who asks: who connects, or whom the gateways that HQ trusts name. Each gateway adds at the end the address
/// that it saw; what stands before the first one that is not trusted, anybody may have written.
fn caller(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut from = peer.to_canonical();
    let said: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .collect();
    for address in said.into_iter().rev().map(str::trim) {
        if !trusted.contains(&from) {
            break;
        }
        // Some gateways write the port as well.
        let named = address.parse::<IpAddr>().ok().or_else(|| Some(address.parse::<SocketAddr>().ok()?.ip()));
        let Some(named) = named else { break };
        from = named.to_canonical();
    }
    from
}

fn http(answer: Response, head: bool) -> HttpResponse {
    let mut out = HttpResponse::new(if head { Body::empty() } else { Body::from(answer.body) });
    *out.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            out.headers_mut().insert(name, value);
        }
    }
    out
}
