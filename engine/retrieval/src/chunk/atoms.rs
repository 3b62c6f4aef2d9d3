//! The sentences that the sentence splitter puts together, with how good a place their end is for a cut.
//!
//! Full stops end a sentence unless they stand in a number, behind an abbreviation, an initial or the number of a list
//! item, or before a word in lower case. The marks of other scripts end one where they stand. Thai, Lao and Khmer have
//! no such mark: a space ends a phrase there. A line end inside a paragraph, as PDFs have them, ends nothing.

use super::marks::{
    clause_mark, closes, full_stop_of_another_script, is_abbreviation, phrase_script, starts_item, width,
};
use crate::words::{is_js_space, js_trim_end, utf16_len};
use unicode_segmentation::UnicodeSegmentation;

/// How good a place for a cut is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Inside a sentence that is longer than allowed.
    Forced,
    /// Behind a sentence.
    Sentence,
    /// Behind a line that is a unit of its own: an item of a list, a heading, an address.
    Line,
    /// Behind a paragraph.
    Paragraph,
}

/// A sentence with the white space behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Atom {
    /// Where it begins.
    pub start: usize,
    /// Where it ends, behind its white space.
    pub end: usize,
    /// Length in UTF-16 code units.
    pub units: usize,
    /// Length without the white space at its end.
    pub ink: usize,
    /// What its end is.
    pub level: Level,
}

/// A line of at least this width, in columns, goes on in the next one.
const WRAPPED_WIDTH: usize = 50;

/// More marks than these behind a full stop are no end of a sentence.
const MARKS_BYTES_MAX: usize = 16;

/// The sentence at `start`, cut where it is longer than `units_max`. `start` is below `end`; both are on character
/// boundaries. Takes time in proportion to the atom.
pub fn next(text: &str, start: usize, end: usize, units_max: usize) -> Atom {
    Reader {
        text,
        end,
        start,
        at: start,
        units: 0,
        line: 0,
        units_max: units_max.max(1),
        weak: [None; 3],
        last: ' ',
    }
    .read()
}

/// A place inside the sentence at which it may be cut if it is too long, and the units up to there.
type Place = Option<(usize, usize)>;

/// Kinds of such places, best first.
const NEWLINE: usize = 0;
const CLAUSE: usize = 1;
const SPACE: usize = 2;

struct Reader<'t> {
    text: &'t str,
    start: usize,
    end: usize,
    at: usize,
    units: usize,
    /// Columns of the line at hand.
    line: usize,
    units_max: usize,
    weak: [Place; 3],
    /// The character before `at`.
    last: char,
}

