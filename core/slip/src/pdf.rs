//! The slip as PDF: one receipt-width page for the screen and electronic service, or A4 pages for the file.
//! Words are text (searchable, selectable) in an embedded subset of the bundled font.
//!
//! The font is cut down to the glyphs of this slip, and every one of them is accounted for here: glyphs go into
//! the file by their number in the cut font, with the character that each stands for.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
};

use ab_glyph::Font as _;
use allsorts::{
    binary::read::ReadScope,
    subset::{CmapTarget, SubsetProfile, subset},
    tables::OpenTypeFont,
};
use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::{
    Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr,
    types::{CidFontType, FontFlags, SystemInfo, TextRenderingMode, UnicodeCmap},
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

/// The font inside the file.
const FONT: Name<'static> = Name(b"F1");
const FONT_NAME: Name<'static> = Name(b"EZHIFA+NotoSansMonoCJKsc-Regular");
/// Codes are the numbers of the glyphs.
const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The slip as a PDF file.
///
/// # Errors
/// When the font cannot be cut.
pub fn render(layout: &Layout) -> Result<Vec<u8>, SlipError> {
    let failed = |cause: String| SlipError::Render { what: "PDF", cause };
    let sheet = Sheet::of(layout.paper);
    let font = cut_font(layout).map_err(failed)?;
    let (height_mm, pages) = pages(layout, &sheet, &font);
    let packed = |bytes: &[u8]| packed(bytes).map_err(|e| failed(e.to_string()));

    let mut pdf = Pdf::new();
    let mut next = Ref::new(1);
    let [catalog, tree, info, face, cid, about, program, unicode] = [(); 8].map(|()| next.bump());
    pdf.catalog(catalog).pages(tree);
    pdf.document_info(info)
        .title(TextStr(&layout.title))
        .creator(TextStr("e-Zhifa"))
        .producer(TextStr("e-Zhifa"));
    let refs: Vec<(Ref, Ref)> = pages.iter().map(|_| (next.bump(), next.bump())).collect();
    pdf.pages(tree)
        .kids(refs.iter().map(|(page, _)| *page))
        .count(i32::try_from(refs.len()).unwrap_or(i32::MAX));
    let mut words = Vec::new();
    for (content, (page, stream)) in pages.iter().zip(&refs) {
        let mut page = pdf.page(*page);
        page.parent(tree).contents(*stream).media_box(Rect::new(
            0.0,
            0.0,
            short(sheet.width_mm * PT_PER_MM),
            short(height_mm * PT_PER_MM),
        ));
        page.resources().fonts().pair(FONT, face);
        page.finish();
        pdf.stream(*stream, &packed(content)?).filter(Filter::FlateDecode);
        words.extend_from_slice(content);
    }

    pdf.type0_font(face)
        .base_font(FONT_NAME)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(unicode);
    let mut described = pdf.cid_font(cid);
    described.subtype(CidFontType::Type2).base_font(FONT_NAME).system_info(IDENTITY).font_descriptor(about);
    described.default_width(1000.0).cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = described.widths();
    for glyph in font.glyphs.values() {
        widths.consecutive(glyph.place, [f32::from(glyph.advance)]);
    }
    widths.finish();
    described.finish();
    pdf.font_descriptor(about)
        .name(FONT_NAME)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(-10.0, -281.0, 1010.0, 939.0))
        .italic_angle(0.0)
        .ascent(880.0)
        .descent(-120.0)
        .cap_height(733.0)
        .stem_v(80.0)
        .font_file2(program);
    pdf.stream(program, &packed(&font.program)?)
        .filter(Filter::FlateDecode)
        .pair(Name(b"Length1"), i32::try_from(font.program.len()).unwrap_or(i32::MAX));
    let mut cmap = UnicodeCmap::new(Name(b"EZHIFA"), IDENTITY);
    for (c, glyph) in &font.glyphs {
        cmap.pair(glyph.place, *c);
    }
    pdf.cmap(unicode, &packed(&cmap.finish())?).filter(Filter::FlateDecode);

    // Named by what is in it: the same slip is the same file, so that a page in a case file can be drawn again and
    // compared.
    words.extend_from_slice(&font.program);
    words.extend_from_slice(layout.title.as_bytes());
    let name = ezhifa_casework::seal::hash::sha256(&words).0;
    pdf.set_file_id((name.to_vec(), name.to_vec()));
    Ok(pdf.finish())
}

/// Packing as hard as one can would be more than half of the whole time for a fiftieth of the size.
fn packed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut to = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::default());
    to.write_all(bytes)?;
    to.finish()
}

/// The part of the bundled font that a slip uses.
struct CutFont {
    /// TrueType.
    program: Vec<u8>,
    glyphs: BTreeMap<char, Glyph>,
}

/// A character in the cut font.
struct Glyph {
    /// Its number there.
    place: u16,
    /// Advance in thousandths of an em.
    advance: u16,
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

