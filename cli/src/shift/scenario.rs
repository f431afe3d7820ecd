//! The scenario format: one for every runner and every language (docs/scenarios.md).
//!
//! A scenario carries its own clock, its own people and its own HQ seed, so that a run says the same
//! thing on any machine. Steps are the calls of `field::FieldOffice`, one to one.

use std::{collections::BTreeMap, path::Path};

use chrono::NaiveDateTime;
use ezhifa_field::casework::{
    event::{CloseWay, Destination, FactSource, ServiceWay, Source, Stage, StatementKind},
    law::{
        facts::Value,
        terms::{Limb, Outcome, PartyKind, SlipKind},
    },
    people::{IdKind, Identity, Officer, OfficerId, Place, SignerRole, SigningAct},
};
use serde::Deserialize;

use crate::error::CliError;

/// One evening, as data.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Short name, used in ids.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// What kind of evening it is; said at the top of the run.
    pub about: String,
    /// Local time (Asia/Shanghai) at which it begins.
    pub begins: NaiveDateTime,
    /// Rulebook folder name under `rulebooks/`, and those it imports.
    pub rulebooks: Vec<String>,
    /// Calendar file under `rulebooks/`.
    pub calendar: String,
    /// What HQ knows before the shift.
    pub hq: HqSeed,
    /// The two officers of the crew.
    pub crew: [OfficerId; 2],
    /// What happens.
    pub cases: Vec<CaseScript>,
    /// What must be true at the end, where the scenario is sure of it.
    #[serde(default)]
    pub expect: BTreeMap<String, serde_json::Value>,
}

/// What HQ holds before the phone comes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HqSeed {
    /// Branch code.
    pub branch: String,
    /// People, with the PIN that a sample may show.
    pub officers: Vec<SeedOfficer>,
    /// Open orders of the branch.
    #[serde(default)]
    pub open_orders: Vec<SeedOrder>,
    /// Earlier finds: id number and conduct.
    #[serde(default)]
    pub seen: Vec<SeedSeen>,
    /// Pay codes to lend.
    #[serde(default)]
    pub pay_codes: Vec<String>,
}

/// One officer and a PIN that is no secret.
#[derive(Debug, Deserialize)]
pub struct SeedOfficer {
    /// The person.
    #[serde(flatten)]
    pub officer: Officer,
    /// Sample PIN.
    pub pin: String,
}

/// An order made on an earlier day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedOrder {
    /// Its number.
    pub number: String,
    /// Offence.
    pub offence: String,
    /// Party's id number (the feed carries only its keyed hash).
    pub id_number: String,
    /// Where.
    pub address: String,
    /// When made.
    pub ordered_at: NaiveDateTime,
    /// When the correction was due.
    pub due: NaiveDateTime,
    /// How it was served.
    pub served: String,
    /// Who made it.
    pub ordered_by: Vec<OfficerId>,
}

/// An earlier find.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedSeen {
    /// Id number.
    pub id_number: String,
    /// Offence.
    pub offence: String,
    /// Day.
    pub on: chrono::NaiveDate,
    /// HQ's case reference.
    pub reference: String,
}

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseScript {
    /// Short name, part of the case id.
    pub name: String,
    /// For the progress line, Chinese.
    pub title: String,
    /// What is done.
    pub steps: Vec<Step>,
    /// How it must end.
    #[serde(default)]
    pub expect: Expect,
}

/// How a case must end.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Outcome.
    pub outcome: Option<Outcome>,
    /// Limb.
    pub limb: Option<Limb>,
    /// Amount in fen.
    pub amount_fen: Option<i64>,
}

/// One call on the phone. `after_s` moves the scenario's clock before it.
#[derive(Debug, Deserialize)]
pub struct Step {
    /// Seconds since the last step.
    #[serde(default)]
    pub after_s: i64,
    /// The call.
    #[serde(flatten)]
    pub call: Call,
}

