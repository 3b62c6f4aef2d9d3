//! From the lines of a document to its blocks.

use super::lines::{
    heading, is_alone_a_title, is_field, is_link_definition, is_row, is_row_separator, is_rule, is_title,
    item, subrange_start, without_quote_marks,
};
use super::prose::ends_sentence;
use super::{Block, GUESSED, Kind};
use std::ops::Range;

/// Titles in a row from which on they are a list of short lines.
const TITLES_MAX: usize = 3;

pub(super) fn read(text: &str) -> Vec<Block> {
    let mut reader =
        Reader { text, blocks: Vec::new(), open: Vec::new(), kind: Kind::Prose, table: None, joins: false };
    let mut fence: Option<&str> = begins_in_code(text).then_some("```");
    let mut at = 0;
    for raw in text.split_inclusive('\n') {
        let bare = raw.trim();
        let mark = ["```", "~~~"].into_iter().find(|mark| bare.starts_with(mark));
        match (fence, mark) {
            (Some(open), Some(mark)) if open == mark => {
                reader.end();
                fence = None;
            }
            (Some(_), _) => {
                let line = raw.trim_end();
                if !line.is_empty() || !reader.open.is_empty() {
                    reader.kind = Kind::Code;
                    reader.open.push(at..at + line.len());
                }
            }
            (None, Some(mark)) => {
                reader.end();
                fence = Some(mark);
            }
            (None, None) => reader.line(at, raw),
        }
        at += raw.len();
    }
    reader.end();
    settle_titles(&mut reader.blocks);
    reader.blocks
}

/// Whether a text starts in the middle of code: its first fence closes what it never opened. Known when that fence has no
/// language though the next, which then opens, has one; else guessed from what a lone fence parts.
fn begins_in_code(text: &str) -> bool {
    if !text.contains("```") {
        return false;
    }
    let lines: Vec<&str> = text.lines().collect();
    let fences: Vec<(usize, &str)> = lines
        .iter()
        .enumerate()
        .filter_map(|(at, line)| Some((at, line.trim().strip_prefix("```")?.trim())))
        .collect();
    if let Some(named) = fences.iter().position(|(_, name)| !name.is_empty()) {
        return named % 2 == 1;
    }
    match (fences.first(), fences.last()) {
        (Some((first, _)), Some((last, _))) if !fences.len().is_multiple_of(2) => {
            prose_share(lines.get(last + 1..).unwrap_or_default()) > 0.5
                && prose_share(lines.get(..*first).unwrap_or_default()) < 0.5
        }
        _ => false,
    }
}

/// The share of lines that read like sentences.
fn prose_share(lines: &[&str]) -> f32 {
    let lines: Vec<&&str> = lines.iter().filter(|line| !line.trim().is_empty()).collect();
    let is_prose = |line: &str| {
        let words = line.split_whitespace();
        words.clone().count() >= 5 && words.filter(|word| word.chars().all(char::is_alphabetic)).count() >= 4
    };
    lines.iter().filter(|line| is_prose(line)).count() as f32 / lines.len().max(1) as f32
}

/// A line that looks like a title is one only above something.
fn settle_titles(blocks: &mut [Block]) {
    let guessed = |block: &Block| block.kind == Kind::Title(GUESSED);
    let mut at = 0;
    while at < blocks.len() {
        let run = blocks[at..].iter().take_while(|block| guessed(block)).count();
        if run >= TITLES_MAX || (run > 0 && at + run == blocks.len()) {
            blocks[at..at + run].iter_mut().for_each(|block| block.kind = Kind::Prose);
        }
        at += run.max(1);
    }
}

struct Reader<'t> {
    text: &'t str,
    blocks: Vec<Block>,
    /// Lines of the block that is open.
    open: Vec<Range<usize>>,
    kind: Kind,
    /// The table we are in.
    table: Option<Table>,
    /// Only empty lines stand between the last block and this place.
    joins: bool,
}

struct Table {
    /// The row that names the columns.
    header: Option<Range<usize>>,
    /// The number of the block of the row just read, which names the columns if a line of dashes follows.
    last: Option<usize>,
}

impl<'t> Reader<'t> {
    fn at(&self, span: &Range<usize>) -> &'t str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// One line, which begins at the byte `at`.
    fn line(&mut self, at: usize, raw: &'t str) {
        let line = without_quote_marks(raw);
        let line = line.trim_matches(['\u{feff}', '\u{200b}']).trim();
        let start = at + subrange_start(raw, line);
        let span = start..start + line.len();
        if line.is_empty() {
            self.end();
            self.table = None;
        } else if let Some((level, title)) = heading(line) {
            self.end();
            if !title.is_empty() {
                self.push(Kind::Title(level), start + title.start..start + title.end, None);
            }
            self.joins = false;
        } else if self.table.is_some() && is_row_separator(line) {
            self.separator();
        } else if is_rule(line) {
            self.underline(line);
        } else if is_row(line) {
            self.end();
            self.row(span);
        } else if let Some(text) = item(line) {
            self.end();
            self.kind = Kind::Item;
            self.open.push(start + text..span.end);
        } else if is_link_definition(line) {
            self.end();
        } else {
            if self.open.is_empty() {
                self.kind = Kind::Prose;
            }
            self.open.push(span);
        }
    }

