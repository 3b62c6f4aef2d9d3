use super::ModelError;
use bytes::Bytes;

/// Continuation pieces are listed with this in front.
const CONTINUATION: &[u8] = b"##";
/// Longer tokens than this do not occur in WordPiece vocabularies (BERT's longest has 18 bytes).
pub(super) const TOKEN_BYTES_MAX: usize = 128;
/// An id and a fingerprint share 32 bits in the table, and 0 marks a free slot.
const TOKENS_MAX: usize = 65_535;

/// The tokens of a model and the way to find them: a hash table whose slots name lines of the borrowed file.
///
/// Memory besides the file: 12 bytes a token for its place and its key, 8 to 16 for the table, 16 kB for the lengths.
#[derive(Clone, Debug)]
pub struct Vocab {
    file: Bytes,
    /// Where each line starts; one more entry than tokens, one past the final line feed.
    starts: Vec<u32>,
    /// Open addressing, linear probing. High half: the low half of the token's hash. Low half: id + 1.
    table: Vec<u32>,
    /// The [`key`] of each token: most comparisons end here and do not touch the file.
    keys: Vec<u64>,
    /// How long the pieces are that begin alike: see [`Vocab::may_have`].
    lengths: Vec<u32>,
    token_bytes_max: usize,
}

/// Bytes of a piece that say how long it may be.
pub(super) const BEGINNING: usize = 3;
/// Entries of `Vocab::lengths`, a power of two.
const BEGINNINGS: usize = 4096;

/// A hash state after some bytes of a token (FNV-1a). One pass over a word gives the hash of each prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefix(u32);

impl Prefix {
    /// The start of a word.
    pub(super) const WORD: Self = Self(0x811c_9dc5);
    /// The start of a continuation piece: as if `##` had been read.
    pub(super) const CONTINUATION: Self = Self::WORD.push(CONTINUATION[0]).push(CONTINUATION[1]);

    pub(super) const fn push(self, byte: u8) -> Self {
        Self((self.0 ^ byte as u32).wrapping_mul(0x0100_0193))
    }
}

impl Vocab {
    /// Reads `vocab.txt`: UTF-8, one token per line, ids from 0. A final line feed is optional.
    ///
    /// # Errors
    /// [`ModelError::Vocab`] if the file is not UTF-8, lists nothing, lists a token twice, or has an empty line, a NUL,
    /// a token over 128 bytes or more than 65,535 tokens.
    pub fn parse(file: Bytes) -> Result<Self, ModelError> {
        let text = std::str::from_utf8(&file).map_err(|_| ModelError::Vocab("is not UTF-8"))?;
        if text.contains('\0') {
            return Err(ModelError::Vocab("has a NUL character"));
        }
        let text = text.strip_suffix('\n').unwrap_or(text);
        let mut starts = Vec::with_capacity(32_768);
        let mut next = 0u32;
        for line in text.split('\n') {
            match line.len() {
                0 => return Err(ModelError::Vocab("has an empty line")),
                n if n > TOKEN_BYTES_MAX => return Err(ModelError::Vocab("has a token over 128 bytes")),
                _ if starts.len() == TOKENS_MAX => return Err(ModelError::Vocab("has over 65,535 tokens")),
                length => {
                    starts.push(next);
                    next += length as u32 + 1;
                }
            }
        }
        let tokens = starts.len();
        starts.push(next);
        let mut vocab = Self {
            file,
            starts,
            table: vec![0; (2 * tokens).next_power_of_two()],
            keys: Vec::with_capacity(tokens),
            lengths: vec![0; BEGINNINGS],
            token_bytes_max: 0,
        };
        (0..tokens).try_for_each(|id| vocab.index(id as u32))?;
        Ok(vocab)
    }

