//! Marks inside a line of Markdown.

/// `text` as a reader sees it: links become their words; images, emphasis and the numbers of footnotes go;
/// runs of white space become one space. Code between backticks stays as it is.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '`' => code(rest, &mut out),
            '!' if rest.starts_with("![") => match bracket(&rest[1..]) {
                Some(Bracket { is_link: true, len, .. }) => 1 + len,
                _ => plain(c, &mut out),
            },
            '[' => match bracket(rest) {
                Some(Bracket { words, is_link: true, len }) => {
                    if !is_reference(words) {
                        out.push_str(&clean(words));
                    }
                    len
                }
                Some(Bracket { words, len, .. }) if is_reference(words) && follows_words(&out) => {
                    out.truncate(out.trim_end().len());
                    len
                }
                // Brackets without an address are text.
                _ => plain(c, &mut out),
            },
            '*' | '~' => emphasis(rest, &mut out),
            '\\' if rest[1..].starts_with(|c: char| c.is_ascii_punctuation()) => {
                plain(rest[1..].chars().next().unwrap_or(' '), &mut out) + 1
            }
            c if c.is_whitespace() => {
                if !out.ends_with(' ') && !out.is_empty() {
                    out.push(' ');
                }
                c.len_utf8()
            }
            c => plain(c, &mut out),
        };
        rest = &rest[len..];
    }
    out.trim_end().to_owned()
}

fn plain(c: char, out: &mut String) -> usize {
    out.push(c);
    c.len_utf8()
}

/// A span of code, with its backticks. One without an end is a stray backtick.
fn code(text: &str, out: &mut String) -> usize {
    let ticks = text.bytes().take_while(|byte| *byte == b'`').count();
    match text[ticks..].find(&text[..ticks]) {
        Some(end) => {
            let len = end + 2 * ticks;
            out.push_str(&text[..len]);
            len
        }
        None => ticks,
    }
}

struct Bracket<'a> {
    words: &'a str,
    is_link: bool,
    /// With the address behind it.
    len: usize,
}

/// The brackets that `text` begins with.
fn bracket(text: &str) -> Option<Bracket<'_>> {
    let mut depth = 0;
    let close = text.char_indices().find_map(|(i, c)| {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(i)
    })?;
    let (words, after) = (&text[1..close], &text[close + 1..]);
    let address = match after.chars().next() {
        Some('(') => after.find(')').map(|end| end + 1),
        Some('[') => after.find(']').map(|end| end + 1),
        _ => None,
    };
    Some(Bracket { words, is_link: address.is_some(), len: close + 1 + address.unwrap_or(0) })
}

/// `12`, `3, 4`, `5–7`, `^note`: would be taken for the numbers of our own sources. `0, 1` is an interval.
fn is_reference(words: &str) -> bool {
    let mut numbers = words.split([',', '-', '–']).map(str::trim);
    words.starts_with('^')
        || numbers.all(|number| {
            (1..=3).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit())
                && !number.starts_with('0')
        })
}

fn follows_words(out: &str) -> bool {
    out.trim_end().ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | ',' | ';' | ')' | '"' | '”'))
}

/// Asterisks and tildes that mark words, not those that multiply or stand for file names.
fn emphasis(text: &str, out: &mut String) -> usize {
    let mark = &text[..1];
    let run = text.len() - text.trim_start_matches(mark).len();
    let (before, after) = (out.chars().next_back(), text[run..].chars().next());
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let opens =
        !word(before) && (word(after) || matches!(after, Some('`' | '"' | '“' | '(' | '[' | '*' | '_')));
    let closes = !word(after)
        && (word(before)
            || matches!(before, Some('.' | ',' | '!' | '?' | ')' | ']' | '"' | '”' | '`' | ':' | '%')));
    if !(opens || closes) || (mark == "~" && run != 2) {
        out.push_str(&text[..run]);
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(markdown: &str, text: &str) {
        assert_eq!(clean(markdown), text);
    }

    #[test]
    fn links_are_their_words() {
        check("See [the *docs*](http://x/y) and [more][1], ![alt](i.png)now.", "See the docs and more, now.");
        check("[![badge](b.svg)](http://x) Text", " Text".trim());
        check("an array[i] and [sic]", "an array[i] and [sic]");
    }

    #[test]
    fn numbers_of_notes_would_look_like_ours() {
        check("Otters swim [12], eat [3, 4] and sleep.[^a]", "Otters swim, eat and sleep.");
        check("a distance in [0, 2] or d = [1]", "a distance in [0, 2] or d = [1]");
    }

    #[test]
    fn emphasis_goes_and_products_stay() {
        check("**Bold** and *thin*, ~~gone~~ 2*3 * 4 ~5 x**y", "Bold and thin, gone 2*3 * 4 ~5 x**y");
        check("Look at *.md in src/* *(now)*.", "Look at *.md in src/* (now).");
    }

    #[test]
    fn code_stays() {
        check("Run `a[1] **x**` now ` or", "Run `a[1] **x**` now or");
        check(r"1\. \*not\*", "1. *not*");
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "(\\[|\\]|\\(|\\)|!|`|\\*|~|\\\\|\\^|[a-zé1 ]){0,30}") {
            let once = clean(&text);
            prop_assert!(!once.contains("  ") || once.contains('`'));
        }
    }
}
