//! The one writer of case files.

use std::{
    collections::BTreeMap,
    io::{Seek, Write},
};

use ezhifa_casework::{
    case::{Case, Held},
    event::CaseEvent,
};
use ezhifa_slip::{BundledOnly, Document, GlyphSource, Paper, SlipError, layout, pdf, text};
use ezhifa_wire::seal::{
    entry::{Head, SealedEntry},
    hash::Digest,
    sign::Signed,
};

use crate::{
    archive::Writer,
    examine::{Content, Finding, examine},
    film::{Blank, Scan},
    format::{
        Audience, BodyState, CaseFileError, DOMAIN, EntryLine, EvidenceLine, Form, MANIFEST, Manifest,
        ManifestSignature, PackLine, REPORT, RunLine, SIGNATURE, SlipLine, VERSION, Why,
    },
    material::{Material, Wishes},
    photo,
    redact::Policy,
    report,
};

/// What was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Hash of the manifest: names the file in a register.
    pub manifest: Digest,
    /// Members.
    pub members: usize,
    /// Entries whose body is withheld.
    pub withheld: usize,
    /// The examination that the report prints.
    pub findings: Vec<Finding>,
}

/// Writes the case file into `to`.
///
/// # Errors
/// Evidence or entries cannot be read, a paper cannot be drawn, the key refuses, writing fails.
pub fn write<W: Write + Seek>(
    material: Material<'_>,
    wishes: &Wishes,
    to: W,
) -> Result<(Written, W), CaseFileError> {
    let mut zip = Writer::new(to);
    let content = content(&material, wishes, &mut zip)?;
    let examined = examine(&content);
    let html = report::html(&content, &examined);
    zip.add(REPORT, html.as_bytes())?;
    zip.add("README.txt", README.as_bytes())?;

    let mut manifest = content.manifest;
    manifest.files = std::mem::take(&mut zip.members);
    manifest.check()?;
    let doc = serde_json::to_string_pretty(&manifest)?;
    zip.add(MANIFEST, doc.as_bytes())?;
    let signed = sign(&material, doc)?;
    let signature = serde_json::to_vec_pretty(&ManifestSignature { signature: signed.signature })?;
    zip.add(SIGNATURE, &signature)?;
    let written = Written {
        manifest: ezhifa_wire::seal::hash::sha256(signed.doc.as_bytes()),
        members: manifest.files.len().saturating_add(2),
        withheld: manifest.entries.iter().filter(|e| e.body == BodyState::Withheld).count(),
        findings: examined.findings,
    };
    Ok((written, zip.finish()?))
}

/// Signs the exact text.
fn sign(material: &Material<'_>, doc: String) -> Result<Signed, CaseFileError> {
    Ok(Signed::seal_text(material.signer, DOMAIN, doc)?)
}

const README: &str = "\
本压缩包是一个案件的完整卷宗。先读 report.html；slips/ 是文书，evidence/ 是证据，journal/ 是日志，law/ 是所用规则。\r\n\
核验（无需联网，无需其他材料）： ezhifa case verify 本文件\r\n\
\r\n\
This archive is the whole file of one case. Read report.html first.\r\n\
To verify it, with nothing else and no network: ezhifa case verify THIS-FILE\r\n";

fn content<'m, W: Write + Seek>(
    material: &Material<'m>,
    wishes: &Wishes,
    zip: &mut Writer<W>,
) -> Result<Content, CaseFileError> {
    let own = own_entries(material)?;
    let events: Vec<CaseEvent> = own.iter().filter_map(|(_, e)| event(e)).collect();
    let policy = Policy::of(wishes.audience, &events, &material.reporter, &wishes.words);
    let entries: Vec<EntryLine> = own.iter().map(|(run, entry)| line(*run, entry, &policy)).collect();

    let (runs, journals, receipts) = journals(material, &entries, zip)?;
    let case = Case::fold(&events);
    let slips = slips(&case, &policy, material.glyphs, zip)?;
    let evidence = evidence(&case, material, wishes, zip)?;
    let packs = packs(material, zip)?;
    let manifest = Manifest {
        ezhifa_case_file: VERSION,
        case: material.case.clone(),
        audience: wishes.audience,
        organ: material.organ.clone(),
        made_ms: material.made_ms,
        made_by: material.made_by.clone(),
        signer: material.signer.public_key(),
        device_keys: material.device_keys.clone(),
        hq_keys: material.hq_keys.clone(),
        officers: material.officers.clone(),
        runs,
        entries,
        slips,
        evidence,
        packs,
        files: BTreeMap::new(),
    };
    Ok(Content { manifest, runs: journals, receipts, packs: material.packs.clone() })
}

