use super::ModelError;
use super::normalize::{is_punctuation, normalize};
use super::vocab::{BEGINNING, Prefix, TOKEN_BYTES_MAX, Vocab};

/// Longer words are unknown, as in BERT.
const WORD_CHARS_MAX: usize = 100;
/// So many bytes hold any word that is not too long.
const WORD_BYTES_MAX: usize = 4 * WORD_CHARS_MAX;

/// The tokenizer of BERT uncased: basic tokens, then greedy longest-match-first WordPiece.
///
/// No special tokens are added and no length limit is set. A word that the vocabulary cannot spell gives nothing.
#[derive(Clone, Debug)]
pub struct Wordpiece {
    vocab: Vocab,
}

impl Wordpiece {
    /// A tokenizer over `vocab`.
    ///
    /// # Errors
    /// [`ModelError::Vocab`] if token 0 is not `[UNK]`: the file is then no uncased BERT vocabulary of ours.
    pub fn new(vocab: Vocab) -> Result<Self, ModelError> {
        match vocab.token(0) {
            Some("[UNK]") => Ok(Self { vocab }),
            _ => Err(ModelError::Vocab("does not start with [UNK]")),
        }
    }

    /// The vocabulary.
    #[must_use]
    pub fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// The ids of the tokens of `text`, in order.
    #[must_use]
    pub fn ids(&self, text: &str) -> Vec<u32> {
        let mut ids = Vec::with_capacity(text.len() / 4);
        self.for_each_word(text, |pieces| ids.extend_from_slice(pieces));
        ids
    }

    /// Calls `word` with the ids of each known word of `text`, in order. Needs memory for one word only.
    pub fn for_each_word(&self, text: &str, word: impl FnMut(&[u32])) {
        let hashes = [Prefix::WORD; TOKEN_BYTES_MAX];
        let mut cutter =
            Cutter { vocab: &self.vocab, word: Word::new(), hashes, pieces: Vec::new(), emit: word };
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match CLASSES[usize::from(byte)] {
                Class::Letter => {
                    at += cutter.word.push_letters(&bytes[at..]);
                    continue;
                }
                Class::Space => cutter.finish_word(),
                Class::Punctuation => cutter.punctuation(char::from(byte)),
                Class::Other => {
                    // Up to the next ASCII character that stays: accents on both sides of a dropped control
                    // character belong to one letter. Both ends are character boundaries.
                    let length =
                        bytes[at..].iter().take_while(|&&b| CLASSES[usize::from(b)] == Class::Other).count();
                    normalize(&text[at..at + length]).for_each(|c| cutter.character(c));
                    at += length;
                    continue;
                }
            }
            at += 1;
        }
        cutter.finish_word();
    }
}

/// What a byte means outside of the Unicode rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Space,
    Punctuation,
    /// Not ASCII, or a control character that is dropped.
    Other,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0u8;
    while byte < 128 {
        classes[byte as usize] = if byte.is_ascii_alphanumeric() {
            Class::Letter
        } else if byte.is_ascii_punctuation() {
            Class::Punctuation
        } else if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            Class::Space
        } else {
            Class::Other
        };
        byte += 1;
    }
    classes
};

/// The word being read, in lower case, with the hash of it so far.
struct Word {
    bytes: [u8; WORD_BYTES_MAX],
    length: usize,
    chars: usize,
    hash: Prefix,
}

impl Word {
    fn new() -> Self {
        Self { bytes: [0; WORD_BYTES_MAX], length: 0, chars: 0, hash: Prefix::WORD }
    }

    fn clear(&mut self) {
        (self.length, self.chars, self.hash) = (0, 0, Prefix::WORD);
    }

    /// Takes the ASCII letters and digits at the start of `bytes` and returns how many there were.
    fn push_letters(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        for &byte in bytes {
            if CLASSES[usize::from(byte)] != Class::Letter {
                break;
            }
            taken += 1;
            if self.chars + taken <= WORD_CHARS_MAX {
                self.push_byte(byte.to_ascii_lowercase());
            }
        }
        self.chars += taken;
        taken
    }

    fn push(&mut self, c: char) {
        self.chars += 1;
        if self.chars <= WORD_CHARS_MAX {
            c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| self.push_byte(byte));
        }
    }

    fn push_byte(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
        self.hash = self.hash.push(byte);
    }
}

struct Cutter<'a, F> {
    vocab: &'a Vocab,
    word: Word,
    /// Those of the beginnings of what is left of a word.
    hashes: [Prefix; TOKEN_BYTES_MAX],
    pieces: Vec<u32>,
    emit: F,
}

