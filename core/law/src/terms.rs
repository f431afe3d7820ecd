//! The field's terms, with the Chinese legal term beside each. docs/glossary.md lists them all.

use serde::{Deserialize, Serialize};

/// Who the party is (当事人): sets the summary gate of 处罚法 51.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PartyKind {
    /// 公民.
    Citizen,
    /// 个体工商户: citizen or organisation for the gate and for ranges, each a pack setting with a loud default.
    SoleTrader,
    /// 法人或者其他组织.
    Organisation,
}

/// How a case ends (LAW.md 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 无违法: no violation, case withdrawn.
    NoViolation,
    /// 劝导: advice only, not a decision.
    Advice,
    /// 责令改正: an order with a due time; not a penalty.
    Order,
    /// A conditional clause complied with (责令改正 and done): no limb, no 不予处罚决定书.
    OrderComplied,
    /// 不予行政处罚 on a limb.
    NoPenalty,
    /// 拟不予行政处罚: waits for the head of the organ (pack setting `head_confirms`).
    NoPenaltyProposed,
    /// 警告.
    Warning,
    /// 罚款.
    Fine,
    /// 警告并处罚款: only where the clause says 并处.
    WarningAndFine,
    /// 转普通程序.
    OrdinaryProcedure,
    /// 移送.
    Referral,
}

impl Outcome {
    /// Every outcome by its code. Codes stand on paper for years: new ones go to the end.
    const BY_CODE: [Outcome; 11] = [
        Outcome::NoViolation,
        Outcome::Advice,
        Outcome::Order,
        Outcome::OrderComplied,
        Outcome::NoPenalty,
        Outcome::NoPenaltyProposed,
        Outcome::Warning,
        Outcome::Fine,
        Outcome::WarningAndFine,
        Outcome::OrdinaryProcedure,
        Outcome::Referral,
    ];

    /// The number that stands for it in the code on a slip.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The outcome behind a number read off a slip.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Outcome> {
        Outcome::BY_CODE.get(usize::from(code)).copied()
    }

    /// Chinese name, on paper, on the screen and in reasons alike.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::NoViolation => "无违法",
            Outcome::Advice => "劝导",
            Outcome::Order => "责令改正",
            Outcome::OrderComplied => "责令改正（已改正）",
            Outcome::NoPenalty => "不予行政处罚",
            Outcome::NoPenaltyProposed => "拟不予行政处罚",
            Outcome::Warning => "警告",
            Outcome::Fine => "罚款",
            Outcome::WarningAndFine => "警告，并处罚款",
            Outcome::OrdinaryProcedure => "转普通程序",
            Outcome::Referral => "移送",
        }
    }

    /// Whether this is an administrative penalty (行政处罚, 处罚法 9).
    #[must_use]
    pub const fn is_penalty(self) -> bool {
        matches!(self, Outcome::Warning | Outcome::Fine | Outcome::WarningAndFine)
    }

    /// Whether a fine (罚款) is part of it.
    #[must_use]
    pub const fn has_fine(self) -> bool {
        matches!(self, Outcome::Fine | Outcome::WarningAndFine)
    }
}

/// Why nothing is punished (不予处罚的情形), LAW.md 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Limb {
    /// 轻微不罚, 处罚法 33 ① first sentence: must.
    A,
    /// 首违不罚, 处罚法 33 ① second sentence: may, with a reason either way.
    B,
    /// 无主观过错, 处罚法 33 ②: must, the party bears the proof.
    C,
    /// 无责任能力, 处罚法 30 and 31: must, duty of the guardian.
    D,
    /// 超过时效, 处罚法 36: must.
    E,
}

/// Which remedy clause belongs on the paper (LAW.md 1.7). A clause in the wrong place is a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// 应当先申请行政复议 (复议法 23): on-the-spot warning or fine.
    ReconsiderationFirst,
    /// 六十日复议或者六个月诉讼: order, no penalty.
    ReconsiderationOrCourt,
    /// Nothing decided, nothing to contest (advice, transfer notice).
    None,
}

/// Which paper is handed over. One slip combines what the case needs, each in a labelled block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SlipKind {
    /// 劝导告知单.
    Advice,
    /// 责令改正通知书.
    Order,
    /// 责令改正通知书 to a person who was not named.
    OrderUnnamed,
    /// 不予行政处罚决定书.
    NoPenalty,
    /// 轻微违法告知教育单 (拟不予处罚, head confirms).
    NoPenaltyProposed,
    /// 责令管教通知书 to a guardian: no child's ID number.
    Guardian,
    /// 当场行政处罚决定书: warning, fine, or both.
    Penalty,
    /// 转普通程序告知书: where and when to come.
    Transfer,
    /// 作废通知.
    Void,
    /// 补正通知书.
    Correction,
    /// 撤销决定书.
    Revocation,
    /// 电子送达确认书.
    EServiceConsent,
    /// 改正承诺书.
    Commitment,
    /// 缴款收据登记.
    PaymentReference,
    /// 备案报送单: printed filing sheet.
    FilingSheet,
}

