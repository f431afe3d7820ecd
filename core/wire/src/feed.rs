//! Down: HQ's change feed. A page is signed, positions never have holes for a reader, and an item of an
//! unknown kind is kept and skipped, so that an old app outlives a new HQ.

use std::collections::BTreeMap;

use ezhifa_seal::{
    entry::DeviceId,
    hash::Digest,
    sign::{PublicKey, Signed},
};
use serde::{Deserialize, Serialize};

use crate::{
    Check, WireError,
    error::{holds, most, name, text},
    hello::WipeOrder,
    limits,
};

/// `GET /v1/feed?incarnation=I&pos=P&max_bytes=B`: items after `pos`, `Signed` by HQ in the domain
/// `ezhifa.feed.v1`. `pos=0` starts a snapshot; a cursor that HQ does not know is 410 `snapshot`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPage {
    /// To whom.
    pub device: DeviceId,
    /// Nonce of the request.
    pub nonce: String,
    /// Incarnation of HQ.
    pub incarnation: String,
    /// The position that the request named.
    pub after: u64,
    /// Items for this device, in the order of `pos`; urgent ones first among those of one page are the
    /// phone's business, not HQ's.
    pub items: Vec<FeedItem>,
    /// Ask again from here; may be past the last item (others' items lie between).
    pub next: u64,
    /// There is more right now.
    pub more: bool,
    /// Part of a snapshot (started at `pos=0`): the current value of everything, nothing else. After
    /// its last page what the snapshot did not name is gone, number blocks apart.
    pub snapshot: bool,
    /// HQ's clock.
    pub server_ms: i64,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedItem {
    /// Position, growing.
    pub pos: u64,
    /// Kind.
    pub kind: String,
    /// Replaces the earlier item of the same kind and key.
    pub key: String,
    /// Body of that kind.
    pub body: serde_json::Value,
}

/// Declares the kinds: journal word, body type and the part of the body that is its key.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident($body:ty) = $word:literal, |$b:ident| $key:expr;)+) => {
        /// What a change can be.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(clippy::large_enum_variant)] // Read once, matched once.
        pub enum FeedBody {
            $($(#[$doc])* $variant($body),)+
            /// A kind that this version does not know: kept, skipped.
            Unknown,
        }

        impl FeedBody {
            /// Every kind's word.
            pub const KINDS: &'static [&'static str] = &[$($word,)+];

            /// The kind's word.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self { $(FeedBody::$variant(_) => $word,)+ FeedBody::Unknown => "unknown" }
            }

            /// What it replaces: the last item of the same kind and key is in force.
            #[must_use]
            pub fn key(&self) -> String {
                match self { $(FeedBody::$variant($b) => $key,)+ FeedBody::Unknown => String::new() }
            }

            fn value(&self) -> Result<serde_json::Value, serde_json::Error> {
                match self {
                    $(FeedBody::$variant(body) => serde_json::to_value(body),)+
                    FeedBody::Unknown => Ok(serde_json::Value::Null),
                }
            }
        }

        impl FeedItem {
            /// The body, typed; `Unknown` for a kind of a later version.
            ///
            /// # Errors
            /// A known kind with a body of another shape.
            pub fn read(&self) -> Result<FeedBody, WireError> {
                match self.kind.as_str() {
                    $($word => <$body>::deserialize(&self.body)
                        .map(FeedBody::$variant)
                        .map_err(|e| WireError::json($word, &e)),)+
                    _ => Ok(FeedBody::Unknown),
                }
            }
        }
    };
}

kinds! {
    /// 规则包: also future-dated ones, which switch offline.
    Rulebook(Rulebook) = "rulebook", |b| b.hash.to_string();
    /// 工作日历.
    Calendar(Calendar) = "calendar", |b| b.version.clone();
    /// 执法人员名册: the whole branch at once.
    Roster(Roster) = "roster", |_b| "branch".to_owned();
    /// 号段: a signed number block, sent without being asked.
    Lease(Lease) = "lease", |b| b.lease_id.clone();
    /// 缴款码 lent to this phone.
    PayCodes(PayCodes) = "pay_codes", |b| b.batch.clone();
    /// 专用票据 block allotted to this phone's crews.
    Receipts(Receipts) = "receipts", |b| b.batch.clone();
    /// 责令改正, not yet re-checked, of the branch.
    OpenOrder(OpenOrder) = "open_order", |b| b.number.clone();
    /// First-offence list (初次违法), exact, own district, one month.
    Seen(Seen) = "seen", |b| format!("{}:{}", b.scope, b.month);
    /// First-offence filter, whole city, one month.
    SeenFilter(SeenFilter) = "seen_filter", |b| format!("{}:{}", b.scope, b.month);
    /// 线索: a report or a video lead for this branch.
    Lead(Lead) = "lead", |b| b.lead.clone();
    /// 缴款到账.
    Payment(Payment) = "payment", |b| b.number.clone();
    /// 延期、分期缴纳: decided by the head; the phone that made the decision writes it into the case.
    Deferral(Deferral) = "deferral", |b| b.id.clone();
    /// A case that must be kept whole because a remedy runs or can run.
    Hold(Hold) = "hold", |b| b.case.clone();
    /// What HQ's replay and reviews found about one of this phone's cases.
    Verdict(Verdict) = "verdict", |b| b.id.clone();
    /// 停用案由: urgent; works from `from_ms`, also on cases already open.
    Suspend(Suspend) = "suspend", |b| b.offence.clone();
    /// HQ's keys from now on; the page that carries it is signed with an old one.
    HqKeys(HqKeys) = "hq_keys", |_b| "hq".to_owned();
    /// 远程擦除.
    Wipe(WipeOrder) = "wipe", |b| b.id.clone();
    /// Words from HQ to the crew.
    Message(Message) = "message", |b| b.id.clone();
}

