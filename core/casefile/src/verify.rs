//! Verifies a case file with nothing else: no network, no database, no other program.

use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

use ezhifa_casework::law::rulebook::Files;
use ezhifa_slip::{BundledOnly, Document};
use ezhifa_wire::{
    limits,
    seal::{
        entry::SealedEntry,
        sign::{PublicKey, Signed},
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    archive::{MOST_TEXT, Reader, member},
    examine::{Content, Examined, Finding, examine},
    format::{
        Audience, BodyState, CaseFileError, DOMAIN, Form, MANIFEST, MOST_MANIFEST, Manifest,
        ManifestSignature, REPORT, SIGNATURE, VERSION,
    },
    report, write,
};

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Case id.
    pub case: String,
    /// For whom the file was made.
    pub audience: Audience,
    /// Organ's name.
    pub organ: String,
    /// Who made it: `phone d-…` or `hq …`.
    pub made_by: String,
    /// When, Unix milliseconds.
    pub made_ms: i64,
    /// Id of the key that signed it: compare it with what the organ publishes.
    pub signer: String,
    /// Ids of HQ's keys named in it.
    pub hq_keys: Vec<String>,
    /// The signing key is one that the caller trusts; `None` where the caller named none.
    pub trusted: Option<bool>,
    /// Entries of the case: shown, withheld, purged.
    pub entries: [usize; 3],
    /// Numbers of the papers.
    pub numbers: Vec<String>,
    /// Members of the ZIP.
    pub members: usize,
    /// Every question with its answer, bad ones first.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.trusted != Some(false) && self.findings.iter().all(|f| f.ok)
    }
}

/// Verifies a file. `trusted`: keys that the caller knows to be the organ's; empty when none are known.
///
/// # Errors
/// It is not a case file at all, or cannot be read; what is wrong *in* it is in the verdict.
pub fn verify(from: impl Read + Seek, trusted: &[PublicKey]) -> Result<Verdict, CaseFileError> {
    let mut zip = Reader::open(from)?;
    let (doc, manifest) = manifest(&mut zip)?;
    let mut findings = Vec::new();
    signature(&mut zip, &doc, &manifest, &mut findings);
    members(&mut zip, &manifest, &mut findings);
    let content = content(&mut zip, manifest, &mut findings);
    evidence(&content, &mut findings);
    let mut examined = examine(&content);
    let own = std::mem::take(&mut examined.findings);
    // The report prints the examination: it is made again from the members and must be the same page.
    examined.findings = own.clone();
    pages(&mut zip, &content, &examined, &mut findings);
    findings.extend(own);
    findings.sort_by_key(|f| f.ok);
    Ok(verdict(content.manifest, &zip, trusted, findings))
}

/// The phones' keys that a case file names: enough to check a slip with no network. They are the file's own
/// word: verify it, and its signer, first.
///
/// # Errors
/// Not a case file.
pub fn device_keys(from: impl Read + Seek) -> Result<Vec<crate::format::DeviceKey>, CaseFileError> {
    let mut zip = Reader::open(from)?;
    Ok(manifest(&mut zip)?.1.device_keys)
}

/// The manifest, with its exact text.
fn manifest<R: Read + Seek>(zip: &mut Reader<R>) -> Result<(String, Manifest), CaseFileError> {
    #[derive(Deserialize)]
    struct Version {
        ezhifa_case_file: u16,
    }
    let doc = String::from_utf8(zip.text(MANIFEST, MOST_MANIFEST)?)
        .map_err(|_| CaseFileError::NotOurs(format!("{MANIFEST}: UTF-8")))?;
    let version: Version = serde_json::from_str(&doc)?;
    if version.ezhifa_case_file != VERSION {
        return Err(CaseFileError::Later(version.ezhifa_case_file));
    }
    let manifest: Manifest = serde_json::from_str(&doc)?;
    manifest.check()?;
    Ok((doc, manifest))
}

fn verdict<R: Read + Seek>(
    manifest: Manifest,
    zip: &Reader<R>,
    trusted: &[PublicKey],
    findings: Vec<Finding>,
) -> Verdict {
    let count = |state| manifest.entries.iter().filter(|e| e.body == state).count();
    let role = &manifest.made_by;
    Verdict {
        entries: [count(BodyState::Shown), count(BodyState::Withheld), count(BodyState::Purged)],
        made_by: format!("{} {}", role.role, role.id),
        signer: manifest.signer.id().0,
        hq_keys: manifest.hq_keys.iter().map(|k| k.id().0).collect(),
        trusted: (!trusted.is_empty()).then(|| trusted.contains(&manifest.signer)),
        numbers: manifest.slips.iter().map(|s| s.number.clone()).collect(),
        members: zip.names.len(),
        case: manifest.case,
        audience: manifest.audience,
        organ: manifest.organ,
        made_ms: manifest.made_ms,
        findings,
    }
}

fn signature<R: Read + Seek>(
    zip: &mut Reader<R>,
    doc: &str,
    manifest: &Manifest,
    findings: &mut Vec<Finding>,
) {
    let opened = zip
        .text(SIGNATURE, MOST_MANIFEST)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<ManifestSignature>(&bytes).ok())
        .map(|s| Signed { doc: doc.to_owned(), signature: s.signature })
        .and_then(|signed| signed.open::<serde::de::IgnoredAny>(DOMAIN, &manifest.signer).ok());
    findings.push(if opened.is_some() {
        Finding::new(
            true,
            "signature",
            SIGNATURE,
            "清单签名有效",
            "the manifest is signed by the key that it names",
        )
    } else {
        Finding::new(
            false,
            "signature",
            SIGNATURE,
            "清单签名无效：清单或签名被改动",
            "the manifest's signature is not valid: one of the two was changed",
        )
    });
}

