//! What is claimed in front of a citation.

use super::rewrite::Mark;
use crate::sentences;
use std::ops::Range;

/// What a citation stands for: the claim, and what else stands in its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub passage: usize,
    /// The sentence in front of the number, or around it.
    pub said: String,
    /// Sentences before that one that have no number of their own.
    pub before: Vec<String>,
}

/// What may stand between a number and the next claim.
const ENDS: [char; 12] = ['.', ',', ';', ':', '!', '?', '。', '，', '、', '；', '।', '؟'];

/// Bytes of a line, and of a list below it, that are looked at.
const LINE_BYTES_MAX: usize = 4000;

/// The claims of an answer, one for each citation.
pub(crate) fn claims(text: &str, marks: &[Mark]) -> Vec<Claim> {
    let groups = groups(text, marks);
    let mut out = Vec::new();
    for (n, group) in groups.iter().enumerate() {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let before = n.checked_sub(1).and_then(|n| groups.get(n)).and_then(|group| group.last());
        let after = groups.get(n + 1).and_then(|group| group.first()).map_or(text.len(), |mark| mark.start);
        let (said, earlier) = claim(text, before.map_or(0, |mark| mark.end), first.start..last.end, after);
        for mark in *group {
            out.push(Claim { passage: mark.passage, said: said.clone(), before: earlier.clone() });
        }
    }
    out
}

/// Citations that stand beside each other stand for the same claim.
fn groups<'m>(text: &str, marks: &'m [Mark]) -> Vec<&'m [Mark]> {
    let beside = |a: &Mark, b: &Mark| {
        text.get(a.end..b.start).is_some_and(|between| between.chars().all(|c| matches!(c, ' ' | ',' | ';')))
    };
    marks.chunk_by(beside).collect()
}

/// The claim of the citations at `mark`, with other citations ending at `from` and beginning at `to`.
fn claim(text: &str, from: usize, mark: Range<usize>, to: usize) -> (String, Vec<String>) {
    let part = |range: Range<usize>| text.get(range).unwrap_or_default();
    let before = part(0..mark.start);
    // A number on a line of its own belongs to the line above.
    let end = match before.rsplit_once('\n') {
        Some((above, line)) if is_empty(line) => above.trim_end_matches(['\n', ' ', '>', '`', '\r']).len(),
        _ => mark.start,
    };
    let line = part(0..end).rfind('\n').map_or(0, |at| at + 1);
    let start = line.max(from).max(end.saturating_sub(LINE_BYTES_MAX)).min(end);
    let start = text.ceil_char_boundary(start).min(end);
    // What ended the sentence of the number before.
    let mut sentences =
        of(part(start..end).trim_start_matches(|c: char| c.is_whitespace() || ENDS.contains(&c)));
    let mut said = sentences.pop().unwrap_or_default();
    if is_thin(&said) {
        // “According to [1], …”: the claim stands behind the number.
        let rest = part(mark.end..to);
        let rest = rest.split('\n').next().unwrap_or_default();
        let rest = &rest[..rest.floor_char_boundary(LINE_BYTES_MAX)];
        let behind = of(rest).into_iter().next().unwrap_or_default();
        // A sentence that ended in front of the number goes without what follows it.
        let ended = said.trim_end().ends_with(['.', '!', '?', '。', '।', '؟']);
        if !ended && !is_empty(&behind) {
            said = format!("{said} {behind}");
        }
        if is_thin(&said) && line < start {
            said = format!("{} {said}", part(line..start));
        }
    }
    // “The prices [1]:” speaks of the list below.
    let after = part(mark.end..to.max(mark.end));
    if part(mark.end..text.len()).trim_start().starts_with(':') || said.trim_end().ends_with(':') {
        let list: Vec<&str> = after
            .lines()
            .skip(1)
            .skip_while(|line| line.trim().is_empty())
            .take_while(|line| !line.trim().is_empty())
            .collect();
        let list = list.join("\n");
        sentences.extend(of(&list[..list.floor_char_boundary(LINE_BYTES_MAX)]));
    }
    (said, sentences)
}

fn of(text: &str) -> Vec<String> {
    let spans = sentences::sentences(text);
    spans.into_iter().filter_map(|sentence| text.get(sentence.span)).map(str::to_owned).collect()
}

/// Nothing but marks of Markdown.
fn is_empty(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}

/// Too little to be looked for: fewer than two words, or four letters of a script without spaces.
fn is_thin(text: &str) -> bool {
    super::support::weight(text) < 2.0
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::{Numbering, Rewriter};
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let mut rewriter = Rewriter::new(Numbering { passages: 9, first: 1, shown: true });
        let mut out = rewriter.push(text);
        out.push_str(&rewriter.finish());
        claims(&out, rewriter.marks()).into_iter().map(|claim| claim.said).collect()
    }

    #[test]
    fn the_sentence_in_front_of_the_number_is_the_claim() {
        assert_eq!(
            of("The hut sleeps ten. A night costs members 14.50 euros [1]. Guests pay 20 euros. [2][3]"),
            ["A night costs members 14.50 euros", "Guests pay 20 euros.", "Guests pay 20 euros."]
        );
        assert_eq!(
            of("Members pay 14 euros [1], guests pay 20 euros [2]."),
            ["Members pay 14 euros", "guests pay 20 euros"]
        );
        assert_eq!(of("会员每晚十四欧元。[1] 客人二十欧元[2]。"), ["会员每晚十四欧元。", "客人二十欧元"]);
    }

    #[test]
    fn a_number_in_front_stands_for_what_follows() {
        assert_eq!(of("According to [1], members pay 14 euros."), ["According to , members pay 14 euros."]);
    }

    #[test]
    fn a_number_below_stands_for_the_line_above() {
        assert_eq!(of("> Members pay 14 euros.\n[1]"), ["Members pay 14 euros."]);
    }

    #[test]
    fn a_list_belongs_to_the_line_that_announces_it() {
        let text = "The prices are [1]:\n\n- members 14 euros\n- guests 20 euros\n\nMore.";
        let mark = Mark { start: 15, end: 18, passage: 0 };
        assert_eq!(claims(text, &[mark])[0].before, ["members 14 euros", "guests 20 euros"]);
    }
}
