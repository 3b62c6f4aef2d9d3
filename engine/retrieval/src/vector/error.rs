//! What can be wrong with a vector or with stored bytes.

use std::fmt;

/// Why vectors cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VectorError {
    /// Two vectors of one space differ in length: they come from different embedders.
    Dim {
        /// The length that was needed.
        expected: usize,
        /// The length that came.
        found: usize,
    },
    /// A length outside of 1 to [`DIM_MAX`](super::DIM_MAX).
    DimRange(usize),
    /// A value is infinite or not a number.
    NotFinite,
    /// A row has neither length 1 nor length 0; [`unit()`](super::unit::unit) makes it so.
    NotUnit,
    /// More rows than 32 bits can count.
    TooManyRows,
    /// Codes for an index of int8 rows, or the other way round.
    Kind,
    /// Stored bytes are not what was written; the text says what gave them away.
    Stored(&'static str),
}

impl fmt::Display for VectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dim { expected, found } => write!(
                f,
                "a vector has {found} dimensions where {expected} are needed; embed the documents again with the \
                 embedder in use"
            ),
            Self::DimRange(found) => {
                write!(f, "a vector has {found} dimensions; choose an embedder with 1 to {}", super::DIM_MAX)
            }
            Self::NotFinite => {
                write!(f, "a vector has a value that is no finite number; check the embedder's answer")
            }
            Self::NotUnit => write!(f, "a vector is not normalised; normalise it before it is stored"),
            Self::TooManyRows => write!(f, "a segment holds at most 4,294,967,295 rows; split it"),
            Self::Kind => write!(f, "codes and whole rows do not go into one index; report this"),
            Self::Stored(problem) => {
                write!(f, "stored vectors {problem}; embed the document again or restore the data")
            }
        }
    }
}

impl std::error::Error for VectorError {}
