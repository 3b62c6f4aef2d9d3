//! How much a body of JSON holds, looked at before it is read.
//!
//! A value takes many times its bytes once it is read, and a million of them seconds. So they are counted first, which
//! is as fast as the bytes can be looked at; texts are skipped.

use super::error::{ApiError, Code};

/// Values that one body may hold: members of lists and objects, those inside of others too. The most that clients
/// send are lists of tokens to embed, of which OpenAI takes 300,000.
pub const VALUES_MAX: usize = 500_000;

/// Whether `bytes` may be read.
///
/// # Errors
/// [`Code::TooLarge`], with the limit.
pub fn check(bytes: &[u8]) -> Result<(), ApiError> {
    // No value takes less than two bytes, itself and what parts it from the next one.
    if bytes.len() / 2 < VALUES_MAX || values(bytes, VALUES_MAX) <= VALUES_MAX {
        return Ok(());
    }
    let message = format!(
        "The body holds more than {VALUES_MAX} JSON values, which is the most that one request may bring. \
         Send them in several requests."
    );
    Err(ApiError::new(Code::TooLarge, message))
}

/// The number of values, or one more than `most`. In bytes that are no JSON it is some number.
fn values(bytes: &[u8], most: usize) -> usize {
    let (mut count, mut at) = (1, 0);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = end_of_text(bytes, at),
            // Each opens a list or an object with a first member, or parts two members.
            b',' | b'[' | b'{' => {
                count += 1;
                if count > most {
                    return count;
                }
            }
            _ => {}
        }
    }
    count
}

/// Behind the quotation mark that ends the text whose first byte is at `at`.
fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        match bytes[at] {
            b'"' => return at + 1,
            // Whatever it escapes is no end.
            _ => at += 2,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_what_looks_like_one_in_a_text_is_not() {
        for (json, expected) in [
            ("7", 1),
            ("[1, 2, 3]", 4),
            (r#"{"a": [1, {"b": 2}], "c": "x,y[{\",\\"}"#, 6),
            (r#""an end, escaped\""#, 1),
            ("", 1),
        ] {
            assert_eq!(values(json.as_bytes(), 100), expected, "{json}");
        }
        assert_eq!(values(b"[1, 2, 3]", 2), 3);
    }

    #[test]
    fn a_body_of_too_many_values_is_refused() {
        let list = |count: usize| format!("[{}1]", "1,".repeat(count - 1));
        assert_eq!(check(list(VALUES_MAX - 1).as_bytes()), Ok(()));
        let error = check(list(VALUES_MAX + 1).as_bytes()).unwrap_err();
        assert_eq!(error.code, Code::TooLarge);
        assert!(error.message.contains("500000 JSON values"), "{}", error.message);
        assert_eq!(check(format!("\"{}\"", ",".repeat(4 * VALUES_MAX)).as_bytes()), Ok(()));
    }
}