impl<F: FnMut(&[u32])> Cutter<'_, F> {
    fn character(&mut self, c: char) {
        if c.is_whitespace() {
            self.finish_word();
        } else if is_punctuation(c) {
            self.punctuation(c);
        } else {
            self.word.push(c);
        }
    }

    fn punctuation(&mut self, c: char) {
        self.finish_word();
        self.word.push(c);
        self.finish_word();
    }

    fn finish_word(&mut self) {
        if self.word.chars == 0 {
            return;
        }
        if self.word.chars <= WORD_CHARS_MAX {
            // Most words are in the vocabulary; a whole word is also the longest match.
            if let Some(id) = self.vocab.find_word(self.word.hash, &self.word.bytes[..self.word.length]) {
                (self.emit)(&[id]);
            } else if self.cut() {
                (self.emit)(&self.pieces);
            }
        }
        self.word.clear();
    }

    /// Fills `pieces` with the greedy cut of the word; false if a part of it has no token.
    fn cut(&mut self) -> bool {
        self.pieces.clear();
        let mut rest = &self.word.bytes[..self.word.length];
        while !rest.is_empty() {
            let at_start = self.pieces.is_empty();
            let Some((id, length)) = longest_match(self.vocab, rest, at_start, &mut self.hashes) else {
                return false;
            };
            self.pieces.push(id);
            rest = &rest[length..];
        }
        true
    }
}

/// The longest token that `rest` starts with, and its length in bytes. A token is whole characters, so is its match.
///
/// `hashes` is room to work in.
fn longest_match(
    vocab: &Vocab,
    rest: &[u8],
    at_start: bool,
    hashes: &mut [Prefix; TOKEN_BYTES_MAX],
) -> Option<(u32, usize)> {
    let mut hash = if at_start { Prefix::WORD } else { Prefix::CONTINUATION };
    let longest = rest.len().min(vocab.token_bytes_max());
    for (slot, &byte) in hashes.iter_mut().zip(&rest[..longest]) {
        hash = hash.push(byte);
        *slot = hash;
    }
    let beginning = hashes[BEGINNING - 1];
    (1..=longest).rev().find_map(|length| {
        if length >= BEGINNING && !vocab.may_have(beginning, length) {
            return None;
        }
        let (hash, piece) = (hashes[length - 1], &rest[..length]);
        let id = if at_start { vocab.find_word(hash, piece) } else { vocab.find_continuation(hash, piece) };
        id.map(|id| (id, length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let vocab = "[UNK]\ncat\n##s\n##fish\ncats\n.\n東\na\n##a\nx\n\u{1112}\n##\u{1161}";
        let wordpiece = Wordpiece::new(Vocab::parse(Bytes::from(vocab)).unwrap()).unwrap();
        let ids = wordpiece.ids(text);
        let tokens: Vec<_> = ids.iter().map(|&id| wordpiece.vocab().token(id).unwrap()).collect();
        assert_eq!(tokens.join(" "), expected, "{text:?}");
    }

    #[test]
    fn the_longest_piece_is_taken_first() {
        check("cats", "cats");
        check("catfish", "cat ##fish");
        // `cats` is taken, then nothing spells `hes`: no second try with `cat`.
        check("cat catshes cat", "cat cat");
        check("CATSFISH", "cats ##fish");
    }

    #[test]
    fn punctuation_parts_words() {
        check("cat.cats...", "cat . cats . . .");
        check("cat,cats", "cat cats");
    }

    #[test]
    fn a_word_may_mix_ascii_and_other_scripts() {
        check("cát\u{200b}s", "cats");
        check("cat\u{301}\u{7}s", "cats");
        check("cat東cats", "cat 東 cats");
        check("하", "\u{1112} ##\u{1161}");
    }

    #[test]
    fn words_over_100_characters_are_unknown() {
        let pieces =
            |count: usize| ["a"].into_iter().chain(vec!["##a"; count - 1]).collect::<Vec<_>>().join(" ");
        check(&"a".repeat(100), &pieces(100));
        check(&format!("x {} x", "a".repeat(101)), "x x");
        check(&format!("x {} x", "á".repeat(101)), "x x");
        check(&"á".repeat(100), &pieces(100));
    }

    #[test]
    fn another_kind_of_vocabulary_is_refused() {
        let vocab = Vocab::parse(Bytes::from("<s>\ncat")).unwrap();
        let error = Wordpiece::new(vocab).unwrap_err();
        assert_eq!(error, ModelError::Vocab("does not start with [UNK]"));
    }

    /// Ids from the reference implementation (Hugging Face `tokenizers` 0.23.3, unknown words left out).
    #[cfg(feature = "embedded-assets")]
    #[test]
    fn ids_equal_the_reference() {
        let cases: Vec<(String, Vec<u32>)> =
            serde_json::from_str(include_str!("testdata/token_ids.json")).unwrap();
        assert_eq!(cases.len(), 394);
        let wordpiece = crate::minilm::embedded().wordpiece();
        for (text, expected) in cases {
            assert_eq!(wordpiece.ids(&text), expected, "{text:?}");
        }
    }

    #[cfg(feature = "embedded-assets")]
    proptest! {
        #[test]
        fn any_text_is_cut_and_words_do_not_see_each_other(a in "\\PC{0,40}|.{0,40}", b in "\\PC{0,40}|.{0,40}") {
            let wordpiece = crate::minilm::embedded().wordpiece();
            let joined = wordpiece.ids(&format!("{a} {b}"));
            prop_assert_eq!(joined, [wordpiece.ids(&a), wordpiece.ids(&b)].concat());
        }
    }
}
