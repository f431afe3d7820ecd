//! SM2 and SM3 against OpenSSL, both directions. Without an `openssl` that knows SM2 there is nothing to
//! compare with, and the golden vectors stand alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::{path::Path, process::Command};

use ezhifa_seal::sign::{Algorithm, Signature, Signer, SoftwareKey, verify};

fn openssl(dir: &Path, args: &[&str]) -> Option<Vec<u8>> {
    let out = Command::new("openssl").args(args).current_dir(dir).output().ok()?;
    out.status.success().then_some(out.stdout)
}

/// SEC1 private key of a secret, as OpenSSL reads it.
fn private_der(secret: &[u8; 32], public: &[u8]) -> Vec<u8> {
    let sm2 = [0x06, 0x08, 0x2A, 0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D];
    let mut body = vec![0x02, 0x01, 0x01, 0x04, 0x20];
    body.extend(secret);
    body.extend([0xA0, 0x0A]);
    body.extend(sm2);
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

#[test]
fn sm2_signatures_of_openssl_and_ours_agree() {
    let secret = [7; 32];
    let key = SoftwareKey::from_secret(Algorithm::Sm2Sm3, secret).unwrap();
    let public = key.public_key();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    std::fs::write(path.join("key.der"), private_der(&secret, &public.bytes)).unwrap();
    let made = openssl(path, &["ec", "-inform", "DER", "-in", "key.der", "-out", "key.pem"])
        .and_then(|_| openssl(path, &["pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem"]));
    if made.is_none() {
        println!("no openssl with SM2: skipped");
        return;
    }
    let id = ["-pkeyopt", "distid:1234567812345678"];
    for message in ["", "ezhifa", "当场行政处罚决定书"] {
        std::fs::write(path.join("m"), message).unwrap();
        let mut args = vec![
            "pkeyutl", "-sign", "-in", "m", "-inkey", "key.pem", "-out", "sig", "-rawin", "-digest", "sm3",
        ];
        args.extend(id);
        openssl(path, &args).expect("openssl signs");
        let theirs = Signature::from_der(&public, &std::fs::read(path.join("sig")).unwrap()).unwrap();
        verify(&public, message.as_bytes(), &theirs).expect("ours accepts OpenSSL's");

        let ours = key.sign(message.as_bytes()).unwrap();
        std::fs::write(path.join("ours"), der(&ours.bytes)).unwrap();
        let mut args = vec![
            "pkeyutl", "-verify", "-in", "m", "-pubin", "-inkey", "pub.pem", "-sigfile", "ours", "-rawin",
            "-digest", "sm3",
        ];
        args.extend(id);
        assert!(openssl(path, &args).is_some(), "OpenSSL accepts ours");
        std::fs::write(path.join("m"), format!("{message}.")).unwrap();
        assert!(openssl(path, &args).is_none(), "OpenSSL refuses another message");
    }
}
