//! Porter's algorithm (M. F. Porter, *An algorithm for suffix stripping*, 1980), as he describes it.

use std::borrow::Cow;

/// The stem of a word in lower case. Words with anything but `a` to `z` in them stay as they are.
pub fn stem(word: &str) -> Cow<'_, str> {
    if word.len() < 3 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return Cow::Borrowed(word);
    }
    let mut word = Word(word.as_bytes().to_vec());
    word.step_1a();
    word.step_1b();
    word.step_1c();
    word.step_2();
    word.step_3();
    word.step_4();
    word.step_5();
    Cow::Owned(String::from_utf8(word.0).unwrap_or_default())
}

struct Word(Vec<u8>);

impl Word {
    /// Whether the letter at `n` is a consonant: `y` is one at the start and behind a vowel.
    fn is_consonant(&self, n: usize) -> bool {
        match self.0.get(n) {
            Some(b'a' | b'e' | b'i' | b'o' | b'u') => false,
            Some(b'y') => n == 0 || !self.is_consonant(n - 1),
            _ => true,
        }
    }

    /// How often a vowel is followed by a consonant in the first `len` letters: `m` in the paper.
    fn measure(&self, len: usize) -> usize {
        let (mut count, mut after_vowel) = (0, false);
        for (n, letter) in self.0.iter().take(len).enumerate() {
            let vowel = match letter {
                b'a' | b'e' | b'i' | b'o' | b'u' => true,
                b'y' => n > 0 && !after_vowel,
                _ => false,
            };
            count += usize::from(after_vowel && !vowel);
            after_vowel = vowel;
        }
        count
    }

    fn has_vowel(&self, len: usize) -> bool {
        (0..len).any(|n| !self.is_consonant(n))
    }

    /// It ends in two equal consonants.
    fn ends_double(&self) -> bool {
        let n = self.0.len();
        n >= 2 && self.0[n - 1] == self.0[n - 2] && self.is_consonant(n - 1)
    }

    /// The first `len` letters end in consonant, vowel, consonant, the last of which is not `w`, `x` or `y`.
    fn ends_cvc(&self, len: usize) -> bool {
        len >= 3
            && self.is_consonant(len - 3)
            && !self.is_consonant(len - 2)
            && self.is_consonant(len - 1)
            && !matches!(self.0[len - 1], b'w' | b'x' | b'y')
    }

    /// The length of the word without `ending`, if it has it.
    fn without(&self, ending: &str) -> Option<usize> {
        // Most endings do not fit, and most of those have another last letter.
        let may_fit = self.0.last() == ending.as_bytes().last();
        (may_fit && self.0.ends_with(ending.as_bytes())).then(|| self.0.len() - ending.len())
    }

    fn replace(&mut self, len: usize, by: &str) {
        self.0.truncate(len);
        self.0.extend_from_slice(by.as_bytes());
    }

    /// Replaces the first ending that fits, if what is before it measures more than `least`. Whether one fitted.
    fn replace_first(&mut self, least: usize, rules: &[(&str, &str)]) -> bool {
        for (ending, by) in rules {
            if let Some(len) = self.without(ending) {
                if self.measure(len) > least {
                    self.replace(len, by);
                }
                return true;
            }
        }
        false
    }

    fn step_1a(&mut self) {
        for (ending, by) in [("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")] {
            if let Some(len) = self.without(ending) {
                self.replace(len, by);
                return;
            }
        }
    }

    fn step_1b(&mut self) {
        if let Some(len) = self.without("eed") {
            if self.measure(len) > 0 {
                self.replace(len, "ee");
            }
            return;
        }
        let found = ["ed", "ing"].iter().find_map(|ending| self.without(ending));
        let Some(len) = found.filter(|len| self.has_vowel(*len)) else { return };
        self.0.truncate(len);
        if ["at", "bl", "iz"].iter().any(|ending| self.without(ending).is_some()) {
            self.0.push(b'e');
        } else if self.ends_double() && !matches!(self.0.last(), Some(b'l' | b's' | b'z')) {
            self.0.pop();
        } else if self.measure(self.0.len()) == 1 && self.ends_cvc(self.0.len()) {
            self.0.push(b'e');
        }
    }

