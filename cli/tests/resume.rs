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

/// The evening is whole: every case, every slip once, everything at HQ.
fn whole(out: &Path) {
    let summary: Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["cases"], 16);
    assert_eq!(summary["slips_printed"], 16);
    for none in ["unsynced", "lost", "duplicate_numbers", "hq_replay_mismatches"] {
        assert_eq!(summary[none], 0, "{none}: {summary}");
    }
    assert_eq!(summary["journal_verified"], true);
}

#[test]
fn a_killed_shift_goes_on() {
    // CI takes a handful of kills, the nightly sweep EZHIFA_ROUNDS of them, over as many evenings as that is.
    let nightly = std::env::var_os("EZHIFA_NIGHTLY").and(std::env::var("EZHIFA_ROUNDS").ok());
    let rounds: u64 = nightly.and_then(|n| n.parse().ok()).unwrap_or(6);
    let dir = tempfile::tempdir().unwrap();
    let (mut killed, mut evenings, mut random) = (0, 0_u64, 20_261_125_u64);
    while killed < rounds {
        let out = dir.path().join(format!("evening-{evenings}"));
        // Longer and longer, so that every evening ends however slow the machine is.
        for round in 0_u64.. {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let wait = 150 + (random >> 33) % (700 + 200 * round);
            let mut child = start(&out, out.join("phone").exists());
            std::thread::sleep(Duration::from_millis(wait));
            if killed == rounds || child.try_wait().unwrap().is_some() {
                let ended = child.wait_with_output().unwrap();
                assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            killed += 1;
        }
        whole(&out);
        evenings += 1;
        std::fs::remove_dir_all(&out).unwrap();
    }
    eprintln!("{killed} kills in {evenings} evenings of sixteen slips: nothing lost, nothing twice");
}
