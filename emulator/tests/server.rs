//! The virtual printer on its cable.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use ezhifa_emulator::{Emulator, Faults, Options};

fn quick() -> Options {
    Options { quiet: Duration::from_millis(120), ..Options::paper(58) }
}

#[test]
fn papers_are_split_by_silence_and_by_hanging_up_and_written_down() {
    let dir = std::env::temp_dir().join(format!("ezhifa-paper-{}", std::process::id()));
    let printer = Emulator::start("127.0.0.1:0", Options { out_dir: Some(dir.clone()), ..quick() }).unwrap();
    let mut cable = TcpStream::connect(printer.address()).unwrap();
    cable.write_all(b"first\n").unwrap();
    let first = printer.wait_papers(Duration::from_secs(3));
    assert_eq!(first[0].lines, ["first"]);
    cable.write_all(b"second\n").unwrap();
    drop(cable);
    let second = printer.wait_papers(Duration::from_secs(3));
    assert_eq!(second[0].lines, ["second"]);
    // The next caller finds the same printer.
    let mut cable = TcpStream::connect(printer.address()).unwrap();
    cable.write_all(b"\x10\x04\x01").unwrap();
    let mut answer = [0; 1];
    cable.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x12]);
    assert_eq!(std::fs::read(dir.join("0002.escpos")).unwrap(), b"second\n");
    assert!(std::fs::read(dir.join("0001.png")).unwrap().starts_with(b"\x89PNG"));
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_slow_printer_takes_its_time() {
    let faults = Faults::parse("slow=1000Bps").unwrap();
    let printer = Emulator::start("127.0.0.1:0", Options { faults, ..quick() }).unwrap();
    let mut cable = TcpStream::connect(printer.address()).unwrap();
    let start = Instant::now();
    cable.write_all(&[b'x'; 500]).unwrap();
    cable.write_all(b"\n\x1Dr\x01").unwrap();
    cable.read_exact(&mut [0; 1]).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(450), "{:?}", start.elapsed());
}

#[test]
fn faults_can_be_injected_while_it_runs() {
    let printer = Emulator::start("127.0.0.1:0", quick()).unwrap();
    let mut cable = TcpStream::connect(printer.address()).unwrap();
    cable.write_all(b"whole\n").unwrap();
    assert_eq!(printer.wait_papers(Duration::from_secs(3))[0].lines, ["whole"]);
    printer.inject(Faults::parse("paper-out@6").unwrap());
    cable.write_all(b"begin\nrest\n").unwrap();
    let torn = printer.wait_papers(Duration::from_secs(3));
    assert_eq!((torn[0].lines.as_slice(), torn[0].torn), (&["begin".to_owned()][..], true));
    printer.mend();
    assert_eq!(printer.wait_papers(Duration::from_secs(3))[0].lines, ["rest"]);
    printer.inject(Faults::parse("disconnect@3").unwrap());
    cable.write_all(b"cut off\n").unwrap();
    let mut rest = Vec::new();
    assert!(matches!(cable.read_to_end(&mut rest), Ok(0) | Err(_)), "the line is dead");
}

#[test]
fn an_address_in_use_is_explained() {
    let printer = Emulator::start("127.0.0.1:0", quick()).unwrap();
    let e = Emulator::start(printer.address(), quick()).err().unwrap().to_string();
    assert!(e.contains(printer.address()) && e.contains("换一个地址"), "{e}");
}

#[cfg(unix)]
#[test]
fn a_terminal_serves_one_caller_after_the_other() {
    let printer = Emulator::start_pty(quick()).unwrap();
    for words in ["one", "two"] {
        let mut tty = std::fs::OpenOptions::new().read(true).write(true).open(printer.address()).unwrap();
        tty.write_all(format!("{words}\n").as_bytes()).unwrap();
        let papers = printer.wait_papers(Duration::from_secs(3));
        assert_eq!(papers[0].lines, [words]);
    }
}