impl Reader<'_> {
    fn read(mut self) -> Atom {
        while let Some(ch) = self.peek(self.at) {
            let wide = self.units + ch.len_utf16() > self.units_max;
            if is_js_space(ch) {
                let before = (self.at, self.units);
                let space = self.space();
                if let Some(level) = self.ends_at_space(space) {
                    return self.atom(before, level);
                }
                self.note_space(space);
                continue;
            }
            if wide {
                return self.forced();
            }
            self.step(ch);
            if self.ends_sentence(ch) {
                let before = (self.at, self.units);
                let level = self.space().level();
                return self.atom(before, level.max(Level::Sentence));
            }
            if clause_mark(ch) {
                self.weak[CLAUSE] = Some((self.at, self.units));
            }
        }
        let ink = (self.at, self.units);
        self.atom(ink, Level::Paragraph)
    }

    fn peek(&self, at: usize) -> Option<char> {
        let byte = *self.text.as_bytes().get(..self.end)?.get(at)?;
        if byte.is_ascii() { Some(char::from(byte)) } else { self.text.get(at..self.end)?.chars().next() }
    }

    fn step(&mut self, ch: char) {
        self.at += ch.len_utf8();
        self.units += ch.len_utf16();
        self.line += width(ch);
        self.last = ch;
    }

    /// Reads over white space; no more than an atom may be long.
    fn space(&mut self) -> Space {
        let mut space = Space { newlines: 0, line: self.line, before: self.last, next: None };
        let most = self.units.saturating_add(self.units_max);
        while let Some(ch) = self.peek(self.at) {
            if !is_js_space(ch) || self.units >= most {
                space.next = Some(ch).filter(|ch| !is_js_space(*ch));
                break;
            }
            space.newlines += usize::from(matches!(ch, '\n' | '\u{2028}' | '\u{2029}'));
            self.at += ch.len_utf8();
            self.units += ch.len_utf16();
            self.line += 1;
        }
        if space.newlines > 0 {
            self.line = 0;
        }
        space
    }

    /// What ends with white space behind a character that ends no sentence itself.
    fn ends_at_space(&self, space: Space) -> Option<Level> {
        let Some(next) = space.next else { return Some(Level::Paragraph) };
        if space.newlines == 0 {
            return (phrase_script(space.before) && phrase_script(next)).then_some(Level::Sentence);
        }
        // A sentence goes on behind the end of a full line, and even of a page.
        let goes_on = next.is_lowercase() && space.line >= WRAPPED_WIDTH;
        match space.newlines {
            1 if starts_item(self.text.get(self.at..self.end).unwrap_or_default()) => Some(Level::Line),
            1 if next.is_lowercase() || space.line >= WRAPPED_WIDTH => None,
            1 => Some(Level::Line),
            _ => (!goes_on).then_some(Level::Paragraph),
        }
    }

    fn note_space(&mut self, space: Space) {
        let kind = if space.newlines > 0 { NEWLINE } else { SPACE };
        self.weak[kind] = Some((self.at, self.units));
    }

    /// Whether a sentence ends with `ch`, just read. Quotes and brackets behind it are read, too.
    fn ends_sentence(&mut self, ch: char) -> bool {
        let other = full_stop_of_another_script(ch);
        if !other && !matches!(ch, '.' | '!' | '?' | '…') {
            return false;
        }
        let (mut at, mut units) = (self.at, self.units);
        while let Some(next) = self.peek(at) {
            let more =
                closes(next) || full_stop_of_another_script(next) || matches!(next, '.' | '!' | '?' | '…');
            units += next.len_utf16();
            if !more || units > self.units_max || at > self.at + MARKS_BYTES_MAX {
                break;
            }
            at += next.len_utf8();
        }
        if !other && !self.ends_before(ch, at) {
            return false;
        }
        while self.at < at {
            let Some(next) = self.peek(self.at) else { break };
            self.step(next);
        }
        true
    }

    /// Whether the mark `ch`, with what closes behind it up to `at`, ends a sentence in front of what follows.
    fn ends_before(&self, ch: char, at: usize) -> bool {
        let rest = self.text.get(at..self.end).unwrap_or_default();
        if !rest.chars().next().is_none_or(is_js_space) {
            return false;
        }
        // White space further than this is the end of a paragraph.
        let next = rest.chars().take(64).find(|ch| !is_js_space(*ch));
        if next.is_some_and(char::is_lowercase) {
            return false;
        }
        ch != '.' || !is_abbreviation(self.text.get(self.start..self.at).unwrap_or_default())
    }

    /// The atom with its ink up to `ink` and white space up to here.
    fn atom(&self, ink: (usize, usize), level: Level) -> Atom {
        let ink = if ink.0 == self.start { 0 } else { ink.1 };
        Atom { start: self.start, end: self.at, units: self.units, ink, level }
    }

    /// The atom that ends inside a sentence, since it is too long: at the best place of its second half.
    fn forced(self) -> Atom {
        let half = self.units_max / 2;
        let late = |place: &Place| place.filter(|(_, units)| *units > half);
        let any = || self.weak.iter().flatten().copied().max();
        let place = self.weak.iter().find_map(late).or_else(any).unwrap_or_else(|| self.whole_clusters());
        let (end, units) = place;
        let ink = utf16_len(js_trim_end(self.text.get(self.start..end).unwrap_or_default()));
        Atom { start: self.start, end, units, ink, level: Level::Forced }
    }

    /// The end of the last whole grapheme cluster, unless there is only one.
    fn whole_clusters(&self) -> (usize, usize) {
        let text = self.text.get(self.start..self.at).unwrap_or_default();
        // The last one may go on behind what was read.
        let more = self.text.get(self.at..self.end).unwrap_or_default();
        let next = more.chars().next().map_or(0, char::len_utf8);
        let whole = self.text.get(self.start..self.at + next).unwrap_or(text);
        let last = whole.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
        match self.text.get(self.start..self.start + last) {
            Some(kept) if last > 0 => (self.start + last, utf16_len(kept)),
            _ if self.at > self.start => (self.at, self.units),
            // A character longer than allowed.
            _ => (self.start + next.max(1), more.chars().next().map_or(1, char::len_utf16)),
        }
    }
}

/// White space between two characters.
#[derive(Clone, Copy)]
struct Space {
    newlines: usize,
    /// Columns of the line before it.
    line: usize,
    before: char,
    next: Option<char>,
}

