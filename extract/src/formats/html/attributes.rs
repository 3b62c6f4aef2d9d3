//! Counting the attributes of tags before a page is parsed.
//!
//! The parser compares each attribute with all others of its tag, and says nothing before the tag is at its end.

use memchr::memchr_iter;

/// Attributes that one tag may have.
const MAX_ATTRIBUTES: u64 = 1000;
/// Tags with more attributes than this are rare; what they cost is counted.
const MANY_ATTRIBUTES: u64 = 64;
/// Comparisons that those may cost together.
const MAX_COMPARISONS: u64 = 50_000_000;
/// How often the bytes of a page may be passed; once is normal.
const MAX_PASSES: usize = 16;
/// Pages below this size are passed quickly however they are made.
const PASSED_QUICKLY_BYTES: usize = 1024 * 1024;

/// Whether the attributes of all tags can be compared in reasonable time. Whatever looks like a tag counts, as scripts and
/// comments end where only the parser knows.
pub(crate) fn are_few(html: &str) -> bool {
    let bytes = html.as_bytes();
    let mut left = MAX_PASSES * bytes.len().max(PASSED_QUICKLY_BYTES);
    let mut comparisons = 0;
    for start in memchr_iter(b'<', bytes) {
        let tag = &bytes[start + 1..];
        let tag = tag.strip_prefix(b"/").unwrap_or(tag);
        if !tag.first().is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let Counted { attributes, length } = count(tag);
        if attributes > MANY_ATTRIBUTES {
            comparisons += attributes * attributes;
        }
        match left.checked_sub(length) {
            Some(rest) if attributes <= MAX_ATTRIBUTES && comparisons <= MAX_COMPARISONS => left = rest,
            _ => return false,
        }
    }
    true
}

struct Counted {
    attributes: u64,
    /// Bytes that were looked at.
    length: usize,
}

/// Where in a tag a byte stands (HTML standard, 13.2.5.32 and following).
#[derive(Clone, Copy)]
enum Place {
    TagName,
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Quoted(u8),
    Unquoted,
}

/// Counts the attributes of a tag, up to one more than allowed.
fn count(tag: &[u8]) -> Counted {
    let mut place = Place::TagName;
    let mut attributes = 0;
    for (at, byte) in tag.iter().enumerate() {
        let is_space = matches!(byte, b' ' | b'\t' | b'\n' | 0x0c | b'\r');
        let begins = match (place, byte) {
            (Place::Quoted(quote), byte) => {
                if *byte == quote {
                    place = Place::BeforeName;
                }
                false
            }
            (_, b'>') => return Counted { attributes, length: at + 1 },
            (Place::TagName | Place::BeforeName, _) if is_space => {
                place = Place::BeforeName;
                false
            }
            (Place::TagName | Place::BeforeName | Place::Name | Place::AfterName, b'/') => {
                place = Place::BeforeName;
                false
            }
            (Place::TagName, _) => false,
            (Place::Name | Place::AfterName, b'=') => {
                place = Place::BeforeValue;
                false
            }
            (Place::Name, _) if is_space => {
                place = Place::AfterName;
                false
            }
            (Place::Name, _) => false,
            (Place::AfterName | Place::BeforeValue, _) if is_space => false,
            (Place::BeforeName | Place::AfterName, _) => true,
            (Place::BeforeValue, b'"' | b'\'') => {
                place = Place::Quoted(*byte);
                false
            }
            (Place::BeforeValue, _) => {
                place = Place::Unquoted;
                false
            }
            (Place::Unquoted, _) => {
                if is_space {
                    place = Place::BeforeName;
                }
                false
            }
        };
        if begins {
            place = Place::Name;
            attributes += 1;
            if attributes > MAX_ATTRIBUTES {
                return Counted { attributes, length: at + 1 };
            }
        }
    }
    Counted { attributes, length: tag.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_counted_as_the_standard_says() {
        let cases = [
            ("p>", 0),
            ("p class=a>", 1),
            ("br/>", 0),
            ("p a b = 'x > y' c=\"z\"d e=f/g h>", 6),
            ("p =a ==>", 1),
            ("p/a/b/c", 3),
            ("p a='", 1),
        ];
        for (tag, attributes) in cases {
            assert_eq!(count(tag.as_bytes()).attributes, attributes, "{tag}");
        }
    }

    #[test]
    fn a_tag_may_not_have_too_many() {
        let many = |count: usize| format!("<p{}>", (0..count).map(|n| format!(" a{n}")).collect::<String>());
        assert!(are_few(&many(1000)));
        assert!(!are_few(&many(1001)));
        assert!(!are_few(&many(900).repeat(100)));
        assert!(!are_few(&format!("<!--><script>'<{}", &many(1001)[1..])));
        assert!(are_few(&"<p class=\"a b c d\">x".repeat(10_000)));
        assert!(are_few(&format!("<p class=\"{}\">", "a ".repeat(3000))));
    }

    #[test]
    fn tags_inside_of_tags_take_linear_time() {
        assert!(!are_few(&"<a \"<b ".repeat(1_000_000)));
        assert!(are_few(&"<a href=x>".repeat(1_000_000)));
    }
}
