//! From placed characters to lines of text.

use hayro_font::kurbo::{Point, Vec2};

use super::bidi;

/// Distances below are in font sizes.
///
/// A gap from here on parts words. Of 0.10, 0.13 and 0.17 this agreed best with another reader on 70 real
/// files.
const WORD_GAP: f64 = 0.13;
/// A gap from here on parts columns of a table.
const COLUMN_GAP: f64 = 1.8;
/// A step back from here on begins somewhere else on the line.
const STEP_BACK: f64 = 0.5;
/// A character up to here above or below the line still belongs to it: indices and exponents.
const SAME_LINE: f64 = 0.5;
/// A line further down than this, or this much further than the line before was, begins a paragraph.
const PARAGRAPH_LEADING: f64 = 1.9;
const PARAGRAPH_GROWTH: f64 = 1.3;
/// Text drawn twice within this distance is only printed bold.
const BOLD_OFFSET: f64 = 0.15;
/// From this share of steps up the page on, the order of drawing is not the order of reading.
const DISORDER: f64 = 0.4;
/// Fewer lines than this say nothing about order.
const DISORDER_LINES: usize = 12;

/// A character (or a few that are one sign) where it is drawn.
pub(crate) struct Placed<'t> {
    /// Empty for signs that nobody knows; they still take their place.
    pub text: &'t str,
    /// Start of the baseline, in page coordinates: y grows upwards.
    pub origin: Point,
    /// Where the next character would start, from here.
    pub advance: Vec2,
    /// Direction of writing, of length 1.
    pub direction: Vec2,
    /// Font size in page coordinates.
    pub size: f64,
}

/// Collects the characters of one page in drawing order.
#[derive(Default)]
pub(crate) struct Layout {
    lines: Vec<Line>,
    held_bytes: u64,
}

/// What a line and a piece of it take in memory, without their text.
const LINE_BYTES: u64 = 160;
const PIECE_BYTES: u64 = 80;

/// Pieces that share a baseline.
struct Line {
    direction: Vec2,
    /// Distance of the baseline below the origin, across the direction of writing.
    down: f64,
    size: f64,
    pieces: Vec<Piece>,
}

/// Characters that follow one another.
struct Piece {
    start: f64,
    end: f64,
    text: String,
}

impl Layout {
    /// Whether any text was placed.
    pub fn is_empty(&self) -> bool {
        self.lines.iter().flat_map(|line| &line.pieces).all(|piece| piece.text.trim().is_empty())
    }

    /// What has been placed takes so many bytes in memory.
    pub fn held_bytes(&self) -> u64 {
        self.held_bytes
    }

    /// Adds a character.
    pub fn place(&mut self, placed: &Placed<'_>) {
        let Placed { text, origin, advance, direction, size } = *placed;
        let finite = [origin.x, origin.y, advance.x, advance.y, direction.x, direction.y, size];
        if finite.iter().any(|number| !number.is_finite()) {
            return;
        }
        let at = origin.to_vec2();
        let start = at.dot(direction);
        let down = -at.dot(Vec2::new(-direction.y, direction.x));
        let end = start + advance.dot(direction);
        let line = match self.lines.last_mut() {
            Some(line) if line.continues(direction, down, size) => line,
            _ => {
                self.held_bytes += LINE_BYTES;
                let pieces = vec![Piece { start, end: start, text: String::new() }];
                self.lines.push(Line { direction, down, size, pieces });
                match self.lines.last_mut() {
                    Some(line) => line,
                    None => return,
                }
            }
        };
        // Lines are kept as they look; `Line::text` turns them around as a whole, so ligatures go in turned.
        let is_turned = text.chars().nth(1).is_some() && text.chars().any(bidi::is_rtl);
        let begins_piece = if is_turned {
            line.add(&text.chars().rev().collect::<String>(), start, end, size)
        } else {
            line.add(text, start, end, size)
        };
        self.held_bytes += text.len() as u64 + if begins_piece { PIECE_BYTES } else { 0 };
    }

    /// The text of the page: lines, with an empty line between paragraphs.
    pub fn finish(mut self) -> String {
        for line in &mut self.lines {
            line.order();
        }
        self.lines.retain(|line| line.pieces.iter().any(|piece| !piece.text.trim().is_empty()));
        if self.is_disordered() {
            self.sort();
        }
        let mut text = String::new();
        let mut before: Option<&Line> = None;
        let mut leading = f64::INFINITY;
        for line in &self.lines {
            if let Some(before) = before {
                let step = line.down - before.down;
                let size = line.size.max(before.size);
                let parallel = line.direction.dot(before.direction) > 0.99;
                // A soft hyphen says that the word goes on.
                if text.ends_with('\u{ad}') {
                    text.pop();
                } else if !parallel
                    || step < 0.0
                    || step > PARAGRAPH_LEADING * size
                    || step > PARAGRAPH_GROWTH * leading
                {
                    text.push_str("\n\n");
                } else {
                    text.push('\n');
                }
                leading = if step > 0.0 { step } else { f64::INFINITY };
            }
            text.push_str(&line.text());
            before = Some(line);
        }
        text.truncate(text.trim_end().len());
        text.drain(..text.len() - text.trim_start().len());
        text
    }

    fn is_disordered(&self) -> bool {
        let steps = self.lines.windows(2).filter(|pair| pair[1].down < pair[0].down - pair[0].size).count();
        self.lines.len() >= DISORDER_LINES && steps as f64 > DISORDER * self.lines.len() as f64
    }

