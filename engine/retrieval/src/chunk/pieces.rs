//! The pieces that the recursive splitter puts together: a stretch of text cut at one kind of separator.

use unicode_segmentation::UnicodeSegmentation;

use crate::words::utf16_len;

/// Where a stretch of text is cut, coarsest first (reference §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    /// Before each pair of newlines, overlapping ones too.
    BlankLine,
    Line,
    Space,
    /// Between grapheme clusters: inside a word.
    Cluster,
}

/// One piece: a slice of the text and its length in UTF-16 code units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub start: usize,
    pub end: usize,
    pub units: usize,
}

/// The pieces of a stretch of text, in order and without gaps. A separator stays at the start of its piece.
///
/// Copies are cheap and go on independently. All pieces together are found in time linear in the stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pieces<'t> {
    text: &'t str,
    separator: Separator,
    position: usize,
    end: usize,
    /// Whether the whole stretch is ASCII, where bytes and UTF-16 code units are the same.
    ascii: bool,
    /// Longest grapheme cluster to keep whole, in UTF-16 code units.
    cluster_units_max: usize,
    /// Up to here every character is a piece, because together they are one cluster that is too long.
    characters_until: usize,
}

impl<'t> Pieces<'t> {
    /// Cuts `text[start..end]` at the coarsest separator it holds.
    pub fn of(text: &'t str, start: usize, end: usize, cluster_units_max: usize) -> Self {
        let pieces = Pieces {
            text,
            separator: Separator::BlankLine,
            position: start,
            end,
            ascii: text[start..end].is_ascii(),
            cluster_units_max,
            characters_until: start,
        };
        pieces.cut_at_present_separator()
    }

    /// Cuts `piece`, which is one of these pieces, at the coarsest of the finer separators it holds. `None` if
    /// there is none finer.
    pub fn inside(&self, piece: Piece) -> Option<Self> {
        let finer = match self.separator {
            Separator::BlankLine => Separator::Line,
            Separator::Line => Separator::Space,
            Separator::Space => Separator::Cluster,
            Separator::Cluster => return None,
        };
        let pieces = Pieces {
            separator: finer,
            position: piece.start,
            end: piece.end,
            characters_until: piece.start,
            ..*self
        };
        Some(pieces.cut_at_present_separator())
    }

    /// These pieces from `start` on, where `start` is the start of the piece that came last.
    pub fn back_to(&self, start: usize) -> Self {
        Pieces { position: start, ..*self }
    }

    /// Start of the next piece.
    pub fn position(&self) -> usize {
        self.position
    }

    fn cut_at_present_separator(mut self) -> Self {
        let stretch = &self.text.as_bytes()[self.position..self.end];
        self.separator = match self.separator {
            Separator::BlankLine if blank_line(stretch).is_some() => Separator::BlankLine,
            Separator::BlankLine | Separator::Line if memchr::memchr(b'\n', stretch).is_some() => {
                Separator::Line
            }
            Separator::Cluster => Separator::Cluster,
            _ if memchr::memchr(b' ', stretch).is_some() => Separator::Space,
            _ => Separator::Cluster,
        };
        self
    }

    /// Byte length of the piece at `self.position`, at least 1.
    fn piece_len(&mut self) -> usize {
        let stretch = &self.text.as_bytes()[self.position..self.end];
        // A separator at the very start belongs to this piece; look for the next one.
        let rest = &stretch[1..];
        let found = match self.separator {
            Separator::BlankLine => blank_line(rest),
            Separator::Line => find_near(b'\n', rest),
            Separator::Space => find_near(b' ', rest),
            Separator::Cluster => return self.cluster_len(stretch),
        };
        found.map_or(stretch.len(), |offset| offset + 1)
    }

