//! Byte-pair merging of one piece of text: start from its bytes, and while two neighbours form a token, join the
//! leftmost of those pairs whose token has the lowest rank.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::pairs::{NONE, PairTable};

/// Up to this many bytes, looking through all pairs for the lowest beats keeping them in a heap.
const SHORT_BYTES: usize = 16;
/// Longer pieces are merged window by window, which bounds memory (to some 200 kB) and stays in the cache.
const WINDOW_BYTES: usize = 1 << 13;
/// Places in a window are 32 bit numbers. A word contrived so that windows of this size disagree is cut
/// regardless, the one deviation from the encoding.
const WINDOW_BYTES_MAX: usize = 1 << 30;

/// Merges pieces one after the other, reusing its buffers.
pub(super) struct Merger<'t> {
    table: &'t PairTable,
    /// The result. While a short piece is merged: its parts so far.
    tokens: Vec<u32>,
    /// While a short piece is merged: the token that each part forms with the next one.
    ranks: Vec<u32>,
    parts: Vec<Part>,
    queue: Vec<Merge>,
}

impl<'t> Merger<'t> {
    pub(super) fn new(table: &'t PairTable) -> Self {
        Self { table, tokens: Vec::new(), ranks: Vec::new(), parts: Vec::new(), queue: Vec::new() }
    }

    /// The tokens of `piece`.
    pub(super) fn merge(&mut self, piece: &[u8]) -> &[u32] {
        self.tokens.clear();
        if piece.len() <= SHORT_BYTES {
            self.merge_short(piece);
        } else if piece.len() <= WINDOW_BYTES {
            self.merge_long(piece);
        } else {
            self.merge_windows(piece, WINDOW_BYTES);
        }
        &self.tokens
    }

    /// Takes `n²` steps for `n` bytes, but small ones.
    fn merge_short(&mut self, piece: &[u8]) {
        let Self { table, tokens, ranks, .. } = self;
        tokens.extend(piece.iter().map(|&byte| table.byte(byte)));
        ranks.clear();
        ranks.extend(tokens.windows(2).map(|pair| table.merged(pair[0], pair[1])));
        loop {
            let (mut at, mut lowest) = (0, NONE);
            for (i, &rank) in ranks.iter().enumerate() {
                if rank < lowest {
                    (at, lowest) = (i, rank);
                }
            }
            if lowest == NONE {
                return;
            }
            tokens[at] = lowest;
            tokens.remove(at + 1);
            ranks.remove(at);
            if at < ranks.len() {
                ranks[at] = table.merged(lowest, tokens[at + 1]);
            }
            if at > 0 {
                ranks[at - 1] = table.merged(tokens[at - 1], lowest);
            }
        }
    }

    /// Merges a piece of any length, beginning with windows of `window` bytes (more than two of the longest token).
    ///
    /// Tokens are the encoding of their bytes if and only if each two neighbours are the encoding of theirs.
    /// Within a window they are, so only the two tokens where windows meet need a look. They seldom fail it,
    /// because the next window starts some way before the end of the last one, where the text to come no longer
    /// matters. If they do, the next window reaches further back and is twice as long; doubling keeps the sum of
    /// such detours near linear.
    fn merge_windows(&mut self, piece: &[u8], mut window: usize) {
        let mut start = 0;
        while start < piece.len() {
            let end = piece.len().min(start + window);
            let settled = self.tokens.len();
            self.merge_long(&piece[start..end]);
            if settled > 0 && window < WINDOW_BYTES_MAX && !self.is_encoding(&[settled - 1, settled]) {
                self.tokens.truncate(settled);
                start -= self.take_back(window / 2);
                window *= 2;
            } else if end < piece.len() {
                start = end - self.take_back(window / 32);
            } else {
                start = end;
            }
        }
    }

    /// Whether the bytes of these two tokens, given by their places in the result, encode to just these tokens.
    fn is_encoding(&self, places: &[usize; 2]) -> bool {
        let pair = places.map(|place| self.tokens[place]);
        let mut bytes = Vec::new();
        for token in pair {
            self.table.push_bytes(token, &mut bytes);
        }
        Merger::new(self.table).merge(&bytes) == pair
    }

    /// Removes tokens from the end of the result until they have `bytes` bytes, and tells how many they have.
    fn take_back(&mut self, bytes: usize) -> usize {
        let mut removed = Vec::new();
        while removed.len() < bytes
            && let Some(token) = self.tokens.pop()
        {
            self.table.push_bytes(token, &mut removed);
        }
        removed.len()
    }