impl FeedItem {
    /// An item at `pos`.
    ///
    /// # Errors
    /// The body cannot be written as JSON.
    pub fn new(pos: u64, body: &FeedBody) -> Result<FeedItem, WireError> {
        let value = body.value().map_err(|e| WireError::json("feed item", &e))?;
        Ok(FeedItem { pos, kind: body.kind().to_owned(), key: body.key(), body: value })
    }
}

/// A pack as published. `files` are its TOML files, `signatures.toml` among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rulebook {
    /// Pack id.
    pub id: String,
    /// Version.
    pub version: u32,
    /// Pack hash.
    pub hash: Digest,
    /// First day in force for this branch, `YYYY-MM-DD`; empty for a pack that others only import.
    pub from: String,
    /// First day no longer in force, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// When HQ published it: no phone's clock is right before that. Absent from an older HQ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_ms: Option<i64>,
    /// Hashes of the packs that it imports; they come first in the feed.
    pub imports: Vec<Digest>,
    /// Path inside the pack -> text.
    pub files: BTreeMap<String, String>,
}

/// The working-day calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Version; the greatest in text order is in force.
    pub version: String,
    /// SHA-256 of `toml`: entries that used it name it.
    pub hash: Digest,
    /// The document.
    pub toml: String,
}

/// Everybody of the branch who may appear in a crew.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Roster {
    /// Officers, as `casework::people::Officer` writes them.
    pub officers: Vec<RosterOfficer>,
}

/// One officer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterOfficer {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// 行政执法证号.
    pub certificate: String,
    /// `certified`, `auxiliary`.
    pub kind: String,
    /// First day, `YYYY-MM-DD`.
    pub valid_from: String,
    /// Last day.
    pub valid_to: String,
    /// Branch code.
    pub branch: String,
    /// Argon2id verifier of the PIN (PHC string).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pin_verifier: String,
    /// `void`, `head`, `review`.
    #[serde(default)]
    pub powers: Vec<String>,
}

/// A number block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Its id, as inside.
    pub lease_id: String,
    /// `seal::lease::NumberBlock`, `Signed`.
    pub block: Signed,
}

/// Pay codes of the finance system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayCodes {
    /// Batch id.
    pub batch: String,
    /// Codes; each is used once.
    pub codes: Vec<String>,
}

/// Finance receipts allotted to the crew (处罚法 70).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipts {
    /// Batch id.
    pub batch: String,
    /// What stands before the digits.
    pub prefix: String,
    /// First.
    pub from: u64,
    /// Last.
    pub to: u64,
}

/// An order whose correction nobody has checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    /// Its number.
    pub number: String,
    /// Offence id.
    pub offence: String,
    /// `seal::seen` keyed hashes under which the party can be found, hex.
    pub party: Vec<String>,
    /// Key of those hashes.
    pub key: SeenKey,
    /// Where.
    pub place: String,
    /// Where, in 1e-7 degree, WGS-84: the re-check list sorts by distance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat_e7: Option<i64>,
    /// Where, in 1e-7 degree, WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon_e7: Option<i64>,
    /// When made.
    pub ordered_ms: i64,
    /// When the correction is due.
    pub due_ms: i64,
    /// When served; absent: not proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_ms: Option<i64>,
    /// How served.
    #[serde(default)]
    pub served: String,
    /// Officer ids of those who made it.
    pub ordered_by: Vec<String>,
    /// The party refused to correct.
    #[serde(default)]
    pub refused: bool,
    /// Re-check: when, and whether corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rechecked: Option<Rechecked>,
    /// Nothing more to do: drop it.
    #[serde(default)]
    pub closed: bool,
}

/// A re-check made earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rechecked {
    /// When.
    pub at_ms: i64,
    /// Corrected?
    pub corrected: bool,
}

/// Key of keyed hashes: personal data as a key (SYNC.md 5.3); stays in the encrypted store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenKey {
    /// Names it.
    pub id: String,
    /// 32 bytes, hex.
    pub secret: String,
}

impl std::fmt::Debug for SeenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SeenKey({})", self.id)
    }
}

