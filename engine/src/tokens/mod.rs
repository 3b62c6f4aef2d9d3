//! Token counts in OpenAI's cl100k_base encoding.
//!
//! [`Tokenizer`] hides which of two implementations does the work: [`Tokenizer::native`] leans on the
//! `bpe-openai` crate, [`Tokenizer::from_table`] on a table of some 400 kB that any host can load. They give the
//! same tokens for every text; `equivalence` holds the tests of that promise.
//!
//! The way of a text through the second one: [`pretokenize`] splits it into pieces, `merge` turns each piece
//! into tokens, looking pairs up in the `pairs` that `format` read from the asset `assets/cl100k.bin`.

mod format;
mod merge;
mod messages;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod pairs;
pub mod pretokenize;
mod sliced;

#[cfg(test)]
mod equivalence;

pub use format::TableError;
pub use messages::{
    TRUNCATION_MARKER, count_messages, estimate_by_length, estimate_document_tokens, truncate_middle,
};
#[cfg(not(target_arch = "wasm32"))]
pub use native::build_cl100k_table;
pub(crate) use sliced::{count, count_below, truncate};

use std::fmt;
use std::sync::Arc;

use merge::Merger;
use pairs::PairTable;

/// The compact cl100k_base table (`assets/cl100k.bin`), for hosts that link it in rather than fetch it.
///
/// A program that never names this constant does not carry the bytes.
pub const CL100K_TABLE: &[u8] = include_bytes!("../../assets/cl100k.bin");

/// Counts, encodes and decodes cl100k_base tokens. Cloning is cheap: clones share one vocabulary.
///
/// Special tokens are not recognised: `<|endoftext|>` in a text is seven ordinary tokens, so that no user text
/// can smuggle one in. Time is linear in the text, whatever it is; [`Tokenizer::from_table`] handles a megabyte of
/// one letter about four times slower than the same amount of prose.
#[derive(Clone)]
pub struct Tokenizer(Inner);

#[derive(Clone)]
enum Inner {
    #[cfg(not(target_arch = "wasm32"))]
    Native(native::Native),
    Table(Arc<PairTable>),
}

impl Tokenizer {
    /// The tokenizer of native hosts. The first call builds the vocabulary; later ones share it.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn native() -> Self {
        Self(Inner::Native(native::Native::load()))
    }

    /// Loads a table such as [`CL100K_TABLE`]; `bytes` are not kept. Takes milliseconds and about 2.5 MB.
    ///
    /// # Errors
    /// [`TableError`] says whether `bytes` are something else, of another version, cut short or damaged.
    pub fn from_table(bytes: &[u8]) -> Result<Self, TableError> {
        let vocabulary = format::read(bytes)?;
        Ok(Self(Inner::Table(Arc::new(PairTable::new(&vocabulary)?))))
    }

    /// The number of tokens in `text`.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        match &self.0 {
            #[cfg(not(target_arch = "wasm32"))]
            Inner::Native(native) => native.count(text),
            Inner::Table(table) => {
                let mut merger = Merger::new(table);
                pretokenize::pieces(text).map(|piece| merger.merge(piece.as_bytes()).len()).sum()
            }
        }
    }

    /// The number of tokens in `text` when it is at most `limit`, else `None`.
    ///
    /// Stops at the word that crosses the limit, so that asking whether a book fits into a prompt costs no more
    /// than reading the prompt.
    #[must_use]
    pub fn count_until(&self, text: &str, limit: usize) -> Option<usize> {
        match &self.0 {
            #[cfg(not(target_arch = "wasm32"))]
            Inner::Native(native) => sum_until(native.pieces(text), limit, |piece| native.count_piece(piece)),
            Inner::Table(table) => {
                let mut merger = Merger::new(table);
                sum_until(pretokenize::pieces(text), limit, |piece| merger.merge(piece.as_bytes()).len())
            }
        }
    }

    /// The token ids of `text`, each below 100,256.
    #[must_use]
    pub fn encode(&self, text: &str) -> Vec<u32> {
        match &self.0 {
            #[cfg(not(target_arch = "wasm32"))]
            Inner::Native(native) => native.encode(text),
            Inner::Table(table) => {
                let mut merger = Merger::new(table);
                let mut tokens = Vec::with_capacity(text.len() / 4);
                for piece in pretokenize::pieces(text) {
                    tokens.extend_from_slice(merger.merge(piece.as_bytes()));
                }
                tokens
            }
        }
    }

    /// The text of `tokens`. A character whose tokens are not all there becomes U+FFFD, and an id that no text
    /// encodes to (a special token, or beyond the vocabulary) is left out.
    #[must_use]
    pub fn decode(&self, tokens: &[u32]) -> String {
        let mut bytes = Vec::with_capacity(tokens.len() * 4);
        for &token in tokens {
            match &self.0 {
                #[cfg(not(target_arch = "wasm32"))]
                Inner::Native(native) => bytes.extend_from_slice(native.token_bytes(token)),
                Inner::Table(table) => table.push_bytes(token, &mut bytes),
            }
        }
        match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            #[cfg(not(target_arch = "wasm32"))]
            Inner::Native(_) => "Tokenizer::native",
            Inner::Table(_) => "Tokenizer::from_table",
        })
    }
}