fn own_entries<'m>(material: &'m Material<'_>) -> Result<Vec<(usize, &'m SealedEntry)>, CaseFileError> {
    let find = |(run, seq): &(usize, u64)| {
        let entry = material.runs.get(*run)?.entries.iter().find(|e| e.header.seq == *seq)?;
        Some((*run, entry))
    };
    material.entries.iter().map(|at| find(at).ok_or(CaseFileError::Material("entry"))).collect()
}

fn event(entry: &SealedEntry) -> Option<CaseEvent> {
    let is_case = matches!(entry.header.kind.as_str(), "case" | "drill");
    is_case.then(|| serde_json::from_str(entry.body.as_deref()?).ok())?
}

fn line(run: usize, entry: &SealedEntry, policy: &Policy) -> EntryLine {
    let seq = entry.header.seq;
    let Some(body) = &entry.body else {
        return EntryLine { run, seq, body: BodyState::Purged, why: Vec::new(), shown: None };
    };
    match policy.blanked(&entry.header.kind, body) {
        None => EntryLine { run, seq, body: BodyState::Shown, why: Vec::new(), shown: None },
        Some((shown, why)) => EntryLine { run, seq, body: BodyState::Withheld, why, shown: Some(shown) },
    }
}

type Journals = (Vec<RunLine>, Vec<Vec<SealedEntry>>, Vec<Option<Signed>>);

/// Headers of everybody, bodies of this case where they are shown.
fn journals<W: Write + Seek>(
    material: &Material<'_>,
    entries: &[EntryLine],
    zip: &mut Writer<W>,
) -> Result<Journals, CaseFileError> {
    let (mut lines, mut runs, mut receipts) = (Vec::new(), Vec::new(), Vec::new());
    for (index, run) in material.runs.iter().enumerate() {
        let shown: std::collections::BTreeSet<u64> =
            entries.iter().filter(|e| e.run == index && e.body == BodyState::Shown).map(|e| e.seq).collect();
        let bare: Vec<SealedEntry> = run
            .entries
            .iter()
            .map(|e| {
                if shown.contains(&e.header.seq) {
                    e.clone()
                } else {
                    SealedEntry { header: e.header.clone(), salt: None, body: None }
                }
            })
            .collect();
        let last = bare.last().ok_or(CaseFileError::Material("empty run"))?;
        let until = Head {
            device: last.header.device.clone(),
            epoch: last.header.epoch,
            seq: last.header.seq,
            hash: last.header.hash(),
        };
        let name = format!("{}-{}", safe(&until.device.0), until.epoch);
        let path = format!("journal/{name}.jsonl");
        let mut text = String::new();
        for entry in &bare {
            text.push_str(&serde_json::to_string(entry)?);
            text.push('\n');
        }
        zip.add(&path, text.as_bytes())?;
        let receipt = match &run.receipt {
            None => None,
            Some(signed) => {
                let path = format!("receipts/{name}.json");
                zip.add(&path, &serde_json::to_vec_pretty(signed)?)?;
                Some(path)
            }
        };
        lines.push(RunLine { path, after: run.after.clone(), until, receipt });
        runs.push(bare);
        receipts.push(run.receipt.clone());
    }
    Ok((lines, runs, receipts))
}

/// A part of a member's name: letters, digits, dash.
fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(60).collect()
}

/// A paper as PDF (A4) and as text, from the words in the journal; whether foreign glyphs were needed.
pub(crate) fn draw(
    document: &Document,
    glyphs: &dyn GlyphSource,
) -> Result<(Vec<u8>, String, bool), SlipError> {
    let (set, own_glyphs) = match layout(document, Paper::A4, &BundledOnly) {
        Ok(set) => (set, false),
        Err(_) => (layout(document, Paper::A4, glyphs)?, true),
    };
    Ok((pdf::render(&set)?, text::render(&set), own_glyphs))
}

