//! Sentences of a document: what can be quoted and marked as one.
//!
//! The text is read as it is stored, Markdown or as a PDF gives it. Lines become blocks ([`blocks`]): titles, list items,
//! table rows, code, paragraphs. Paragraphs and items become sentences by the rules of Unicode (UAX #29), corrected for
//! abbreviations, initials, ordinals and lines that were broken for width. Every result is a byte range of the text.

mod abbreviations;
mod lines;
mod prose;
mod reader;

use std::ops::Range;

pub use lines::{is_row_separator, without_quote_marks};
pub use prose::within;

/// A piece of a document that stands on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: Kind,
    /// Where it stands: bytes of the text.
    pub span: Range<usize>,
    /// Of a row, the row that names the columns of its table.
    pub header: Option<Range<usize>>,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sentences.
    Prose,
    /// An item of a list. A bullet is not part of its span, a number is.
    Item,
    /// A row of a table, or a line like `Phone: 123`.
    Row,
    /// Lines of code, without their fences.
    Code,
    /// A title of this level: 1 to 6 as Markdown has them, [`GUESSED`] for a line that only looks like one.
    Title(u8),
}

/// The level of a title that no mark makes one.
pub const GUESSED: u8 = 7;

/// A sentence, or whatever can be quoted as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// What its block is.
    pub kind: Kind,
    /// The number of its block, from 0.
    pub block: usize,
    /// Where it stands: bytes of the text, without white space at its ends.
    pub span: Range<usize>,
}

/// The blocks of a text, in its order.
#[must_use]
pub fn blocks(text: &str) -> Vec<Block> {
    reader::read(text)
}

/// The sentences of a text, in its order. Titles, rows and code count as one each.
#[must_use]
pub fn sentences(text: &str) -> Vec<Sentence> {
    let mut out = Vec::new();
    for (number, block) in blocks(text).into_iter().enumerate() {
        for span in of_block(text, &block) {
            out.push(Sentence { kind: block.kind, block: number, span });
        }
    }
    out
}

/// The sentences of one block.
#[must_use]
pub fn of_block(text: &str, block: &Block) -> Vec<Range<usize>> {
    match block.kind {
        Kind::Prose | Kind::Item => within(text, block.span.clone()),
        Kind::Row | Kind::Code | Kind::Title(_) => vec![block.span.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|sentence| &text[sentence.span]).collect()
    }

    #[test]
    fn a_document_becomes_what_can_be_quoted() {
        let text = "# Harbour\n\nThe pier opens at 7. Boats of up to\n12.5 metres may stay.\n\n\
                    - bring a rope\n- call Mr. Lund\n\n| Berth | Price |\n|---|---|\n| A | 14 |\n";
        assert_eq!(
            of(text),
            [
                "Harbour",
                "The pier opens at 7.",
                "Boats of up to\n12.5 metres may stay.",
                "bring a rope",
                "call Mr. Lund",
                "| A | 14 |"
            ]
        );
        let rows: Vec<Block> = blocks(text).into_iter().filter(|block| block.kind == Kind::Row).collect();
        let header = rows[0].header.clone().map(|span| &text[span]);
        assert_eq!(header, Some("| Berth | Price |"));
    }

    #[test]
    fn a_sentence_goes_on_over_the_end_of_a_page() {
        let text = "The tariff of the second tier rises from 1.62\n\nto 1.71 in spring. It stays there.";
        assert_eq!(
            of(text),
            ["The tariff of the second tier rises from 1.62\n\nto 1.71 in spring.", "It stays there."]
        );
    }

    #[test]
    fn a_note_of_one_line_is_no_title() {
        assert_eq!(sentences("Spare oars: boat house")[0].kind, Kind::Row);
        assert_eq!(sentences("The oars hang in the boat house")[0].kind, Kind::Prose);
        assert_eq!(sentences("Oars\n\nThey hang in the boat house.")[0].kind, Kind::Title(GUESSED));
    }

    proptest! {
        #[test]
        fn spans_are_in_order_and_cut_no_character(
            text in "(# |- |1\\. |\\||\\|-\\||> |```|\n|\n\n|\r\n| |[A-Za-z]{1,5}|\\.|\\?|é|。|水獭|ก|।|: |\t){0,40}"
        ) {
            let mut end = 0;
            for sentence in sentences(&text) {
                prop_assert!(sentence.span.start >= end, "{:?}", sentence);
                let said = text.get(sentence.span.clone());
                prop_assert!(said.is_some_and(|said| !said.trim().is_empty()));
                end = sentence.span.end;
            }
        }
    }
}