    /// A line of `=` or `-` makes a title of the line above; else it only separates.
    fn underline(&mut self, rule: &str) {
        let title = (self.kind == Kind::Prose && self.open.len() == 1 && rule.starts_with(['=', '-']))
            .then(|| self.open.pop())
            .flatten();
        match title {
            Some(title) => self.push(Kind::Title(if rule.starts_with('=') { 1 } else { 2 }), title, None),
            None => self.end(),
        }
        self.joins = false;
    }

    fn row(&mut self, span: Range<usize>) {
        let header = self.table.as_ref().and_then(|table| table.header.clone());
        if self.table.is_none() && is_row_separator(self.at(&span)) {
            return;
        }
        self.push(Kind::Row, span, header.clone());
        self.table = Some(Table { header, last: self.blocks.len().checked_sub(1) });
    }

    /// The row above named the columns.
    fn separator(&mut self) {
        let Some(table) = &mut self.table else { return };
        let last = table.last.take().filter(|last| last + 1 == self.blocks.len());
        if last.is_some() {
            table.header = self.blocks.pop().map(|block| block.span);
        }
    }

    /// Finishes the block that is open.
    fn end(&mut self) {
        let mut lines = std::mem::take(&mut self.open);
        let blank =
            |line: &Range<usize>| self.text.get(line.clone()).is_none_or(|line| line.trim().is_empty());
        lines.truncate(lines.iter().rposition(|line| !blank(line)).map_or(0, |last| last + 1));
        match (self.kind, lines.first(), lines.last()) {
            (_, None, _) | (_, _, None) => {}
            (Kind::Prose, ..) => self.prose(&lines),
            (kind, Some(first), Some(last)) => self.push(kind, first.start..last.end, None),
        }
        self.kind = Kind::Prose;
    }

    /// A paragraph: titles that a PDF put right above it and lines like `Phone: 123` stand on their own.
    fn prose(&mut self, lines: &[Range<usize>]) {
        let longest = lines.iter().map(|line| self.at(line).chars().count()).max().unwrap_or(0);
        let mut run: Option<Range<usize>> = None;
        for (i, line) in lines.iter().enumerate() {
            let said = self.at(line);
            let above = i.checked_sub(1).and_then(|at| lines.get(at)).map(|line| self.at(line));
            let below = lines.get(i + 1).map(|line| self.at(line));
            let beside_field = above.is_some_and(is_field) || below.is_some_and(is_field);
            let kind = if is_field(said) && (beside_field || lines.len() == 1) {
                Kind::Row
            } else if below.is_some_and(|below| is_title(said, above, below, longest))
                || (lines.len() == 1 && is_alone_a_title(said) && !self.goes_on(said))
            {
                Kind::Title(GUESSED)
            } else {
                run = Some(run.map_or(line.start, |run| run.start)..line.end);
                continue;
            };
            if let Some(run) = run.take() {
                self.push(Kind::Prose, run, None);
            }
            self.push(kind, line.clone(), None);
        }
        if let Some(run) = run {
            self.push(Kind::Prose, run, None);
        }
    }

    /// Whether the sentence before was cut, as by the end of a page, and `said` goes on with it.
    fn goes_on(&self, said: &str) -> bool {
        self.joins
            && said.chars().next().is_some_and(char::is_lowercase)
            && self.blocks.last().is_some_and(|last| {
                matches!(last.kind, Kind::Prose | Kind::Item | Kind::Title(GUESSED))
                    && !ends_sentence(self.at(&last.span))
            })
    }

    fn push(&mut self, kind: Kind, span: Range<usize>, header: Option<Range<usize>>) {
        if kind == Kind::Prose
            && self.goes_on(self.at(&span))
            && let Some(last) = self.blocks.last_mut()
        {
            last.span.end = span.end;
            if last.kind == Kind::Title(GUESSED) {
                last.kind = Kind::Prose;
            }
            return;
        }
        self.blocks.push(Block { kind, span, header });
        self.joins = true;
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks;
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(Kind, &str)]) {
        let found: Vec<(Kind, &str)> =
            blocks(text).into_iter().map(|block| (block.kind, &text[block.span])).collect();
        assert_eq!(found, expected);
    }

    use Kind::{Code, Item, Prose, Row, Title};

    #[test]
    fn markdown_is_read() {
        check(
            "# Otters #\nThey swim in\nthe river.\n\n- one\n- two\n  more\n\n1. first\n\n```sh\nls\n```\nEnd.",
            &[
                (Title(1), "Otters"),
                (Prose, "They swim in\nthe river."),
                (Item, "one"),
                (Item, "two\n  more"),
                (Item, "1. first"),
                (Code, "ls"),
                (Prose, "End."),
            ],
        );
        check(
            "Name\n=====\n\nText here.\n\n---\n\nMore.",
            &[(Title(1), "Name"), (Prose, "Text here."), (Prose, "More.")],
        );
    }

    #[test]
    fn a_title_that_a_pdf_put_above_its_text_is_found() {
        let text = "3.2 Results\nWe found that the bridge has seven arches and that it\nholds.";
        check(
            text,
            &[
                (Title(GUESSED), "3.2 Results"),
                (Prose, "We found that the bridge has seven arches and that it\nholds."),
            ],
        );
    }

    #[test]
    fn fields_stand_on_their_own() {
        check("Phone: 123\nOpen: 9 to 5\n", &[(Row, "Phone: 123"), (Row, "Open: 9 to 5")]);
    }

    #[test]
    fn a_text_may_begin_inside_code() {
        check(
            "let x;\n```\nText.\n\n```rust\nfn f() {}\n```",
            &[(Code, "let x;"), (Prose, "Text."), (Code, "fn f() {}")],
        );
    }
}