/// The calls.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Call {
    /// A case is opened.
    Open {
        /// Where from.
        source: Source,
        /// Where.
        place: Place,
    },
    /// 亮证.
    ShowCertificates,
    /// A photo is taken (a file beside the scenario).
    Photo {
        /// File name under `photos/`.
        file: String,
        /// What it shows.
        stage: Stage,
        /// What it proves.
        caption: String,
    },
    /// 案由.
    Offence {
        /// Offence id.
        offence: String,
        /// Seconds before now that the act happened.
        #[serde(default)]
        ago_s: i64,
        /// What happened, as printed.
        fact: String,
    },
    /// Who it is.
    Party(Box<PartyScript>),
    /// The rulebook's questions are asked until none is left; these are the answers.
    Answer {
        /// By fact name.
        facts: BTreeMap<String, Value>,
    },
    /// Something volunteered that no question asked for.
    Tell {
        /// Fact name.
        fact: String,
        /// Answer.
        value: Value,
        /// Who said it.
        source: FactSource,
    },
    /// First-offence look-up.
    History,
    /// An order of the branch is attached, found by party.
    PriorOrder {
        /// Its number.
        number: String,
    },
    /// A re-check of the attached order.
    Recheck {
        /// Corrected?
        corrected: bool,
    },
    /// The rulebook proposes; the officers may choose another outcome where the law leaves one.
    Propose {
        /// Another outcome.
        outcome: Option<Outcome>,
        /// Why.
        reason: Option<String>,
    },
    /// 告知.
    Notice,
    /// 陈述申辩.
    Statement {
        /// Made, not made, waived.
        kind: StatementKind,
        /// Words.
        #[serde(default)]
        words: String,
        /// Officers' review.
        #[serde(default)]
        review: String,
        /// Accepted?
        #[serde(default)]
        upheld: bool,
    },
    /// 教育.
    Educate {
        /// How.
        how: String,
    },
    /// The correction is seen; its photo is the last one of stage `corrected`.
    Correction,
    /// Two officers decide.
    Decide {
        /// Another outcome, where the law leaves a choice.
        outcome: Option<Outcome>,
        /// Why.
        reason: Option<String>,
    },
    /// Slip, printed.
    Print,
    /// No printer works: the decision is written on the next sheet of the pad, photographed and keyed in.
    KeyIn {
        /// Seconds before now that the sheet was written.
        #[serde(default)]
        ago_s: i64,
        /// Photo of the sheet, under `photos/`.
        file: String,
        /// Another outcome, where the law leaves a choice.
        outcome: Option<Outcome>,
        /// Why.
        reason: Option<String>,
    },
    /// 改正承诺.
    Promise {
        /// Seconds from now.
        in_s: i64,
    },
    /// A further paper of the case is made, signed and printed.
    Paper {
        /// Which.
        kind: SlipKind,
    },
    /// 送达.
    Serve {
        /// How.
        how: ServiceWay,
        /// Role of the signer.
        role: SignerRole,
        /// What the signer did.
        act: SigningAct,
        /// Words or reason.
        #[serde(default)]
        reason: String,
    },
    /// 劝导, nothing else.
    Advise {
        /// What was said.
        text: String,
    },
    /// 转普通程序, 移送: the paper says where and when to come.
    HandOver {
        /// Where to.
        to: Destination,
        /// Why.
        reason: String,
    },
    /// 结案.
    Close {
        /// How.
        how: CloseWay,
    },
}

/// The party as typed or read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyScript {
    /// Kind.
    pub kind: PartyKind,
    /// Name.
    #[serde(default)]
    pub name: String,
    /// Document.
    pub id_kind: IdKind,
    /// Number.
    #[serde(default)]
    pub id_number: String,
    /// How sure.
    pub identity: Identity,
    /// Address.
    #[serde(default)]
    pub address: String,
    /// Phone.
    #[serde(default)]
    pub phone: String,
    /// Legal representative or operator.
    #[serde(default)]
    pub representative: String,
    /// Birth date, where no document gives it.
    #[serde(default)]
    pub born: Option<chrono::NaiveDate>,
    /// Guardian.
    #[serde(default)]
    pub guardian: String,
    /// Plate.
    #[serde(default)]
    pub plate: String,
}

impl Scenario {
    /// Reads and checks a scenario file.
    ///
    /// # Errors
    /// No such file, or a place in it that does not fit the format.
    pub fn read(path: &Path) -> Result<Scenario, CliError> {
        let text = std::fs::read_to_string(path).map_err(|e| {
            CliError::new(
                format!("no scenario at {}: {e}", path.display()),
                "tests/scenarios/ holds the scenarios that come with the project",
            )
        })?;
        serde_json::from_str(&text).map_err(|e| {
            CliError::new(
                format!("{} does not fit the scenario format: {e}", path.display()),
                "docs/scenarios.md describes every field",
            )
        })
    }
}
