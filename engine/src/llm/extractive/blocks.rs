//! Text of a document, as Markdown or as a PDF gives it, cut into paragraphs, list items, table rows,
//! code and titles.

use super::html;
use super::inline;
use super::marks::{
    heading, is_alone_a_title, is_field, is_link_definition, is_row, is_rule, is_title, item, join,
};

/// A piece of a document that stands on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub kind: Kind,
    /// The titles above it, outermost first.
    pub headings: Vec<String>,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Sentences.
    Prose,
    /// An item of a list; its number, if any, is part of the text.
    Item,
    /// A row of a table, or a line like `Phone: 123`.
    Row,
    /// Lines of code.
    Code,
    /// A title, or a line that looks like one.
    Title,
}

/// The blocks of `text`; the header that chunks carry for the model (reference §7.2) is not among them.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let text = html::to_markdown(&without_metadata(text));
    let mut reader = Reader::default();
    let lines: Vec<&str> = text.lines().collect();
    let mut fence: Option<&str> = begins_in_code(&lines).then_some("```");
    for line in lines {
        let bare = line.trim();
        let mark = ["```", "~~~"].into_iter().find(|mark| bare.starts_with(mark));
        match (fence, mark) {
            (Some(open), Some(mark)) if open == mark => {
                reader.end();
                fence = None;
            }
            (Some(_), _) => reader.code(line),
            (None, Some(mark)) => {
                reader.end();
                fence = Some(mark);
            }
            (None, None) => reader.line(line),
        }
    }
    reader.end();
    reader.blocks
}

/// Removes `<document_metadata>…</document_metadata>`, wherever it stands.
fn without_metadata(text: &str) -> String {
    const OPEN: &str = "<document_metadata>";
    const CLOSE: &str = "</document_metadata>";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(OPEN) {
        out.push_str(&rest[..start]);
        let inside = &rest[start + OPEN.len()..];
        rest = match inside.find(CLOSE) {
            Some(end) => &inside[end + CLOSE.len()..],
            // A header that was cut ends at the first empty line.
            None => inside.split_once("\n\n").map_or("", |(_, body)| body),
        };
    }
    out.push_str(rest);
    out
}

