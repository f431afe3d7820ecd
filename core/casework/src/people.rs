//! People: officers (执法人员), crews, parties (当事人). Personal data stays out of Debug.

use chrono::{NaiveDate, NaiveDateTime};
use ezhifa_law::{keys::key_form, terms::PartyKind};
use serde::{Deserialize, Serialize};

/// Text about a person (name, ID number, address, words said). `Debug` prints its length only,
/// `Display` is not implemented: whoever shows it must ask for it with [`Private::reveal`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private(String);

impl Private {
    /// Wraps text about a person.
    pub fn new(text: impl Into<String>) -> Self {
        Private(text.into())
    }

    /// The text itself: for paper, the sealed store and the party's own file, never for logs.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Private {
    /// Whether there is nothing in it but white space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl std::fmt::Debug for Private {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "‹{} 字›", self.0.chars().count())
    }
}

/// Officer id inside the organ, for example `o-017`. Not a certificate number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OfficerId(pub String);

/// Certified officer or auxiliary staff (辅助人员), who may accompany and never sign (invariant 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficerKind {
    /// 具有行政执法资格.
    Certified,
    /// 辅助人员.
    Auxiliary,
}

/// One person on the signed roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Officer {
    /// Id.
    pub id: OfficerId,
    /// Name as signed on paper (an official's name is not withheld).
    pub name: String,
    /// 行政执法证号.
    pub certificate: String,
    /// Certified or auxiliary.
    pub kind: OfficerKind,
    /// First day of validity.
    pub valid_from: NaiveDate,
    /// Last day of validity.
    pub valid_to: NaiveDate,
    /// Branch (分局) code.
    pub branch: String,
    /// Argon2id verifier (PHC string) of the PIN.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pin_verifier: String,
    /// May void a number, approve, review.
    #[serde(default)]
    pub powers: Vec<Power>,
}

/// What an officer may do beyond street work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// Void an unissued or undelivered number.
    Void,
    /// Head of the organ (行政机关负责人): confirm 不予处罚, decide 撤销, recusal.
    Head,
    /// Review queues.
    Review,
}

/// The two officers of a step. Both are named in every entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crew {
    /// Who holds the phone.
    pub lead: OfficerId,
    /// The second officer (处罚法 42).
    pub second: OfficerId,
    /// Auxiliary staff present, never signers.
    #[serde(default)]
    pub with: Vec<OfficerId>,
}

/// Kind of document that an identity was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdKind {
    /// 居民身份证 (GB 11643).
    ResidentId,
    /// 统一社会信用代码 (GB 32100).
    CreditCode,
    /// 护照.
    Passport,
    /// 港澳居民来往内地通行证, 台湾居民来往大陆通行证.
    TravelPermit,
    /// 港澳台居民居住证.
    ResidencePermit,
    /// 外国人永久居留身份证.
    PermanentResidence,
    /// 无证件.
    None,
}

/// What kind of personal data a record holds (个人信息保护法 28): decides who may see it in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Nobody is identified.
    #[default]
    None,
    /// 个人信息.
    Personal,
    /// 不满十四周岁未成年人的个人信息: sensitive as such.
    Child,
}

/// How sure the identity is (invariant: a fine needs a verified identity by default).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// 已核验: read from a document.
    DocumentRead,
    /// 自报未核验.
    Declared,
    /// 拒绝表明身份.
    Refused,
    /// 不明: gone or not there.
    Unknown,
}

/// The party of a case (当事人).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Citizen, sole trader, organisation.
    pub kind: PartyKind,
    /// Name; empty when refused or unknown.
    pub name: Private,
    /// Which document.
    pub id_kind: IdKind,
    /// Number on it, normalised.
    pub id_number: Private,
    /// How sure.
    pub identity: Identity,
    /// Birth date, when the document gives it.
    #[serde(default)]
    pub born: Option<NaiveDate>,
    /// Address.
    #[serde(default)]
    pub address: Private,
    /// Phone.
    #[serde(default)]
    pub phone: Private,
    /// Legal representative or operator of an organisation.
    #[serde(default)]
    pub representative: Private,
    /// Guardian (监护人) of a child or of a person without capacity.
    #[serde(default)]
    pub guardian: Private,
    /// Vehicle plate, where the act is a vehicle's.
    #[serde(default)]
    pub plate: Private,
}

/// Where it happened: raw WGS-84, never a display datum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Street address as printed.
    pub address: String,
    /// Latitude in 1e-7 degree (integers only in the journal).
    pub lat_e7: Option<i64>,
    /// Longitude in 1e-7 degree.
    pub lon_e7: Option<i64>,
    /// Accuracy in centimetres.
    pub accuracy_cm: Option<i64>,
    /// `gnss`, `network`, `typed`.
    pub source: String,
    /// Branch (分局) that has jurisdiction.
    pub branch: String,
}

