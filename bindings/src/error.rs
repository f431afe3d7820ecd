//! The public error: eight kinds, and what the officer reads.

use ezhifa_field::error::{FieldError, Kind};

/// What went wrong and what to do next, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Why {
    /// Stable code.
    pub code: String,
    /// The reason, Chinese.
    pub zh: String,
    /// The reason, English.
    pub en: String,
    /// Article behind it, when the law says no.
    pub article: String,
    /// Next step, Chinese.
    pub next_zh: String,
    /// Next step, English.
    pub next_en: String,
}

/// What the officer reads: reason, article and next step, Chinese then English.
impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sentence = |parts: &[&str], between: &str| {
            let said: Vec<&str> = parts.iter().copied().filter(|p| !p.is_empty()).collect();
            said.join(between)
        };
        let zh = sentence(&[&self.zh, &self.article, &self.next_zh], "，");
        write!(f, "{zh} / {}", sentence(&[&self.en, &self.next_en], "; "))
    }
}

/// What an app does about an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum PhoneError {
    /// The law or a guard says no: show the article and the next step.
    #[error("{why}")]
    Refused {
        /// Why.
        why: Why,
    },
    /// The phone lacks something that HQ gives: enrolment, rulebook, roster, numbers.
    #[error("{why}")]
    NotReady {
        /// Why.
        why: Why,
    },
    /// The input cannot be used: ask again.
    #[error("{why}")]
    Input {
        /// Why.
        why: Why,
    },
    /// Who is it? PIN wrong, not signed in, locked.
    #[error("{why}")]
    Locked {
        /// Why.
        why: Why,
    },
    /// The printer.
    #[error("{why}")]
    Printer {
        /// Why.
        why: Why,
    },
    /// The way to HQ. Nothing is lost.
    #[error("{why}")]
    Network {
        /// Why.
        why: Why,
    },
    /// The store or its key.
    #[error("{why}")]
    Store {
        /// Why.
        why: Why,
    },
    /// A fault of this program or of the app: report it.
    #[error("{why}")]
    Internal {
        /// Why.
        why: Why,
    },
}

impl PhoneError {
    /// The reason, whatever the kind.
    #[must_use]
    pub fn why(&self) -> &Why {
        match self {
            PhoneError::Refused { why }
            | PhoneError::NotReady { why }
            | PhoneError::Input { why }
            | PhoneError::Locked { why }
            | PhoneError::Printer { why }
            | PhoneError::Network { why }
            | PhoneError::Store { why }
            | PhoneError::Internal { why } => why,
        }
    }
}

impl From<FieldError> for PhoneError {
    fn from(e: FieldError) -> Self {
        let why = Why {
            code: e.code,
            zh: e.zh,
            en: e.en,
            article: e.article,
            next_zh: e.next_zh,
            next_en: e.next_en,
        };
        match e.kind {
            Kind::Refused => PhoneError::Refused { why },
            Kind::NotReady => PhoneError::NotReady { why },
            Kind::Input => PhoneError::Input { why },
            Kind::Locked => PhoneError::Locked { why },
            Kind::Printer => PhoneError::Printer { why },
            Kind::Network => PhoneError::Network { why },
            Kind::Store => PhoneError::Store { why },
            Kind::Internal => PhoneError::Internal { why },
        }
    }
}

/// An exception of the app that is none of ours. Its text may hold a stack trace or personal data and is
/// not kept.
impl From<uniffi::UnexpectedUniFFICallbackError> for PhoneError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        PhoneError::Internal {
            why: Why {
                code: "app".to_owned(),
                zh: "应用的密钥库出错".to_owned(),
                en: "the app's key store failed".to_owned(),
                article: String::new(),
                next_zh: "请联系技术人员".to_owned(),
                next_en: "Tell the developers.".to_owned(),
            },
        }
    }
}
