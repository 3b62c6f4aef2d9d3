//! Bytes of a file in, text with its structure out. No I/O, no clock, no threads.
//!
//! Without features the crate is only a vocabulary: what is handed in ([`Source`], [`Limits`]),
//! what comes back ([`Extracted`], [`ExtractError`]) and which kinds of file there are ([`Format`],
//! [`accepted_types`]). That is all the engine needs in order to ask its host for an extraction. The parsers
//! come with the feature `formats`, so a host may run them wherever it likes: in process, in a sandbox, in another
//! tab. The feature `text` brings only those for which a file is characters, for a host that has to be small.

#![forbid(unsafe_code)]

mod document;
mod error;
mod file_type;
mod format;
#[cfg(feature = "text")]
mod formats;
mod limits;
mod source;

pub use document::{Document, Extracted, PageSpan, Problem};
pub use error::ExtractError;
pub use file_type::{FileType, accepted_types, file_types};
pub use format::{Format, FormatDefaults};
#[cfg(feature = "text")]
pub use formats::extract;
pub use limits::{Limit, Limits};
pub use source::{OwnedSource, Source};