/// Exact first-offence list of one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// District or branch code.
    pub scope: String,
    /// `YYYY-MM`.
    pub month: String,
    /// How fresh.
    pub as_of_ms: i64,
    /// Key of this month.
    pub key: SeenKey,
    /// Version of the normal form of ids (`law::keys::KEY_FORM`).
    pub form: u16,
    /// Hits.
    pub hits: Vec<SeenHit>,
}

/// One earlier find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenHit {
    /// Keyed hash of conduct class and normalised id, hex.
    pub tag: String,
    /// Day, `YYYY-MM-DD`.
    pub on: String,
    /// HQ's reference.
    pub reference: String,
}

/// Whole-city filter of one month: bytes come through `GET /v1/blobs/{sha256}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenFilter {
    /// City code.
    pub scope: String,
    /// `YYYY-MM`.
    pub month: String,
    /// How fresh.
    pub as_of_ms: i64,
    /// Key of this month.
    pub key: SeenKey,
    /// Version of the normal form of ids.
    pub form: u16,
    /// `binaryfuse16.v1` (docs/protocol.md gives the bytes).
    pub format: String,
    /// Names the bytes.
    pub sha256: Digest,
    /// Length.
    pub length: u64,
}

/// A lead for the branch; the reporter's identity never comes along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// Id.
    pub lead: String,
    /// `citizen_report`, `video_lead`, `petition`, `drone`, `other_organ`, `patrol`.
    pub source: String,
    /// Where.
    pub place: String,
    /// What.
    pub text: String,
    /// Who audited a video record (处罚法 41); empty else.
    #[serde(default)]
    pub audited_by: String,
    /// Answer until.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<i64>,
    /// Done elsewhere.
    #[serde(default)]
    pub closed: bool,
    /// Where, in 1e-7 degree, WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat_e7: Option<i64>,
    /// Where, in 1e-7 degree, WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon_e7: Option<i64>,
    /// GB/T 30428 event code, or the sender's word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event_code: String,
    /// Offences that it may turn out to be, likeliest first; decides nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offences: Vec<String>,
    /// Phones of the crews on duty that are asked first, nearest first; anybody of the branch may take it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offered: Vec<String>,
}

/// Money arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Number of the decision.
    pub number: String,
    /// Fen.
    pub amount_fen: i64,
    /// When.
    pub paid_ms: i64,
    /// Finance receipt.
    pub receipt: String,
}

/// The organ's decision to let the party pay later or in parts (处罚法 66 ②). The reason stays at HQ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferral {
    /// HQ's id of it.
    pub id: String,
    /// Case.
    pub case: String,
    /// Number of the decision.
    pub number: String,
    /// When the party asked, `YYYY-MM-DD`.
    pub asked_on: String,
    /// New last day, `YYYY-MM-DD`.
    pub until: String,
    /// 分期: the parts, together the fine; empty for one late payment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<DeferralPart>,
    /// Officer id of the head who granted it.
    pub by: String,
    /// When.
    pub at_ms: i64,
}

/// One part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeferralPart {
    /// Last day, `YYYY-MM-DD`.
    pub by: String,
    /// Fen.
    pub amount_fen: i64,
}

/// Nothing of this case may be purged for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Case.
    pub case: String,
    /// Held to the end of this moment; absent: until HQ says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
}

/// What HQ found about a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Id of this verdict.
    pub id: String,
    /// Case id.
    pub case: String,
    /// Number, when there is one.
    #[serde(default)]
    pub number: String,
    /// `filed`, `replay_differs`, `review_opened`, `review_closed`, `waiver_confirmed`, `waiver_refused`,
    /// `revocation_ordered`, `correction_ordered`, `payment_deferred`, `conference_decided`, `quarantined`.
    pub finding: String,
    /// For the officers, Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// An offence must not be decided on for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspend {
    /// Offence id.
    pub offence: String,
    /// From.
    pub from_ms: i64,
    /// Until; absent: until withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// Why, for the officers. `until_ms` at or before `from_ms` withdraws it.
    pub reason: String,
}

/// Keys that sign HQ's documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HqKeys {
    /// All that are good from now on.
    pub keys: Vec<PublicKey>,
}

/// Words for the crew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Id.
    pub id: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Check for FeedItem {
    fn check(&self) -> Result<(), WireError> {
        name("items.kind", &self.kind)?;
        text("items.key", &self.key)
    }
}

impl Check for FeedPage {
    fn check(&self) -> Result<(), WireError> {
        name("nonce", &self.nonce)?;
        name("incarnation", &self.incarnation)?;
        most("items", self.items.len(), limits::FEED_ITEMS)?;
        let mut last = self.after;
        for item in &self.items {
            item.check()?;
            // A snapshot sorts by position as well: the current value keeps the position it was written at.
            holds("items.pos", item.pos > last)?;
            last = item.pos;
        }
        holds("next", self.next >= last && (!self.more || self.next > self.after))
    }
}

/// Conduct class under which the party of an open order is hashed.
pub const ORDER_CLASS: &str = "open_order";