/// Whether a chunk starts in the middle of code: its first fence closes what it never opened. Known when
/// that fence has no language though the next, which then opens, has one; else guessed from what a lone
/// fence parts.
fn begins_in_code(lines: &[&str]) -> bool {
    let fences: Vec<(usize, &str)> = lines
        .iter()
        .enumerate()
        .filter_map(|(at, line)| Some((at, line.trim().strip_prefix("```")?.trim())))
        .collect();
    match fences.iter().position(|(_, name)| !name.is_empty()) {
        Some(named) => named % 2 == 1,
        None if fences.len().is_multiple_of(2) => false,
        None => {
            let (first, last) = (fences[0].0, fences[fences.len() - 1].0);
            prose_share(&lines[last + 1..]) > 0.5 && prose_share(&lines[..first]) < 0.5
        }
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

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    /// Titles above, by level.
    headings: Vec<(usize, String)>,
    open: Vec<String>,
    kind: Option<Kind>,
    /// Names of the columns of the table we are in.
    columns: Option<Vec<String>>,
    /// The row just read: it named the columns if a line of dashes follows.
    row: Vec<String>,
}

impl Reader {
    fn line(&mut self, raw: &str) {
        let raw = raw.replace(['\u{ad}', '\u{200b}', '\u{feff}'], "");
        let mut line = raw.trim();
        while let Some(quoted) = line.strip_prefix('>') {
            line = quoted.trim_start();
        }
        if line.is_empty() {
            self.end();
            self.columns = None;
        } else if let Some((level, title)) = heading(line) {
            self.end();
            self.title(level, title);
        } else if is_rule(line) {
            self.underline(line);
        } else if is_row(line) {
            if self.kind != Some(Kind::Row) {
                self.end();
            }
            self.row(line);
        } else if let Some(item) = item(line) {
            self.end();
            self.kind = Some(Kind::Item);
            self.open.push(item);
        } else if is_link_definition(line) {
            self.end();
        } else {
            self.kind = Some(self.kind.filter(|kind| *kind == Kind::Item).unwrap_or(Kind::Prose));
            self.open.push(line.to_owned());
        }
    }

    fn code(&mut self, line: &str) {
        self.kind = Some(Kind::Code);
        self.open.push(line.trim_end().to_owned());
    }

    /// A line of `=` or `-` makes a title of the line above; else it only separates.
    fn underline(&mut self, rule: &str) {
        if self.kind == Some(Kind::Prose) && self.open.len() == 1 && rule.starts_with(['=', '-']) {
            let title = std::mem::take(&mut self.open).concat();
            self.kind = None;
            self.title(if rule.starts_with('=') { 1 } else { 2 }, &title);
        } else {
            self.end();
        }
    }

    fn title(&mut self, level: usize, title: &str) {
        let mut title = inline::clean(title.trim_end_matches('#'));
        if title.is_empty() {
            return;
        }
        title.truncate(title.floor_char_boundary(TITLE_BYTES_MAX));
        self.headings.retain(|(above, _)| *above < level);
        self.push(Kind::Title, title.clone());
        self.headings.push((level, title));
    }

    fn row(&mut self, line: &str) {
        self.kind = Some(Kind::Row);
        let cells: Vec<String> =
            line.trim_matches('|').split('|').map(|cell| inline::clean(cell.trim())).collect();
        let is_separator = |cell: &String| !cell.is_empty() && cell.chars().all(|c| matches!(c, '-' | ':'));
        if cells.iter().all(is_separator) {
            self.blocks.pop_if(|block| block.kind == Kind::Row);
            self.columns = Some(std::mem::take(&mut self.row));
            return;
        }
        let named = |(i, cell): (usize, &String)| match self.columns.as_ref().and_then(|names| names.get(i)) {
            // The first column names the thing itself.
            Some(name) if i > 0 && !name.is_empty() => format!("{name}: {cell}"),
            _ => cell.clone(),
        };
        let text: Vec<String> =
            cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()).map(named).collect();
        if !text.is_empty() {
            self.push(Kind::Row, text.join(CELL));
        }
        self.row = cells;
    }

    /// Finishes the block that is open.
    fn end(&mut self) {
        let lines = std::mem::take(&mut self.open);
        let Some(kind) = self.kind.take().filter(|_| !lines.is_empty()) else { return };
        match kind {
            Kind::Code => {
                let text = lines.join("\n").trim_matches('\n').to_owned();
                if !text.trim().is_empty() {
                    self.push(Kind::Code, text);
                }
            }
            Kind::Item => {
                let text = inline::clean(&join(&lines));
                if !text.is_empty() {
                    self.push(Kind::Item, text);
                }
            }
            _ => self.prose(&lines),
        }
    }

    /// A paragraph: titles that a PDF glued to it and lines like `Phone: 123` stand on their own.
    fn prose(&mut self, lines: &[String]) {
        let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        let mut run: Vec<String> = Vec::new();
        for (i, line) in lines.iter().enumerate() {
            let (above, below) = (i.checked_sub(1).map(|at| &lines[at]), lines.get(i + 1));
            let beside_field = above.is_some_and(|l| is_field(l)) || below.is_some_and(|l| is_field(l));
            let kind = if is_field(line) && beside_field {
                Kind::Row
            } else if below.is_some_and(|below| is_title(line, above, below, longest))
                || (lines.len() == 1 && is_alone_a_title(line))
            {
                Kind::Title
            } else {
                run.push(line.clone());
                continue;
            };
            self.paragraph(&mut run);
            let text = inline::clean(line);
            match kind {
                _ if text.is_empty() => {}
                Kind::Title => self.title(7, &text),
                kind => self.push(kind, text),
            }
        }
        self.paragraph(&mut run);
    }

    fn paragraph(&mut self, lines: &mut Vec<String>) {
        let text = inline::clean(&join(lines));
        lines.clear();
        if !text.is_empty() {
            self.push(Kind::Prose, text);
        }
    }

    fn push(&mut self, kind: Kind, text: String) {
        let headings = self.headings.iter().map(|(_, title)| title.clone()).collect();
        self.blocks.push(Block { kind, headings, text });
    }
}

