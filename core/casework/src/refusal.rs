//! Why a command was refused: what is missing, which article asks for it, what to do next.

use serde::Serialize;

/// A refusal that an officer can act on. Carries no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{zh}（{article}）{next_zh} / {en} ({article}) {next_en}")]
pub struct Refusal {
    /// Stable code for apps, for example `certificates_not_shown`.
    pub code: &'static str,
    /// What is missing, Chinese.
    pub zh: String,
    /// What is missing, English.
    pub en: String,
    /// Article behind it, for example `行政处罚法第五十二条第一款`.
    pub article: &'static str,
    /// What the officer can do next, Chinese.
    pub next_zh: String,
    /// What the officer can do next, English.
    pub next_en: String,
}
