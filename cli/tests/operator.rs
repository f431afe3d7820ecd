//! HQ's operator at a second terminal: orders to an HQ that serves, its end, its back-up, its restore.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

fn ezhifa(dir: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_ezhifa"))
        .arg("hq")
        .args(words)
        .arg("--dir")
        .arg(dir)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

fn fine(dir: &Path, words: &[&str]) -> String {
    let (code, out, err) = ezhifa(dir, words);
    assert_eq!(code, Some(0), "{words:?}: {err}");
    out
}

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

fn serving(dir: &Path) -> Serving {
    let child = Command::new(env!("CARGO_BIN_EXE_ezhifa"))
        .args(["hq", "serve", "--listen", "127.0.0.1:0", "--dir"])
        .arg(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !dir.join("serving.json").exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "HQ did not start");
        std::thread::sleep(Duration::from_millis(50));
    }
    Serving(child)
}

#[test]
fn an_operator_gives_orders_beside_a_running_hq_and_it_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("hq");
    std::fs::create_dir(&dir).unwrap();
    let mut hq = serving(&dir);
    assert!(fine(&dir, &["ticket", "--branch", "dongcheng"]).starts_with("ezhifa:{"));
    assert_eq!(fine(&dir, &["devices", "--json"]).trim(), "[]");
    assert!(fine(&dir, &["suspend", "stall", "--reason", "试行中止"]).contains("suspended"));
    assert_eq!(fine(&dir, &["keys"]).lines().count(), 1);
    assert_eq!(fine(&dir, &["keys", "--rotate"]).lines().count(), 2);
    let copy = folder.path().join("copy.db");
    assert!(fine(&dir, &["backup", copy.to_str().unwrap()]).contains("read back"));
    let (code, _, err) = ezhifa(&dir, &["backup", copy.to_str().unwrap()]);
    assert_eq!(code, Some(2), "a copy is never overwritten");
    assert!(err.contains("exists already"), "{err}");
    let (code, _, err) = ezhifa(&dir, &["restore", copy.to_str().unwrap()]);
    assert_eq!(code, Some(2), "not under a running HQ");
    assert!(err.contains("another HQ runs"), "{err}");

    // SIGTERM: the requests under way are answered, then it ends by itself.
    let told = Command::new("kill").args(["-TERM", &hq.0.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert_eq!(hq.0.wait().unwrap().code(), Some(0));
    assert!(!dir.join("serving.json").exists());

    let restored = fine(&dir, &["restore", copy.to_str().unwrap()]);
    assert!(restored.contains("incarnation"), "{restored}");
    assert!(dir.join("hq.db.before-1").exists(), "the old database is set aside, never deleted");
    // Without a server the same orders are carried out here.
    assert!(fine(&dir, &["ticket", "--branch", "dongcheng"]).starts_with("ezhifa:{"));
    assert!(fine(&dir, &["checkpoint"]).starts_with("ezhifa-hq/DGCG/"));
    assert!(fine(&dir, &["ledger", "--json"]).contains("blocks"));
}
