//! Writing Markdown.

/// Collects blocks, up to a number of bytes. Blocks are separated by an empty line, items of a list by a line end.
pub(crate) struct Markdown {
    text: String,
    in_list: bool,
    most: usize,
    is_full: bool,
}

impl Markdown {
    pub fn new(most: usize) -> Self {
        Self { text: String::new(), in_list: false, most, is_full: false }
    }

    /// Whether anything was left out for want of room.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    pub fn finish(self) -> String {
        self.text
    }

    /// Whether so many bytes more can be written. Once they cannot, nothing is written any more.
    fn has_room(&mut self, bytes: usize) -> bool {
        self.is_full |= bytes > self.most.saturating_sub(self.text.len());
        !self.is_full
    }

    /// A heading of level 1 to 6; deeper ones become 6.
    pub fn heading(&mut self, level: usize, text: &str) {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !line.is_empty() {
            self.block(&format!("{} {line}", "#".repeat(level.clamp(1, 6))));
        }
    }

    /// A paragraph. One that happens to look like a heading is kept from being one.
    pub fn paragraph(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            let hashes = text.len() - text.trim_start_matches('#').len();
            let looks_like_heading = (1..=6).contains(&hashes) && text[hashes..].starts_with([' ', '\t']);
            self.block(&format!("{}{text}", if looks_like_heading { "\\" } else { "" }));
        }
    }

    /// An item of a list, `depth` levels down, after `marker` (`-` or `1.`).
    pub fn item(&mut self, depth: usize, marker: &str, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let indent = " ".repeat(4 * depth.min(8));
        if self.in_list {
            let line = format!("\n{indent}{marker} ");
            if self.has_room(line.len()) {
                self.text.push_str(&line);
            }
        } else {
            self.block(&format!("{indent}{marker} "));
        }
        let hanging = format!("\n{indent}{}", " ".repeat(marker.len() + 1));
        let line_ends = memchr::memchr_iter(b'\n', text.as_bytes()).count();
        if !self.has_room(text.len() + line_ends * hanging.len()) {
            return;
        }
        self.text.push_str(&text.replace('\n', &hanging));
        self.in_list = true;
    }

    /// A table; its first row is the header, and as long as the longest row. Others stay as short as they
    /// are, as a few long rows among many short ones would blow the text up. A table of one column is written
    /// as paragraphs, as it serves layout.
    pub fn table(&mut self, rows: &[Vec<Cell>]) {
        let length = |row: &Vec<Cell>| row.iter().map(|cell| cell.columns).sum::<usize>();
        let columns = rows.iter().map(length).max().unwrap_or(0);
        if columns < 2 {
            rows.iter().flatten().for_each(|cell| self.paragraph(&cell.text));
            return;
        }
        if rows.iter().flatten().all(|cell| cell.text.trim().is_empty()) {
            return;
        }
        let mut table = String::new();
        for (number, row) in rows.iter().enumerate() {
            for cell in row {
                if !self.has_room(table.len()) {
                    return;
                }
                table.push_str("| ");
                table.push_str(&line(&cell.text));
                table.push(' ');
                table.push_str(&"|  ".repeat(cell.columns.saturating_sub(1)));
            }
            if number == 0 {
                table.push_str(&"|  ".repeat(columns - length(row)));
                table.push_str("|\n");
                table.push_str(&"| --- ".repeat(columns));
            }
            table.push_str("|\n");
        }
        self.block(table.trim_end());
    }

    fn block(&mut self, text: &str) {
        if !self.has_room(text.len() + 2) {
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.text.push_str(text);
        self.in_list = false;
    }
}

/// A cell of a table.
pub(crate) struct Cell {
    pub text: String,
    /// How many columns it takes, itself included; at least one.
    pub columns: usize,
}

/// Drops the control characters that no text needs and that stores choke on; line ends and tabs stay.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// The text of a cell in one line.
fn line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("<br>").replace('|', "\\|").replace('\t', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str, columns: usize) -> Cell {
        Cell { text: text.into(), columns }
    }

    #[test]
    fn blocks_are_kept_apart() {
        let mut markdown = Markdown::new(1000);
        markdown.heading(2, "Tools\nin use");
        markdown.paragraph("# not a heading");
        markdown.item(0, "-", "rake\nwith handle");
        markdown.item(1, "1.", "spade");
        markdown.paragraph(" \n ");
        markdown.table(&[vec![cell("a", 1), cell("b|c", 2)], vec![cell("d\ne", 1)]]);
        assert_eq!(
            markdown.finish(),
            "## Tools in use\n\n\\# not a heading\n\n- rake\n  with handle\n    1. spade\n\n\
             | a | b\\|c |  |\n| --- | --- | --- |\n| d<br>e |"
        );
    }

    #[test]
    fn nothing_is_written_beyond_the_room_there_is() {
        let mut markdown = Markdown::new(12);
        markdown.paragraph("one");
        markdown.item(8, "-", "x");
        assert!(markdown.is_full());
        markdown.paragraph("a");
        assert_eq!(markdown.finish(), "one");
        let mut markdown = Markdown::new(60);
        markdown.item(8, "-", &"\n".repeat(3).replace('\n', "a\n"));
        assert!(markdown.is_full());
    }

    #[test]
    fn layout_tables_are_paragraphs() {
        let mut markdown = Markdown::new(1000);
        markdown.table(&[vec![cell("one", 1)], vec![cell("two", 1)]]);
        markdown.table(&[vec![cell(" ", 1), cell("", 9)]]);
        assert_eq!(markdown.finish(), "one\n\ntwo");
    }
}