impl SlipKind {
    /// Papers that decide nothing themselves, in the order of their codes. Codes stand on paper for years: new
    /// ones go to the end.
    const BESIDE: [SlipKind; 7] = [
        SlipKind::Void,
        SlipKind::Correction,
        SlipKind::Revocation,
        SlipKind::EServiceConsent,
        SlipKind::Commitment,
        SlipKind::PaymentReference,
        SlipKind::FilingSheet,
    ];

    /// Chinese name of the paper.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            SlipKind::Advice => "劝导告知单",
            SlipKind::Order | SlipKind::OrderUnnamed => "责令改正通知书",
            SlipKind::NoPenalty => "不予行政处罚决定书",
            SlipKind::NoPenaltyProposed => "轻微违法告知教育单",
            SlipKind::Guardian => "责令管教通知书",
            SlipKind::Penalty => "当场行政处罚决定书",
            SlipKind::Transfer => "转普通程序告知书",
            SlipKind::Void => "作废通知",
            SlipKind::Correction => "补正通知书",
            SlipKind::Revocation => "撤销决定书",
            SlipKind::EServiceConsent => "电子送达确认书",
            SlipKind::Commitment => "改正承诺书",
            SlipKind::PaymentReference => "缴款登记单",
            SlipKind::FilingSheet => "当场处罚备案报送单",
        }
    }
}

/// What one byte of the code on a paper says of it: what was decided, or which paper beside a decision it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeSays {
    /// The paper of an outcome.
    Outcome(Outcome),
    /// A paper that decides nothing itself.
    Paper(SlipKind),
}

impl CodeSays {
    const FIRST_PAPER: u8 = 32;

    /// For a paper of this kind in a case of this outcome.
    #[must_use]
    pub fn of(paper: SlipKind, outcome: Outcome) -> CodeSays {
        if SlipKind::BESIDE.contains(&paper) { CodeSays::Paper(paper) } else { CodeSays::Outcome(outcome) }
    }

    /// The byte.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            CodeSays::Outcome(outcome) => outcome.code(),
            CodeSays::Paper(paper) => (Self::FIRST_PAPER..)
                .zip(SlipKind::BESIDE)
                .find_map(|(code, beside)| (beside == paper).then_some(code))
                .unwrap_or(u8::MAX),
        }
    }

    /// What a byte read off a paper says; none where a newer phone wrote it.
    #[must_use]
    pub fn from_code(code: u8) -> Option<CodeSays> {
        match code.checked_sub(Self::FIRST_PAPER) {
            None => Outcome::from_code(code).map(CodeSays::Outcome),
            Some(place) => SlipKind::BESIDE.get(usize::from(place)).copied().map(CodeSays::Paper),
        }
    }

    /// Chinese name of the outcome or the paper.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            CodeSays::Outcome(outcome) => outcome.name(),
            CodeSays::Paper(paper) => paper.name(),
        }
    }
}

/// A number series (文书字号系列). Each has its own blocks, so that waivers never use penalty numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Series {
    /// 当罚: on-the-spot penalty.
    Penalty,
    /// 不罚: no penalty.
    NoPenalty,
    /// 责改: order to correct.
    Order,
    /// 告知: advice, transfer and other notices.
    Notice,
    /// Hand-written pre-numbered paper, keyed in later with its photo.
    HandWritten,
}

impl Series {
    /// Every series.
    pub const ALL: [Series; 5] =
        [Series::Penalty, Series::NoPenalty, Series::Order, Series::Notice, Series::HandWritten];
}

/// Where a rule stands: instrument, article and, for a decision, its words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Citation {
    /// Title without brackets, for example `中华人民共和国行政处罚法`.
    pub instrument: String,
    /// Article, paragraph and item in the field's form: `第三十三条第一款`.
    pub article: String,
    /// Version date of the text, `YYYY-MM-DD`, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The words relied on, where the pack quotes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

impl std::fmt::Display for Citation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "《{}》{}", self.instrument, self.article)
    }
}

#[cfg(test)]
mod tests {
    use super::{CodeSays, Outcome, SlipKind};

    #[test]
    fn codes_on_paper_keep_their_meaning() {
        for code in 0..=10 {
            assert_eq!(Outcome::from_code(code).map(Outcome::code), Some(code));
        }
        assert_eq!(Outcome::from_code(7), Some(Outcome::Fine));
        assert_eq!(Outcome::from_code(4), Some(Outcome::NoPenalty));
        assert_eq!(Outcome::from_code(11), None);
        for code in (0..=10).chain(32..=38) {
            assert_eq!(CodeSays::from_code(code).map(CodeSays::code), Some(code));
        }
        assert_eq!(CodeSays::from_code(34), Some(CodeSays::Paper(SlipKind::Revocation)));
        assert_eq!(CodeSays::from_code(11).or(CodeSays::from_code(39)).or(CodeSays::from_code(255)), None);
        let promise = CodeSays::of(SlipKind::Commitment, Outcome::NoPenalty);
        assert_eq!((promise.code(), promise.name()), (36, "改正承诺书"));
        assert_eq!(CodeSays::of(SlipKind::Guardian, Outcome::NoPenalty).code(), Outcome::NoPenalty.code());
    }
}
