//! The shapes inside a case file. `manifest.json` names every other member by hash; `signature.json` signs
//! the manifest's exact bytes.

use std::collections::BTreeMap;

use ezhifa_casework::law::decision::PackRef;
use ezhifa_wire::seal::{
    entry::Head,
    hash::Digest,
    sign::{PublicKey, Signature},
};
use serde::{Deserialize, Serialize};

/// Version of the format; a reader refuses a later one.
pub const VERSION: u16 = 1;
/// What the signature over the manifest is for.
pub const DOMAIN: &str = "ezhifa.case-file.v1";
/// The member that names all others.
pub const MANIFEST: &str = "manifest.json";
/// The signature over it.
pub const SIGNATURE: &str = "signature.json";
/// The page that a judge reads first.
pub const REPORT: &str = "report.html";
/// Stands where something is withheld.
pub const BLANK: &str = "■■";

/// Who the file is for: decides what is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// 当事人: third parties, the reporter and the cameras' own data are withheld.
    Party,
    /// 复议机关、上级机关: the reporter is withheld, nothing else.
    Organ,
    /// 人民法院: third parties and the reporter are withheld; photos are the originals.
    Court,
}

impl Audience {
    /// The Chinese word on the report.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Audience::Party => "当事人",
            Audience::Organ => "复议机关（上级机关）",
            Audience::Court => "人民法院",
        }
    }

    /// As written after `--for`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Audience::Party => "party",
            Audience::Organ => "organ",
            Audience::Court => "court",
        }
    }
}

/// Who put the file together: a phone (its device id) or HQ (the organ's code).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maker {
    /// `phone` or `hq`.
    pub role: String,
    /// Device id or organ code.
    pub id: String,
}

/// A phone's key, so that slips and their codes can be checked without anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceKey {
    /// Device.
    pub device: String,
    /// Its key.
    pub key: PublicKey,
}

/// An officer of the case: officials' names are not withheld.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficerLine {
    /// Id in the entries.
    pub id: String,
    /// Name.
    pub name: String,
    /// 执法证号.
    pub certificate: String,
}

/// A stretch of one journal: every header from before the first entry of the case to `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLine {
    /// Member that holds it, one `SealedEntry` a line.
    pub path: String,
    /// The head that it follows.
    pub after: Head,
    /// Its end, as the signer of this file saw it.
    pub until: Head,
    /// Member with HQ's signed receipt that covers `until`, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// What became of the body of an entry of this case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyState {
    /// Here, to the letter.
    Shown,
    /// Withheld: the header and its digest are here, and a text with blanks.
    Withheld,
    /// Purged after retention; the header remains.
    Purged,
}

/// One entry of the case, in the order in which the case tells it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryLine {
    /// Which run.
    pub run: usize,
    /// Place in the journal.
    pub seq: u64,
    /// What became of its body.
    pub body: BodyState,
    /// Why something is withheld.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Why>,
    /// The body with blanks, JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
}

impl std::fmt::Debug for EntryLine {
    /// The text with blanks is still about the party: only its length is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EntryLine")
            .field("run", &self.run)
            .field("seq", &self.seq)
            .field("body", &self.body)
            .field("shown_bytes", &self.shown.as_ref().map(String::len))
            .finish_non_exhaustive()
    }
}

/// Why something is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Who reported (举报人、信访人): always.
    Reporter,
    /// Somebody who is not the party.
    ThirdParty,
    /// What a camera notes about itself and its place (EXIF).
    DeviceData,
    /// The exporter said so, with a reason.
    Asked,
}

impl Why {
    /// For the report.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Why::Reporter => "举报人信息，依法保密",
            Why::ThirdParty => "第三人个人信息",
            Why::DeviceData => "拍摄设备自带数据",
            Why::Asked => "经办人申请遮盖",
        }
    }
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceLine {
    /// Hash of the original: its name in the journal and in the decision.
    pub sha256: Digest,
    /// Member, when it is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// In which form.
    pub form: Form,
    /// Why it is not here, or what was done to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// In which form a piece of evidence is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Byte for byte.
    Original,
    /// The same picture without the camera's data; the original's hash stays in the journal.
    WithoutDeviceData,
    /// Withheld from this audience.
    Withheld,
    /// Not where the file was made: on the phone only, or at HQ only.
    Elsewhere,
}

