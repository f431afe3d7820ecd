//! What the commands do to the paper.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ezhifa_emulator::{Align, Answers, Charset, Device, Faults, Options, Overrun, Typeface, decode};
use proptest::prelude::*;

fn gb(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn paper(parts: &[&[u8]]) -> ezhifa_emulator::Paper {
    decode(&parts.concat(), &Options::paper(58))
}

#[test]
fn lines_have_size_and_place() {
    let p = paper(&[
        b"\x1B@\x1Ba\x01\x1D!\x11\x1C!\x0C",
        &gb("标题"),
        b"\n\x1D!\x00\x1C!\x00\x1Ba\x02\x1BE\x01",
        &gb("右A1"),
        b"\n",
    ]);
    assert_eq!(p.lines, ["标题", "右A1"]);
    let [title, right] = p.details.as_slice() else { panic!() };
    assert_eq!((title.width, title.height, title.x, title.align), (96, 48, 144, Align::Centre));
    assert_eq!((right.x + right.width, right.bold, right.y), (384, true, 48));
    assert_eq!(p.dots.height(), 48 + 30);
}

#[test]
fn double_height_hanzi_stand_on_the_line_of_single_ascii() {
    let p = paper(&[b"\x1C!\x0C", &gb("中"), b"A\n"]);
    let white_above = (0..24).all(|y| (48..60).all(|x| !p.dots.get(x, y)));
    assert!(white_above, "the small letter hangs in the air");
}

#[test]
fn a_line_too_long_is_wrapped_and_complained_of() {
    let p = paper(&[&gb(&"字".repeat(17)), b"\n"]);
    assert_eq!(p.lines, ["字".repeat(16), "字".to_owned()]);
    assert_eq!(p.warnings.len(), 1);
}

#[test]
fn rows_of_dots_land_where_they_should() {
    let p = paper(&[b"\x1Ba\x01\x1Dv0\x00\x02\x00\x02\x00\x80\x01\x00\xFF"]);
    assert_eq!((p.images[0].x, p.images[0].dots.width()), (184, 16));
    assert!(p.dots.get(184, 0) && p.dots.get(199, 0) && p.dots.get(192, 1) && !p.dots.get(191, 1));
    assert_eq!(p.dots.height(), 2, "an image moves the paper by its own rows and no more");
}

#[test]
fn an_image_lies_the_same_at_every_offset() {
    // Centred on 384 dots, n bytes of image start at every multiple of four: odd and even bytes.
    for n in 1..=9u8 {
        let image: Vec<u8> = (0..n).map(|i| 0x81 ^ i.wrapping_mul(37)).collect();
        let p = paper(&[b"\x1Ba\x01\x1Dv0\x00", &[n, 0, 1, 0], &image]);
        let left = (384 - usize::from(n) * 8) / 2;
        for x in 0..384 {
            let want =
                x >= left && image.get((x - left) / 8).is_some_and(|b| b & (0x80 >> ((x - left) % 8)) != 0);
            assert_eq!(p.dots.get(x, 0), want, "{n} bytes wide, dot {x}");
        }
    }
}

#[test]
fn columns_of_dots_are_part_of_the_line() {
    let p = paper(&[b"\x1B3\x18\x1B*\x21\x02\x00\x80\x00\x01\xFF\xFF\xFF\n"]);
    assert!(p.dots.get(0, 0) && p.dots.get(0, 23) && !p.dots.get(0, 1) && p.dots.get(1, 12));
    assert_eq!(p.dots.height(), 24);
}

#[test]
fn the_printers_own_qr_code_can_be_read() {
    let text = b"HTTPS://HQ.EXAMPLE/V/ABCDEFGH234567";
    let mut store = vec![0x1D, 0x28, 0x6B, (text.len() + 3) as u8, 0, 0x31, 0x50, 0x30];
    store.extend_from_slice(text);
    let p = paper(&[
        b"\x1Ba\x01\x1D(k\x04\x001A2\x00\x1D(k\x03\x001C\x06\x1D(k\x03\x001E1",
        &store,
        b"\x1D(k\x03\x001Q0",
    ]);
    assert_eq!(p.qr(), [String::from_utf8_lossy(text)]);
    let native = &p.native_qr[0];
    assert_eq!((native.model, native.module, native.level), (2, 6, 1));
}

#[test]
fn two_qr_codes_are_both_read_from_the_top() {
    let code = |text: &[u8]| {
        let mut b = vec![0x1D, 0x28, 0x6B, (text.len() + 3) as u8, 0, 0x31, 0x50, 0x30];
        b.extend_from_slice(text);
        b.extend_from_slice(b"\x1D(k\x03\x001Q0\x1BJ\x30");
        b
    };
    let p = paper(&[b"\x1Ba\x01\x1D(k\x03\x001C\x05", &code(b"FIRST"), &code(b"SECOND")]);
    assert_eq!(p.qr(), ["FIRST", "SECOND"]);
}

#[test]
fn four_bytes_need_a_printer_that_knows_them() {
    let bytes = [gb("𠮷"), b"\n".to_vec()].concat();
    assert_eq!(decode(&bytes, &Options::paper(80)).lines, ["𠮷"]);
    let old = decode(&bytes, &Options::paper(58));
    assert!(old.holes > 0 && old.lines[0] != "𠮷", "{:?}", old.lines);
    let rom = Options { charset: Charset::Gb2312, ..Options::paper(58) };
    assert_eq!(decode(&[gb("镕"), b"\n".to_vec()].concat(), &rom).holes, 1, "GB 2312 lacks 镕");
}

#[test]
fn hanzi_mode_off_makes_rubbish_of_hanzi() {
    let p = paper(&[b"\x1C.", &gb("执法"), b"\n\x1C&", &gb("执法"), b"\n"]);
    assert_ne!(p.lines[0], "执法");
    assert_eq!(p.lines[1], "执法");
    let off = Options { kanji_at_start: false, ..Options::paper(58) };
    assert_ne!(decode(&[gb("执法"), b"\n".to_vec()].concat(), &off).lines[0], "执法");
}

#[test]
fn user_glyphs_and_graphics() {
    let mut define = b"\x1C2\xFE\xA1".to_vec();
    define.extend([0xFF; 72]);
    let p = paper(&[&define, b"\xFE\xA1\n"]);
    assert_eq!(p.dots.black(), 24 * 24);
    let p = paper(&[b"\x1D(L\x0B\x000p0\x01\x011\x08\x00\x01\x00\xFF\x1D(L\x02\x0002"]);
    assert_eq!((p.dots.black(), p.unknown.len()), (8, 0));
}

#[test]
fn unknown_commands_are_written_down() {
    let p = paper(&[b"\x1B\x01ok\n"]);
    assert_eq!(p.unknown, [vec![0x1B, 0x01]]);
    assert_eq!(p.lines, ["ok"]);
    assert!(paper(&[b"\x1Dv0\x00\x30"]).unfinished);
}

#[test]
fn status_questions_are_answered() {
    let mut d = Device::new(Options { answers: Answers::ALL, ..Options::paper(80) });
    let mut ask = |bytes: &[u8]| {
        d.receive(bytes);
        d.work(usize::MAX);
        d.replies()
    };
    assert_eq!(ask(b"\x10\x04\x01\x10\x04\x02\x10\x04\x04"), [0x12, 0x12, 0x12]);
    assert_eq!(ask(b"\x1Dr\x01"), [0]);
    assert_eq!(ask(b"\x1D(H\x06\x0000ab12"), b"\x37\x22ab12\x00");
    assert_eq!(ask(b"\x1DIE"), b"_CHINA GB18030\x00");
    assert_eq!(ask(b"\x1Da\xFF"), [0x10, 0, 0, 0]);
    d.take_paper_out();
    assert_eq!(d.replies(), [0x18, 0, 0x0F, 0], "automatic status tells of it unasked");
    d.receive(b"\x1Dr\x01\x10\x04\x04");
    d.work(usize::MAX);
    assert_eq!(d.replies(), [0x7E], "real time is answered, the queued question waits for paper");
    d.mend();
    d.work(usize::MAX);
    assert_eq!(d.replies(), [0x10, 0, 0, 0, 0]);
}

#[test]
fn a_status_question_inside_picture_data_is_answered_by_chance() {
    let mut d = Device::new(Options::paper(58));
    d.receive(b"\x1Dv0\x00\x03\x00\x01\x00\x10\x04\x01");
    assert_eq!(d.replies(), [0x12]);
    d.work(usize::MAX);
    d.tear();
    assert_eq!(d.papers()[0].dots.black(), 3, "and printed as dots");
    let mut d = Device::new(Options { realtime: false, ..Options::paper(58) });
    d.receive(b"\x1Dv0\x00\x03\x00\x01\x00\x10\x04\x01");
    d.work(usize::MAX);
    assert!(d.replies().is_empty());
}

#[test]
fn a_full_buffer_stalls_the_cable_or_loses_bytes() {
    let small = Options { buffer: 8, ..Options::paper(58) };
    let mut d = Device::new(small.clone());
    d.receive(b"12345");
    assert_eq!(d.room(), 3);
    let mut d = Device::new(Options { overrun: Overrun::Drop, ..small });
    d.receive(b"1234567890\n");
    d.work(usize::MAX);
    d.receive(b"\n");
    d.work(usize::MAX);
    d.tear();
    let p = &d.papers()[0];
    assert_eq!((p.lines[0].as_str(), p.lost), ("12345678", 3));
}

#[test]
fn paper_out_tears_the_slip_and_the_rest_comes_out_on_new_paper() {
    let faults = Faults::parse("paper-out@4").unwrap();
    let mut d = Device::new(Options { faults, ..Options::paper(58) });
    d.receive(b"one\ntwo\n");
    d.work(usize::MAX);
    let first = d.papers();
    assert_eq!((first[0].lines.as_slice(), first[0].torn), (&["one".to_owned()][..], true));
    d.mend();
    d.work(usize::MAX);
    d.tear();
    assert_eq!(d.papers()[0].lines, ["two"]);
}

#[test]
fn a_picture_of_the_paper_with_a_real_font() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/slip/assets/slip-font.ttf");
    let font = Typeface::new(std::fs::read(path).unwrap()).unwrap();
    let options = Options { font, ..Options::paper(58) };
    let p = decode(&[gb("责令改正通知书 No.12"), b"\n".to_vec()].concat(), &options);
    assert_eq!(p.holes, 0);
    let cell = |n: usize| {
        (0..24)
            .flat_map(|y| (0..24).map(move |x| (n * 24 + x, y)))
            .filter(|(x, y)| p.dots.get(*x, *y))
            .count()
    };
    for n in 0..7 {
        assert!((60..400).contains(&cell(n)), "hanzi {n} has {} dots", cell(n));
    }
    let png = p.png().unwrap();
    let info = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    assert_eq!((info.info().width, info.info().height), (384, 30));
    assert!(Typeface::new(b"no font".to_vec()).is_err());
}

