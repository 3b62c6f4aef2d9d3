//! How long a text may be that one request brings. What is longer is refused before any work on it.

use crate::api::{ApiError, Code};

/// A limit that an operator can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// The variable that sets it.
    pub variable: &'static str,
    /// What it is about, as errors begin.
    pub subject: &'static str,
    /// Bytes of UTF-8 at most.
    pub bytes: usize,
}

impl Length {
    /// Whether a text of so many bytes may be worked on.
    ///
    /// # Errors
    /// [`Code::TooLarge`], with the limit and its variable, and `field` where clients look for one.
    pub(crate) fn check(&self, field: &str, bytes: usize) -> Result<(), ApiError> {
        if bytes <= self.bytes {
            return Ok(());
        }
        let Length { variable, subject, bytes: most } = self;
        let message = format!(
            "{subject} has {bytes} bytes; at most {most} are allowed ({variable}). Send less, or raise the limit."
        );
        Err(ApiError::new(Code::TooLarge, message).with("param", field))
    }

    /// The same for a request's whole body: text in JSON may take six bytes for one, and small fields stand beside it.
    ///
    /// # Errors
    /// As [`Length::check`].
    pub(crate) fn check_body(&self, field: &str, bytes: usize) -> Result<(), ApiError> {
        const BESIDE: usize = 64 << 10;
        const ESCAPED: usize = 6;
        match bytes.saturating_sub(BESIDE) / ESCAPED > self.bytes {
            true => self.check(field, bytes),
            false => Ok(()),
        }
    }
}

/// The limits of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// A question of a chat, or all messages of one call of OpenAI's API together.
    pub message: Length,
    /// What is searched for.
    pub query: Length,
    /// A system prompt, or another text that a workspace keeps for its chats.
    pub prompt: Length,
    /// All texts of one call of OpenAI's embeddings together.
    pub embedding: Length,
}

impl Lengths {
    /// The limits, each from its variable if that says something.
    pub(crate) fn read(mut number: impl FnMut(&'static str, usize) -> usize) -> Lengths {
        let mut length =
            |variable, subject, default| Length { variable, subject, bytes: number(variable, default) };
        Lengths {
            // A quarter of a million tokens of English, which few models can read at once.
            message: length("HAVERSACK_MAX_MESSAGE_BYTES", "The message", 1 << 20),
            // 8,192 tokens, the longest text that common embedders take.
            query: length("HAVERSACK_MAX_QUERY_BYTES", "The query", 32 << 10),
            // Longer than any prompt in use; it is read with each question.
            prompt: length("HAVERSACK_MAX_PROMPT_BYTES", "The text", 128 << 10),
            // 300,000 tokens, as many as OpenAI takes in one call, and as much again for denser texts.
            embedding: length("HAVERSACK_MAX_EMBEDDING_BYTES", "The input", 4 << 20),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_limit_and_its_variable() {
        let lengths = Lengths::read(|variable, default| match variable {
            "HAVERSACK_MAX_QUERY_BYTES" => 10,
            _ => default,
        });
        assert_eq!(lengths.query.check("query", 10), Ok(()));
        let error = lengths.query.check("query", 11).unwrap_err();
        assert_eq!((error.code.status(), &error.extra["param"]), (413, &"query".into()));
        let expected = "The query has 11 bytes; at most 10 are allowed (HAVERSACK_MAX_QUERY_BYTES). \
                        Send less, or raise the limit.";
        assert_eq!(error.message, expected);
    }

    #[test]
    fn a_body_may_be_larger_than_the_text_in_it() {
        let query = Lengths::read(|_, _| 1000).query;
        assert_eq!(query.check_body("query", 70_000), Ok(()));
        assert_eq!(query.check_body("query", 100_000).unwrap_err().code, Code::TooLarge);
    }
}
