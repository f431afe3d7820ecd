//! Small closed vocabularies that go into the journal as snake-case words.

/// Declares an enum whose journal word, app word and scenario word are the same string.
macro_rules! words {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$inner])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word, in the order of the declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word as it stands in the journal.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::words::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $name::ALL
                    .iter()
                    .copied()
                    .find(|w| w.word() == text)
                    .ok_or_else(|| crate::words::UnknownWord {
                        what: stringify!($name),
                        known: $name::ALL.iter().map(|w| w.word()).collect::<Vec<_>>().join(", "),
                    })
            }
        }
    };
}
pub(crate) use words;

/// A word that a vocabulary does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}：没有这个取值，可用：{known} / {what}: no such word, use one of: {known}")]
pub struct UnknownWord {
    /// Which vocabulary.
    pub what: &'static str,
    /// What it has.
    pub known: String,
}
