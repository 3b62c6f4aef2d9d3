//! What a host asks for: the line before the bytes of the file.

use haversack_extract::Limits;
use serde::Deserialize;

/// The line of JSON before the file.
#[derive(Debug, Deserialize, PartialEq)]
pub struct Request {
    /// File name, without a folder.
    pub name: String,
    /// Media type as declared by the sender.
    #[serde(default)]
    pub mime: Option<String>,
    /// Ceilings; those that are not named have their defaults.
    #[serde(default)]
    pub limits: Limits,
}

impl Request {
    /// The request and the bytes of the file; `None` if there is no line, or it is not such JSON.
    pub fn split(file: &[u8]) -> Option<(Request, &[u8])> {
        let end = file.iter().position(|byte| *byte == b'\n')?;
        let (line, bytes) = file.split_at_checked(end)?;
        Some((serde_json::from_slice(line).ok()?, bytes.get(1..)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_ends_at_the_first_line_feed_and_the_file_is_taken_as_it_is() {
        let (request, bytes) =
            Request::split(b"{\"name\":\"a\\nb.txt\",\"limits\":{\"max_pages\":3}}\nx\ny").unwrap();
        assert_eq!(request.name, "a\nb.txt");
        assert_eq!((request.mime, request.limits.max_pages), (None, 3));
        assert_eq!(request.limits.max_bytes, Limits::default().max_bytes);
        assert_eq!(bytes, b"x\ny");
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for wrong in ["", "a.txt", "a.txt\nx", "{}\nx", "{\"name\":1}\nx"] {
            assert_eq!(Request::split(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
