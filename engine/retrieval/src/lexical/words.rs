//! From text to the words that terms are made of.
//!
//! Most text is ASCII, which is read byte by byte as it stands; whatever is not is [normalised](super::normal) first.

use super::normal::normalize;
use super::script::{Class, LONG_VOWEL, class};

/// Longer words are no words that anybody looks for.
pub(super) const WORD_BYTES_MAX: usize = 64;

/// What a text is made of. ASCII text may have capitals, other text is in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A run of letters, digits and marks; `joined` if it is a part of the [`Token::Joined`] before it.
    Word {
        /// As it stands.
        text: &'t str,
        /// A part of a longer one.
        joined: bool,
    },
    /// Words that signs join: `FX-2207/B`, `4.1.2`, `anna@example.com`. Its words follow.
    Joined(&'t str),
    /// A word with a sign that is part of the name: `C#`, `C++`, `.NET`, or one that stands for a word, `§`. The word
    /// follows.
    Signed(&'t str),
    /// A Korean word.
    Hangul(&'t str),
    /// A run of Chinese characters and round kana.
    Han(&'t str),
    /// A run of angular kana, without the long vowel mark at its end.
    Katakana(&'t str),
    /// A run of a script of South-East Asia.
    Unspaced(&'t str),
}

/// Calls `token` with everything in `text`, in order. Takes time in proportion to the text.
pub(super) fn for_each_token(text: &str, token: &mut impl FnMut(Token<'_>)) {
    let mut rest = text;
    let mut normal = String::new();
    while !rest.is_empty() {
        let (plain, later) = rest.split_at(plain_len(rest));
        scan(plain, token);
        let (other, later) = later.split_at(piece_len(later));
        if !other.is_empty() {
            normalize(other, &mut normal);
            scan(&normal, token);
        }
        rest = later;
    }
}

/// Whether text can be cut into words on both sides of the place between two bytes alone: an ASCII character behind
/// ASCII white space.
fn is_seam(pair: &[u8]) -> bool {
    matches!(pair, [b' ' | b'\t' | b'\r' | b'\n', next] if next.is_ascii_graphic())
}

/// How much of the front is ASCII and can be cut alone.
fn plain_len(text: &str) -> usize {
    let Some(end) = text.bytes().position(|byte| !byte.is_ascii()) else { return text.len() };
    let mut pairs = text.as_bytes()[..end].windows(2);
    pairs.rposition(is_seam).map_or(0, |n| n + 1)
}

/// The length of the first piece that can be cut alone.
fn piece_len(text: &str) -> usize {
    text.as_bytes().windows(2).position(is_seam).map_or(text.len(), |n| n + 1)
}

const LETTER: u8 = 1;
const DIGIT: u8 = 2;
/// A sign that joins the words on both sides of it.
const JOINT: u8 = 4;
/// The first byte of another character.
const OTHER: u8 = 8;

/// What each byte is; 0 for what ends a word.
static KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [OTHER; 256];
    let mut byte = 0u8;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'0'..=b'9' => DIGIT,
            b'.' | b'-' | b'/' | b':' | b'_' | b'@' | b'&' | b',' => JOINT,
            _ if byte.is_ascii_alphabetic() => LETTER,
            _ => 0,
        };
        byte += 1;
    }
    kinds
}

fn kind(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).map_or(0, |byte| KINDS[usize::from(*byte)])
}

/// The class of the character at `at`, and where the next one is.
fn class_at(text: &str, at: usize) -> Option<(Class, usize)> {
    let ch = text.get(at..)?.chars().next()?;
    Some((class(ch), at + ch.len_utf8()))
}

/// Reads ASCII or normalised text.
fn scan<'t>(text: &'t str, token: &mut impl FnMut(Token<'t>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match kind(bytes, at) {
            LETTER | DIGIT => at = word(text, at, token),
            OTHER => at = other(text, at, token),
            _ => at += 1,
        }
    }
}

