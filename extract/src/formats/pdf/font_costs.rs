//! What loading a font would cost.
//!
//! The library takes the numbers in a font as they stand: a first character of four billion makes it fill the place
//! before it. So they are looked at before the library gets to see them.

use std::collections::BTreeSet;

use hayro_syntax::object::dict::keys::{
    CHAR_PROCS, CID_TO_GID_MAP, DESCENDANT_FONTS, DIFFERENCES, ENCODING, FIRST_CHAR, FONT_DESC, FONT_FILE,
    FONT_FILE2, FONT_FILE3, TO_UNICODE, W, W2, WIDTHS,
};
use hayro_syntax::object::{Array, Dict, MaybeRef, Object, ObjectIdentifier, Stream};

use super::super::budget::Budget;
use super::page::size;
use super::stream::{decode_within, measure};
use crate::Limit;

/// The largest code that a simple font may begin with. Its codes are bytes.
const MAX_FIRST_CHAR: usize = 255;
/// Widths that a font may give; codes are two bytes.
const MAX_WIDTHS: u64 = 4 * 65_536;
/// Drawings that a font may have; its codes are bytes.
const MAX_DRAWINGS: usize = 4096;
/// Longest table from codes to letters. One for all codes of two bytes takes 1 MiB.
const MAX_MAP_BYTES: u64 = 4 * 1024 * 1024;
/// Longest string in such a table, which is decoded for each sign that is shown.
const MAX_MAP_STRING_BYTES: usize = 2048;
/// Longest table from codes to glyphs; one for all codes takes 128 KiB.
const MAX_GLYPH_MAP_BYTES: u64 = 1024 * 1024;

/// What the library makes of one byte, roughly, and of one item.
const DICTIONARY_FACTOR: u64 = 12;
const WIDTHS_FACTOR: u64 = 8;
const MAP_FACTOR: u64 = 24;
const PROGRAM_FACTOR: u64 = 3;
const BYTES_PER_WIDTH: u64 = 48;
const BYTES_PER_DRAWING: u64 = 1024;
const BYTES_PER_FONT: u64 = 8 * 1024;

/// What all fonts of a document take in memory. They are kept until it is read.
#[derive(Default)]
pub(crate) struct FontCosts {
    bytes: u64,
    /// Programs that are counted already; fonts share them.
    programs: BTreeSet<ObjectIdentifier>,
}

impl FontCosts {
    /// Whether one more font can be loaded. It is counted then.
    pub fn are_affordable(&mut self, font: &Dict<'_>, budget: &mut Budget) -> Result<bool, Limit> {
        let Some(bytes) = self.bytes_of(font, budget)? else { return Ok(false) };
        if self.bytes + bytes > budget.held_bytes() {
            return Ok(false);
        }
        self.bytes += bytes;
        Ok(true)
    }

