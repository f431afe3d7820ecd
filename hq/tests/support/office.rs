//! Somebody with a token at the desk, over HTTP.

use std::sync::Arc;

use ezhifa_hq::{Hq, ServerHandle, desk::access::Holder};

/// Somebody with a token, over HTTP.
#[derive(Clone)]
pub struct Office {
    pub url: String,
    pub agent: ureq::Agent,
    pub token: String,
}

impl Office {
    pub fn of(hq: &Hq, server: &ServerHandle, holder: Holder) -> Office {
        Office {
            url: server.url.clone(),
            agent: agent(server.ca_pem.as_deref()),
            token: hq.grant(holder).unwrap(),
        }
    }
    pub fn raw(&self, method: &str, path: &str, body: Vec<u8>) -> (u16, String, Vec<u8>) {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}/v1/desk/{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token));
        let done = if method == "GET" {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body).unwrap())
        };
        let mut done = done.unwrap();
        let kind = done.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
        (done.status().as_u16(), kind, done.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap())
    }
    pub fn status(&self, method: &str, path: &str, body: &serde_json::Value) -> u16 {
        self.raw(method, path, serde_json::to_vec(body).unwrap()).0
    }
    pub fn get(&self, path: &str) -> serde_json::Value {
        let (status, _, body) = self.raw("GET", path, Vec::new());
        assert_eq!(status, 200, "GET {path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }
    /// The items of a list.
    pub fn list(&self, path: &str) -> Vec<serde_json::Value> {
        self.get(path)["items"].as_array().unwrap().clone()
    }
    pub fn post(&self, path: &str, body: &impl serde::Serialize) -> serde_json::Value {
        let (status, _, answer) = self.raw("POST", path, serde_json::to_vec(body).unwrap());
        assert_eq!(status, 200, "POST {path}: {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap()
    }
}

/// Text as it stands in a path.
pub fn part(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b == b'-' {
            out.push(char::from(b))
        } else {
            out += &format!("%{b:02X}")
        }
        out
    })
}

pub fn agent(ca: Option<&str>) -> ureq::Agent {
    let mut config = ureq::Agent::config_builder().http_status_as_error(false);
    if let Some(pem) = ca {
        let cert = ureq::tls::Certificate::from_pem(pem.as_bytes()).unwrap();
        config = config.tls_config(
            ureq::tls::TlsConfig::builder()
                .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .root_certs(ureq::tls::RootCerts::new_with_certs(&[cert]))
                .build(),
        );
    }
    config.build().into()
}