/// Reads what begins with a character beyond ASCII, and says where it ends.
fn other<'t>(text: &'t str, start: usize, token: &mut impl FnMut(Token<'t>)) -> usize {
    let Some((first, next)) = class_at(text, start) else { return text.len() };
    let run = |goes_on: &dyn Fn(Class) -> bool| {
        let mut end = next;
        while let Some((_, after)) = class_at(text, end).filter(|(class, _)| goes_on(*class)) {
            end = after;
        }
        end
    };
    let end = match first {
        Class::Letter | Class::Digit => return word(text, start, token),
        Class::Mark => return next,
        Class::End => {
            if let Some(sign @ "§") = text.get(start..next) {
                token(Token::Signed(sign));
            }
            return next;
        }
        Class::Hangul => run(&|class| class == Class::Hangul),
        Class::Unspaced => run(&|class| matches!(class, Class::Unspaced | Class::Mark)),
        Class::Katakana => run(&|class| class == Class::Katakana),
        Class::Han | Class::Hiragana => {
            let mut end = next;
            while let Some((class, after)) = class_at(text, end) {
                let is_long = text.get(end..after).is_some_and(|ch| ch.starts_with(LONG_VOWEL));
                if !(matches!(class, Class::Han | Class::Hiragana) || is_long) {
                    break;
                }
                end = after;
            }
            end
        }
    };
    let found = text.get(start..end).unwrap_or_default();
    token(match first {
        Class::Hangul => Token::Hangul(found),
        Class::Unspaced => Token::Unspaced(found),
        Class::Katakana => Token::Katakana(short(found)),
        _ => Token::Han(found),
    });
    end
}

/// Angular kana without the long vowel mark at the end: people write it or not.
fn short(run: &str) -> &str {
    let shorter = run.trim_end_matches(LONG_VOWEL);
    if shorter.chars().nth(1).is_some() { shorter } else { run }
}

/// The end of the run of letters, digits and marks that begins at `at`.
fn piece_end(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        while kind(bytes, at) & (LETTER | DIGIT) != 0 {
            at += 1;
        }
        if kind(bytes, at) != OTHER {
            return at;
        }
        match class_at(text, at) {
            Some((class, next)) if class.is_wordlike() => at = next,
            _ => return at,
        }
    }
}

/// Whether a word goes on at `at`.
fn is_word(text: &str, at: usize) -> bool {
    match kind(text.as_bytes(), at) {
        LETTER | DIGIT => true,
        OTHER => class_at(text, at).is_some_and(|(class, _)| matches!(class, Class::Letter | Class::Digit)),
        _ => false,
    }
}

/// Reads a word, or several that signs join, and says where they end.
fn word<'t>(text: &'t str, start: usize, token: &mut impl FnMut(Token<'t>)) -> usize {
    let bytes = text.as_bytes();
    let mut at = piece_end(text, start);
    let first = at;
    while kind(bytes, at) == JOINT && is_word(text, at + 1) {
        // A comma only joins digits.
        if bytes[at] == b',' && !(bytes[at - 1].is_ascii_digit() && bytes[at + 1].is_ascii_digit()) {
            break;
        }
        at = piece_end(text, at + 1);
    }
    if at == first {
        let end = sign_end(text, start, at);
        if end > at || is_dotted(bytes, start) {
            let from = if end > at { start } else { start - 1 };
            text.get(from..end).into_iter().for_each(|signed| token(Token::Signed(signed)));
        }
        one(text.get(start..at).unwrap_or_default(), false, token);
        return at;
    }
    let whole = text.get(start..at).unwrap_or_default();
    if let Some(number) = grouped(whole) {
        one(number, false, token);
        return at;
    }
    token(Token::Joined(whole));
    let (mut from, mut end) = (start, first);
    loop {
        one(text.get(from..end).unwrap_or_default(), true, token);
        if end >= at {
            return at;
        }
        from = end + 1;
        end = piece_end(text, from);
    }
}

fn one<'t>(text: &'t str, joined: bool, token: &mut impl FnMut(Token<'t>)) {
    if !text.is_empty() && text.len() <= WORD_BYTES_MAX {
        token(Token::Word { text, joined });
    }
}

/// The end of a word of letters alone with the sign behind it that is part of its name, as in `C#` and `C++`.
fn sign_end(text: &str, start: usize, end: usize) -> usize {
    let bytes = text.as_bytes();
    let len = match bytes.get(end..) {
        Some([b'#', ..]) => 1,
        Some([b'+', b'+', ..]) => 2,
        _ => return end,
    };
    let is_name = end - start <= 12 && bytes[start..end].iter().all(u8::is_ascii_alphabetic);
    if is_name && !is_word(text, end + len) { end + len } else { end }
}

