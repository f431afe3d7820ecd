//! Real connections: a session on one side, the virtual printer on the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use common::{Dice, printer, slip};
use ezhifa_emulator::{Answers, Emulator, Faults, Handle, Options, Paper, decode};
use ezhifa_printer::{
    Link, LinkError, MemoryLink, PaperState, PrintResult, Profile, Reason, Session, open_link,
};

/// The profile with short waits, so that hundreds of jobs fit into a test.
fn quick(profile: &Profile) -> Profile {
    let mut p = profile.clone();
    p.answer_ms = 150;
    p.stall_ms = 1200;
    p.settle_ms = 60;
    p.bytes_per_second = 400_000;
    p
}

fn clean(units: &[Vec<u8>], options: &Options) -> Paper {
    decode(&[b"\x1B@".to_vec(), units.concat()].concat(), options)
}

fn session(handle: &Handle, profile: &Profile) -> Session<Box<dyn Link>> {
    Session::new(open_link(&format!("tcp://{}", handle.address())).unwrap(), profile.clone())
}

#[test]
fn every_profile_prints_over_tcp_twice_on_one_connection() {
    for profile in Profile::all().unwrap().iter().map(quick) {
        let options = printer(&profile, "");
        let handle =
            Emulator::start("127.0.0.1:0", Options { quiet: Duration::from_millis(250), ..options.clone() })
                .unwrap();
        let mut session = session(&handle, &profile);
        for seed in 0..2 {
            let units = slip(&mut Dice::new(seed), &profile);
            let mut seen = 0;
            let result = session.print_with(&units, |done, _| seen = done);
            if profile.is_blind() {
                assert!(matches!(result, PrintResult::Unknown { reason: Reason::Blind, .. }), "{result}");
            } else {
                assert_eq!(result, PrintResult::Printed, "{}", profile.id);
                assert!(seen > 0, "no progress was told");
            }
            let papers = handle.wait_papers(Duration::from_secs(5));
            assert_eq!(papers.len(), 1);
            assert!(papers[0].same_ink(&clean(&units, &options)), "{} slip {seed}", profile.id);
        }
    }
}

/// A link over which bytes can get lost says so.
struct Lossy(Box<dyn Link>);

impl Link for Lossy {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        self.0.write(bytes)
    }
    fn read(&mut self, into: &mut [u8], within: Duration) -> Result<usize, LinkError> {
        self.0.read(into, within)
    }
    fn close(&mut self) {
        self.0.close()
    }
    fn lossless(&self) -> bool {
        false
    }
}

fn fault_run(seed: u64, profiles: &[Profile]) -> &'static str {
    let mut dice = Dice::new(seed.wrapping_add(0xFA17));
    let profile = &profiles[dice.roll(profiles.len())];
    let units = slip(&mut dice, profile);
    let total = units.concat().len() + profile.flush_bytes + 100;
    let at = 1 + dice.roll(total);
    let kind = dice.roll(8);
    let faults = match kind {
        0 => format!("paper-out@{at}"),
        1 => format!("cover-open@{at}"),
        2 => format!("disconnect@{at}"),
        3 => format!("drop@{at}:{}", 1 + dice.roll(40)),
        4 => "mute".to_owned(),
        5 => "garbage".to_owned(),
        6 => "slow=40000Bps".to_owned(),
        _ => format!("paper-out@{at},mend=700ms,slow=60000Bps"),
    };
    let options = Options { seed, ..printer(profile, &faults) };
    let handle = Emulator::start("127.0.0.1:0", options.clone()).unwrap();
    let link = open_link(&format!("tcp://{}", handle.address())).unwrap();
    let result = if kind == 3 {
        let mut s = Session::new(Lossy(link), profile.clone());
        let r = s.print(&units);
        s.close();
        r
    } else {
        let mut s = Session::new(link, profile.clone());
        let r = s.print(&units);
        s.close();
        r
    };
    // New paper: what is left in the printer comes out as well, and is looked at too.
    let mut papers = handle.wait_papers(Duration::from_millis(1500));
    handle.mend();
    papers.extend(handle.wait_papers(Duration::from_millis(100)));
    let whole = papers.iter().any(|p| p.holds(&clean(&units, &options)));
    let almost = papers.iter().any(|p| p.holds(&clean(&units[..units.len() - 1], &options)));
    let what = format!("seed {seed} {} {faults}: {result}; whole {whole}, almost {almost}", profile.id);
    match result {
        PrintResult::Printed => {
            assert!(whole, "{what}");
            "printed"
        }
        PrintResult::NotPrinted(_) => {
            assert!(!whole, "{what}");
            "not printed"
        }
        PrintResult::Unknown { .. } => {
            assert!(profile.is_blind() || almost || kind == 3 || kind == 5, "{what}");
            "unknown"
        }
    }
}

