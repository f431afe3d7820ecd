//! The slip as PDF: one receipt-width page for the screen and electronic service, or A4 pages for the file.
//! Words are text (searchable, selectable) in an embedded subset of the bundled font.
//!
//! `printpdf` without its layout engine embeds a font whole and drops a missing glyph without a word, so the
//! font is cut down first with the same font crate, and every glyph is accounted for here.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
};

use ab_glyph::Font as _;
use allsorts::{
    binary::read::ReadScope,
    font_data::FontData,
    subset::{CmapTarget, SubsetProfile, subset},
};
use flate2::{Compression, write::ZlibEncoder};
use printpdf::{
    FontId, FontMetrics, FontType, Mm, Op, PaintMode, ParsedFont, PdfDocument, PdfFont, PdfFontHandle,
    PdfFontMetricsStub, PdfPage, PdfSaveOptions, Pt, Rect, TextItem, TextMatrix, TextRenderingMode,
    serialize::to_lopdf_doc,
};

use crate::{
    bitmap::Bitmap,
    error::SlipError,
    font::{BASELINE, BODY, BUNDLED, bundled},
    layout::{Item, Layout, PDF_PX, Paper, RULE, TextLine, advance},
};

/// Points of one millimetre.
const PT_PER_MM: f32 = 72.0 / 25.4;

/// Dots of the lower margin that the last block may use: 12 of 20 mm.
const FOOT: f32 = 70.0;

/// The page a paper becomes.
struct Sheet {
    width_mm: f32,
    margin_mm: f32,
    /// `None`: one page as long as the slip.
    height_mm: Option<f32>,
    mm_per_dot: f32,
}

impl Sheet {
    fn of(paper: Paper) -> Sheet {
        match paper {
            // Pocket printers: 8 dots a millimetre.
            Paper::Mm58 => Sheet { width_mm: 58.0, margin_mm: 5.0, height_mm: None, mm_per_dot: 0.125 },
            Paper::Mm80 => Sheet { width_mm: 80.0, margin_mm: 4.0, height_mm: None, mm_per_dot: 0.125 },
            // 40 hanzi of 12 points across, as official papers are set.
            Paper::A4 => {
                Sheet { width_mm: 210.0, margin_mm: 20.0, height_mm: Some(297.0), mm_per_dot: 170.0 / 960.0 }
            }
        }
    }

    fn points(&self, dots: f32) -> f32 {
        dots * self.mm_per_dot * PT_PER_MM
    }
}

/// The slip as a PDF file.
///
/// # Errors
/// When the font cannot be cut or the PDF library reports anything at all: a warning there is a missing word.
pub fn render(layout: &Layout) -> Result<Vec<u8>, SlipError> {
    let failed = |cause: String| SlipError::Render { what: "PDF", cause };
    let sheet = Sheet::of(layout.paper);
    let font = cut_font(layout).map_err(failed)?;
    let mut pdf = PdfDocument::new(&layout.title);
    pdf.metadata.info.creator = "e-Zhifa".to_owned();
    pdf.metadata.info.producer = "e-Zhifa".to_owned();
    let id = FontId("EZHIFA".to_owned());
    let pages = pages(layout, &sheet, &font, &id);
    pdf.resources.fonts.map.insert(id, PdfFont::new(font.parsed));
    pdf.with_pages(pages);
    let mut warnings = Vec::new();
    let options =
        PdfSaveOptions { image_optimization: None, subset_fonts: false, ..PdfSaveOptions::default() };
    let mut file = to_lopdf_doc(&pdf, &options, &mut warnings);
    if let Some(warning) = warnings.first() {
        return Err(failed(warning.msg.clone()));
    }
    for stream in file.objects.values_mut().filter_map(|object| object.as_stream_mut().ok()) {
        if stream.dict.get(b"Filter").is_err() {
            let packed = pack(&stream.content).map_err(|e| failed(e.to_string()))?;
            stream.dict.set("Filter", "FlateDecode");
            stream.set_content(packed);
        }
    }
    let mut bytes = Vec::new();
    file.save_to(&mut bytes).map_err(|e| failed(e.to_string()))?;
    name_by_content(&mut bytes);
    Ok(bytes)
}