/// One paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlipLine {
    /// Number.
    pub number: String,
    /// Member.
    pub pdf: String,
    /// Member.
    pub text: String,
    /// A glyph came from the platform's fonts: a reader cannot draw the very same page again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_glyphs: bool,
}

/// A rulebook in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackLine {
    /// Id, version, hash.
    pub pack: PackRef,
    /// Folder of its files.
    pub folder: String,
}

/// Another member of the ZIP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Bytes.
    pub size: u64,
    /// Hash.
    pub sha256: Digest,
}

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the format: 1.
    pub ezhifa_case_file: u16,
    /// Case id.
    pub case: String,
    /// For whom.
    pub audience: Audience,
    /// Organ's name.
    pub organ: String,
    /// When, Unix milliseconds.
    pub made_ms: i64,
    /// By whom.
    pub made_by: Maker,
    /// Key that signs this manifest.
    pub signer: PublicKey,
    /// Phones' keys.
    pub device_keys: Vec<DeviceKey>,
    /// HQ's keys.
    pub hq_keys: Vec<PublicKey>,
    /// Officers named in the entries.
    pub officers: Vec<OfficerLine>,
    /// Journals.
    pub runs: Vec<RunLine>,
    /// The case, entry by entry.
    pub entries: Vec<EntryLine>,
    /// Papers.
    pub slips: Vec<SlipLine>,
    /// Evidence, in order of capture.
    pub evidence: Vec<EvidenceLine>,
    /// Rulebooks, imports first.
    pub packs: Vec<PackLine>,
    /// Every other member by path.
    pub files: BTreeMap<String, Member>,
}

/// Longest manifest.
pub const MOST_MANIFEST: u64 = 16 << 20;

impl Manifest {
    /// No case comes near these numbers; a stranger's file must not keep a reader busy for a day.
    ///
    /// # Errors
    /// Which list is too long.
    pub(crate) fn check(&self) -> Result<(), CaseFileError> {
        let lists = [
            ("entries", self.entries.len(), 10_000),
            ("evidence", self.evidence.len(), 10_000),
            ("officers", self.officers.len(), 10_000),
            ("slips", self.slips.len(), 1_000),
            ("runs", self.runs.len(), 1_000),
            ("packs", self.packs.len(), 100),
            ("device_keys", self.device_keys.len(), 100),
            ("hq_keys", self.hq_keys.len(), 100),
        ];
        match lists.into_iter().find(|(_, found, most)| found > most) {
            Some((name, found, _)) => Err(CaseFileError::NotOurs(format!("{found} {name}"))),
            None => Ok(()),
        }
    }
}

/// `signature.json`: over the domain `ezhifa.case-file.v1` and the exact bytes of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestSignature {
    /// By `signer` of the manifest.
    pub signature: Signature,
}

/// What went wrong with the file as a whole: its faults are findings, not errors.
#[derive(Debug, thiserror::Error)]
pub enum CaseFileError {
    /// Not a ZIP, or none of ours.
    #[error("不是案件卷宗文件：{0} / not a case file: {0}")]
    NotOurs(String),
    /// A later version.
    #[error("卷宗版本 {0} 较新，请更新程序 / a case file of version {0}: update this program")]
    Later(u16),
    /// Reading or writing.
    #[error("读写失败：{0} / cannot read or write: {0}")]
    Io(#[from] std::io::Error),
    /// The ZIP library.
    #[error("压缩包：{0} / zip: {0}")]
    Zip(String),
    /// A paper cannot be drawn.
    #[error(transparent)]
    Slip(#[from] ezhifa_slip::SlipError),
    /// A key refuses.
    #[error(transparent)]
    Seal(#[from] ezhifa_wire::seal::SealError),
    /// Something handed in cannot be used; never the content.
    #[error("材料有误：{0} / material: {0}")]
    Material(&'static str),
    /// Where the material came from.
    #[error("{0}")]
    Source(String),
}

impl From<zip::result::ZipError> for CaseFileError {
    fn from(e: zip::result::ZipError) -> Self {
        CaseFileError::Zip(e.to_string())
    }
}

impl From<serde_json::Error> for CaseFileError {
    /// Position only: serde's message may quote the content.
    fn from(e: serde_json::Error) -> Self {
        CaseFileError::NotOurs(format!("JSON {}:{}", e.line(), e.column()))
    }
}