    /// The number of tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Never: a vocabulary has at least one token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The token with this id, `##` included; `None` from [`Vocab::len`] on.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<&str> {
        let start = *self.starts.get(id as usize)?;
        let end = *self.starts.get(id as usize + 1)? - 1;
        std::str::from_utf8(self.file.get(start as usize..end as usize)?).ok()
    }

    /// The length of the longest token in bytes.
    pub(super) fn token_bytes_max(&self) -> usize {
        self.token_bytes_max
    }

    /// The id of the token that spells `word` and whose hash is `hash`.
    pub(super) fn find_word(&self, hash: Prefix, word: &[u8]) -> Option<u32> {
        self.find(hash, b"", word)
    }

    /// The id of the token that spells `##` and then `piece`; `hash` began at [`Prefix::CONTINUATION`].
    pub(super) fn find_continuation(&self, hash: Prefix, piece: &[u8]) -> Option<u32> {
        self.find(hash, CONTINUATION, piece)
    }

    /// Whether a token may spell a piece of `length` bytes, at least [`BEGINNING`], the first of which have this hash.
    /// Most lengths are told to be none of any token's, which saves looking for it.
    pub(super) fn may_have(&self, beginning: Prefix, length: usize) -> bool {
        self.lengths[place(beginning)] & bit(length) != 0
    }

    fn find(&self, hash: Prefix, before: &[u8], piece: &[u8]) -> Option<u32> {
        let mut at = self.slot(hash);
        loop {
            let entry = self.table[at];
            if entry == 0 {
                return None;
            }
            if entry >> 16 == hash.0 & 0xffff {
                let id = (entry & 0xffff) - 1;
                let key = key(before, piece);
                let same_key = self.keys[id as usize] == key;
                if same_key && (key != LONG || self.bytes(id).strip_prefix(before) == Some(piece)) {
                    return Some(id);
                }
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }

    fn index(&mut self, id: u32) -> Result<(), ModelError> {
        let token = self.bytes(id);
        let (length, key) = (token.len(), key(b"", token));
        let hash = token.iter().fold(Prefix::WORD, |hash, &byte| hash.push(byte));
        if self.find(hash, b"", token).is_some() {
            return Err(ModelError::Vocab("lists a token twice"));
        }
        // At most half of the slots are taken, so a free one comes.
        let mut at = self.slot(hash);
        while self.table[at] != 0 {
            at = (at + 1) & (self.table.len() - 1);
        }
        self.table[at] = hash.0 << 16 | (id + 1);
        let token = self.bytes(id);
        let word = length_at(Prefix::WORD, token);
        let continuation = token.strip_prefix(CONTINUATION).and_then(|p| length_at(Prefix::CONTINUATION, p));
        for (place, bit) in [word, continuation].into_iter().flatten() {
            self.lengths[place] |= bit;
        }
        self.keys.push(key);
        self.token_bytes_max = self.token_bytes_max.max(length);
        Ok(())
    }

    fn bytes(&self, id: u32) -> &[u8] {
        &self.file[self.starts[id as usize] as usize..self.starts[id as usize + 1] as usize - 1]
    }

    /// The slot where the search for a hash begins: the top bits of a product that all bits of it take part in.
    fn slot(&self, hash: Prefix) -> usize {
        let top = hash.0.wrapping_mul(0x9e37_79b9) >> 15;
        top as usize & (self.table.len() - 1)
    }
}

/// Where and how a piece's length is noted; `None` for one that is shorter than a beginning.
fn length_at(start: Prefix, piece: &[u8]) -> Option<(usize, u32)> {
    let beginning = piece.first_chunk::<BEGINNING>()?.iter().fold(start, |hash, &byte| hash.push(byte));
    Some((place(beginning), bit(piece.len())))
}

/// Where the lengths of pieces with this beginning are.
fn place(beginning: Prefix) -> usize {
    beginning.0.wrapping_mul(0x9e37_79b9) as usize >> 20 & (BEGINNINGS - 1)
}

/// A length as one of 32 bits; the last one is all from 31.
fn bit(length: usize) -> u32 {
    1 << length.min(31)
}

/// The key of a token that is too long for one of its own. No token spells it: it is not UTF-8.
const LONG: u64 = u64::MAX;

/// The bytes of a token of up to eight, as one number. Without NULs, no two of them are alike.
fn key(before: &[u8], piece: &[u8]) -> u64 {
    if before.len() + piece.len() > 8 {
        return LONG;
    }
    let mut key = 0;
    for part in [before, piece] {
        for &byte in part {
            key = key << 8 | u64::from(byte);
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(file: &'static [u8]) -> Result<Vocab, ModelError> {
        Vocab::parse(Bytes::from_static(file))
    }

    fn hash(start: Prefix, text: &str) -> Prefix {
        text.bytes().fold(start, Prefix::push)
    }

    fn word(vocab: &Vocab, text: &str) -> Option<u32> {
        vocab.find_word(hash(Prefix::WORD, text), text.as_bytes())
    }

    fn continuation(vocab: &Vocab, text: &str) -> Option<u32> {
        vocab.find_continuation(hash(Prefix::CONTINUATION, text), text.as_bytes())
    }

    #[test]
    fn a_word_and_its_continuation_are_different_tokens() {
        let vocab = parse(b"[UNK]\ncat\n##cat\n##s\n").unwrap();
        assert_eq!(vocab.len(), 4);
        assert_eq!(word(&vocab, "cat"), Some(1));
        assert_eq!(continuation(&vocab, "cat"), Some(2));
        assert_eq!(continuation(&vocab, "s"), Some(3));
        assert_eq!(word(&vocab, "s"), None);
        assert_eq!(word(&vocab, "ca"), None);
    }

    #[test]
    fn long_tokens_are_told_apart_by_all_their_bytes() {
        let vocab = parse(b"[UNK]\nabcdefgh\nabcdefghi\n##abcdef\n##abcdefg\n").unwrap();
        assert_eq!(word(&vocab, "abcdefgh"), Some(1));
        assert_eq!(word(&vocab, "abcdefghi"), Some(2));
        assert_eq!(continuation(&vocab, "abcdef"), Some(3));
        assert_eq!(continuation(&vocab, "abcdefg"), Some(4));
        assert_eq!(word(&vocab, "abcdefghj"), None);
        assert_eq!(continuation(&vocab, "abcdefgh"), None);
    }

    #[test]
    fn ids_give_their_tokens_back() {
        let vocab = parse("a\n\u{6771}\n##b".as_bytes()).unwrap();
        let tokens: Vec<_> = (0..4).map(|id| vocab.token(id)).collect();
        assert_eq!(tokens, [Some("a"), Some("東"), Some("##b"), None]);
    }

    #[test]
    fn broken_files_are_refused() {
        let problem = |file: &'static [u8]| parse(file).unwrap_err();
        assert_eq!(problem(b"a\n\xff\n"), ModelError::Vocab("is not UTF-8"));
        assert_eq!(problem(b""), ModelError::Vocab("has an empty line"));
        assert_eq!(problem(b"a\n\nb\n"), ModelError::Vocab("has an empty line"));
        assert_eq!(problem(b"a\n\0\n"), ModelError::Vocab("has a NUL character"));
        assert_eq!(problem(b"a\nb\na\n"), ModelError::Vocab("lists a token twice"));
        assert_eq!(problem(&[b'a'; 129]), ModelError::Vocab("has a token over 128 bytes"));
        let many: String = (0..65_536).map(|n| format!("{n}\n")).collect();
        let error = Vocab::parse(Bytes::from(many)).unwrap_err();
        assert_eq!(error, ModelError::Vocab("has over 65,535 tokens"));
    }
}
