//! JSON values, one a line, decoded as the bytes come in (what Ollama streams).

use super::lines::{LineTooLong, Lines};
use serde_json::Value;
use std::fmt;

/// An incremental decoder. Any way to cut the bytes gives the same values.
#[derive(Debug)]
pub struct NdjsonDecoder {
    lines: Lines,
}

/// Why a line is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NdjsonError {
    /// The line is too long.
    TooLong(LineTooLong),
    /// The line is not JSON; holds its first characters.
    NotJson(String),
}

impl From<LineTooLong> for NdjsonError {
    fn from(error: LineTooLong) -> NdjsonError {
        NdjsonError::TooLong(error)
    }
}

impl fmt::Display for NdjsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NdjsonError::TooLong(error) => error.fmt(f),
            NdjsonError::NotJson(start) => {
                write!(f, "the model's answer has a line that is not JSON: {start}")
            }
        }
    }
}

impl std::error::Error for NdjsonError {}

impl NdjsonDecoder {
    /// A decoder that accepts lines of up to `limit` bytes.
    pub fn new(limit: usize) -> NdjsonDecoder {
        NdjsonDecoder { lines: Lines::new(limit) }
    }

    /// Takes bytes in; values that they complete are appended to `values`. Empty lines say nothing.
    pub fn feed(&mut self, bytes: &[u8], values: &mut Vec<Value>) -> Result<(), NdjsonError> {
        self.lines.feed(bytes, |line| parse(line, values))
    }

    /// The stream is over: the last line needs no end.
    pub fn finish(&mut self, values: &mut Vec<Value>) -> Result<(), NdjsonError> {
        match self.lines.finish() {
            Some(rest) => parse(&rest, values),
            None => Ok(()),
        }
    }
}

fn parse(line: &[u8], values: &mut Vec<Value>) -> Result<(), NdjsonError> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    match serde_json::from_slice(line) {
        Ok(value) => {
            values.push(value);
            Ok(())
        }
        Err(_) => Err(NdjsonError::NotJson(String::from_utf8_lossy(line).chars().take(80).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn decode(parts: &[&[u8]]) -> (Vec<Value>, Result<(), NdjsonError>) {
        let mut decoder = NdjsonDecoder::new(50);
        let mut values = Vec::new();
        for part in parts {
            if let Err(error) = decoder.feed(part, &mut values) {
                return (values, Err(error));
            }
        }
        let end = decoder.finish(&mut values);
        (values, end)
    }

    #[test]
    fn one_value_a_line_and_the_last_needs_no_end() {
        assert_eq!(decode(&[b"{\"a\":1}\r\n\n 2\n[3]"]).0, [json!({"a": 1}), json!(2), json!([3])]);
    }

    #[test]
    fn a_line_that_is_no_json_is_shown() {
        let (values, end) = decode(&[b"1\n<html>\n"]);
        assert_eq!(values, [json!(1)]);
        assert_eq!(end.unwrap_err().to_string(), "the model's answer has a line that is not JSON: <html>");
    }

    #[test]
    fn a_line_past_the_limit_names_the_limit() {
        let long = [b'1'; 51];
        assert_eq!(decode(&[&long]).1, Err(LineTooLong { limit: 50 }.into()));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_values(
            text in "((\\{\"é\":[0-9]\\}|[0-9]{1,60}|x|)(\n|\r\n|\r)){0,6}",
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let bytes = text.as_bytes();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let parts: Vec<&[u8]> = at.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            prop_assert_eq!(decode(&parts), decode(&[bytes]));
        }
    }
}
