//! Sentences of a paragraph.

use super::abbreviations;
use super::lines::{is_open, width};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// A sentence that is longer ends where the standard says: looking back over it for each cut would take time.
const SENTENCE_BYTES_MAX: usize = 2000;

/// Lines that are all narrower are no paragraph that was broken for width.
const BROKEN_WIDTH_MIN: usize = 40;

/// In scripts without marks between sentences, a space ends one from this length on.
const CLAUSE_CHARS_MIN: usize = 24;

/// How sentences end.
const ENDS: [char; 24] = [
    '.', '?', '!', ':', ';', '…', '。', '！', '？', '．', '｡', '։', '؟', '۔', '।', '॥', '።', '።', '។', '၊',
    '။', '᠃', '·', '¡',
];

/// Signs that may stand behind the end of a sentence.
const CLOSES: [char; 14] = ['"', '\'', '”', '’', '»', ')', ']', '）', '」', '』', '】', '*', '_', '`'];

/// Whether a text ends like a sentence.
pub(super) fn ends_sentence(text: &str) -> bool {
    text.trim_end().trim_end_matches(CLOSES).ends_with(ENDS)
}

/// The sentences of a paragraph, which is the range `span` of `text`: ranges of `text` without white space at their ends.
///
/// The standard's rules (UAX #29) do the cutting; what they cut after an abbreviation, an initial or a number is joined
/// again. The end of a line is a space, unless it ends a line much shorter than the others and a beginning follows.
#[must_use]
pub fn within(text: &str, span: Range<usize>) -> Vec<Range<usize>> {
    let Some(said) = text.get(span.clone()) else { return Vec::new() };
    let flat = flat(said);
    let mut out = Vec::new();
    let mut start = 0;
    for (at, piece) in flat.split_sentence_bound_indices() {
        let end = at + piece.len();
        // The marks behind the sentence before were taken along.
        if end <= start {
            continue;
        }
        let end = match behind_marks(&flat, end) {
            Some(Some(end)) if end > start => end,
            Some(_) => continue,
            None => end,
        };
        let so_far = flat.get(start..end).unwrap_or_default();
        let rest = flat.get(end..).unwrap_or_default();
        if so_far.len() < SENTENCE_BYTES_MAX && !so_far.ends_with('\n') && goes_on(so_far.trim(), rest) {
            continue;
        }
        clauses(so_far, &mut |from, to| push(&flat, start + from..start + to, span.start, &mut out));
        start = end;
    }
    push(&flat, start.min(flat.len())..flat.len(), span.start, &mut out);
    out
}

/// Marks of Markdown and the numbers of notes right behind a full stop belong to its sentence: where that ends, if there
/// are any. `Some(None)`: letters follow, so that nothing ends here.
fn behind_marks(flat: &str, end: usize) -> Option<Option<usize>> {
    let before = flat.get(..end)?.trim_end_matches(['[', '(', '【']);
    let opens = before.len() < end;
    let rest = flat.get(before.len()..)?;
    if before.ends_with(char::is_whitespace) {
        return None;
    }
    let mut after = rest;
    loop {
        let bare = after.trim_start_matches(CLOSES);
        let note = bare.strip_prefix('[').and_then(|inside| inside.split_once(']'));
        let is_note = |number: &str| {
            number.len() <= 8
                && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '^' | ',' | '-' | ' '))
        };
        match note {
            Some((number, more)) if is_note(number) => after = more,
            _ => {
                after = bare;
                break;
            }
        }
    }
    if after.len() == rest.len() {
        // What a bracket opens is no part of the sentence before.
        return opens.then_some(Some(before.len()));
    }
    let space = after.len() - after.trim_start_matches(' ').len();
    if after.is_empty() || after.starts_with('\n') || space > 0 {
        return Some(Some(flat.len() - after.len() + space));
    }
    match before.ends_with('.') {
        true => Some(None),
        false => opens.then_some(Some(before.len())),
    }
}

