//! Changes to files.

use crate::random::Random;
use crate::zipped;
use std::ops::Range;

/// Files grow no further than this.
const BYTES_MAX: usize = 4 << 20;

/// Numbers that parsers trip over.
const NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "1",
    "255",
    "65535",
    "65536",
    "2147483647",
    "4294967295",
    "4294967296",
    "-9223372036854775808",
    "1e308",
    "99999999999999999999",
];

/// Words of the formats.
const WORDS: [&str; 40] = [
    "<table>",
    "<tr><td>",
    "</q>",
    "<style>",
    "</style>",
    "<!--",
    "-->",
    "<svg>",
    "<template>",
    "<select>",
    "<b><i><u>",
    "<a href=x>",
    "<p>",
    "<font a=1>",
    "<![CDATA[",
    "<w:p>",
    "<w:tbl>",
    "<w:tr><w:tc>",
    "<w:sdt>",
    "</w:p>",
    "<w:hyperlink r:id=\"r1\">",
    "<w:gridSpan w:val=\"999999\"/>",
    "endstream",
    "endobj",
    "stream\n",
    "obj\n",
    "/Kids [2 0 R]",
    "/Parent 2 0 R",
    "/Filter /FlateDecode",
    "/Filter [/ASCIIHexDecode /LZWDecode]",
    "/W [0 4000000000 500]",
    "/FirstChar 4000000000",
    "/Contents 3 0 R",
    "BT",
    "ET",
    "Tj",
    "Do",
    "q\n",
    "[[[[[[[[",
    "> > > > ",
];

/// A seed, changed in one to eight places.
pub fn mutated(extension: &str, seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let seed = random.pick(seeds).cloned().unwrap_or_default();
    let changes = 1 + random.below(8);
    // Half of the changes to an archive go into its parts: the others rarely get past the sums of the archive.
    if extension == "docx" && random.below(2) == 0 {
        return zipped::with_parts_changed(&seed, |part| {
            (0..changes).for_each(|_| change(part, seeds, random))
        });
    }
    let mut bytes = seed;
    for _ in 0..changes {
        change(&mut bytes, seeds, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(10) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        1 if !bytes.is_empty() => bytes[at] = random.number() as u8,
        2 => drop(bytes.drain(piece(bytes, random))),
        3 => {
            let piece = bytes[piece(bytes, random)].to_vec();
            insert(bytes, at, &piece);
        }
        4 => {
            let piece = bytes[piece(bytes, random)].to_vec();
            insert(bytes, at, &piece.repeat(1 + random.below(200)));
        }
        5 => number(bytes, random),
        6 => insert(bytes, at, random.pick(&WORDS).map_or(&[][..], |word| word.as_bytes())),
        7 => {
            let word = random.pick(&WORDS).map_or("", |word| word);
            insert(bytes, at, word.repeat(1 + random.below(20_000)).as_bytes());
        }
        8 => {
            if let Some(other) = random.pick(seeds) {
                let piece = other[piece(other, random)].to_vec();
                insert(bytes, at, &piece);
            }
        }
        _ => bytes.truncate(at),
    }
}

fn piece(bytes: &[u8], random: &mut Random) -> Range<usize> {
    let start = random.below(bytes.len());
    let most = 1 << random.below(13);
    start..(start + random.below(most)).min(bytes.len())
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let room = BYTES_MAX.saturating_sub(bytes.len()).min(piece.len());
    bytes.splice(at..at, piece[..room].iter().copied());
}

/// Makes one of the numbers extreme.
fn number(bytes: &mut Vec<u8>, random: &mut Random) {
    let from = random.below(bytes.len());
    let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit).map(|n| from + n) else { return };
    let end =
        bytes[start..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |n| start + n);
    let other = random.pick(&NUMBERS).map_or("0", |number| number);
    bytes.splice(start..end, other.bytes());
}
