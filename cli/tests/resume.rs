//! Killed at any moment and started again with `--resume`: no case lost, no number used twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

fn start(out: &Path, resume: bool) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ezhifa"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).arg("shift").arg("--out").arg(out);
    if resume {
        command.arg("--resume");
    }
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_killed_shift_goes_on() {
    // Each round kills a little later; CI takes a handful, the nightly sweep many.
    let rounds: u64 = if std::env::var_os("EZHIFA_NIGHTLY").is_some() { 40 } else { 5 };
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut resume = false;
    for round in 0..rounds {
        let mut child = start(&out, resume);
        std::thread::sleep(Duration::from_millis(700 + 4000 * round / rounds));
        child.kill().unwrap();
        child.wait().unwrap();
        resume = out.join("phone").exists();
    }
    let last = start(&out, resume).wait_with_output().unwrap();
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
    let summary: Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["cases"], 16);
    assert_eq!(summary["slips_printed"], 16);
    for none in ["unsynced", "lost", "duplicate_numbers", "hq_replay_mismatches"] {
        assert_eq!(summary[none], 0, "{none}: {summary}");
    }
    assert_eq!(summary["journal_verified"], true);
}