fn push(flat: &str, found: Range<usize>, offset: usize, out: &mut Vec<Range<usize>>) {
    let said = flat.get(found.clone()).unwrap_or_default();
    let start = found.start + (said.len() - said.trim_start().len());
    let end = start + said.trim().len();
    if start < end {
        out.push(offset + start..offset + end);
    }
}

/// The text with spaces for the ends of lines that end no sentence, and for the marks of quotations behind them. It has as
/// many bytes.
fn flat(said: &str) -> String {
    if !said.contains(['\n', '\r', '\t']) {
        return said.to_owned();
    }
    let lines: Vec<&str> = said.split_inclusive('\n').collect();
    let widest = lines.iter().map(|line| width(line.trim())).max().unwrap_or(0);
    // A narrow column of running text is no list of short lines.
    let longest =
        if lines.iter().any(|line| is_running(line)) { widest.max(BROKEN_WIDTH_MIN) } else { widest };
    let mut out = String::with_capacity(said.len());
    for (n, line) in lines.iter().enumerate() {
        let body = line.trim_end_matches(['\n', '\r']);
        let quoted = if n > 0 { body.len() - body.trim_start_matches([' ', '\t', '>']).len() } else { 0 };
        out.extend(std::iter::repeat_n(' ', quoted));
        out.extend(body.get(quoted..).unwrap_or_default().chars().map(|c| if c == '\t' { ' ' } else { c }));
        let breaks = line.len() - body.len();
        let next = lines.get(n + 1).map(|next| next.trim_start_matches([' ', '\t', '>']));
        match next {
            Some(next) if breaks > 0 && is_end_of_line(body.trim(), next, longest) => {
                out.extend(std::iter::repeat_n(' ', breaks - 1));
                out.push('\n');
            }
            _ => out.extend(std::iter::repeat_n(' ', breaks)),
        }
    }
    out
}

/// Whether something ends with a line: it is much shorter than others, or all are short, and what follows begins.
fn is_end_of_line(line: &str, next: &str, longest: usize) -> bool {
    let Some(first) = next.chars().next() else { return false };
    let short = longest < BROKEN_WIDTH_MIN || width(line) * 10 < longest * 6;
    let cut = line.ends_with(['-', ',', '、', '，', '،']) || is_open(line);
    short && !cut && !first.is_lowercase() && !matches!(first, ')' | '）' | ',' | '.')
}

/// Whether a sentence ends within a line.
fn is_running(line: &str) -> bool {
    let line = line.trim();
    let spaced = [". ", "! ", "? ", "। ", "؟ "].iter().any(|end| line.contains(end));
    spaced || line.trim_end_matches(ENDS).contains(['。', '！', '？'])
}

/// Whether a sentence goes on where the standard cuts it.
fn goes_on(so_far: &str, rest: &str) -> bool {
    let Some(next) = rest.split_whitespace().next() else { return false };
    let Some(first) = next.trim_start_matches(['(', '"', '“', '„', '«', '*', '_']).chars().next() else {
        return true;
    };
    if so_far.matches('`').count() % 2 == 1 && rest.contains('`') {
        // Inside a span of code.
        return true;
    }
    let mut words = so_far.split_whitespace().rev();
    let last = words.next().unwrap_or_default();
    let Some(word) = last.strip_suffix('.') else {
        // A question inside a sentence, or an open quotation, goes on in lower case.
        return first.is_lowercase() && !so_far.is_empty();
    };
    let word = word.trim_start_matches(['(', '[', '"', '“', '„', '«', '\'', '*', '_']);
    // The number of a list item.
    let numbered = so_far.len() == last.len() && word.chars().all(char::is_numeric);
    numbered || first.is_lowercase() || abbreviations::goes_on(words.next().unwrap_or_default(), word, next)
}

