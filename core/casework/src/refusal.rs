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

/// One ground of refusal, declared beside the guard that uses it. `{}` in a sentence is filled by
/// [`Ground::about`] with a name from the rulebook or the roster's ids, never with personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ground {
    /// Stable code.
    pub code: &'static str,
    /// Article.
    pub article: &'static str,
    /// What is missing.
    pub zh: &'static str,
    /// What is missing.
    pub en: &'static str,
    /// What to do next.
    pub next_zh: &'static str,
    /// What to do next.
    pub next_en: &'static str,
}

impl Ground {
    /// The refusal as it stands.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        self.about("")
    }

    /// The refusal with `{}` filled.
    #[must_use]
    pub fn about(&self, detail: &str) -> Refusal {
        Refusal {
            code: self.code,
            zh: self.zh.replace("{}", detail),
            en: self.en.replace("{}", detail),
            article: self.article,
            next_zh: self.next_zh.replace("{}", detail),
            next_en: self.next_en.replace("{}", detail),
        }
    }

    /// The refusal with `{}` filled by a sentence in two languages, `中文 / English`.
    #[must_use]
    pub fn because(&self, sentence: &impl std::fmt::Display) -> Refusal {
        let both = sentence.to_string();
        let (zh, en) = both.split_once(" / ").unwrap_or((&both, &both));
        let refusal = self.about(zh);
        Refusal { en: self.en.replace("{}", en), next_en: self.next_en.replace("{}", en), ..refusal }
    }

    /// `Ok` when `held`, else this refusal.
    pub fn unless(&self, held: bool) -> Result<(), Refusal> {
        if held { Ok(()) } else { Err(self.refusal()) }
    }
}

/// Declares the grounds of one guard module and a list of them.
macro_rules! grounds {
    ($($name:ident: $code:literal, $article:literal, $zh:literal / $en:literal, $next_zh:literal / $next_en:literal;)+) => {
        $(pub(crate) const $name: $crate::refusal::Ground = $crate::refusal::Ground {
            code: $code, article: $article, zh: $zh, en: $en, next_zh: $next_zh, next_en: $next_en,
        };)+
        /// Every ground of this module.
        pub(crate) const GROUNDS: &[$crate::refusal::Ground] = &[$($name,)+];
    };
}
pub(crate) use grounds;

/// Every ground there is, for apps that show or translate them and for the tests.
#[must_use]
pub fn all_grounds() -> Vec<Ground> {
    crate::guards::GROUNDS.concat()
}