/// The library packs as hard as it can, which is more than half of the whole time for a fiftieth of the size.
fn pack(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = ZlibEncoder::new(Vec::with_capacity(content.len() / 2), Compression::default());
    packed.write_all(content)?;
    packed.finish()
}

/// The library numbers its files by how many it has made. Ours are named by what is in them: the same slip
/// is the same file, so that a page in a case file can be drawn again and compared.
fn name_by_content(bytes: &mut [u8]) {
    const START: &[u8] = b"/ID[(";
    let Some(at) = bytes.windows(START.len()).rposition(|w| w == START) else { return };
    let (content, trailer) = bytes.split_at_mut(at);
    let name = ezhifa_casework::seal::hash::sha256(content).to_string();
    let first = START.len()..START.len() + ID;
    let second = first.end + 2..first.end + 2 + ID;
    for place in [first, second] {
        if let Some(id) = trailer.get_mut(place) {
            id.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
        }
    }
}

/// Characters of each half of the library's file name.
const ID: usize = 32;

/// The part of the bundled font that a slip uses.
struct CutFont {
    parsed: ParsedFont,
    /// Advance of each character in thousandths of an em.
    advance: BTreeMap<char, u16>,
}

fn cut_font(layout: &Layout) -> Result<CutFont, String> {
    let font = bundled().ok_or("bundled font")?;
    let texts = layout.items.iter().filter_map(|item| match item {
        Item::Text(line) => Some(line.text.as_str()),
        _ => None,
    });
    let used: BTreeSet<char> = texts.flat_map(str::chars).collect();
    let mut glyphs: BTreeMap<char, u16> = BTreeMap::new();
    let mut foreign = Vec::new();
    for c in used {
        match font.glyph_id(c).0 {
            0 => foreign.push(c),
            glyph => {
                glyphs.insert(c, glyph);
            }
        }
    }
    // A character drawn as a picture still needs a text behind it: an unused glyph, set invisibly, that the
    // PDF maps to the character.
    let taken: BTreeSet<u16> = glyphs.values().copied().collect();
    let spare: Vec<u16> = (1..u16::MAX).filter(|g| !taken.contains(g)).take(foreign.len()).collect();
    glyphs.extend(foreign.iter().copied().zip(spare));
    let mut ids: Vec<u16> = glyphs.values().copied().collect();
    ids.push(0); // .notdef is always the first
    ids.sort_unstable();
    ids.dedup();

    let data = ReadScope::new(BUNDLED).read::<FontData<'_>>().map_err(|e| e.to_string())?;
    let provider = data.table_provider(0).map_err(|e| e.to_string())?;
    let bytes =
        subset(&provider, &ids, &SubsetProfile::Pdf, CmapTarget::Unicode).map_err(|e| e.to_string())?;

    let mut codepoint_to_glyph = BTreeMap::new();
    let mut glyph_widths = BTreeMap::new();
    let mut advances = BTreeMap::new();
    for (c, glyph) in &glyphs {
        // The subset numbers glyphs by their place in `ids`.
        let place = ids.binary_search(glyph).ok().and_then(|p| u16::try_from(p).ok()).ok_or("glyph order")?;
        let width = thousandths(font.h_advance_unscaled(ab_glyph::GlyphId(*glyph)));
        codepoint_to_glyph.insert(u32::from(*c), place);
        glyph_widths.insert(place, width);
        advances.insert(*c, width);
    }
    Ok(CutFont {
        parsed: ParsedFont {
            original_bytes: bytes,
            font_index: 0,
            font_name: Some("EZHIFA+NotoSansMonoCJKsc-Regular".to_owned()),
            codepoint_to_glyph,
            glyph_widths,
            units_per_em: 1000,
            font_metrics: FontMetrics { ascent: 880, descent: -120 },
            font_type: FontType::TrueType,
            pdf_font_metrics: PdfFontMetricsStub {
                x_min: -10,
                y_min: -281,
                x_max: 1010,
                y_max: 939,
                us_weight_class: 400,
                ..PdfFontMetricsStub::default()
            },
        },
        advance: advances,
    })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn thousandths(width: f32) -> u16 {
    width.round().clamp(0.0, 4000.0) as u16
}

fn pages(layout: &Layout, sheet: &Sheet, font: &CutFont, id: &FontId) -> Vec<PdfPage> {
    let height_mm =
        sheet.height_mm.unwrap_or_else(|| dots(layout.height()) * sheet.mm_per_dot + sheet.margin_mm * 2.0);
    let room = (height_mm - sheet.margin_mm * 2.0) / sheet.mm_per_dot;
    let mut pages = Vec::new();
    let mut page =
        Page { layout, sheet, font, id, top: (height_mm - sheet.margin_mm) * PT_PER_MM, ops: Vec::new() };
    let mut y = 0.0f32;
    for (at, item) in layout.items.iter().enumerate() {
        let height = f32::from(item.height());
        // A block goes to the next page whole if it fits there, its lines one by one if not. The number and check
        // code at the end may stand in the margin, and are never alone on a page.
        let last = layout.starts.last().copied().unwrap_or(usize::MAX);
        let below = if at >= last { FOOT } else { 0.0 };
        let block = layout.block_at(at).map_or(0.0, |(end, height)| {
            let foot = if end == last { layout.block_at(last).map_or(0, |(_, h)| h) } else { 0 };
            dots(height) + (dots(foot) - FOOT).max(0.0)
        });
        let whole = if block <= room { block } else { 0.0 };
        if sheet.height_mm.is_some() && y > 0.0 && y + height.max(whole) > room + below + 0.5 {
            pages.push(PdfPage::new(Mm(sheet.width_mm), Mm(height_mm), std::mem::take(&mut page.ops)));
            y = 0.0;
            if matches!(item, Item::Gap(_)) {
                continue;
            }
        }
        match item {
            Item::Text(line) => page.line(line, y),
            Item::Rule => page.rect(0.0, y, f32::from(layout.paper.dots()), f32::from(RULE)),
            Item::Gap(_) => {}
            Item::Picture(p) => {
                page.bitmap(&p.bitmap, f32::from(layout.left(p.align, p.bitmap.width())), y, 1.0)
            }
        }
        y += height;
    }
    pages.push(PdfPage::new(Mm(sheet.width_mm), Mm(height_mm), page.ops));
    pages
}

#[allow(clippy::cast_precision_loss)]
fn dots(n: u32) -> f32 {
    n as f32
}

/// Hundredths of a point: finer than any printer, and a third of the file saved.
fn short(points: f32) -> Pt {
    Pt((points * 100.0).round() / 100.0)
}

struct Page<'a> {
    layout: &'a Layout,
    sheet: &'a Sheet,
    font: &'a CutFont,
    id: &'a FontId,
    /// Upper edge of the printed part, in points from the bottom.
    top: f32,
    ops: Vec<Op>,
}

