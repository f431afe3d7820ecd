//! A dead printer is told, with the ways out, before a number is used.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ezhifa_emulator::{Emulator, Faults, Options};
use ezhifa_field::{
    printer::{PaperState, Profile, Reason, open_link},
    printing::{PrinterCheck, WayOut, check},
};

#[test]
fn the_printers_state_and_the_ways_out_are_told_before_a_number_is_used() {
    let profile = Profile { answer_ms: 150, flush_bytes: 2400, ..Profile::named("generic-58-gbk").unwrap() };
    let ask =
        |address: &str| -> PrinterCheck { check(open_link(&format!("tcp://{address}")).ok(), &profile) };
    let printer = Emulator::start("127.0.0.1:0", Options { near_end: true, ..Options::paper(58) }).unwrap();
    let address = printer.address().to_owned();

    let fine = ask(&address);
    assert_eq!((fine.reason, fine.ways.as_slice()), (None, &[WayOut::Print][..]));
    assert_eq!(fine.status.paper, PaperState::NearEnd, "a word of warning, no obstacle");

    printer.take_paper_out();
    let out = ask(&address);
    assert_eq!(out.reason, Some(Reason::PaperOut));
    assert_eq!(
        out.ways,
        [
            WayOut::Mend,
            WayOut::AnotherPrinter,
            WayOut::HandWritten,
            WayOut::ElectronicService,
            WayOut::OrdinaryProcedure
        ]
    );
    assert!(out.ways.iter().all(|w| !w.zh().is_empty() && w.en().is_ascii() | w.en().contains('¶')));
    printer.mend();
    printer.open_cover();
    assert_eq!(ask(&address).reason, Some(Reason::CoverOpen));
    printer.mend();
    assert_eq!(ask(&address).ways, [WayOut::Print]);
    assert!(printer.take_papers().iter().all(|p| p.dots.black() == 0), "asking prints nothing");
    drop(printer);
    assert_eq!(ask(&address).reason, Some(Reason::LinkLost), "switched off");

    let faults = Faults::parse("mute").unwrap();
    let mute = Emulator::start("127.0.0.1:0", Options { faults, ..Options::paper(58) }).unwrap();
    assert_eq!(ask(mute.address()).reason, Some(Reason::NoAnswer));
}