fn slips<W: Write + Seek>(
    case: &Case,
    policy: &Policy,
    glyphs: &dyn GlyphSource,
    zip: &mut Writer<W>,
) -> Result<Vec<SlipLine>, CaseFileError> {
    let mut lines = Vec::new();
    for (index, slip) in case.slips().iter().enumerate() {
        let stored = blanked_document(policy, slip.document.reveal());
        let document: Document = serde_json::from_str(&stored)?;
        let (page, words, own_glyphs) = draw(&document, glyphs)?;
        let kind = serde_json::to_value(slip.slip)?;
        let base = format!("slips/{:02}-{}", index.saturating_add(1), safe(kind.as_str().unwrap_or("slip")));
        let (pdf, text) = (format!("{base}.pdf"), format!("{base}.txt"));
        zip.add(&pdf, &page)?;
        zip.add(&text, words.as_bytes())?;
        lines.push(SlipLine { number: slip.number.clone(), pdf, text, own_glyphs });
    }
    Ok(lines)
}

/// The stored words, blanked the way its entry is.
fn blanked_document(policy: &Policy, document: &str) -> String {
    policy.text(document, &mut std::collections::BTreeSet::<Why>::new())
}

fn evidence<W: Write + Seek>(
    case: &Case,
    material: &Material<'_>,
    wishes: &Wishes,
    zip: &mut Writer<W>,
) -> Result<Vec<EvidenceLine>, CaseFileError> {
    let mut lines: Vec<EvidenceLine> = Vec::new();
    for held in case.evidence() {
        let sha256 = Digest::from_hex(&held.item.sha256)?;
        if lines.iter().any(|l| l.sha256 == sha256) {
            continue;
        }
        let line = match wishes.withheld_evidence.get(&sha256) {
            Some(why) => EvidenceLine { sha256, path: None, form: Form::Withheld, note: why.clone() },
            None => one(lines.len(), held, sha256, material, wishes.audience, zip)?,
        };
        lines.push(line);
    }
    Ok(lines)
}

fn one<W: Write + Seek>(
    index: usize,
    held: &Held,
    sha256: Digest,
    material: &Material<'_>,
    audience: Audience,
    zip: &mut Writer<W>,
) -> Result<EvidenceLine, CaseFileError> {
    let elsewhere = EvidenceLine { sha256, path: None, form: Form::Elsewhere, note: String::new() };
    let short: String = held.item.sha256.chars().take(8).collect();
    let base = format!("evidence/{:02}-{}-{short}", index.saturating_add(1), safe(&held.item.kind));
    if audience == Audience::Party && matches!(held.item.kind.as_str(), "photo" | "document") {
        let mut plain = Vec::new();
        if !material.evidence.copy(&sha256, &mut plain)? {
            return Ok(elsewhere);
        }
        return stripped(&base, &plain, sha256, zip);
    }
    if audience == Audience::Party && matches!(held.item.kind.as_str(), "video" | "audio") {
        return film(&base, held, sha256, material, zip);
    }
    // Ask first: a member of a ZIP cannot be taken back.
    let mut probe = Probe::default();
    match material.evidence.copy(&sha256, &mut probe) {
        Ok(false) => return Ok(elsewhere),
        Ok(true) => {}
        Err(_) if probe.enough() => {}
        Err(e) => return Err(e),
    }
    let path = format!("{base}{}", extension(&probe.head));
    let (member, _) = zip.stream(&path, held.item.size, |out| material.evidence.copy(&sha256, out))?;
    if member.sha256 != sha256 {
        return Err(CaseFileError::Material("evidence does not hash to its name"));
    }
    Ok(EvidenceLine { sha256, path: Some(path), form: Form::Original, note: String::new() })
}