    let data = ReadScope::new(BUNDLED).read::<OpenTypeFont<'_>>().map_err(|e| e.to_string())?;
    let provider = data.table_provider(0).map_err(|e| e.to_string())?;
    let program =
        subset(&provider, &ids, &SubsetProfile::Pdf, CmapTarget::Unicode).map_err(|e| e.to_string())?;

    let numbered = glyphs.into_iter().map(|(c, glyph)| {
        // The subset numbers glyphs by their place in `ids`.
        let place =
            ids.binary_search(&glyph).ok().and_then(|p| u16::try_from(p).ok()).ok_or("glyph order")?;
        let advance = thousandths(font.h_advance_unscaled(ab_glyph::GlyphId(glyph)));
        Ok::<_, String>((c, Glyph { place, advance }))
    });
    Ok(CutFont { program, glyphs: numbered.collect::<Result<_, _>>()? })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn thousandths(width: f32) -> u16 {
    width.round().clamp(0.0, 4000.0) as u16
}

/// Height in millimetres, and what is drawn on each page.
fn pages(layout: &Layout, sheet: &Sheet, font: &CutFont) -> (f32, Vec<Vec<u8>>) {
    let height_mm =
        sheet.height_mm.unwrap_or_else(|| dots(layout.height()) * sheet.mm_per_dot + sheet.margin_mm * 2.0);
    let room = (height_mm - sheet.margin_mm * 2.0) / sheet.mm_per_dot;
    let mut pages = Vec::new();
    let top = (height_mm - sheet.margin_mm) * PT_PER_MM;
    let mut page = Page { layout, sheet, font, top, content: Content::new() };
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
            pages.push(std::mem::replace(&mut page.content, Content::new()).finish().to_vec());
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
    pages.push(page.content.finish().to_vec());
    (height_mm, pages)
}

#[allow(clippy::cast_precision_loss)]
fn dots(n: u32) -> f32 {
    n as f32
}

/// Hundredths of a point: finer than any printer, and a third of the file saved.
fn short(points: f32) -> f32 {
    (points * 100.0).round() / 100.0
}

struct Page<'a> {
    layout: &'a Layout,
    sheet: &'a Sheet,
    font: &'a CutFont,
    /// Upper edge of the printed part, in points from the bottom.
    top: f32,
    content: Content,
}

impl Page<'_> {
    fn x(&self, dots: f32) -> f32 {
        self.sheet.margin_mm * PT_PER_MM + self.sheet.points(dots)
    }

    fn rect(&mut self, x: f32, y: f32, width: f32, height: f32) {
        let (left, bottom) = (self.x(x), self.top - self.sheet.points(y + height));
        let (width, height) = (self.sheet.points(width), self.sheet.points(height));
        self.content.rect(short(left), short(bottom), short(width), short(height)).fill_nonzero();
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
        let (x, y) = (short(self.x(left)), short(baseline));
        self.content
            .begin_text()
            .set_font(FONT, short(self.sheet.points(px)))
            .set_text_matrix([1.0, 0.0, 0.0, 1.0, x, y]);
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
            pen.switch(mode, self.sheet.points(px) * 0.03, &mut self.content);
            // The glyph in the middle of its cell, whatever its own width: the grid of the paper.
            let cell = f32::from(advance(c, 1000));
            if let Some(glyph) = self.font.glyphs.get(&c) {
                pen.glyph(glyph.place, (cell - f32::from(glyph.advance)) / 2.0);
            }
            x += f32::from(advance(c, line.px));
        }
        pen.flush(&mut self.content);
        self.content.end_text();
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

/// Collects glyphs and shifts of one rendering mode.
#[derive(Default)]
struct Pen {
    mode: Option<TextRenderingMode>,
    /// Shift before a run, in thousandths, and the numbers of its glyphs, two bytes each.
    runs: Vec<(f32, Vec<u8>)>,
    /// Shift owed before the next glyph, in thousandths.
    owed: f32,
}

impl Pen {
    fn switch(&mut self, mode: TextRenderingMode, stroke: f32, content: &mut Content) {
        if self.mode == Some(mode) {
            return;
        }
        self.flush(content);
        self.mode = Some(mode);
        content.set_text_rendering_mode(mode);
        if mode == TextRenderingMode::FillStroke {
            content.set_line_width(short(stroke));
        }
    }

    fn glyph(&mut self, place: u16, side: f32) {
        let shift = self.owed + side;
        if shift.abs() > 0.5 || self.runs.is_empty() {
            self.runs.push((shift, Vec::new()));
        }
        if let Some((_, run)) = self.runs.last_mut() {
            run.extend(place.to_be_bytes());
        }
        self.owed = side;
    }

    fn flush(&mut self, content: &mut Content) {
        let runs = std::mem::take(&mut self.runs);
        if runs.is_empty() {
            return;
        }
        let mut shown = content.show_positioned();
        let mut items = shown.items();
        for (shift, run) in runs {
            if shift.abs() > 0.5 {
                items.adjust(-shift);
            }
            items.show(Str(&run));
        }
    }
}
