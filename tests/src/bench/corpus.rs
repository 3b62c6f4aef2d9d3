//! Text of any length that embeds and splits like prose: sentences of real words, most of them common.

/// Words of the built-in embedder's vocabulary, common ones first.
const VOCABULARY: &str = include_str!("../../../engine/assets/static-minilm-256/vocab.txt");

/// A generator that gives the same text for the same seed.
pub struct Corpus {
    words: Vec<&'static str>,
    state: u64,
}

impl Corpus {
    /// Starts at `seed`.
    pub fn new(seed: u64) -> Corpus {
        let plain = |word: &&str| word.len() > 1 && word.bytes().all(|b| b.is_ascii_lowercase());
        let words = VOCABULARY.lines().filter(plain).collect();
        Corpus { words, state: seed.wrapping_mul(2).wrapping_add(1) }
    }

    fn next(&mut self) -> f64 {
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A word; the rank of a word is drawn so that common ones are as common as in prose.
    pub fn word(&mut self) -> &'static str {
        let rank = (self.words.len() as f64).powf(self.next()) - 1.0;
        self.words.get(rank as usize).copied().unwrap_or("the")
    }

    /// A sentence of 6 to 24 words.
    pub fn sentence(&mut self) -> String {
        let length = 6 + (self.next() * 19.0) as usize;
        let mut text = (0..length).map(|_| self.word()).collect::<Vec<_>>().join(" ");
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        text + "."
    }

    /// At least `bytes` bytes in paragraphs of about 600.
    pub fn text(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 1024);
        let mut paragraph = 0;
        while text.len() < bytes {
            let sentence = self.sentence();
            paragraph += sentence.len();
            text.push_str(&sentence);
            match paragraph > 600 {
                true => {
                    text.push_str("\n\n");
                    paragraph = 0;
                }
                false => text.push(' '),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_prose() {
        let text = Corpus::new(1).text(10_000);
        assert_eq!(text, Corpus::new(1).text(10_000));
        assert_ne!(text, Corpus::new(2).text(10_000));
        assert!(text.len() >= 10_000 && text.split("\n\n").count() > 10);
    }
}
