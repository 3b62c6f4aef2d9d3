//! Why a file gave nothing at all.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Limit;

/// A file that could not be turned into text. The message is meant for the person who sent the file; the
/// wording is AnythingLLM's where it has the same case (reference §6.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExtractError {
    /// The file was understood, but it holds no text.
    Empty {
        /// File name.
        name: String,
    },
    /// No converter knows this extension, and the content is not text either.
    Unsupported {
        /// File name.
        name: String,
        /// Lower-case extension without the dot, never empty.
        extension: String,
    },
    /// The converter for it was left out of this build, which reads plain text only.
    LeftOut {
        /// File name.
        name: String,
    },
    /// There is no extension to go by, and the content is not text.
    NoExtension {
        /// File name.
        name: String,
    },
    /// A mailbox without a mail in it.
    NoMail {
        /// File name.
        name: String,
    },
    /// A workbook whose sheets are all empty.
    NoSheets {
        /// File name.
        name: String,
    },
    /// The file needs a password.
    Encrypted {
        /// File name.
        name: String,
    },
    /// The file is larger, in some measure, than the host allows.
    Limit {
        /// File name.
        name: String,
        /// Which ceiling was met.
        limit: Limit,
        /// The value of that ceiling.
        allowed: u64,
    },
    /// The file does not follow its own format, beyond repair.
    Broken {
        /// File name.
        name: String,
        /// What is wrong with it, as the rest of a sentence that starts with "Error processing NAME:".
        reason: String,
    },
}

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { name } => write!(f, "No text content found in {name}."),
            Self::Unsupported { extension, .. } => write!(
                f,
                "File extension .{extension} not supported for parsing and cannot be assumed as text file type."
            ),
            Self::LeftOut { name } => write!(
                f,
                "Error processing {name}: this build reads plain text, Markdown, CSV and JSON only. Send the file as text, or import a workspace that holds it."
            ),
            Self::NoExtension { .. } => write!(f, "No file extension found. This file cannot be processed."),
            Self::NoMail { name } => write!(f, "No mail items found in {name}."),
            Self::NoSheets { name } => write!(f, "No valid sheets found in {name}."),
            Self::Encrypted { name } => {
                write!(f, "Error processing {name}: it is encrypted. Remove its password and send it again.")
            }
            Self::Limit { name, limit, allowed } => write!(
                f,
                "Error processing {name}: it exceeds the limit {limit} ({allowed}). Send a smaller file or raise the limit."
            ),
            Self::Broken { name, reason } => write!(f, "Error processing {name}: {reason}"),
        }
    }
}

impl std::error::Error for ExtractError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_the_ones_clients_know() {
        let name = || "a.bin".to_owned();
        let cases = [
            (ExtractError::Empty { name: name() }, "No text content found in a.bin."),
            (
                ExtractError::Unsupported { name: name(), extension: "bin".into() },
                "File extension .bin not supported for parsing and cannot be assumed as text file type.",
            ),
            (
                ExtractError::Limit { name: name(), limit: Limit::MaxPages, allowed: 3 },
                "Error processing a.bin: it exceeds the limit max_pages (3). Send a smaller file or raise the limit.",
            ),
        ];
        for (error, message) in cases {
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn an_error_survives_the_way_out_of_a_sandbox() {
        let error = ExtractError::Limit { name: "a.pdf".into(), limit: Limit::MaxRatio, allowed: 250 };
        let json = serde_json::to_string(&error).unwrap();
        assert_eq!(json, r#"{"kind":"limit","name":"a.pdf","limit":"max_ratio","allowed":250}"#);
        assert_eq!(serde_json::from_str::<ExtractError>(&json).unwrap(), error);
    }
}