#[test]
fn five_hundred_fault_runs_end_in_the_state_that_is_true() {
    let runs: u64 = if std::env::var("EZHIFA_NIGHTLY").is_ok() { 500 } else { 100 };
    let profiles: Vec<Profile> = Profile::all().unwrap().iter().map(quick).collect();
    let (next, printed, not, unknown) =
        (AtomicU64::new(0), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    // The runs mostly wait: many at a time.
    std::thread::scope(|s| {
        for _ in 0..16 {
            s.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= runs {
                        return;
                    }
                    match fault_run(seed, &profiles) {
                        "printed" => &printed,
                        "unknown" => &unknown,
                        _ => &not,
                    }
                    .fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    eprintln!("{runs} runs: {printed:?} printed, {not:?} not printed, {unknown:?} unknown");
    assert!(printed.into_inner() > 0 && not.into_inner() > 0 && unknown.into_inner() > 0);
}

#[test]
fn a_terminal_stands_for_rfcomm() {
    let profile = quick(&Profile::named("generic-58-gbk").unwrap());
    let options = printer(&profile, "");
    let handle =
        Emulator::start_pty(Options { quiet: Duration::from_millis(250), ..options.clone() }).unwrap();
    let link = open_link(&format!("serial:{}", handle.address())).unwrap();
    let units = slip(&mut Dice::new(11), &profile);
    let mut session = Session::new(link, profile);
    assert_eq!(session.print(&units), PrintResult::Printed);
    let papers = handle.wait_papers(Duration::from_secs(5));
    assert!(papers[0].same_ink(&clean(&units, &options)));
}

#[test]
fn the_state_is_told_before_a_number_is_used() {
    let profile = quick(&Profile::named("generic-58-gbk").unwrap());
    let handle = Emulator::start("127.0.0.1:0", Options { near_end: true, ..printer(&profile, "") }).unwrap();
    let mut session = session(&handle, &profile);
    let status = session.status().unwrap();
    assert_eq!((status.paper, session.ready().unwrap()), (PaperState::NearEnd, None));
    handle.take_paper_out();
    assert_eq!(session.ready().unwrap(), Some(Reason::PaperOut));
    assert_eq!(session.print(&[b"x\n".to_vec()]), PrintResult::NotPrinted(Reason::PaperOut));
    handle.mend();
    handle.open_cover();
    let status = session.status().unwrap();
    assert!(status.to_string().contains("机盖打开"), "{status}");
    handle.mend();
    assert_eq!(session.print(&[b"x\n".to_vec()]), PrintResult::Printed);
    handle.hang_up();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(session.print(&[b"x\n".to_vec()]), PrintResult::NotPrinted(Reason::LinkLost));
}

#[test]
fn a_probe_finds_the_profile() {
    for profile in Profile::all().unwrap().iter().map(quick) {
        let handle = Emulator::start("127.0.0.1:0", printer(&profile, "")).unwrap();
        let probe = session(&handle, &profile).probe().unwrap();
        assert_eq!(probe.suggestion, profile.id, "{probe:?}");
        if profile.id == "generic-80-gb18030" {
            assert_eq!(probe.font.as_deref(), Some("CHINA GB18030"));
            assert_eq!(probe.model.as_deref(), Some("VIRTUAL-58"));
        }
    }
    // One that answers the fence but not for its state fits no profile with a fence.
    let profile = quick(&Profile::named("generic-58-gbk").unwrap());
    let answers = Answers { gs_r: true, ..Answers::NONE };
    let handle = Emulator::start("127.0.0.1:0", Options { answers, ..printer(&profile, "") }).unwrap();
    let probe = session(&handle, &profile).probe().unwrap();
    assert_eq!((probe.gs_r, probe.suggestion.as_str()), (true, "mute-58"));
}

#[test]
fn a_slip_broken_by_paper_out_is_printed_whole_the_second_time() {
    for id in ["generic-58-gbk", "generic-80-gb18030", "epson-compatible"] {
        let profile = quick(&Profile::named(id).unwrap());
        let options = printer(&profile, "");
        let handle = Emulator::start("127.0.0.1:0", options.clone()).unwrap();
        let mut session = session(&handle, &profile);
        let mut units = slip(&mut Dice::new(21), &profile);
        units.insert(3, common::band(&mut Dice::new(22), &profile));
        handle.inject(Faults::parse(&format!("paper-out@{}", profile.flush_bytes + 300)).unwrap());
        assert_eq!(session.print(&units), PrintResult::NotPrinted(Reason::PaperOut), "{id}");
        let torn = handle.wait_papers(Duration::from_secs(2));
        assert!(torn[0].torn);
        assert_eq!(session.ready().unwrap(), Some(Reason::PaperOut));
        handle.mend();
        // The officer's second action.
        assert_eq!(session.print(&units), PrintResult::Printed, "{id}");
        let papers = handle.wait_papers(Duration::from_secs(3));
        assert!(papers.iter().any(|p| p.holds(&clean(&units, &options))), "{id}");
    }
}

#[test]
fn a_printer_stuck_in_half_an_image_still_tells_its_state() {
    let profile = quick(&Profile::named("generic-58-gbk").unwrap());
    let handle =
        Emulator::start("127.0.0.1:0", Options { realtime: false, ..printer(&profile, "") }).unwrap();
    {
        let mut link = open_link(&format!("tcp://{}", handle.address())).unwrap();
        link.write(b"\x1Dv0\x00\x30\x00\x30\x00half").unwrap();
    }
    let mut session = session(&handle, &profile);
    assert_eq!(session.ready().unwrap(), None);
    assert_eq!(session.print(&[b"x\n".to_vec()]), PrintResult::Printed);
}

#[test]
fn an_officer_can_stop_it() {
    let profile = quick(&Profile::named("generic-58-gbk").unwrap());
    let handle = Emulator::start("127.0.0.1:0", printer(&profile, "slow=3000Bps")).unwrap();
    let mut session = session(&handle, &profile);
    let units: Vec<Vec<u8>> = (0..200).map(|i| format!("line {i} of a long slip\n").into_bytes()).collect();
    let stop = session.canceller();
    let result = session.print_with(&units, |done, _| {
        if done > 10 {
            stop.store(true, Ordering::Relaxed);
        }
    });
    assert_eq!(result, PrintResult::NotPrinted(Reason::Cancelled));
}

#[test]
fn a_file_takes_the_bytes_and_proves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("slip.escpos");
    let mut profile = quick(&Profile::named("mute-58").unwrap());
    profile.settle_ms = 1;
    let mut session = Session::new(open_link(&format!("file:{}", path.display())).unwrap(), profile);
    assert!(matches!(session.print(&[b"hello\n".to_vec()]), PrintResult::Unknown { .. }));
    session.close();
    let paper = decode(&std::fs::read(&path).unwrap(), &Options::paper(58));
    assert_eq!(paper.lines, ["hello"]);
}

#[test]
fn addresses_are_explained_when_wrong() {
    for (address, word) in
        [("bluetooth", "tcp://"), ("tcp://127.0.0.1:1", "检查电源"), ("serial:/dev/none", "配对")]
    {
        let e = open_link(address).err().unwrap().to_string();
        assert!(e.contains(word), "{e}");
    }
}

#[test]
fn impossible_units_are_refused() {
    let profile = quick(&Profile::named("generic-58-gbk").unwrap());
    let (link, written) = MemoryLink::new(Box::new(|_| Vec::new()));
    let mut session = Session::new(link, profile);
    assert_eq!(session.print(&[]), PrintResult::NotPrinted(Reason::BadUnits));
    assert_eq!(session.print(&[vec![b'x'; 5000]]), PrintResult::NotPrinted(Reason::BadUnits));
    assert!(written.lock().unwrap().is_empty(), "nothing was sent");
}