/// Whether a name begins with a dot, as `.NET` does.
fn is_dotted(bytes: &[u8], start: usize) -> bool {
    kind(bytes, start) == LETTER
        && start > 0
        && bytes[start - 1] == b'.'
        && (start == 1
            || matches!(bytes[start - 2], b' ' | b'\t' | b'\r' | b'\n' | b'(' | b'"' | b'\'' | b'`' | b'/'))
}

/// A number whose digits are grouped by commas, `12,000`: it stays whole.
fn grouped(whole: &str) -> Option<&str> {
    let mut groups = whole.split(',');
    let is_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().filter(|first| first.len() <= 3 && is_digits(first))?;
    (whole.len() > first.len() && groups.all(|group| group.len() == 3 && is_digits(group))).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokens(text: &str) -> Vec<String> {
        let mut tokens = Vec::new();
        for_each_token(text, &mut |token| tokens.push(shown(token)));
        tokens
    }

    fn shown(token: Token<'_>) -> String {
        match token {
            Token::Word { text, .. } => text.to_lowercase(),
            Token::Joined(text) => format!("<{}>", text.to_lowercase()),
            Token::Signed(text) => format!("*{}", text.to_lowercase()),
            Token::Hangul(text) => format!("ko:{text}"),
            Token::Han(text) => format!("han:{text}"),
            Token::Katakana(text) => format!("kata:{text}"),
            Token::Unspaced(text) => format!("unspaced:{text}"),
        }
    }

    #[test]
    fn words_are_taken_apart_at_their_joints() {
        assert_eq!(
            tokens("ERR_CONN.reset: don't!"),
            ["<err_conn.reset>", "err", "conn", "reset", "don", "t"]
        );
        assert_eq!(tokens("12,000 a,b 10,50"), ["12,000", "a", "b", "<10,50>", "10", "50"]);
        assert_eq!(tokens("l’été à 20 °C"), ["l", "été", "à", "20", "c"]);
        assert_eq!(tokens("FX-2207/B."), ["<fx-2207/b>", "fx", "2207", "b"]);
        assert_eq!(
            tokens("https://example.com/a?b=c"),
            ["https", "<example.com/a>", "example", "com", "a", "b", "c"]
        );
    }

    #[test]
    fn signs_that_belong_to_a_name_stay() {
        assert_eq!(
            tokens("C#, C++ and .NET (g++)."),
            ["*c#", "c", "*c++", "c", "and", "*.net", "net", "*g++", "g"]
        );
        assert_eq!(tokens("see #5. Then a+b"), ["see", "5", "then", "a", "b"]);
        assert_eq!(tokens("§ 12"), ["*§", "12"]);
    }

    #[test]
    fn scripts_are_kept_apart() {
        assert_eq!(tokens("第3章を読む"), ["han:第", "3", "han:章を読む"]);
        assert_eq!(tokens("サーバー室A動"), ["kata:サーバ", "han:室", "a", "han:動"]);
        assert_eq!(tokens("3층에 있다"), ["3", "ko:층에", "ko:있다"]);
        assert_eq!(tokens("ห้อง 5 ชั้น"), ["unspaced:ห้อง", "5", "unspaced:ชั้น"]);
        assert_eq!(tokens("किला पर"), ["किला", "पर"]);
    }

    #[test]
    fn a_long_word_is_left_out() {
        let (longest, longer) = ("a".repeat(64), "a".repeat(65));
        assert_eq!(tokens(&format!("x {longest} {longer} y")), ["x", &longest, "y"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        /// Letters, digits, marks, joiners, flags, Hebrew quotes, kana.
        #[test]
        fn text_read_in_pieces_is_read_like_the_whole(
            text in "([a-bA0-1_.,:;'\"#+&@/ \t\r\n()-]|[éß’·٣\u{300}\u{345}\u{200d}\u{ad}🇩🇪אカ日ａ\u{a0}\u{2028}\u{93e}]){0,40}|\\PC{0,40}",
        ) {
            let (mut normal, mut expected) = (String::new(), Vec::new());
            normalize(&text, &mut normal);
            scan(&normal, &mut |token| expected.push(shown(token)));
            prop_assert_eq!(tokens(&text), expected);
        }
    }
}