/// Bytes of a title that are kept with each block below it.
const TITLE_BYTES_MAX: usize = 500;

/// What stands between the cells of a row when it is quoted.
const CELL: &str = " · ";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(text: &str) -> Vec<(Kind, String)> {
        blocks(text).into_iter().map(|block| (block.kind, block.text)).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[(Kind, &str)]) {
        let expected: Vec<(Kind, String)> =
            expected.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
        assert_eq!(kinds(text), expected);
    }

    use Kind::{Code, Item, Prose, Row, Title};

    #[test]
    fn the_header_of_a_chunk_is_not_text() {
        let header =
            "<document_metadata>\nsourceDocument: otter.txt\npublished: today\n</document_metadata>\n\n";
        check(&format!("{header}Otters eat fish."), &[(Prose, "Otters eat fish.")]);
        check(&format!("passage: {header}Otters."), &[(Prose, "passage:"), (Prose, "Otters.")]);
        check("<document_metadata>\nsourceDocument: a\n\nOtters swim.", &[(Prose, "Otters swim.")]);
    }

    #[test]
    fn markdown_is_read() {
        check(
            "# Otters #\nThey *swim* in\nthe [river](http://x).\n\n- one\n- two\n  more\n\n1. first\n\n```sh\nls\n```\nEnd.",
            &[
                (Title, "Otters"),
                (Prose, "They swim in the river."),
                (Item, "one"),
                (Item, "two more"),
                (Item, "1. first"),
                (Code, "ls"),
                (Prose, "End."),
            ],
        );
        assert_eq!(blocks("# A\n## B\nx y.\n## C\nz.")[4].headings, ["A", "C"]);
        check(
            "Title\n=====\n\nText here.\n\n---\n\nMore.",
            &[(Title, "Title"), (Prose, "Text here."), (Prose, "More.")],
        );
    }

    #[test]
    fn rows_name_their_columns() {
        check(
            "| Setting | Default |\n|---|---|\n| chunkSize | 1000 |\n",
            &[(Row, "chunkSize · Default: 1000")],
        );
        check("| | Price |\n|---|---|\n| Fish | 3 |\n", &[(Row, "Fish · Price: 3")]);
        check(
            "Phone: 123\nOpen: 9 to 5\nMail: a@b.c\n",
            &[(Row, "Phone: 123"), (Row, "Open: 9 to 5"), (Row, "Mail: a@b.c")],
        );
    }

    #[test]
    fn lines_broken_for_width_are_joined() {
        check(
            "The stone bridge over the val-\nley was built in 1764 by Margaret Hale and\nher daughters.",
            &[(
                Prose,
                "The stone bridge over the valley was built in 1764 by Margaret Hale and her daughters.",
            )],
        );
    }

    #[test]
    fn a_title_that_a_pdf_glued_to_its_text_is_found() {
        check(
            "3.2 Results\nWe found that the bridge has seven arches and that it\nholds.",
            &[
                (Title, "3.2 Results"),
                (Prose, "We found that the bridge has seven arches and that it holds."),
            ],
        );
    }

    #[test]
    fn a_chunk_may_begin_inside_code() {
        check(
            "let x;\n```\nText.\n\n```rust\nfn f() {}\n```",
            &[(Code, "let x;"), (Prose, "Text."), (Code, "fn f() {}")],
        );
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "(#|-|\\||`{3}|\n|\n\n|[a-zA-Z ]{1,9}|: |1\\. |=== |é|<p>|\\[|\\]\\(x\\)|\\*|>){0,30}") {
            for block in blocks(&text) {
                prop_assert!(!block.text.trim().is_empty());
            }
        }
    }
}