impl Page<'_> {
    fn x(&self, dots: f32) -> f32 {
        self.sheet.margin_mm * PT_PER_MM + self.sheet.points(dots)
    }

    fn rect(&mut self, x: f32, y: f32, width: f32, height: f32) {
        self.ops.push(Op::DrawRectangle {
            rectangle: Rect {
                x: short(self.x(x)),
                y: short(self.top - self.sheet.points(y + height)),
                width: short(self.sheet.points(width)),
                height: short(self.sheet.points(height)),
                mode: Some(PaintMode::Fill),
                winding_order: None,
            },
        });
    }

    /// Runs of dots as rectangles, equal rows joined: a QR code becomes its modules, sharp at any size.
    fn bitmap(&mut self, bitmap: &Bitmap, x: f32, y: f32, scale: f32) {
        let mut from = 0u16;
        while from < bitmap.height() {
            let row = bitmap.row(from);
            let mut to = from.saturating_add(1);
            while to < bitmap.height() && bitmap.row(to) == row {
                to = to.saturating_add(1);
            }
            let mut left = 0u16;
            while left < bitmap.width() {
                if !bitmap.get(left, from) {
                    left = left.saturating_add(1);
                    continue;
                }
                let mut right = left;
                while bitmap.get(right, from) {
                    right = right.saturating_add(1);
                }
                self.rect(
                    x + f32::from(left) * scale,
                    y + f32::from(from) * scale,
                    f32::from(right.saturating_sub(left)) * scale,
                    f32::from(to.saturating_sub(from)) * scale,
                );
                left = right;
            }
            from = to;
        }
    }

    fn line(&mut self, line: &TextLine, y: f32) {
        if line.text.trim().is_empty() {
            return;
        }
        let px = f32::from(line.px);
        let left = f32::from(self.layout.left(line.align, line.width()));
        let baseline = self.top - self.sheet.points(y + px * BASELINE);
        self.ops.push(Op::StartTextSection);
        self.ops.push(Op::SetFont {
            font: PdfFontHandle::External(self.id.clone()),
            size: short(self.sheet.points(px)),
        });
        self.ops
            .push(Op::SetTextMatrix { matrix: TextMatrix::Translate(short(self.x(left)), short(baseline)) });
        let mut pen = Pen::default();
        let mut x = left;
        let mut pictures = Vec::new();
        for (at, c) in line.text.char_indices() {
            let foreign = self.foreign(c, line.px);
            let mode = match (foreign.is_some(), at < line.bold) {
                (true, _) => TextRenderingMode::Invisible,
                (false, true) => TextRenderingMode::FillStroke,
                (false, false) => TextRenderingMode::Fill,
            };
            if let Some((glyph, scale)) = foreign {
                pictures.push((glyph, x, scale));
            }
            pen.switch(mode, self.sheet.points(px) * 0.03, &mut self.ops);
            // The glyph in the middle of its cell, whatever its own width: the grid of the paper.
            let cell = f32::from(advance(c, 1000));
            let own = f32::from(self.font.advance.get(&c).copied().unwrap_or(0));
            pen.glyph(c, (cell - own) / 2.0);
            x += f32::from(advance(c, line.px));
        }
        pen.flush(&mut self.ops);
        self.ops.push(Op::EndTextSection);
        for (glyph, x, scale) in pictures {
            self.bitmap(&glyph, x, y, scale);
        }
    }

    /// The picture of a character that the bundled font lacks, and its dots in dots of the paper.
    fn foreign(&self, c: char, px: u16) -> Option<(Bitmap, f32)> {
        [PDF_PX, px, BODY].into_iter().find_map(|size| {
            let glyph = self.layout.foreign.get(&(c, size))?;
            Some((glyph.clone(), f32::from(px) / f32::from(size)))
        })
    }
}

