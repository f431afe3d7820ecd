//! Feed fan-out: one change, ten thousand phones that each fetch it, signature and database included, and
//! how long HQ needs to build a month's first-offence filter. `cargo bench -p ezhifa-hq --bench feed`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{collections::BTreeMap, time::Instant};

use ezhifa_hq::Request;
use ezhifa_wire::{
    auth::{Auth, HEADER},
    enrol::{Enrol, Enrolled},
    feed::FeedPage,
    paths,
    seal::{
        entry::{DeviceId, Epoch},
        sign::{Algorithm, Signed, Signer, SoftwareKey},
    },
};
use support::{EVENING, house};
use xorf::{BinaryFuse16, Filter};

const PHONES: u32 = 10_000;

fn request(
    key: &SoftwareKey,
    device: &DeviceId,
    method: &str,
    path: &str,
    nonce: u64,
    body: Vec<u8>,
) -> Request {
    let nonce = format!("{nonce:032x}");
    let auth = Auth::sign(key, method, path, device, Epoch(1), EVENING, &nonce, &body).unwrap();
    Request {
        method: method.into(),
        path: path.into(),
        headers: BTreeMap::from([(HEADER.to_owned(), auth.header())]),
        body,
        peer: nonce,
    }
}

fn main() {
    let house = house(false);
    let began = Instant::now();
    let mut phones = Vec::new();
    for n in 0..PHONES {
        let mut secret = [7_u8; 32];
        secret[..4].copy_from_slice(&n.to_be_bytes());
        let key = SoftwareKey::from_secret(Algorithm::P256Sha256, secret).unwrap();
        let message = Enrol {
            code: house.hq.new_enrol_code("dongcheng").unwrap(),
            key: key.public_key(),
            epoch: Epoch(1),
            model: "bench".into(),
            app: "bench".into(),
            wall_ms: EVENING,
        };
        let body = serde_json::to_vec(&message).unwrap();
        let ask = request(&key, &DeviceId("new".into()), "POST", paths::ENROL, u64::from(n), body);
        let answer = house.hq.answer(&ask);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let signed: Signed = serde_json::from_slice(&answer.body).unwrap();
        let enrolled: Enrolled = serde_json::from_str(&signed.doc).unwrap();
        phones.push((key, enrolled.device));
    }
    println!("{PHONES} phones enrolled one after another in {:.1} s", began.elapsed().as_secs_f64());
    house.hq.suspend_offence("stall", "试行中止", true).unwrap();
    let asks: Vec<Request> = phones
        .iter()
        .zip(1_000_000_u64..)
        .map(|((key, device), n)| {
            let path = format!("{}?incarnation=&pos=0&max_bytes=100000", paths::FEED);
            request(key, device, "GET", &path, n, Vec::new())
        })
        .collect();
    let began = Instant::now();
    for ask in &asks {
        let answer = house.hq.answer(ask);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let signed: Signed = serde_json::from_slice(&answer.body).unwrap();
        let page: FeedPage = serde_json::from_str(&signed.doc).unwrap();
        assert_eq!(page.items.len(), 1);
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "one change fetched by {PHONES} phones in {took:.1} s, {:.0}/s on one thread",
        f64::from(PHONES) / took
    );
    for million in [1_u64, 10] {
        let keys: Vec<u64> =
            (0..million * 1_000_000).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        let began = Instant::now();
        let filter = BinaryFuse16::try_from(&keys).unwrap();
        let took = began.elapsed().as_secs_f64();
        let bits = filter.len() as f64 * 16.0 / keys.len() as f64;
        println!("filter of {million} M keys built in {took:.2} s, {bits:.1} bits a key");
        assert!(keys.iter().take(1_000).all(|k| filter.contains(k)));
    }
}
