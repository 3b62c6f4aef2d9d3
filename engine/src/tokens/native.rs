//! cl100k_base by the `bpe-openai` crate, whose data and regex engine are too big for a browser.

use std::collections::HashMap;

use bpe_openai::Tokenizer;

use super::format::{self, BYTE_TOKENS, TableError, Vocabulary};

/// A handle on the process-wide vocabulary.
#[derive(Clone, Copy)]
pub(super) struct Native(&'static Tokenizer);

impl Native {
    pub(super) fn load() -> Self {
        Self(bpe_openai::cl100k_base())
    }

    pub(super) fn count(self, text: &str) -> usize {
        self.0.count(text)
    }

    pub(super) fn encode(self, text: &str) -> Vec<u32> {
        self.0.encode(text)
    }

    pub(super) fn pieces<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.split(text)
    }

    pub(super) fn count_piece(self, piece: &str) -> usize {
        self.0.bpe.count(piece.as_bytes())
    }

    /// The bytes of a token; none when there is no such token (the crate itself would panic).
    pub(super) fn token_bytes(&self, token: u32) -> &[u8] {
        if (token as usize) < self.0.bpe.num_tokens() { self.0.bpe.token_bytes(token) } else { &[] }
    }
}

/// Makes the bytes of `assets/cl100k.bin` anew from the vocabulary that ships with `bpe-openai`.
///
/// # Errors
/// [`TableError::Corrupt`] names the first token that no two earlier tokens make up.
pub fn build_cl100k_table() -> Result<Vec<u8>, TableError> {
    let native = Native::load();
    let tokens: Vec<&[u8]> =
        (0..native.0.bpe.num_tokens()).map(|rank| native.0.bpe.token_bytes(rank as u32)).collect();
    Ok(format::write(&derive_pairs(&tokens)?))
}

/// Finds for each token the two tokens that byte-pair encoding makes it from last.
///
/// The published vocabulary lists byte strings, and the encoder merges whatever two neighbours form one of them.
/// Storing one pair for each token is the same thing: neighbours `l` and `r` only come to stand beside each other
/// by the merges that encoding `l + r` alone would make, and that encoding ends with exactly one last pair.
fn derive_pairs(tokens: &[&[u8]]) -> Result<Vocabulary, TableError> {
    let ranks: HashMap<&[u8], u32> = tokens.iter().zip(0..).map(|(&token, rank)| (token, rank)).collect();
    let mut bytes = Vec::with_capacity(BYTE_TOKENS);
    let mut pairs = Vec::with_capacity(tokens.len());
    for (&token, rank) in tokens.iter().zip(0..) {
        if (rank as usize) < BYTE_TOKENS {
            let [byte] = token else { return Err(TableError::Corrupt { rank }) };
            bytes.push(*byte);
        } else {
            pairs.push(last_pair(token, &ranks).ok_or(TableError::Corrupt { rank })?);
        }
    }
    let bytes = bytes.try_into().map_err(|_| TableError::Corrupt { rank: 0 })?;
    Ok(Vocabulary { bytes, pairs })
}

/// Encodes `token` until two parts are left, by the book: the leftmost pair of the lowest rank first.
fn last_pair(token: &[u8], ranks: &HashMap<&[u8], u32>) -> Option<(u32, u32)> {
    // Part `i` is `token[cuts[i]..cuts[i + 1]]`.
    let mut cuts: Vec<usize> = (0..=token.len()).collect();
    while cuts.len() > 3 {
        let (_, merged) = cuts
            .windows(3)
            .zip(1..)
            .filter_map(|(cut, middle)| Some((ranks.get(&token[cut[0]..cut[2]])?, middle)))
            .min()?;
        cuts.remove(merged);
    }
    let [start, middle, end] = cuts[..] else { return None };
    Some((*ranks.get(&token[start..middle])?, *ranks.get(&token[middle..end])?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_table_is_what_the_vocabulary_gives() {
        let built = build_cl100k_table().unwrap();
        assert!(
            built == super::super::CL100K_TABLE,
            "assets/cl100k.bin is stale: run `cargo run -p haversack-engine --example make_cl100k_table`"
        );
    }

    #[test]
    fn a_token_that_cannot_be_merged_is_named() {
        let bytes: Vec<[u8; 1]> = (0..=255).map(|byte| [byte]).collect();
        let mut tokens: Vec<&[u8]> = bytes.iter().map(<[u8; 1]>::as_slice).collect();
        tokens.extend([b"ab".as_slice(), b"abc", b"xyz"]);
        assert_eq!(derive_pairs(&tokens).unwrap_err(), TableError::Corrupt { rank: 258 });
        tokens.pop();
        assert_eq!(derive_pairs(&tokens).unwrap().pairs, [(97, 98), (256, 99)]);
    }
}