/// Bytes that look like commands more often than chance would have it.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|b| vec![b]),
        prop::sample::select(vec![0x1Bu8, 0x1C, 0x1D, 0x10]).prop_flat_map(|lead| {
            prop::collection::vec(any::<u8>(), 1..6).prop_map(move |mut v| {
                v.insert(0, lead);
                v
            })
        }),
        prop::sample::select(vec![
            &b"\x1Dv0\x00"[..],
            b"\x1D(k",
            b"\x1D(L",
            b"\x1D8L",
            b"\x1B*\x21",
            b"\x1B&\x03",
            b"\x1Dk",
            b"\x1C2",
            b"\x1BD",
            b"\x10\x14\x08",
            b"\x1D(H\x06\x0000",
            b"\x1D(k\x03\x001Q0",
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    prop::collection::vec(piece, 0..120).prop_map(|v| v.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var("EZHIFA_NIGHTLY").is_ok() { 20_000 } else { 400 }))]

    #[test]
    fn random_bytes_never_panic(input in bytes(), mm in prop::sample::select(vec![58u32, 80])) {
        let options = Options { answers: Answers::ALL, ..Options::paper(mm) };
        let whole = decode(&input, &options);
        // However the bytes are cut into pieces, the paper is the same.
        let mut d = Device::new(Options { buffer: usize::MAX, ..options });
        for piece in input.chunks(3) {
            d.receive(piece);
            d.work(2);
        }
        d.work(usize::MAX);
        d.tear();
        let pieces = d.papers().pop();
        prop_assert_eq!(pieces.map(|p| p.dots), if input.is_empty() { None } else { Some(whole.dots.clone()) });
        whole.png().unwrap();
    }

    #[test]
    fn random_faults_are_parsed_or_explained(text in "[a-z@:=,0-9Bps-]{0,40}") {
        if let Err(e) = Faults::parse(&text) {
            prop_assert!(e.to_string().contains("paper-out@N"));
        }
    }
}
