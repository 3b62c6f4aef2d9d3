//! The flowing text: paragraphs, tables, notes.

use super::numbering::{Counters, ListRef};
use super::package::Package;
use super::styles::{outline_level, value};
use crate::formats::markdown::{Markdown, clean};
use crate::formats::xml::{Element, Xml};

/// Turns parts into Markdown, in reading order.
pub(crate) struct Reader<'p> {
    package: &'p Package,
    counters: Counters,
    markdown: Markdown,
}

/// One paragraph, as far as Markdown is concerned.
#[derive(Default)]
struct Paragraph {
    text: String,
    style: Option<String>,
    outline_level: Option<usize>,
    list: ListRef,
    /// Blocks inside text boxes that are anchored here; they follow the paragraph.
    boxes: Vec<String>,
}

impl<'p> Reader<'p> {
    pub fn new(package: &'p Package) -> Self {
        Self { package, counters: Counters::default(), markdown: Markdown::default() }
    }

    pub fn finish(self) -> String {
        self.markdown.finish()
    }

    /// Reads the main part.
    pub fn body(&mut self, xml: &mut Xml<'_>) {
        xml.children(|xml, _| {
            xml.children(|xml, element| {
                if element.name() == "body" {
                    self.blocks(xml);
                }
            });
        });
    }

    /// Reads footnotes or endnotes, each as `[^id]: text`. The separators that every such part starts with
    /// are marked by a type.
    pub fn notes(&mut self, xml: &mut Xml<'_>) {
        xml.children(|xml, _| {
            xml.children(|xml, element| {
                let (Some(mark), None) = (note_mark(element), element.attribute("type")) else { return };
                let text = self.flat_text(xml);
                if !text.is_empty() {
                    self.markdown.paragraph(&format!("{mark}: {text}"));
                }
            });
        });
    }

    /// Reads block-level elements up to the end of the one just started.
    fn blocks(&mut self, xml: &mut Xml<'_>) {
        xml.children(|xml, element| match element.name() {
            "p" => self.paragraph(xml),
            "tbl" => {
                let rows = self.table(xml);
                self.markdown.table(&rows);
            }
            // Deleted text is no text any more; a fallback repeats what its alternative said.
            "del" | "moveFrom" | "Fallback" | "sectPr" => {}
            _ => self.blocks(xml),
        });
    }

    fn paragraph(&mut self, xml: &mut Xml<'_>) {
        let mut paragraph = Paragraph::default();
        self.inlines(xml, &mut paragraph);
        let text = clean(&paragraph.text);
        let style = paragraph.style.as_deref().unwrap_or_default();
        let level = paragraph.outline_level.or_else(|| self.package.styles.heading_level(style));
        if !text.trim().is_empty() {
            let list = paragraph.list.or(self.package.styles.list(style));
            match level {
                Some(level) => self.markdown.heading(level, &text),
                None => match self.package.numbering.next_item(&list, &mut self.counters) {
                    Some((depth, marker)) => self.markdown.item(depth, &marker, &text),
                    None => self.markdown.paragraph(&text),
                },
            }
        }
        for text in paragraph.boxes {
            self.markdown.paragraph(&text);
        }
    }

    /// Reads runs and what groups them, up to the end of the element just started.
    fn inlines(&mut self, xml: &mut Xml<'_>, paragraph: &mut Paragraph) {
        xml.children(|xml, element| match element.name() {
            "pPr" => properties(xml, paragraph),
            "t" => paragraph.text.push_str(&xml.text()),
            "tab" | "ptab" => paragraph.text.push('\t'),
            "br" | "cr" => paragraph.text.push('\n'),
            "noBreakHyphen" => paragraph.text.push('-'),
            "footnoteReference" | "endnoteReference" => {
                paragraph.text.push_str(&note_mark(element).unwrap_or_default());
            }
            "hyperlink" => {
                let start = paragraph.text.len();
                self.inlines(xml, paragraph);
                let target = element.attribute("id").and_then(|id| self.package.link(&id));
                if let Some(target) = target {
                    link(&mut paragraph.text, start, target);
                }
            }
            "txbxContent" => {
                let text = self.flat_text(xml);
                paragraph.boxes.push(text);
            }
            "rPr" | "del" | "moveFrom" | "instrText" | "delText" | "Fallback" => {}
            _ => self.inlines(xml, paragraph),
        });
    }