impl Space {
    fn level(self) -> Level {
        match self.newlines {
            _ if self.next.is_none() => Level::Paragraph,
            0 => Level::Sentence,
            1 => Level::Line,
            _ => Level::Paragraph,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn atoms(text: &str, units_max: usize) -> Vec<Atom> {
        let mut atoms: Vec<Atom> = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let atom = next(text, at, text.len(), units_max);
            at = atom.end;
            atoms.push(atom);
        }
        atoms
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> =
            atoms(text, 1000).iter().map(|atom| text[atom.start..atom.end].trim()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn sentences_end_at_their_marks() {
        check(
            "Otters swim. Do they? Yes! “So it is.” Well…",
            &["Otters swim.", "Do they?", "Yes!", "“So it is.”", "Well…"],
        );
        check("Wait... what? (It is so.) Next.", &["Wait... what?", "(It is so.)", "Next."]);
    }

    #[test]
    fn numbers_abbreviations_and_initials_end_nothing() {
        check(
            "It rose from 1.62 to 1.71 euros. Then it fell.",
            &["It rose from 1.62 to 1.71 euros.", "Then it fell."],
        );
        check(
            "Dr. J. Weiss, e.g. Mr. Brown, came. See fig. 3 and pp. 4.",
            &["Dr. J. Weiss, e.g. Mr. Brown, came.", "See fig. 3 and pp. 4."],
        );
        check("Am 3. Oktober ist frei. Danach nicht.", &["Am 3. Oktober ist frei.", "Danach nicht."]);
        check("Version 2.0.1 of node.js is out. Get it.", &["Version 2.0.1 of node.js is out.", "Get it."]);
    }

    #[test]
    fn items_and_short_lines_stand_alone() {
        check(
            "Bring:\n- a torch\n- gloves\n1. first\n2. second",
            &["Bring:", "- a torch", "- gloves", "1. first", "2. second"],
        );
        check("Green Street 4\nBrookton\n\nDear all", &["Green Street 4", "Brookton", "Dear all"]);
    }

    #[test]
    fn a_full_line_goes_on_in_the_next() {
        let text = "The members of the water board have decided upon this year's\nPlan of works for the lower\nvalley. It begins.";
        check(
            text,
            &[
                "The members of the water board have decided upon this year's\nPlan of works for the lower\nvalley.",
                "It begins.",
            ],
        );
        let page = "The members of the water board have decided that works upon\n\nthe wall begin. So be it.";
        check(
            page,
            &["The members of the water board have decided that works upon\n\nthe wall begin.", "So be it."],
        );
    }

    #[test]
    fn every_script_has_its_marks() {
        check(
            "停车场在地下。入口在北门！“关门。”真的吗？",
            &["停车场在地下。", "入口在北门！", "“关门。”", "真的吗？"],
        );
        check("道は狭い。「気をつけて。」川は深い。", &["道は狭い。", "「気をつけて。」", "川は深い。"]);
        check("किला पुराना है। नदी गहरी है।", &["किला पुराना है।", "नदी गहरी है।"]);
        check("هل هو مفتوح؟ نعم.", &["هل هو مفتوح؟", "نعم."]);
        check("ที่จอดรถอยู่ชั้นล่าง ห้องประชุมอยู่ชั้นบน", &["ที่จอดรถอยู่ชั้นล่าง", "ห้องประชุมอยู่ชั้นบน"]);
    }

    #[test]
    fn a_long_sentence_is_cut_at_its_best_place() {
        let cut = |text: &str, most| {
            atoms(text, most)
                .iter()
                .map(|atom| text[atom.start..atom.end].trim().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(cut("one two, three four five", 16), ["one two, three", "four five"]);
        assert_eq!(cut("one two three, four five", 16), ["one two three,", "four five"]);
        assert_eq!(cut("停车场在地下，入口在北门", 8), ["停车场在地下，", "入口在北门"]);
        assert_eq!(cut("🇩🇪🇫🇷🇮🇹", 9), ["🇩🇪🇫🇷", "🇮🇹"]);
        assert_eq!(cut("🚀🚀", 1), ["🚀", "🚀"]);
    }

    proptest! {
        #[test]
        fn atoms_follow_each_other_and_fit(
            text in "([a-c]{1,9}| {1,3}|\n{1,3}|\r\n|\\. |[,!?。，é日🚀]|ก ?|e\u{301}{1,3}|🇩|👨|\u{200D}|\u{FEFF}|1\\. ){0,60}",
            most in 1usize..40,
        ) {
            let mut end = 0;
            for atom in atoms(&text, most) {
                prop_assert_eq!(atom.start, end);
                prop_assert!(atom.end > atom.start);
                let whole = &text[atom.start..atom.end];
                prop_assert_eq!(atom.units, utf16_len(whole));
                prop_assert_eq!(atom.ink, utf16_len(js_trim_end(whole)), "{:?}", whole);
                prop_assert!(atom.ink <= most || crate::words::js_trim(whole).chars().count() == 1, "{:?} in {}", whole, most);
                end = atom.end;
            }
            prop_assert_eq!(end, text.len());
        }
    }
}
