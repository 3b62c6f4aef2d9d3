//! Keys and passwords that never show.

use serde::{Serialize, Serializer};
use std::fmt;

/// A value that is used but never printed, logged or serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(value.into())
    }

    /// The secret itself. Only for the request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What stands for a secret wherever it would show. The settings API takes a value like this as "unchanged"
/// (reference §12.2).
const MASK: &str = "******";

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows() {
        let key = Secret::new("sk-123");
        assert_eq!(format!("{key:?} {:#?}", Some(&key)), "****** Some(\n    ******,\n)");
        assert_eq!(serde_json::to_string(&key).unwrap(), "\"******\"");
        assert_eq!(key.expose(), "sk-123");
    }
}