    /// Reads a table as rows of cells. Cells that continue a merged one are empty.
    fn table(&mut self, xml: &mut Xml<'_>) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        self.rows(xml, &mut rows);
        rows
    }

    fn rows(&mut self, xml: &mut Xml<'_>, rows: &mut Vec<Vec<String>>) {
        xml.children(|xml, element| match element.name() {
            "tr" => {
                let mut cells = Vec::new();
                self.cells(xml, &mut cells);
                rows.push(cells);
            }
            // Content controls and tracked insertions may wrap rows.
            "sdt" | "sdtContent" | "ins" | "customXml" => self.rows(xml, rows),
            _ => {}
        });
    }

    fn cells(&mut self, xml: &mut Xml<'_>, cells: &mut Vec<String>) {
        xml.children(|xml, element| match element.name() {
            "tc" => {
                let mut columns = 1;
                let mut lines = Vec::new();
                xml.children(|xml, element| {
                    if element.name() == "tcPr" {
                        columns = grid_span(xml);
                    } else {
                        self.lines(xml, element, &mut lines);
                    }
                });
                cells.push(lines.join("\n"));
                cells.extend((1..columns).map(|_| String::new()));
            }
            "sdt" | "sdtContent" | "ins" | "customXml" => self.cells(xml, cells),
            _ => {}
        });
    }

    /// All paragraphs below the element just started as one line of text.
    fn flat_text(&mut self, xml: &mut Xml<'_>) -> String {
        let mut lines = Vec::new();
        xml.children(|xml, element| self.lines(xml, element, &mut lines));
        lines.join(" ").trim().to_owned()
    }

    /// All paragraphs at or below an element, in order.
    fn lines(&mut self, xml: &mut Xml<'_>, element: &Element<'_>, lines: &mut Vec<String>) {
        match element.name() {
            "p" => {
                let mut paragraph = Paragraph::default();
                self.inlines(xml, &mut paragraph);
                lines.push(clean(&paragraph.text));
                lines.append(&mut paragraph.boxes);
            }
            "del" | "moveFrom" | "Fallback" => {}
            _ => xml.children(|xml, element| self.lines(xml, element, lines)),
        }
    }
}

fn properties(xml: &mut Xml<'_>, paragraph: &mut Paragraph) {
    xml.children(|xml, element| match element.name() {
        "pStyle" => paragraph.style = value(element),
        "outlineLvl" => paragraph.outline_level = outline_level(element),
        "numPr" => paragraph.list = ListRef::read(xml),
        _ => {}
    });
}

fn grid_span(xml: &mut Xml<'_>) -> usize {
    let mut columns = 1;
    xml.children(|_, element| {
        if element.name() == "gridSpan" {
            columns = value(element).and_then(|span| span.parse().ok()).unwrap_or(1);
        }
    });
    // Word itself stops at 63 columns.
    columns.clamp(1, 63)
}

/// `[^3]` for a footnote, `[^e3]` for an endnote, at its place as well as before its text.
fn note_mark(element: &Element<'_>) -> Option<String> {
    let id = element.attribute("id")?;
    match element.name() {
        "footnote" | "footnoteReference" => Some(format!("[^{id}]")),
        "endnote" | "endnoteReference" => Some(format!("[^e{id}]")),
        _ => None,
    }
}

/// Makes the text from `start` on a link, unless it is the address itself.
fn link(text: &mut String, start: usize, target: &str) {
    let label = text[start..].trim().to_owned();
    if !label.is_empty() && label != target && !target.contains([')', ' ', '\n']) {
        text.truncate(start);
        text.push_str(&format!("[{label}]({target})"));
    }
}
