//! Bytes in JSON: as plain text when they are UTF-8, else `{"base64": "…"}`. Keeps transcripts readable.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Text(String),
    Binary { base64: String },
}

impl Form {
    fn of(bytes: &[u8]) -> Form {
        match std::str::from_utf8(bytes) {
            Ok(text) => Form::Text(text.to_owned()),
            Err(_) => Form::Binary { base64: STANDARD.encode(bytes) },
        }
    }

    fn bytes(self) -> Result<Bytes, base64::DecodeError> {
        match self {
            Form::Text(text) => Ok(text.into()),
            Form::Binary { base64 } => STANDARD.decode(base64).map(Bytes::from),
        }
    }
}

/// For `#[serde(with = "text_or_base64")]`.
pub fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    Form::of(bytes).serialize(serializer)
}

/// For `#[serde(with = "text_or_base64")]`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    Form::deserialize(deserializer)?.bytes().map_err(D::Error::custom)
}

/// The same form inside other types, e.g. `Vec<(Key, Option<Blob>)>`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Blob(pub Bytes);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Blob, D::Error> {
        deserialize(deserializer).map(Blob)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_readable_and_binary_survives() {
        for (bytes, json) in [(&b"hi"[..], "\"hi\""), (&[255, 0][..], "{\"base64\":\"/wA=\"}")] {
            let blob = Blob(Bytes::copy_from_slice(bytes));
            let text = serde_json::to_string(&blob).unwrap();
            assert_eq!(text, json);
            assert_eq!(serde_json::from_str::<Blob>(&text).unwrap(), blob);
        }
    }
}