/// Every member that the manifest names is here, to the byte, and nothing else is.
fn members<R: Read + Seek>(zip: &mut Reader<R>, manifest: &Manifest, findings: &mut Vec<Finding>) {
    for name in &zip.strange {
        findings.push(Finding::new(
            false,
            "member",
            name.clone(),
            "成员名称重复或者越界",
            "a member's name stands twice or leads outside",
        ));
    }
    let known =
        |name: &String| manifest.files.contains_key(name) || [MANIFEST, SIGNATURE].contains(&name.as_str());
    for name in zip.names.iter().filter(|n| !known(n)) {
        findings.push(Finding::new(
            false,
            "member",
            name.clone(),
            "清单之外的文件",
            "a file that the manifest does not name",
        ));
    }
    let mut whole = 0_usize;
    for (path, said) in &manifest.files {
        if !zip.names.contains(path) {
            findings.push(Finding::new(false, "member", path.clone(), "文件缺失", "the file is missing"));
            continue;
        }
        // A stream that breaks (checksum, compression) is as changed as one with another hash.
        match zip.measure(path, said.size) {
            Ok(found) if found == *said => whole = whole.saturating_add(1),
            _ => findings.push(Finding::new(
                false,
                "member",
                path.clone(),
                "文件内容被改动",
                "the file was changed",
            )),
        }
    }
    if whole == manifest.files.len() {
        findings.push(Finding::new(
            true,
            "member",
            format!("{whole} files"),
            "全部文件与清单逐字节一致",
            "every file is the one that the manifest names, to the byte",
        ));
    }
}

/// Takes the members apart. What cannot be read is a finding and stands empty.
fn content<R: Read + Seek>(zip: &mut Reader<R>, manifest: Manifest, findings: &mut Vec<Finding>) -> Content {
    let (mut runs, mut receipts, mut packs) = (Vec::new(), Vec::new(), Vec::new());
    let mut unreadable = |path: &str| {
        findings.push(Finding::new(false, "member", path, "文件无法读取", "the file cannot be read"));
    };
    for run in &manifest.runs {
        let entries = zip.text(&run.path, MOST_TEXT).ok().and_then(|bytes| {
            let lines = bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty());
            // No phone and no HQ takes a longer body: one made up would be drawn for hours.
            let fits = |e: &SealedEntry| e.body.as_ref().is_none_or(|b| b.len() <= limits::ENTRY_BODY);
            let read = |l| serde_json::from_slice::<SealedEntry>(l).ok().filter(fits);
            lines.map(read).collect::<Option<Vec<_>>>()
        });
        if entries.is_none() {
            unreadable(&run.path);
        }
        runs.push(entries.unwrap_or_default());
        let receipt = run.receipt.as_ref().and_then(|path| {
            let read =
                zip.text(path, MOST_MANIFEST).ok().and_then(|b| serde_json::from_slice::<Signed>(&b).ok());
            if read.is_none() {
                unreadable(path);
            }
            read
        });
        receipts.push(receipt);
    }
    for line in &manifest.packs {
        let folder = format!("{}/", line.folder);
        let mut files = Files::new();
        for path in manifest.files.keys().filter(|p| p.starts_with(&folder)) {
            match zip.text(path, MOST_TEXT) {
                Ok(bytes) => {
                    files.insert(path.get(folder.len()..).unwrap_or_default().to_owned(), bytes);
                }
                Err(_) => unreadable(path),
            }
        }
        packs.push((line.pack.clone(), files));
    }
    Content { manifest, runs, receipts, packs }
}

/// An original is its hash; a file that stands for evidence is listed.
fn evidence(content: &Content, findings: &mut Vec<Finding>) {
    for line in &content.manifest.evidence {
        let found = line.path.as_ref().and_then(|p| content.manifest.files.get(p));
        let fine = match line.form {
            Form::Original => found.is_some_and(|m| m.sha256 == line.sha256),
            Form::WithoutDeviceData => found.is_some(),
            Form::Withheld | Form::Elsewhere => line.path.is_none(),
        };
        if !fine {
            let short: String = line.sha256.to_string().chars().take(16).collect();
            findings.push(Finding::new(
                false,
                "evidence",
                line.path.clone().unwrap_or(short),
                "证据文件与其哈希值不符",
                "the file is not the evidence that the journal names",
            ));
        }
    }
}

/// Papers and report are drawn again from the journal's own words.
fn pages<R: Read + Seek>(
    zip: &mut Reader<R>,
    content: &Content,
    examined: &Examined,
    findings: &mut Vec<Finding>,
) {
    let mut same = |path: &str, again: &[u8]| {
        let fine = zip.measure(path, again.len() as u64).is_ok_and(|m| m == member(again));
        if !fine {
            findings.push(Finding::new(
                false,
                "page",
                path,
                "页面与日志原文不符",
                "the page does not say what the journal says",
            ));
        }
    };
    let slips: BTreeMap<&str, _> = examined.case.slips().iter().map(|s| (s.number.as_str(), s)).collect();
    for line in content.manifest.slips.iter().filter(|l| !l.own_glyphs) {
        let document = slips
            .get(line.number.as_str())
            .and_then(|slip| serde_json::from_str::<Document>(slip.document.reveal()).ok());
        match document.and_then(|d| write::draw(&d, &BundledOnly).ok()) {
            Some((pdf, text, _)) => {
                same(&line.pdf, &pdf);
                same(&line.text, text.as_bytes());
            }
            None => same(&line.pdf, &[]),
        }
    }
    same(REPORT, report::html(content, examined).as_bytes());
}
