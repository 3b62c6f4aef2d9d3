//! The vocabulary in memory: which two tokens merge into which.

use super::TOKEN_BYTES_MAX;
use super::format::{BYTE_TOKENS, TOKENS_MAX, TableError, Vocabulary};

/// No such merge, or an empty place.
pub(super) const NONE: u32 = u32::MAX;

const ID_BITS: u32 = TOKENS_MAX.trailing_zeros();
const EMPTY: u64 = u64::MAX;
/// Places in the hash table. Cl100k_base fills 38 %, so that most look-ups see one or two places.
const SLOT_BITS: u32 = 18;

/// A hash table of pairs with open addressing, 2 MB, and the way back from a token to its halves, 4 bytes each.
pub(super) struct PairTable {
    /// `left << 34 | right << 17 | token` at the pair's hash or the next free place after it, else [`EMPTY`].
    slots: Box<[u64]>,
    /// Where the pair of token `256 + i` is in `slots`.
    slot_of: Vec<u32>,
    byte_of_token: [u8; BYTE_TOKENS],
    token_of_byte: [u8; BYTE_TOKENS],
}

impl PairTable {
    /// Indexes `vocabulary`, after checking that each token joins two earlier ones, that no two join the same,
    /// and that none is too long.
    pub(super) fn new(vocabulary: &Vocabulary) -> Result<Self, TableError> {
        let byte_of_token = vocabulary.bytes;
        let mut token_of_byte = [0; BYTE_TOKENS];
        let mut seen = [false; BYTE_TOKENS];
        for (&byte, token) in byte_of_token.iter().zip(0_u8..=255) {
            if std::mem::replace(&mut seen[byte as usize], true) {
                return Err(TableError::Corrupt { rank: token.into() });
            }
            token_of_byte[byte as usize] = token;
        }

        let mut slots = vec![EMPTY; 1 << SLOT_BITS].into_boxed_slice();
        let mut slot_of = Vec::with_capacity(vocabulary.pairs.len());
        let mut lengths = vec![1_usize; BYTE_TOKENS];
        for (&(left, right), token) in vocabulary.pairs.iter().zip(BYTE_TOKENS as u32..) {
            let corrupt = TableError::Corrupt { rank: token };
            let (Some(left_length), Some(right_length)) =
                (lengths.get(left as usize), lengths.get(right as usize))
            else {
                return Err(corrupt);
            };
            let length = left_length + right_length;
            let slot = find(&slots, left, right);
            if length > TOKEN_BYTES_MAX || slots[slot] != EMPTY {
                return Err(corrupt);
            }
            lengths.push(length);
            slots[slot] = pair_key(left, right) << ID_BITS | u64::from(token);
            slot_of.push(slot as u32);
        }
        Ok(Self { slots, slot_of, byte_of_token, token_of_byte })
    }

    /// The token of one byte.
    pub(super) fn byte(&self, byte: u8) -> u32 {
        self.token_of_byte[byte as usize].into()
    }

    /// The token that `left` and `right` merge into, which is also the rank of that merge; else [`NONE`].
    pub(super) fn merged(&self, left: u32, right: u32) -> u32 {
        match self.slots[find(&self.slots, left, right)] {
            EMPTY => NONE,
            slot => slot as u32 & (TOKENS_MAX as u32 - 1),
        }
    }

    /// Appends the bytes of `token`, at most [`TOKEN_BYTES_MAX`]; nothing when there is no such token.
    pub(super) fn push_bytes(&self, token: u32, bytes: &mut Vec<u8>) {
        if token as usize >= BYTE_TOKENS + self.slot_of.len() {
            return;
        }
        // Halves still to be written, the next one last.
        let mut rest = vec![token];
        while let Some(token) = rest.pop() {
            match (token as usize).checked_sub(BYTE_TOKENS) {
                None => bytes.push(self.byte_of_token[token as usize]),
                Some(i) => {
                    let slot = self.slots[self.slot_of[i] as usize];
                    rest.push((slot >> ID_BITS) as u32 & (TOKENS_MAX as u32 - 1));
                    rest.push((slot >> (2 * ID_BITS)) as u32);
                }
            }
        }
    }
}

fn pair_key(left: u32, right: u32) -> u64 {
    u64::from(left) << ID_BITS | u64::from(right)
}

/// Where the pair is, or the empty place where it would be. There always is one: slots outnumber tokens.
fn find(slots: &[u64], left: u32, right: u32) -> usize {
    let key = pair_key(left, right);
    // Fibonacci hashing: the top bits of a product with 2^64 / φ are well mixed.
    let mut slot = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SLOT_BITS)) as usize;
    while slots[slot] != EMPTY && slots[slot] >> ID_BITS != key {
        slot = (slot + 1) % (1 << SLOT_BITS);
    }
    slot
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(u32, u32)]) -> Result<PairTable, TableError> {
        PairTable::new(&Vocabulary { bytes: std::array::from_fn(|i| 255 - i as u8), pairs: pairs.to_vec() })
    }

    #[test]
    fn pairs_are_found_and_taken_apart_again() {
        let table = check(&[(0, 1), (256, 0), (256, 257)]).unwrap();
        assert_eq!(table.byte(255), 0);
        assert_eq!(table.merged(256, 0), 257);
        assert_eq!(table.merged(0, 256), NONE);
        let mut bytes = Vec::new();
        table.push_bytes(258, &mut bytes);
        assert_eq!(bytes, [255, 254, 255, 254, 255]);
        table.push_bytes(259, &mut bytes);
        assert_eq!(bytes.len(), 5);
    }

    #[test]
    fn a_token_must_join_two_earlier_ones_in_a_new_way() {
        assert_eq!(check(&[(0, 256)]).err(), Some(TableError::Corrupt { rank: 256 }));
        assert_eq!(check(&[(0, 1), (5, 1 << 16)]).err(), Some(TableError::Corrupt { rank: 257 }));
        assert_eq!(check(&[(0, 1), (0, 1)]).err(), Some(TableError::Corrupt { rank: 257 }));
    }

    #[test]
    fn tokens_that_double_without_end_are_refused() {
        let doubling: Vec<_> = (255..300).map(|half| (half, half)).collect();
        assert_eq!(check(&doubling).err(), Some(TableError::Corrupt { rank: 263 }));
    }
}
