//! What was worked out for words, remembered: a text says most of its words again and again.

/// The numbers of words. No text, however it is made, costs more than working out each of its words: one that finds no
/// place near its own is not remembered.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    /// Keys of words, in the order they were met, and their numbers: what is said often stands together.
    words: Vec<(u128, u32)>,
    /// 2ⁿ places: a word's place in `words`, plus 1; 0 is a free one.
    places: Vec<u32>,
}

const PLACES: usize = 1 << 8;
/// Places looked at for a word.
const STEPS: usize = 8;

impl Memo {
    /// A word of up to 16 bytes as a number that is no other's: ASCII letters, digits and joints in any case, other text as
    /// it is.
    pub(super) fn key(part: &str) -> Option<u128> {
        let bytes = part.as_bytes();
        let mut key = [0; 16];
        key.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let key = u128::from_le_bytes(key);
        if part.is_ascii() {
            // This bit makes letters small, digits have it, it makes joints no letters or digits, and no word has a space.
            return Some(key | u128::from_le_bytes([b' '; 16]));
        }
        Some(key)
    }

    fn near(&self, key: u128) -> impl Iterator<Item = usize> + use<> {
        let mixed = (key as u64 ^ ((key >> 64) as u64).rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (first, last) = ((mixed >> 32) as usize, self.places.len().wrapping_sub(1));
        (0..STEPS).map(move |step| (first + step) & last)
    }

    pub(super) fn get(&self, key: u128) -> Option<u32> {
        for place in self.near(key) {
            let word = self.words.get((*self.places.get(place)? as usize).wrapping_sub(1))?;
            if word.0 == key {
                return Some(word.1);
            }
        }
        None
    }

    pub(super) fn put(&mut self, key: u128, number: u32) {
        if self.words.len() >= self.places.len() / 2 {
            self.places = vec![0; (4 * self.places.len()).max(PLACES)];
            let words = std::mem::take(&mut self.words);
            words.into_iter().for_each(|(key, number)| self.place(key, number));
        }
        self.place(key, number);
    }

    fn place(&mut self, key: u128, number: u32) {
        if let Some(place) = self.near(key).find(|place| self.places.get(*place) == Some(&0)) {
            self.words.push((key, number));
            self.places[place] = self.words.len() as u32;
        }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.places.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_key_tells_words_apart(a in "[a-zA-Z0-9,;]{1,18}|[à-ü]{1,9}", b in "[a-b]{1,3}|[à-ü]{1,3}") {
            prop_assert_eq!(Memo::key(&a).is_some(), a.len() <= 16);
            if let Some(found) = Memo::key(&a) {
                prop_assert_eq!(Some(found) == Memo::key(&b), a.to_ascii_lowercase() == b);
            }
        }
    }
}