    fn cluster_len(&mut self, stretch: &[u8]) -> usize {
        // Between two ASCII characters there is always a boundary, but for CR LF; and a LF inside a stretch
        // without lines can only be its first character.
        if self.ascii || (stretch[0].is_ascii() && stretch.get(1).is_none_or(u8::is_ascii)) {
            return 1;
        }
        let text = &self.text[self.position..self.end];
        let len = text.chars().next().map_or(1, char::len_utf8);
        if text.chars().take(2).all(stands_alone) {
            return len;
        }
        if self.position >= self.characters_until {
            // No more is looked at than settles whether the cluster is too long: a unit has at most 3 bytes.
            let enough = self.cluster_units_max.saturating_mul(3).saturating_add(4);
            let window = &text[..text.floor_char_boundary(enough)];
            let cluster = window.graphemes(true).next().unwrap_or(window);
            if utf16_len(cluster) <= self.cluster_units_max {
                return cluster.len();
            }
            self.characters_until = self.position + cluster.len();
        }
        len
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.position >= self.end {
            return None;
        }
        let start = self.position;
        let end = start + self.piece_len();
        self.position = end;
        let units = if self.ascii { end - start } else { utf16_len(&self.text[start..end]) };
        Some(Piece { start, end, units })
    }
}

/// Whether `ch` is a plain letter that never forms a cluster with another one: the common scripts without
/// marks, where looking for clusters would cost far more than the rest.
fn stands_alone(ch: char) -> bool {
    matches!(ch,
        ' '..='~'
        | '\u{C0}'..='\u{2FF}' // Latin
        | '\u{370}'..='\u{482}' | '\u{48A}'..='\u{52F}' // Greek, Cyrillic
        | '\u{3001}'..='\u{3029}' | '\u{3041}'..='\u{3096}' | '\u{309D}'..='\u{30FF}' // Japanese
        | '\u{3400}'..='\u{9FFF}' // Han
    )
}

/// As [`memchr::memchr`], but quicker where the byte is near, as the end of a word is.
fn find_near(byte: u8, bytes: &[u8]) -> Option<usize> {
    const NEAR: usize = 16;
    let (near, far) = bytes.split_at(bytes.len().min(NEAR));
    let position = near.iter().position(|&other| other == byte);
    position.or_else(|| memchr::memchr(byte, far).map(|offset| NEAR + offset))
}

/// Offset of the first two newlines in a row.
fn blank_line(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).find(|&offset| bytes.get(offset + 1) == Some(&b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let pieces: Vec<_> =
            Pieces::of(text, 0, text.len(), 4).map(|piece| &text[piece.start..piece.end]).collect();
        assert_eq!(pieces, expected);
    }

    #[test]
    fn the_coarsest_separator_present_cuts() {
        check("a b\n\nc\nd", &["a b", "\n\nc\nd"]);
        check("a b\nc d", &["a b", "\nc d"]);
        check("ab c", &["ab", " c"]);
        check("abc", &["a", "b", "c"]);
    }

    #[test]
    fn blank_lines_overlap() {
        check("a\n\n\n\nb", &["a", "\n", "\n", "\n\nb"]);
        check("\n\n\n", &["\n", "\n\n"]);
    }

    #[test]
    fn clusters_stay_whole() {
        check("e\u{301}🚀🇩🇪🇫🇷x", &["e\u{301}", "🚀", "🇩🇪", "🇫🇷", "x"]);
    }

    #[test]
    fn a_cluster_that_is_too_long_falls_into_characters() {
        check("👨‍👩‍👧x", &["👨", "\u{200D}", "👩", "\u{200D}", "👧", "x"]);
        check(
            "ae\u{301}\u{302}\u{303}\u{304}z",
            &["a", "e", "\u{301}", "\u{302}", "\u{303}", "\u{304}", "z"],
        );
    }

    #[test]
    fn letters_that_stand_alone_do() {
        for ch in ('\0'..='\u{FFFF}').filter(|&ch| stands_alone(ch)) {
            let text = format!("a{ch}{ch}日{ch}é");
            assert_eq!(text.graphemes(true).count(), 6, "U+{:04X}", u32::from(ch));
        }
    }

    #[test]
    fn lengths_are_in_utf16_code_units() {
        let units: Vec<_> = Pieces::of("日🚀 x", 0, 9, 4).map(|piece| piece.units).collect();
        assert_eq!(units, [3, 2]);
    }
}