/// The longest token of cl100k_base is 128 spaces, and a table with a longer one is refused. So `n` bytes are at
/// least `n / 128` tokens.
const TOKEN_BYTES_MAX: usize = 128;

/// Sums `count` over `pieces` while the sum can stay at or below `limit`.
fn sum_until<'a>(
    mut pieces: impl Iterator<Item = &'a str>,
    limit: usize,
    mut count: impl FnMut(&str) -> usize,
) -> Option<usize> {
    pieces.try_fold(0, |sum, piece| {
        // A single piece can be megabytes long; do not merge one that cannot fit.
        if piece.len().div_ceil(TOKEN_BYTES_MAX) > limit - sum {
            return None;
        }
        Some(sum + count(piece)).filter(|&sum| sum <= limit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both() -> [Tokenizer; 2] {
        [Tokenizer::native(), Tokenizer::from_table(CL100K_TABLE).unwrap()]
    }

    #[test]
    fn known_texts_have_their_known_tokens() {
        for tokenizer in both() {
            assert_eq!(tokenizer.encode("hello world"), [15339, 1917]);
            assert_eq!(tokenizer.encode("tiktoken is great!"), [83, 1609, 5963, 374, 2294, 0]);
            assert_eq!(tokenizer.count("antidisestablishmentarianism"), 6);
            assert_eq!(tokenizer.count(""), 0);
            assert_eq!(tokenizer.decode(&[15339, 1917]), "hello world");
        }
    }

    #[test]
    fn special_tokens_are_plain_text() {
        for tokenizer in both() {
            let tokens = tokenizer.encode("<|endoftext|>");
            assert_eq!(tokens, [27, 91, 8862, 728, 428, 91, 29]);
            assert_eq!(tokenizer.decode(&tokens), "<|endoftext|>");
        }
    }

    #[test]
    fn half_a_character_decodes_to_the_replacement_character() {
        for tokenizer in both() {
            let tokens = tokenizer.encode("🦀");
            assert_eq!(tokens.len(), 3);
            assert_eq!(tokenizer.decode(&tokens), "🦀");
            assert_eq!(tokenizer.decode(&tokens[..2]), "\u{FFFD}");
            assert_eq!(tokenizer.decode(&tokens[2..]), "\u{FFFD}");
        }
    }

    #[test]
    fn ids_beyond_the_vocabulary_are_left_out() {
        for tokenizer in both() {
            assert_eq!(tokenizer.decode(&[15339, 100_256, 100_257, u32::MAX, 1917]), "hello world");
        }
    }

    #[test]
    fn counting_stops_above_the_limit() {
        for tokenizer in both() {
            assert_eq!(tokenizer.count_until("one two three", 3), Some(3));
            assert_eq!(tokenizer.count_until("one two three", 2), None);
            assert_eq!(tokenizer.count_until("", 0), Some(0));
            assert_eq!(tokenizer.count_until(&" ".repeat(128), 1), Some(1));
            assert_eq!(tokenizer.count_until(&" ".repeat(129), 1), None);
        }
    }

    #[test]
    fn no_token_is_longer_than_the_bound_that_counting_relies_on() {
        let tokenizer = Tokenizer::from_table(CL100K_TABLE).unwrap();
        let mut bytes = Vec::new();
        let Inner::Table(table) = &tokenizer.0 else { unreachable!() };
        let longest = (0..100_256).map(|token| {
            bytes.clear();
            table.push_bytes(token, &mut bytes);
            bytes.len()
        });
        assert_eq!(longest.max(), Some(TOKEN_BYTES_MAX));
    }
}