    /// Brings lines of the main direction into reading order and joins those that share a baseline.
    fn sort(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let (mut upright, rest): (Vec<_>, Vec<_>) =
            lines.into_iter().partition(|line| line.direction.x > 0.99);
        upright.sort_by(|a, b| a.down.total_cmp(&b.down));
        for line in upright {
            match self.lines.last_mut() {
                Some(last) if (line.down - last.down).abs() < SAME_LINE * last.size => {
                    last.pieces.extend(line.pieces)
                }
                _ => self.lines.push(line),
            }
        }
        self.lines.iter_mut().for_each(Line::order);
        self.lines.extend(rest);
    }
}

impl Line {
    fn continues(&self, direction: Vec2, down: f64, size: f64) -> bool {
        direction.dot(self.direction) > 0.99 && (down - self.down).abs() <= SAME_LINE * self.size.max(size)
    }

    /// Whether the character begins a piece.
    fn add(&mut self, text: &str, start: f64, end: f64, size: f64) -> bool {
        if size > self.size {
            self.size = size;
        }
        let Some(piece) = self.pieces.last_mut() else { return false };
        let gap = start - piece.end;
        if piece.text.is_empty() || (-STEP_BACK * size..COLUMN_GAP * size).contains(&gap) {
            let spaced = piece.text.is_empty() || piece.text.ends_with(' ') || text.starts_with(' ');
            if gap > WORD_GAP * size && !spaced {
                piece.text.push(' ');
            }
            piece.text.push_str(text);
            piece.end = end;
            false
        } else if !text.trim().is_empty() {
            self.pieces.push(Piece { start, end, text: text.to_owned() });
            true
        } else {
            false
        }
    }

    /// Puts pieces that were drawn out of order into it, and drops those that were drawn twice.
    fn order(&mut self) {
        self.pieces.sort_by(|a, b| a.start.total_cmp(&b.start));
        let offset = BOLD_OFFSET * self.size;
        self.pieces
            .dedup_by(|next, piece| next.text == piece.text && (next.start - piece.start).abs() < offset);
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let mut end = f64::NEG_INFINITY;
        for piece in &self.pieces {
            if !text.is_empty() {
                let gap = piece.start - end;
                if gap >= COLUMN_GAP * self.size {
                    text.truncate(text.trim_end().len());
                    text.push('\t');
                } else if gap > WORD_GAP * self.size && !text.ends_with(' ') && !piece.text.starts_with(' ') {
                    text.push(' ');
                }
            }
            text.push_str(&piece.text);
            end = end.max(piece.end);
        }
        bidi::logical(text.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places words of 0.5 em a letter at (x, y), in size 10.
    fn page(words: &[(f64, f64, &str)]) -> String {
        let mut layout = Layout::default();
        for (x, y, word) in words {
            for (index, c) in word.chars().enumerate() {
                layout.place(&Placed {
                    text: &c.to_string(),
                    origin: Point::new(x + 5.0 * index as f64, *y),
                    advance: Vec2::new(5.0, 0.0),
                    direction: Vec2::new(1.0, 0.0),
                    size: 10.0,
                });
            }
        }
        layout.finish()
    }

    #[test]
    fn gaps_part_words_columns_lines_and_paragraphs() {
        assert_eq!(page(&[(0.0, 100.0, "ab"), (11.0, 100.0, "c"), (19.0, 100.0, "d")]), "abc d");
        assert_eq!(page(&[(0.0, 100.0, "ab"), (50.0, 100.0, "cd")]), "ab\tcd");
        assert_eq!(page(&[(0.0, 100.0, "a"), (0.0, 88.0, "b"), (0.0, 70.0, "c")]), "a\nb\n\nc");
        assert_eq!(page(&[(0.0, 100.0, "H"), (5.0, 97.0, "2"), (10.0, 100.0, "O")]), "H2O");
    }

    #[test]
    fn a_line_is_read_from_its_left_end() {
        assert_eq!(page(&[(100.0, 50.0, "second"), (0.0, 50.0, "first")]), "first\tsecond");
        assert_eq!(page(&[(0.0, 50.0, "bold"), (0.4, 50.0, "bold")]), "bold");
    }

    #[test]
    fn right_to_left_text_is_read_so_however_it_was_drawn() {
        assert_eq!(page(&[(0.0, 50.0, "םולש")]), "שלום");
        assert_eq!(page(&[(15.0, 50.0, "ש"), (10.0, 50.0, "ל"), (5.0, 50.0, "ו"), (0.0, 50.0, "ם")]), "שלום");
    }

    #[test]
    fn words_broken_by_a_soft_hyphen_are_whole() {
        assert_eq!(page(&[(0.0, 50.0, "hy\u{ad}"), (0.0, 38.0, "phen")]), "hyphen");
    }

    #[test]
    fn pages_drawn_upside_down_are_sorted() {
        let words: Vec<_> = (0..14).map(|n| (0.0, 12.0 * f64::from(n), "x")).collect();
        assert_eq!(page(&words), vec!["x"; 14].join("\n"));
        let rows = (0..14).flat_map(|n| [(0.0, 12.0 * f64::from(n), "l"), (60.0, 12.0 * f64::from(n), "r")]);
        let mixed: Vec<_> = rows.collect();
        assert_eq!(page(&mixed), vec!["l\tr"; 14].join("\n"));
    }

    #[test]
    fn nonsense_is_not_placed() {
        assert_eq!(page(&[(f64::NAN, 1.0, "a"), (f64::INFINITY, 1.0, "b"), (1.0, 1.0, "c")]), "c");
    }
}
