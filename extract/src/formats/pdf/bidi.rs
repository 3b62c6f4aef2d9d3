//! From the order on the page to the order of reading, for scripts that are written from right to left.

/// Longest line that is turned around; a page has no longer ones.
const MAX_TURNED_BYTES: usize = 1024 * 1024;

/// Turns a line that was read off the page from left to right into the order in which it is read. Lines
/// without right-to-left letters stay as they are.
pub(crate) fn logical(line: &str) -> String {
    let rtl = line.chars().filter(|c| is_rtl(*c)).count();
    if rtl == 0 || line.len() > MAX_TURNED_BYTES {
        return line.to_owned();
    }
    let chars: Vec<char> = line.chars().collect();
    let ltr = chars.iter().filter(|c| c.is_alphabetic() && !is_rtl(**c)).count();
    if rtl >= ltr {
        // The line as a whole runs leftwards; Latin words and numbers in it run rightwards.
        let mirrored: Vec<char> = chars.iter().rev().map(|c| mirror(*c)).collect();
        turn(mirrored, is_ltr)
    } else {
        turn(chars, is_rtl)
    }
}

/// Whether a letter is written from right to left.
pub(crate) fn is_rtl(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}') && !c.is_numeric()
}

fn is_ltr(c: char) -> bool {
    c.is_alphanumeric() && !is_rtl(c)
}

/// Reverses each stretch that begins and ends with a member, whatever neutral stands in between.
fn turn(mut chars: Vec<char>, is_member: fn(char) -> bool) -> String {
    let mut start = 0;
    while let Some(first) = chars[start..].iter().position(|c| is_member(*c)) {
        let first = start + first;
        let other = |c: &char| if is_member(*c) { false } else { is_ltr(*c) || is_rtl(*c) };
        let limit = chars[first..].iter().position(other).map_or(chars.len(), |length| first + length);
        let end =
            chars[first..limit].iter().rposition(|c| is_member(*c)).map_or(limit, |last| first + last + 1);
        chars[first..end].reverse();
        start = end;
    }
    chars.into_iter().collect()
}

fn mirror(c: char) -> char {
    match c {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '{' => '}',
        '}' => '{',
        '<' => '>',
        '>' => '<',
        '«' => '»',
        '»' => '«',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_in_their_own_direction() {
        let cases = [
            ("plain (text)", "plain (text)"),
            ("םלוע םולש", "שלום עולם"),
            ("2024 תנש", "שנת 2024"),
            ("(Rust 1.95) תונכת תפש", "שפת תכנות (Rust 1.95)"),
            ("see םלוע םולש here too", "see שלום עולם here too"),
            ("", ""),
        ];
        for (page, read) in cases {
            assert_eq!(logical(page), read);
        }
    }
}
