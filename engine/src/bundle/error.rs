use std::fmt;

/// Why a file cannot be used as a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BundleError {
    /// It is something else.
    NotABundle,
    /// It was written by a newer program.
    TooNew {
        /// The version it has.
        found: u16,
    },
    /// Its end is missing.
    CutShort,
    /// Whoever wrote it could not finish, and said why.
    BrokenOff(String),
    /// Its bytes are not what was written; the text says what gave them away.
    Damaged(String),
    /// An entry cannot be part of a bundle: its key is out of order or too long, or its value too large.
    Entry(String),
}

impl BundleError {
    pub(super) fn damaged(what: impl Into<String>) -> BundleError {
        BundleError::Damaged(what.into())
    }
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BundleError::NotABundle => {
                f.write_str("this is no Haversack bundle; send a file that `export` has written")
            }
            BundleError::TooNew { found } => write!(
                f,
                "the bundle has format {found}, this program knows up to {}: use a newer Haversack",
                super::VERSION
            ),
            BundleError::CutShort => f.write_str("the bundle ends too early; copy or export it again"),
            BundleError::BrokenOff(why) => write!(f, "the bundle was not finished: {why}; export it again"),
            BundleError::Damaged(what) => {
                write!(f, "the bundle is damaged: {what}; copy or export it again")
            }
            BundleError::Entry(what) => write!(f, "this cannot be part of a bundle: {what}"),
        }
    }
}

impl std::error::Error for BundleError {}