    /// Takes `n log n` steps and 24 `n` bytes for `n` bytes.
    fn merge_long(&mut self, piece: &[u8]) {
        let Self { table, tokens, parts, .. } = self;
        parts.clear();
        parts.extend(piece.iter().zip(0_u32..).map(|(&byte, at)| Part {
            token: table.byte(byte),
            rank: NONE,
            previous: at.wrapping_sub(1),
            next: at + 1,
        }));
        let end = piece.len() as u32;
        let mut queue = std::mem::take(&mut self.queue);
        for at in 1..end {
            let rank = table.merged(parts[at as usize - 1].token, parts[at as usize].token);
            parts[at as usize - 1].rank = rank;
            if rank != NONE {
                queue.push(Merge::new(rank, at - 1));
            }
        }

        let mut queue = BinaryHeap::from(queue);
        while let Some(merge) = queue.pop() {
            let (rank, at) = (merge.rank(), merge.at());
            // A part that changed since, or is gone, has another rank.
            if parts[at as usize].rank != rank {
                continue;
            }
            let gone = parts[at as usize].next;
            let next = parts[gone as usize].next;
            parts[gone as usize].rank = NONE;
            parts[at as usize].token = rank;
            parts[at as usize].next = next;
            parts[at as usize].rank = NONE;
            if next < end {
                parts[next as usize].previous = at;
                pair_up(table, parts, &mut queue, at);
            }
            if at > 0 {
                let previous = parts[at as usize].previous;
                pair_up(table, parts, &mut queue, previous);
            }
        }

        // Empty by now, but with room for the next piece.
        self.queue = queue.into_vec();

        let mut at = 0;
        while at < end {
            tokens.push(parts[at as usize].token);
            at = parts[at as usize].next;
        }
    }
}

/// Looks up what the part at `at` forms with the next one, and queues it.
fn pair_up(table: &PairTable, parts: &mut [Part], queue: &mut BinaryHeap<Merge>, at: u32) {
    let next = parts[at as usize].next;
    let rank = table.merged(parts[at as usize].token, parts[next as usize].token);
    parts[at as usize].rank = rank;
    if rank != NONE {
        queue.push(Merge::new(rank, at));
    }
}

/// A part of a long piece, in a list linked both ways. Its place is that of its first byte.
struct Part {
    token: u32,
    /// The token that this part and the next one form.
    rank: u32,
    /// Of no meaning in the part at 0.
    previous: u32,
    /// The length of the piece in the last part.
    next: u32,
}

/// A merge to be done, the greatest one first: lowest rank, then leftmost.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Merge(Reverse<u64>);

impl Merge {
    fn new(rank: u32, at: u32) -> Self {
        Self(Reverse(u64::from(rank) << 32 | u64::from(at)))
    }

    fn rank(&self) -> u32 {
        (self.0.0 >> 32) as u32
    }

    fn at(&self) -> u32 {
        self.0.0 as u32
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CL100K_TABLE, format};
    use super::*;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static TABLE: LazyLock<PairTable> =
        LazyLock::new(|| PairTable::new(&format::read(CL100K_TABLE).unwrap()).unwrap());

    fn check_all_ways(piece: &[u8]) {
        let mut merger = Merger::new(&TABLE);
        merger.merge_short(piece);
        let short = std::mem::take(&mut merger.tokens);
        merger.merge_long(piece);
        assert_eq!(short, merger.tokens, "{piece:?}");
        for window in [260, 300, 1000] {
            merger.tokens.clear();
            merger.merge_windows(piece, window);
            assert_eq!(short, merger.tokens, "in windows of {window}: {piece:?}");
        }
        let mut bytes = Vec::new();
        for &token in &short {
            TABLE.push_bytes(token, &mut bytes);
        }
        assert_eq!(bytes, piece);
    }

    #[test]
    fn all_ways_agree_on_examples() {
        for piece in ["", "a", "ab", " the", "aaaaaaaaaaaaaaaaaaaaaaa", "electroencephalograph", "αβγδ"] {
            check_all_ways(piece.as_bytes());
        }
    }

    #[test]
    fn every_token_is_its_own_encoding() {
        let mut merger = Merger::new(&TABLE);
        let mut bytes = Vec::new();
        for token in 0..100_256 {
            bytes.clear();
            TABLE.push_bytes(token, &mut bytes);
            assert_eq!(merger.merge(&bytes), [token]);
        }
    }

    /// Among others words whose tokens shift when a letter is added at their end.
    #[test]
    fn windows_agree_on_repetitive_words() {
        let units = ["a", "ab", "aab", "the", "ACGT", " ", "=", "ั้", "ありがとう"];
        for first in units {
            for second in units {
                for length in [261, 777] {
                    let text =
                        first.repeat(length / first.len()) + &second.repeat(length / second.len()) + "b";
                    check_all_ways(text.as_bytes());
                }
            }
        }
    }

    proptest! {
        #[test]
        fn all_ways_agree(
            words in proptest::collection::vec(prop_oneof!["[a-c]{1,40}", "[a-zA-Z]{1,12}", "\\PC{1,8}"], 0..12)
        ) {
            check_all_ways(words.concat().as_bytes());
        }

        #[test]
        fn all_ways_agree_on_words_of_few_letters(piece in "[ab]{200,1200}|[a-d]{200,1200}|[ -=]{200,1200}") {
            check_all_ways(piece.as_bytes());
        }

        #[test]
        fn all_ways_take_any_bytes(piece: Vec<u8>) {
            check_all_ways(&piece);
        }
    }
}