/// Cuts what a script without marks between sentences wrote, at spaces between its letters.
fn clauses(said: &str, found: &mut impl FnMut(usize, usize)) {
    let mut start = 0;
    let mut chars = 0;
    let mut before = ' ';
    for (at, c) in said.char_indices() {
        let space = c == ' ';
        if space && chars >= CLAUSE_CHARS_MIN && is_unmarked(before) {
            let rest = said.get(at..).unwrap_or_default().trim_start();
            if rest.chars().next().is_some_and(is_unmarked) && rest.chars().count() >= CLAUSE_CHARS_MIN / 2 {
                found(start, at);
                (start, chars) = (at, 0);
            }
        }
        chars += usize::from(!space);
        before = if space { before } else { c };
    }
    found(start, said.len());
}

/// Letters of scripts whose sentences a space parts: Thai and Lao.
fn is_unmarked(c: char) -> bool {
    matches!(c, '\u{0e01}'..='\u{0e4e}' | '\u{0e81}'..='\u{0ede}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(marked: &str) {
        let text = marked.replace('|', "");
        let found: Vec<&str> = within(&text, 0..text.len()).into_iter().map(|span| &text[span]).collect();
        let expected: Vec<&str> = marked.split('|').map(str::trim).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn plain_sentences() {
        check("Otters swim. |They eat fish! |Do they sleep? |Yes.");
        check("He said “no.” |Then he left (at last.) |It rained");
    }

    #[test]
    fn abbreviations_initials_and_numbers_end_nothing() {
        check(
            "Dr. Hale met J. R. Smith, e.g. Tuesdays. |See Fig. 3 and No. 5. |It cost 3.50 in the U.S. Army.",
        );
        check("The answer is no. |They left.");
        check("1. Install the package. |Run it.");
        check("Use Node.js v18.2 or later. |Done.");
        check("It says `No. Such file. Here.` and stops. |Then `a`.");
        check("The tariff rises from 1.62 to 1.71 euros. |Leakage fell.");
        check(
            "Das gilt z.B. Montags, vgl. Art. 5 Abs. 2. |Am 3. Oktober ist zu. |Der Preis beträgt ca. 4 Euro.",
        );
        check("Il coûte env. 5 euros, cf. art. 3 du contrat. |Mme. Durand habite av. Foch.");
        check("Он живёт на ул. Мира, т.е. рядом. |Цена 5 тыс. рублей.");
    }

    #[test]
    fn lines_broken_for_width_are_one() {
        check(
            "The stone bridge over the valley was built in\n1764 by Margaret Hale. |It holds\nto this day.",
        );
        check("> A quoted sentence that is broken over\n> two lines. |Another.");
    }

    #[test]
    fn marks_behind_a_full_stop_belong_to_it() {
        check("**Opening times.** |They change.[3] |See _the list._ |Then go.");
        check("停车场在地下。[1] |访客请登记。");
    }

    #[test]
    fn short_lines_stand_alone() {
        check("Monday closed\n|Tuesday 9 to 5\n|Friday until noon");
    }

    #[test]
    fn every_script_ends_its_sentences() {
        check("停车场在地下二层。|访客请登记！|费用是3.5元吗？|是的。");
        check("駐車場は地下です。|料金は無料です。");
        check("موقف السيارات في الطابق الثاني. |هل هو مجاني؟ |نعم.");
        check("पार्किंग तहखाने में है। |शुल्क 20 रुपये है।");
        check("ลานจอดรถอยู่ที่ชั้นใต้ดินของอาคารสอง |ค่าจอดรถวันละ 40 บาทสำหรับผู้มาเยือนทุกคน");
        check("차량은 지하 2층에 세웁니다. |방문객은 무료입니다.");
        check("Wie heißt das? |Otter.");
    }

    proptest! {
        #[test]
        fn nothing_but_space_is_lost(text in "([A-Za-z]{1,4}|\\.|\\?| |\n|Dr\\. |é|。|\"|\\(|1\\. |ก){0,30}") {
            let spans = within(&text, 0..text.len());
            let kept: String = spans.into_iter().flat_map(|span| text[span].chars()).filter(|c| !c.is_whitespace()).collect();
            let all: String = text.split_whitespace().collect();
            prop_assert_eq!(kept, all);
        }
    }
}