/// Collects characters and shifts of one rendering mode.
#[derive(Default)]
struct Pen {
    mode: Option<TextRenderingMode>,
    items: Vec<TextItem>,
    run: String,
    /// Shift owed before the next glyph, in thousandths.
    owed: f32,
}

impl Pen {
    fn switch(&mut self, mode: TextRenderingMode, stroke: f32, ops: &mut Vec<Op>) {
        if self.mode == Some(mode) {
            return;
        }
        self.flush(ops);
        self.mode = Some(mode);
        ops.push(Op::SetTextRenderingMode { mode });
        if mode == TextRenderingMode::FillStroke {
            ops.push(Op::SetOutlineThickness { pt: short(stroke) });
        }
    }

    fn glyph(&mut self, c: char, side: f32) {
        let shift = self.owed + side;
        if shift.abs() > 0.5 {
            self.end_run();
            self.items.push(TextItem::Offset(-shift));
        }
        self.run.push(c);
        self.owed = side;
    }

    fn end_run(&mut self) {
        if !self.run.is_empty() {
            self.items.push(TextItem::Text(std::mem::take(&mut self.run)));
        }
    }

    fn flush(&mut self, ops: &mut Vec<Op>) {
        self.end_run();
        if !self.items.is_empty() {
            ops.push(Op::ShowText { items: std::mem::take(&mut self.items) });
        }
    }
}
