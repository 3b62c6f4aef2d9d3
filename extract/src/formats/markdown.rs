//! Writing Markdown.

/// Collects blocks. Blocks are separated by an empty line, items of a list by a line end.
#[derive(Default)]
pub(crate) struct Markdown {
    text: String,
    in_list: bool,
}

impl Markdown {
    pub fn finish(self) -> String {
        self.text
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
            self.text.push('\n');
            self.text.push_str(&format!("{indent}{marker} "));
        } else {
            self.block(&format!("{indent}{marker} "));
        }
        let hanging = format!("\n{indent}{}", " ".repeat(marker.len() + 1));
        self.text.push_str(&text.replace('\n', &hanging));
        self.in_list = true;
    }

    /// A table; its first row is the header, and as long as the longest row. Others stay as short as they
    /// are, as a few long rows among many short ones would blow the text up. A table of one column is written
    /// as paragraphs, as it serves layout.
    pub fn table(&mut self, rows: &[Vec<String>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        if columns < 2 {
            rows.iter().flatten().for_each(|cell| self.paragraph(cell));
            return;
        }
        if rows.iter().flatten().all(|cell| cell.trim().is_empty()) {
            return;
        }
        let mut table = String::new();
        for (number, row) in rows.iter().enumerate() {
            let length = if number == 0 { columns } else { row.len() };
            for column in 0..length {
                table.push_str("| ");
                table.push_str(&cell(row.get(column).map_or("", String::as_str)));
                table.push(' ');
            }
            table.push_str("|\n");
            if number == 0 {
                table.push_str(&"| --- ".repeat(columns));
                table.push_str("|\n");
            }
        }
        self.block(table.trim_end());
    }

    fn block(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.text.push_str(text);
        self.in_list = false;
    }
}

/// Drops the control characters that no text needs and that stores choke on; line ends and tabs stay.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn cell(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("<br>").replace('|', "\\|").replace('\t', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_kept_apart() {
        let mut markdown = Markdown::default();
        markdown.heading(2, "Tools\nin use");
        markdown.paragraph("# not a heading");
        markdown.item(0, "-", "rake\nwith handle");
        markdown.item(1, "1.", "spade");
        markdown.paragraph(" \n ");
        markdown.table(&[vec!["a".into(), "b|c".into()], vec!["d\ne".into()]]);
        assert_eq!(
            markdown.finish(),
            "## Tools in use\n\n\\# not a heading\n\n- rake\n  with handle\n    1. spade\n\n\
             | a | b\\|c |\n| --- | --- |\n| d<br>e |"
        );
    }

    #[test]
    fn layout_tables_are_paragraphs() {
        let mut markdown = Markdown::default();
        markdown.table(&[vec!["one".into()], vec!["two".into()]]);
        markdown.table(&[vec![" ".into(), "".into()]]);
        assert_eq!(markdown.finish(), "one\n\ntwo");
    }
}