/// A party's film or recording, without what the phone noted beside picture and sound.
fn film<W: Write + Seek>(
    base: &str,
    held: &Held,
    sha256: Digest,
    material: &Material<'_>,
    zip: &mut Writer<W>,
) -> Result<EvidenceLine, CaseFileError> {
    let line = |path, form, note: &str| EvidenceLine { sha256, path, form, note: note.to_owned() };
    let (mut scan, mut probe) = (Scan::default(), Probe::default());
    if !material.evidence.copy(&sha256, &mut Both(&mut scan, &mut probe))? {
        return Ok(line(None, Form::Elsewhere, ""));
    }
    let (kind, notes) = (extension(&probe.head), scan.notes());
    if kind == ".mp4" && notes.is_none() {
        return Ok(line(None, Form::Withheld, "该影音中的设备数据无法去除，可到本机关查阅原件"));
    }
    let path = format!("{base}{kind}");
    let notes = notes.unwrap_or_default();
    let (member, _) = zip
        .stream(&path, held.item.size, |out| material.evidence.copy(&sha256, &mut Blank::new(&notes, out)))?;
    if member.sha256 == sha256 {
        let unread = if kind == ".mp4" { "" } else { "该影音格式的设备数据未作检查" };
        Ok(line(Some(path), Form::Original, unread))
    } else if notes.is_empty() {
        Err(CaseFileError::Material("evidence does not hash to its name"))
    } else {
        Ok(line(Some(path), Form::WithoutDeviceData, "已去除拍摄设备自带数据，画面与声音未改"))
    }
}

/// Two readers of one stream; the second takes what it wants.
struct Both<'a>(&'a mut Scan, &'a mut Probe);

impl Write for Both<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write_all(bytes)?;
        if !self.1.enough() {
            self.1.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn stripped<W: Write + Seek>(
    base: &str,
    plain: &[u8],
    sha256: Digest,
    zip: &mut Writer<W>,
) -> Result<EvidenceLine, CaseFileError> {
    let path = format!("{base}{}", extension(plain));
    let line = |path, form, note: &str| EvidenceLine { sha256, path, form, note: note.to_owned() };
    match photo::without_device_data(plain) {
        Some(copy) if copy == plain => {
            zip.stream(&path, plain.len() as u64, |out| Ok(out.write_all(plain)?))?;
            Ok(line(Some(path), Form::Original, ""))
        }
        Some(copy) => {
            zip.stream(&path, copy.len() as u64, |out| Ok(out.write_all(&copy)?))?;
            Ok(line(Some(path), Form::WithoutDeviceData, "已去除拍摄设备自带数据，画面未改"))
        }
        None if photo::is_other_photo(plain) || plain.len() > photo::MOST_BYTES => {
            Ok(line(None, Form::Withheld, "该格式的设备数据无法去除，可到本机关查阅原件"))
        }
        None => {
            zip.stream(&path, plain.len() as u64, |out| Ok(out.write_all(plain)?))?;
            Ok(line(Some(path), Form::Original, ""))
        }
    }
}

/// Keeps the first bytes and stops the copy: enough to know what kind of file it is.
#[derive(Default)]
struct Probe {
    head: Vec<u8>,
}

impl Probe {
    const BYTES: usize = 16;

    fn enough(&self) -> bool {
        self.head.len() >= Self::BYTES
    }
}

impl Write for Probe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.enough() {
            return Err(std::io::Error::other("enough"));
        }
        let room = Self::BYTES.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(room));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// From the content, never from a name that somebody gave.
fn extension(head: &[u8]) -> &'static str {
    match head {
        [0xFF, 0xD8, ..] => ".jpg",
        [0x89, b'P', b'N', b'G', ..] => ".png",
        [_, _, _, _, b'f', b't', b'y', b'p', b'h', b'e', ..] => ".heic",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => ".mp4",
        [b'O', b'g', b'g', b'S', ..] => ".ogg",
        [b'%', b'P', b'D', b'F', ..] => ".pdf",
        [b'{', ..] => ".json",
        _ => ".bin",
    }
}

fn packs<W: Write + Seek>(
    material: &Material<'_>,
    zip: &mut Writer<W>,
) -> Result<Vec<PackLine>, CaseFileError> {
    let mut lines = Vec::new();
    for (pack, files) in &material.packs {
        let folder = format!("law/{}-{}", safe(&pack.id), pack.version);
        for (path, bytes) in files {
            zip.add(&format!("{folder}/{path}"), bytes)?;
        }
        lines.push(PackLine { pack: pack.clone(), folder });
    }
    Ok(lines)
}
