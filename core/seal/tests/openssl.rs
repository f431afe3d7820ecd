//! Both profiles against OpenSSL, both directions: what it signs we accept, what we sign it accepts, and the
//! hashes are the same. `tests/run` installs OpenSSL; a bare `cargo test` on a machine whose `openssl` lacks an
//! algorithm says so and leaves it to the golden vectors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::{path::Path, process::Command};

use ezhifa_seal::{
    hash::sha256,
    sign::{Algorithm, Signature, Signer, SoftwareKey, verify},
};

fn openssl(dir: &Path, args: &[&str]) -> Option<Vec<u8>> {
    let out = Command::new("openssl").args(args).current_dir(dir).output().ok()?;
    out.status.success().then_some(out.stdout)
}

/// Object identifier of the curve, as DER.
fn curve(alg: Algorithm) -> &'static [u8] {
    match alg {
        Algorithm::P256Sha256 => &[0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07],
        Algorithm::Sm2Sm3 => &[0x06, 0x08, 0x2A, 0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D],
    }
}

/// SEC1 private key of a secret, as OpenSSL reads it.
fn private_der(alg: Algorithm, secret: &[u8; 32], public: &[u8]) -> Vec<u8> {
    let mut body = vec![0x02, 0x01, 0x01, 0x04, 0x20];
    body.extend(secret);
    body.extend([0xA0, 0x0A]);
    body.extend(curve(alg));
    body.extend([0xA1, 0x44, 0x03, 0x42, 0x00]);
    body.extend(public);
    let mut out = vec![0x30, u8::try_from(body.len()).unwrap()];
    out.extend(body);
    out
}

/// SEQUENCE { r, s } for OpenSSL.
fn der(raw: &[u8; 64]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let mut bytes: Vec<u8> = bytes.iter().copied().skip_while(|b| *b == 0).collect();
        if bytes.first().is_none_or(|b| *b >= 0x80) {
            bytes.insert(0, 0);
        }
        let mut out = vec![0x02, u8::try_from(bytes.len()).unwrap()];
        out.extend(bytes);
        out
    };
    let body = [integer(&raw[..32]), integer(&raw[32..])].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

/// Nothing to compare with: fine on a developer's machine, a failure in CI.
fn without(alg: Algorithm) {
    assert!(std::env::var_os("CI").is_none(), "no openssl with {}", alg.id());
    println!("no openssl with {}: skipped", alg.id());
}

fn both_directions(alg: Algorithm, digest: &str, id: &[&str]) {
    let secret = [7; 32];
    let key = SoftwareKey::from_secret(alg, secret).unwrap();
    let public = key.public_key();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    std::fs::write(path.join("key.der"), private_der(alg, &secret, &public.bytes)).unwrap();
    let made = openssl(path, &["ec", "-inform", "DER", "-in", "key.der", "-out", "key.pem"])
        .and_then(|_| openssl(path, &["pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem"]));
    if made.is_none() {
        return without(alg);
    }
    for message in ["", "ezhifa", "当场行政处罚决定书"] {
        std::fs::write(path.join("m"), message).unwrap();
        let mut args = vec![
            "pkeyutl", "-sign", "-in", "m", "-inkey", "key.pem", "-out", "sig", "-rawin", "-digest", digest,
        ];
        args.extend(id);
        openssl(path, &args).expect("openssl signs");
        let theirs = Signature::from_der(&public, &std::fs::read(path.join("sig")).unwrap()).unwrap();
        verify(&public, message.as_bytes(), &theirs).expect("ours accepts OpenSSL's");

        let ours = key.sign(message.as_bytes()).unwrap();
        std::fs::write(path.join("ours"), der(&ours.bytes)).unwrap();
        let mut args = vec![
            "pkeyutl", "-verify", "-in", "m", "-pubin", "-inkey", "pub.pem", "-sigfile", "ours", "-rawin",
            "-digest", digest,
        ];
        args.extend(id);
        assert!(openssl(path, &args).is_some(), "OpenSSL accepts ours");
        std::fs::write(path.join("m"), format!("{message}.")).unwrap();
        assert!(openssl(path, &args).is_none(), "OpenSSL refuses another message");
    }
}

#[test]
fn p256_signatures_of_openssl_and_ours_agree() {
    both_directions(Algorithm::P256Sha256, "sha256", &[]);
}

#[test]
fn sm2_signatures_of_openssl_and_ours_agree() {
    both_directions(Algorithm::Sm2Sm3, "sm3", &["-pkeyopt", "distid:1234567812345678"]);
}

/// A journal's hash is plain SHA-256 over length-prefixed fields: anybody's tool computes it.
#[test]
fn openssl_hashes_as_we_do() {
    let dir = tempfile::tempdir().unwrap();
    for message in ["", "abc", "占道经营"] {
        std::fs::write(dir.path().join("m"), message).unwrap();
        let Some(out) = openssl(dir.path(), &["dgst", "-sha256", "-r", "m"]) else {
            return without(Algorithm::P256Sha256);
        };
        let theirs = String::from_utf8(out).unwrap();
        assert_eq!(theirs.split(' ').next(), Some(&*sha256(message.as_bytes()).to_string()));
    }
}