/// Who signed or did not, and in what role (LAW.md 1.5, DESIGN.md 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signing {
    /// Role.
    pub role: SignerRole,
    /// What happened.
    pub act: SigningAct,
    /// Name of the signer when not the party.
    #[serde(default, skip_serializing_if = "Private::is_blank")]
    pub name: Private,
    /// Reason when unable (不识字…), or words at the refusal.
    #[serde(default, skip_serializing_if = "Private::is_blank")]
    pub reason: Private,
    /// Evidence id of the stroke image or of the film; ink needs none.
    #[serde(default)]
    pub evidence: Option<String>,
}

/// Role of the person who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignerRole {
    /// 本人.
    Party,
    /// 法定代表人, 主要负责人.
    LegalRepresentative,
    /// 负责收件的人.
    Receiver,
    /// 同住成年家属.
    HouseholdAdult,
    /// 监护人.
    Guardian,
    /// 委托代理人.
    Agent,
}

/// What the signer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SigningAct {
    /// Signed on the glass.
    Signed,
    /// Signs in ink on the paper.
    Ink,
    /// 看过后拒绝签名.
    RefusedToSign,
    /// 不能签名, 已宣读, 捺印.
    Unable,
    /// 拒绝接收: noted, filmed, follow-up service.
    RefusedToTake,
}

/// Signed consent to electronic service (处罚法 61 ②).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EServiceConsent {
    /// Where to.
    pub address: Private,
    /// Evidence id of the signature.
    pub evidence: String,
    /// When.
    pub at: NaiveDateTime,
}

/// The roster (执法人员名册) as HQ signs it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Roster {
    /// Everybody of the organ who may appear in a crew.
    pub officers: Vec<Officer>,
}

impl Roster {
    /// Looks an officer up.
    #[must_use]
    pub fn get(&self, id: &OfficerId) -> Option<&Officer> {
        self.officers.iter().find(|o| &o.id == id)
    }

    /// Whether `id` has `power` and a valid certificate on `day`.
    #[must_use]
    pub fn may(&self, id: &OfficerId, power: Power, day: NaiveDate) -> bool {
        self.get(id).is_some_and(|o| o.powers.contains(&power) && o.certified_on(day))
    }
}

impl Officer {
    /// 具有行政执法资格 on `day`: certified, never auxiliary, certificate valid (处罚法 42).
    #[must_use]
    pub fn certified_on(&self, day: NaiveDate) -> bool {
        self.kind == OfficerKind::Certified && self.valid_from <= day && day <= self.valid_to
    }
}

impl Crew {
    /// The two who answer for a step.
    #[must_use]
    pub fn officers(&self) -> [&OfficerId; 2] {
        [&self.lead, &self.second]
    }

    /// Whether these are the same two people, whoever holds the phone.
    #[must_use]
    pub fn same_two(&self, other: &Crew) -> bool {
        (self.lead == other.lead && self.second == other.second)
            || (self.lead == other.second && self.second == other.lead)
    }

    /// Whether `id` is one of the two.
    #[must_use]
    pub fn has(&self, id: &OfficerId) -> bool {
        &self.lead == id || &self.second == id
    }
}

impl Party {
    /// Full years at `act`, for a natural person whose birth date is known (invariant 3).
    #[must_use]
    pub fn age_at(&self, act: NaiveDate) -> Option<u8> {
        match self.kind {
            PartyKind::Organisation => None,
            PartyKind::Citizen | PartyKind::SoleTrader => {
                self.born.map(|born| ezhifa_law::identity::full_years(born, act))
            }
        }
    }

    /// Whether anybody is named: by a document, or by their own words.
    #[must_use]
    pub fn is_named(&self) -> bool {
        matches!(self.identity, Identity::DocumentRead | Identity::Declared)
    }

    /// Whether this names the same person or firm, better known now than before perhaps: by the document's
    /// number where both have one, else by the name. An unnamed one is nobody else than itself.
    #[must_use]
    pub fn is_same_person(&self, other: &Party) -> bool {
        if self.id_number.is_blank() || other.id_number.is_blank() {
            let born = self.born.is_none() || other.born.is_none() || self.born == other.born;
            return self.kind == other.kind && self.name == other.name && born;
        }
        key_form(self.id_number.reveal()) == key_form(other.id_number.reveal())
    }

    /// 不满十四周岁 at `act`: the papers name the guardian and carry no ID number of the child.
    #[must_use]
    pub fn is_child_at(&self, act: NaiveDate) -> bool {
        self.age_at(act).is_some_and(|age| age < 14)
    }

    /// The party as a paper may show it: a child's ID number stays off it (invariant 21).
    #[must_use]
    pub fn on_paper(&self, act: NaiveDate) -> Party {
        let mut shown = self.clone();
        if self.is_child_at(act) {
            shown.id_number = Private::default();
        }
        shown
    }
}
