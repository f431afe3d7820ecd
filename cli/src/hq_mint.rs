//! `ezhifa hq serve --mint`: the way to a finance system that makes a pay code for one decision.
//! `POST URL` with `{"number", "amount_fen"}`, answer `{"code"}`, or 404 where it makes none.

use std::{path::Path, sync::Arc, time::Duration};

use ezhifa_field::wire::paycode::PayCodeRequest;
use ezhifa_hq::{HqError, desk::minting::Mint};

use crate::error::CliError;

/// Officers wait for it, and HQ answers them within five seconds.
const WITHIN: Duration = Duration::from_secs(4);
/// A code and its braces.
const ANSWER_BYTES: u64 = 4_096;

#[derive(serde::Deserialize)]
struct Made {
    code: String,
}

/// The way to the system at `url`, with the authority of its certificate and its token, where it has them.
///
/// # Errors
/// Plain HTTP to another machine, or a certificate that is none.
pub fn mint_at(url: &str, ca: Option<&Path>, token: Option<String>) -> Result<Mint, CliError> {
    let hint = "--mint takes https://… with --mint-ca, or http:// to this machine itself";
    let host = url.strip_prefix("http://").map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
    let here = host.is_some_and(|h| matches!(h, "127.0.0.1" | "localhost"));
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .https_only(!here)
        .timeout_global(Some(WITHIN));
    match (here, ca) {
        (true, _) => {}
        (false, Some(ca)) if url.starts_with("https://") => {
            let pem = std::fs::read(ca).map_err(|e| CliError::new(format!("{}: {e}", ca.display()), hint))?;
            let cert = ureq::tls::Certificate::from_pem(&pem).map_err(|e| CliError::new(e, hint))?;
            config = config.tls_config(
                ureq::tls::TlsConfig::builder()
                    .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
                    .root_certs(ureq::tls::RootCerts::new_with_certs(&[cert]))
                    .build(),
            );
        }
        (false, _) => return Err(CliError::new(format!("{url}: no trusted way"), hint)),
    }
    let agent: ureq::Agent = config.build().into();
    let url = url.to_owned();
    Ok(Arc::new(move |wish: &PayCodeRequest| ask(&agent, &url, token.as_deref(), wish)))
}

fn ask(
    agent: &ureq::Agent,
    url: &str,
    token: Option<&str>,
    wish: &PayCodeRequest,
) -> Result<Option<String>, HqError> {
    let bad =
        |e: String| HqError::Bad(format!("财政系统没有给出缴款码（{e}）/ the finance system gave no code"));
    let mut request = ureq::http::Request::post(url).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = serde_json::to_vec(wish).map_err(|e| bad(e.to_string()))?;
    let request = request.body(body).map_err(|e| bad(e.to_string()))?;
    let mut answer = agent.run(request).map_err(|e| bad(e.to_string()))?;
    match answer.status().as_u16() {
        200 | 201 => {
            let bytes = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec();
            let bytes = bytes.map_err(|e| bad(e.to_string()))?;
            // What stands around a fault may be somebody's: only that it is one is told.
            let made: Made = serde_json::from_slice(&bytes).map_err(|_| bad("JSON".to_owned()))?;
            Ok(Some(made.code))
        }
        404 => Ok(None),
        status => Err(bad(format!("HTTP {status}"))),
    }
}

/// [`mint_at`] with the token of the environment, `EZHIFA_MINT_TOKEN`.
///
/// # Errors
/// As there.
pub fn of_args(url: Option<&str>, ca: Option<&Path>) -> Result<Option<Mint>, CliError> {
    url.map(|url| mint_at(url, ca, std::env::var("EZHIFA_MINT_TOKEN").ok())).transpose()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
    };

    use super::*;

    /// A system that gives each of these answers once, and what it was asked.
    fn system(answers: Vec<&'static str>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/codes", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut bytes = Vec::new();
                while !bytes.ends_with(b"}") {
                    let mut part = [0; 1024];
                    let n = stream.read(&mut part).unwrap();
                    bytes.extend_from_slice(&part[..n]);
                }
                asked.push(String::from_utf8(bytes).unwrap());
                stream.write_all(answer.as_bytes()).unwrap();
            }
            asked
        });
        (url, thread)
    }

    #[test]
    fn a_code_a_no_and_nonsense_are_told_apart() {
        let (url, thread) = system(vec![
            "HTTP/1.1 200 OK\r\ncontent-length: 15\r\nconnection: close\r\n\r\n{\"code\":\"44-1\"}",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]",
            "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ]);
        let mint = mint_at(&url, None, Some("t-1".into())).unwrap();
        let wish = PayCodeRequest { number: "样本〔2026〕第1号".into(), amount_fen: 5_000 };
        assert_eq!(mint(&wish).unwrap().as_deref(), Some("44-1"));
        assert_eq!(mint(&wish).unwrap(), None);
        assert!(mint(&wish).is_err() && mint(&wish).is_err());
        let asked = thread.join().unwrap();
        assert!(asked[0].to_lowercase().contains("authorization: bearer t-1"));
        assert!(asked[0].ends_with("{\"number\":\"样本〔2026〕第1号\",\"amount_fen\":5000}"));
        assert!(mint_at("http://finance.example/codes", None, None).is_err(), "not in the clear");
    }
}
