//! The flowing text: paragraphs, tables, notes.

use super::numbering::{Counters, ListRef};
use super::package::Package;
use super::styles::{outline_level, value};
use crate::formats::markdown::{Cell, Markdown, clean};
use crate::formats::xml::{Element, Xml};

/// Turns parts into Markdown, in reading order.
pub(crate) struct Reader<'p> {
    package: &'p Package,
    counters: Counters,
    markdown: Markdown,
    /// Bytes of text that may still be gathered.
    room: usize,
    is_full: bool,
}

/// What a line, a cell or a row takes in memory beside its text.
const ITEM_BYTES: usize = 32;
/// What Markdown writes for a cell without text.
const EMPTY_CELL_BYTES: usize = 3;

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
    /// A reader that gathers up to `most` bytes of text. A document may say the same many times, so that is looked at
    /// before each piece.
    pub fn new(package: &'p Package, most: u64) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let markdown = Markdown::new(most);
        Self { package, counters: Counters::default(), markdown, room: most, is_full: false }
    }

    /// Whether there was more text than may be gathered.
    pub fn is_full(&self) -> bool {
        self.is_full || self.markdown.is_full()
    }

    /// Takes room for a piece of text, if there is enough; otherwise the document ends here.
    fn take(&mut self, bytes: usize, xml: &mut Xml<'_>) -> bool {
        match self.room.checked_sub(bytes) {
            Some(room) if !self.markdown.is_full() => {
                self.room = room;
                true
            }
            _ => {
                self.is_full = true;
                xml.stop();
                false
            }
        }
    }

    fn push(&mut self, paragraph: &mut Paragraph, text: &str, xml: &mut Xml<'_>) {
        if self.take(text.len(), xml) {
            paragraph.text.push_str(text);
        }
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
            "t" => {
                let text = xml.text(self.room.saturating_add(1));
                self.push(paragraph, &text, xml);
            }
            "tab" | "ptab" => self.push(paragraph, "\t", xml),
            "br" | "cr" => self.push(paragraph, "\n", xml),
            "noBreakHyphen" => self.push(paragraph, "-", xml),
            "footnoteReference" | "endnoteReference" => {
                self.push(paragraph, &note_mark(element).unwrap_or_default(), xml);
            }
            "hyperlink" => {
                let start = paragraph.text.len();
                self.inlines(xml, paragraph);
                let target = element.attribute("id").and_then(|id| self.package.link(&id));
                if let Some(target) = target
                    && self.take(target.len(), xml)
                {
                    link(&mut paragraph.text, start, target);
                }
            }
            "txbxContent" => {
                let text = self.flat_text(xml);
                if self.take(ITEM_BYTES, xml) {
                    paragraph.boxes.push(text);
                }
            }
            "rPr" | "del" | "moveFrom" | "instrText" | "delText" | "Fallback" => {}
            _ => self.inlines(xml, paragraph),
        });
    }

    /// Reads a table as rows of cells. Cells that continue a merged one are only counted.
    fn table(&mut self, xml: &mut Xml<'_>) -> Vec<Vec<Cell>> {
        let mut rows = Vec::new();
        self.rows(xml, &mut rows);
        rows
    }

    fn rows(&mut self, xml: &mut Xml<'_>, rows: &mut Vec<Vec<Cell>>) {
        xml.children(|xml, element| match element.name() {
            "tr" => {
                let mut cells = Vec::new();
                self.cells(xml, &mut cells);
                if self.take(ITEM_BYTES, xml) {
                    rows.push(cells);
                }
            }
            // Content controls and tracked insertions may wrap rows.
            "sdt" | "sdtContent" | "ins" | "customXml" => self.rows(xml, rows),
            _ => {}
        });
    }

    fn cells(&mut self, xml: &mut Xml<'_>, cells: &mut Vec<Cell>) {
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
                if self.take(ITEM_BYTES + columns * EMPTY_CELL_BYTES, xml) {
                    cells.push(Cell { text: lines.join("\n"), columns });
                }
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
                if self.take(ITEM_BYTES, xml) {
                    lines.push(clean(&paragraph.text));
                    lines.append(&mut paragraph.boxes);
                }
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
    if !label.is_empty() && label != target {
        text.truncate(start);
        text.push_str(&format!("[{label}]({target})"));
    }
}
