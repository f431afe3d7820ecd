//! Sizes of DESIGN 10. Times are in benches/slip.rs.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod samples;

use ezhifa_slip::{
    BundledOnly, Document, Paper,
    escpos::{self, Charset, Dialect},
    layout,
};

fn bytes(slip: &Document, dialect: &Dialect) -> usize {
    let set = layout(slip, Paper::Mm58, &BundledOnly).unwrap();
    escpos::render(&set, dialect).unwrap().iter().map(Vec::len).sum()
}

#[test]
fn a_slip_is_small_on_the_air() {
    let gb = Dialect { charset: Charset::Gb18030, ..Dialect::default() };
    let native = Dialect { native_qr: true, ..gb.clone() };
    let dots = Dialect { charset: Charset::None, ..gb.clone() };
    let text_only = samples::text_only();
    let characters = text_only.words().chars().count();
    assert!(characters >= 330, "{characters}");
    let small = bytes(&text_only, &gb);
    assert!(small < 1536, "{small}");
    let whole = bytes(&samples::whole(), &gb);
    assert!(whole < 17 * 1024, "{whole}");
    let own_qr = bytes(&samples::whole(), &native);
    assert!(own_qr < 7 * 1024, "{own_qr}");
    let raster = bytes(&text_only, &dots);
    assert!(raster < 41_731, "trimmed and banded: {raster}");
    // 384 dots of every row untrimmed, as python-escpos sends them.
    let rows = layout(&text_only, Paper::Mm58, &BundledOnly).unwrap().height() as usize;
    assert!(rows * 48 >= 20 * small, "{rows} rows against {small} bytes");
    // Two codes: the budget is for one; a pay code of twenty digits may add two kilobytes.
    let real = bytes(&samples::fine(true), &gb);
    assert!(real < 19 * 1024, "{real}");
    eprintln!(
        "two codes {real} B; {characters} characters: text {small} B, whole {whole} B, native QR {own_qr} B, raster text {raster} B"
    );
}