    fn step_1c(&mut self) {
        if let Some(len) = self.without("y").filter(|len| self.has_vowel(*len)) {
            self.replace(len, "i");
        }
    }

    fn step_2(&mut self) {
        self.replace_first(
            0,
            &[
                ("ational", "ate"),
                ("tional", "tion"),
                ("enci", "ence"),
                ("anci", "ance"),
                ("izer", "ize"),
                ("abli", "able"),
                ("alli", "al"),
                ("entli", "ent"),
                ("eli", "e"),
                ("ousli", "ous"),
                ("ization", "ize"),
                ("ation", "ate"),
                ("ator", "ate"),
                ("alism", "al"),
                ("iveness", "ive"),
                ("fulness", "ful"),
                ("ousness", "ous"),
                ("aliti", "al"),
                ("iviti", "ive"),
                ("biliti", "ble"),
            ],
        );
    }

    fn step_3(&mut self) {
        self.replace_first(
            0,
            &[
                ("icate", "ic"),
                ("ative", ""),
                ("alize", "al"),
                ("iciti", "ic"),
                ("ical", "ic"),
                ("ful", ""),
                ("ness", ""),
            ],
        );
    }

    fn step_4(&mut self) {
        if let Some(len) = self.without("ion") {
            if self.measure(len) > 1 && len > 0 && matches!(self.0[len - 1], b's' | b't') {
                self.0.truncate(len);
            }
            return;
        }
        self.replace_first(
            1,
            &[
                ("al", ""),
                ("ance", ""),
                ("ence", ""),
                ("er", ""),
                ("ic", ""),
                ("able", ""),
                ("ible", ""),
                ("ant", ""),
                ("ement", ""),
                ("ment", ""),
                ("ent", ""),
                ("ou", ""),
                ("ism", ""),
                ("ate", ""),
                ("iti", ""),
                ("ous", ""),
                ("ive", ""),
                ("ize", ""),
            ],
        );
    }

    fn step_5(&mut self) {
        if let Some(len) = self.without("e") {
            let measure = self.measure(len);
            if measure > 1 || (measure == 1 && !self.ends_cvc(len)) {
                self.0.truncate(len);
            }
        }
        if self.measure(self.0.len()) > 1 && self.ends_double() && self.0.last() == Some(&b'l') {
            self.0.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_paper() {
        for (word, expected) in [
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("cats", "cat"),
            ("feed", "feed"),
            ("agreed", "agre"),
            ("plastered", "plaster"),
            ("bled", "bled"),
            ("motoring", "motor"),
            ("sing", "sing"),
            ("conflated", "conflat"),
            ("troubled", "troubl"),
            ("sized", "size"),
            ("hopping", "hop"),
            ("falling", "fall"),
            ("hissing", "hiss"),
            ("filing", "file"),
            ("happy", "happi"),
            ("sky", "sky"),
            ("relational", "relat"),
            ("conditional", "condit"),
            ("digitizer", "digit"),
            ("vietnamization", "vietnam"),
            ("operator", "oper"),
            ("hopefulness", "hope"),
            ("sensibiliti", "sensibl"),
            ("triplicate", "triplic"),
            ("electrical", "electr"),
            ("goodness", "good"),
            ("allowance", "allow"),
            ("replacement", "replac"),
            ("adoption", "adopt"),
            ("effective", "effect"),
            ("probate", "probat"),
            ("rate", "rate"),
            ("cease", "ceas"),
            ("controll", "control"),
            ("roll", "roll"),
            ("generalizations", "gener"),
            ("oscillators", "oscil"),
        ] {
            assert_eq!(stem(word), expected, "{word}");
        }
    }

    proptest! {
        #[test]
        fn any_word_has_a_stem(word in "\\PC{0,20}|[a-z]{0,20}") {
            let stem = stem(&word);
            prop_assert!(stem.len() <= word.len() + 1);
            prop_assert!(word.is_empty() || !stem.is_empty());
        }
    }
}
