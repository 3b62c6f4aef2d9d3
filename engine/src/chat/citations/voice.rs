//! A voice that rewrites what it says.

use super::rewrite::{Mark, Numbering, Rewriter};
use crate::chat::flow::Voice;
use crate::llm::Delta;

/// Says an answer with the numbers that clients see, and keeps it.
pub(crate) struct Citing<'v> {
    voice: &'v mut dyn Voice,
    rewriter: Rewriter,
    /// What was said.
    text: String,
    /// The beginning of a piece whose last space waits for what follows, so that pieces stay as the model cut them.
    delayed: String,
}

/// An answer, and what it cites.
pub(crate) struct Said {
    pub text: String,
    /// Passages in the order of their first citation.
    pub order: Vec<usize>,
    pub marks: Vec<Mark>,
}

impl<'v> Citing<'v> {
    pub fn new(voice: &'v mut dyn Voice, numbering: Numbering) -> Citing<'v> {
        Citing { voice, rewriter: Rewriter::new(numbering), text: String::new(), delayed: String::new() }
    }

    /// The answer is over: says what was held back.
    pub fn finish(mut self) -> Said {
        self.flush();
        Said { text: self.text, order: self.rewriter.order().to_vec(), marks: self.rewriter.marks().to_vec() }
    }

    fn let_go(&mut self) {
        if !self.delayed.is_empty() {
            let text = std::mem::take(&mut self.delayed);
            self.pass(&Delta::Text(text.clone()), &[text]);
        }
    }

    /// Says all that was held back: something else than text follows.
    fn flush(&mut self) {
        let rest = self.rewriter.finish();
        self.delayed.push_str(&rest);
        self.let_go();
    }

    /// Says what has no numbers to rewrite.
    fn pass_by(&mut self, piece: &Delta, tagged: &[String]) {
        self.rewriter.skip(tagged.iter().map(String::len).sum());
        self.pass(piece, tagged);
    }

    fn pass(&mut self, piece: &Delta, tagged: &[String]) {
        self.voice.hear(piece, tagged);
        self.text.extend(tagged.iter().map(String::as_str));
    }
}

impl Voice for Citing<'_> {
    fn streams(&self) -> bool {
        self.voice.streams()
    }

    fn begin(&mut self) {
        self.voice.begin();
    }

    /// Thoughts and refusals stay as they are: only the text of an answer cites.
    fn hear(&mut self, piece: &Delta, tagged: &[String]) {
        match piece {
            Delta::Text(text) => {
                if let Some((_, tags)) = tagged.split_last()
                    && !tags.is_empty()
                {
                    self.pass_by(&Delta::Text(String::new()), tags);
                }
                self.say(text);
            }
            Delta::Reasoning(_) | Delta::Refusal(_) => {
                self.flush();
                self.pass_by(piece, tagged);
            }
            Delta::Why(_) | Delta::Usage(_) | Delta::Finish(_) => self.pass_by(piece, tagged),
        }
    }

    fn say(&mut self, text: &str) {
        let Some(first) = text.chars().next() else { return };
        let released = self.rewriter.release_before(first);
        self.delayed.push_str(&released);
        if !self.rewriter.holds_space() {
            self.let_go();
        }
        let written = self.rewriter.push(text);
        self.delayed.push_str(&written);
        if !self.rewriter.holds_space() {
            self.let_go();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Voice for Heard {
        fn streams(&self) -> bool {
            true
        }

        fn say(&mut self, text: &str) {
            self.0.push(text.to_owned());
        }
    }

    fn heard(pieces: &[&str]) -> (Vec<String>, Said) {
        let mut voice = Heard::default();
        let mut citing = Citing::new(&mut voice, Numbering { passages: 3, first: 1, shown: true });
        pieces.iter().for_each(|piece| citing.say(piece));
        let said = citing.finish();
        (voice.0, said)
    }

    #[test]
    fn pieces_stay_as_they_came() {
        let pieces = ["Oars ", "hang ", "inside", ".", " Lamps", " too "];
        assert_eq!(heard(&pieces).0, pieces);
    }

    #[test]
    fn thoughts_pass_by_and_places_count_them() {
        let mut voice = Heard::default();
        let mut citing = Citing::new(&mut voice, Numbering { passages: 3, first: 1, shown: true });
        citing.hear(&Delta::Reasoning("Is it [3]?".into()), &["<think>Is it [3]?".into()]);
        citing.hear(&Delta::Text("So it is [2].".into()), &["</think>".into(), "So it is [2].".into()]);
        let said = citing.finish();
        assert_eq!(said.text, "<think>Is it [3]?</think>So it is [1].");
        let places: Vec<&str> = said.marks.iter().map(|mark| &said.text[mark.start..mark.end]).collect();
        assert_eq!((places, said.order), (vec!["[1]"], vec![1]));
    }

    #[test]
    fn a_citation_waits_for_its_end() {
        let (pieces, said) = heard(&["Oars", " hang", " [", "3", "]", "."]);
        assert_eq!(pieces.concat(), "Oars hang [1].");
        assert_eq!((said.text.as_str(), said.order.as_slice()), ("Oars hang [1].", &[2][..]));
        let (pieces, _) = heard(&["Oars ", "hang ", "[9]", "."]);
        assert_eq!(pieces.concat(), "Oars hang.");
    }
}