    /// What a font takes; `None` if that is beyond reason.
    fn bytes_of(&mut self, font: &Dict<'_>, budget: &mut Budget) -> Result<Option<u64>, Limit> {
        let descendants = font.get::<Array<'_>>(DESCENDANT_FONTS);
        let descendant = descendants.and_then(|fonts| fonts.iter::<Dict<'_>>().next()).unwrap_or_default();
        let mut bytes = BYTES_PER_FONT;
        for font in [font, &descendant] {
            let descriptor = font.get::<Dict<'_>>(FONT_DESC).unwrap_or_default();
            let encoding = font.get::<Dict<'_>>(ENCODING).unwrap_or_default();
            for dict in [font, &descriptor, &encoding] {
                let read = bytes_behind(dict);
                budget.read(read)?;
                bytes += dict.data().len() as u64 * DICTIONARY_FACTOR;
            }
            if font.get::<usize>(FIRST_CHAR).is_some_and(|first| first > MAX_FIRST_CHAR) {
                return Ok(None);
            }
            for array in [font.get::<Array<'_>>(WIDTHS), encoding.get::<Array<'_>>(DIFFERENCES)] {
                bytes += array.map_or(0, |array| array.data().len() as u64 * WIDTHS_FACTOR);
            }
            let ranges = [font.get::<Array<'_>>(W).map(|widths| count_widths(&widths))]
                .into_iter()
                .chain([font.get::<Array<'_>>(W2).map(|widths| count_widths_2(&widths))]);
            for count in ranges.flatten() {
                if count > MAX_WIDTHS {
                    return Ok(None);
                }
                bytes += count * BYTES_PER_WIDTH;
            }
            let drawings = font.get::<Dict<'_>>(CHAR_PROCS).map_or(0, |drawings| drawings.len());
            if drawings > MAX_DRAWINGS {
                return Ok(None);
            }
            bytes += drawings as u64 * BYTES_PER_DRAWING;
            for key in [TO_UNICODE, ENCODING] {
                let Some(map) = font.get::<Stream<'_>>(key) else { continue };
                let Some(length) = map_bytes(&map) else { return Ok(None) };
                budget.read(length as usize)?;
                bytes += length * MAP_FACTOR;
            }
            if let Some(map) = font.get::<Stream<'_>>(CID_TO_GID_MAP) {
                let Ok(length) = measure(&map, MAX_GLYPH_MAP_BYTES) else { return Ok(None) };
                budget.read(length as usize)?;
                bytes += length * WIDTHS_FACTOR;
            }
            for key in [FONT_FILE, FONT_FILE2, FONT_FILE3] {
                let Some(program) = descriptor.get::<Stream<'_>>(key) else { continue };
                let raw = program.raw_data().len();
                budget.read(raw)?;
                if self.programs.contains(&program.obj_id()) {
                    continue;
                }
                let Ok(length) = measure(&program, budget.held_bytes() / PROGRAM_FACTOR) else {
                    return Ok(None);
                };
                budget.read(length as usize)?;
                bytes += length * PROGRAM_FACTOR;
                self.programs.insert(program.obj_id());
            }
        }
        Ok(Some(bytes))
    }
}

/// What has to be read to follow all references of a dictionary.
fn bytes_behind(dict: &Dict<'_>) -> usize {
    let behind = dict.entries().map(|(key, value)| match value {
        MaybeRef::Ref(_) => dict.get::<Object<'_>>(&*key).map_or(1, |value| size(&value)),
        MaybeRef::NotRef(_) => 0,
    });
    dict.data().len() + behind.sum::<usize>()
}

/// How long a table from codes to letters is; `None` if that is beyond reason.
fn map_bytes(map: &Stream<'_>) -> Option<u64> {
    let length = measure(map, MAX_MAP_BYTES).ok()?;
    let data = decode_within(map, MAX_MAP_BYTES).ok()?;
    (longest_string(&data) <= MAX_MAP_STRING_BYTES).then_some(length)
}

/// Length of the longest string: everything between an opening bracket and the next closing one.
fn longest_string(map: &[u8]) -> usize {
    let mut longest = 0;
    let mut start = None;
    for (at, byte) in map.iter().enumerate() {
        match byte {
            b'<' | b'(' => start = start.or(Some(at)),
            b'>' | b')' => start = None,
            _ => {}
        }
        longest = longest.max(start.map_or(0, |start| at - start));
    }
    longest
}

/// How many codes get a width (ISO 32000-2, 9.7.4.3), counted as the library fills its table.
fn count_widths(widths: &Array<'_>) -> u64 {
    let mut items = widths.flex_iter();
    let mut count = 0;
    while count <= MAX_WIDTHS {
        if let Some((_, range)) = items.next::<(u32, Array<'_>)>() {
            count += range.data().len() as u64;
        } else if let Some((first, last, _)) = items.next::<(u32, u32, f32)>() {
            count += (u64::from(last) + 1).saturating_sub(u64::from(first));
        } else {
            break;
        }
    }
    count
}

/// The same for vertical writing.
fn count_widths_2(widths: &Array<'_>) -> u64 {
    let mut items = widths.flex_iter();
    let mut count = 0;
    while count <= MAX_WIDTHS {
        if let Some((_, range)) = items.next::<(u32, Array<'_>)>() {
            count += range.data().len() as u64;
        } else if let Some((first, last, ..)) = items.next::<(u32, u32, f32, f32, f32)>() {
            count += (u64::from(last) + 1).saturating_sub(u64::from(first));
        } else {
            break;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use hayro_syntax::object::FromBytes;

    use super::*;
    use crate::Limits;

    fn bytes_of(font: &str) -> Option<u64> {
        let font = Dict::from_bytes(font.as_bytes()).unwrap();
        let limits = Limits::default();
        FontCosts::default().bytes_of(&font, &mut Budget::new("a.pdf", &limits)).unwrap()
    }

    #[test]
    fn numbers_are_not_taken_at_their_word() {
        for font in [
            "<< /FirstChar 4000000000 /LastChar 4000000000 /Widths [1] >>",
            "<< /FirstChar 256 >>",
            "<< /DescendantFonts [<< /W [0 4294967295 500] >>] >>",
            "<< /DescendantFonts [<< /W [0 200000 500 0 200000 500] >>] >>",
            "<< /DescendantFonts [<< /W [1 [2 3] 9 9 9 7 4000000000 0] >>] >>",
            "<< /DescendantFonts [<< /W2 [5 4294967295 1 2 3] >>] >>",
        ] {
            assert_eq!(bytes_of(font), None, "{font}");
        }
        for font in
            ["<< /FirstChar 32 /Widths [1 2 3] >>", "<< /DescendantFonts [<< /W [0 65535 500 7 [1 2]] >>] >>"]
        {
            assert!(bytes_of(font).is_some(), "{font}");
        }
    }

    #[test]
    fn strings_of_maps_have_a_length() {
        assert_eq!(longest_string(b"<41> <0042> (abc) [<41>]"), 4);
        assert_eq!(longest_string(b"<41> <0042"), 4);
        assert_eq!(longest_string(b"(((a) b"), 3);
    }
}
