//! Codes, versions, numbers of sections, addresses: words that signs join, whose order matters.

use super::terms::{Space, Term};
use super::words::WORD_BYTES_MAX;

/// Joined words whose parts are taken in pairs; longer chains are no codes.
const PARTS_MAX: usize = 12;

/// The terms of a [joined](super::words::Token::Joined) word beside those of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    /// The whole.
    pub whole: Option<Term>,
    /// Parts side by side, if there are more than two: `4.2` and `2.1` in `4.2.1`.
    pub pairs: Vec<Term>,
    /// Parts that only a hyphen joins, written as one: `fx2207` in `FX-2207/B`.
    pub runs: Vec<Term>,
    /// Words without digits that only a hyphen joins, written as one: `email` for `e-mail`.
    pub word: Option<String>,
}

/// What a joined word stands for.
pub(super) fn code(joined: &str) -> Code {
    let lower = super::normal::fold(&joined.to_lowercase());
    // v1.2 is 1.2.
    let text = match lower.as_bytes() {
        [b'v', second, ..] if second.is_ascii_digit() => lower.get(1..).unwrap_or_default(),
        _ => lower.as_str(),
    };
    let mut code = Code::default();
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    if !has_digit && !text.contains(['.', '_', '@', '&']) {
        let is_hyphened = !text.contains([':', '/', ',']) && text.matches('-').count() <= 2;
        code.word = is_hyphened.then(|| text.replace('-', "")).filter(|word| word.len() <= WORD_BYTES_MAX);
        return code;
    }
    let whole = unhyphened(text);
    if whole.len() <= 2 * WORD_BYTES_MAX {
        code.whole = Some(Term::of(Space::Whole, &whole));
    }
    let is_run = |run: &&str| !run.is_empty() && run.len() <= WORD_BYTES_MAX;
    let parts: Vec<&str> = whole.split(is_joint).filter(is_run).collect();
    if (3..=PARTS_MAX).contains(&parts.len()) {
        code.pairs = parts.windows(2).map(|pair| Term::of(Space::Pair, &pair.join(" "))).collect();
    } else if parts.len() == 2 {
        code.pairs = vec![Term::of(Space::Pair, &parts.join(" "))];
    }
    code.runs = text
        .split(|ch| is_joint(ch) && ch != '-')
        .filter(|run| run.contains('-'))
        .map(unhyphened)
        .filter(|run| !run.contains('-') && run.len() <= WORD_BYTES_MAX)
        .map(|run| Term::plain(&run))
        .collect();
    code
}

fn is_joint(ch: char) -> bool {
    matches!(ch, '.' | '-' | '/' | ':' | '_' | '@' | '&' | ',')
}

/// Without the hyphens that have a letter beside them: people write FX-2207 or FX2207. Between digits one is a range or a
/// date.
fn unhyphened(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_digit = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
    let keeps =
        |at: usize, ch: char| ch != '-' || (is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1)));
    chars.iter().enumerate().filter(|(at, ch)| keeps(*at, **ch)).map(|(_, ch)| *ch).collect()
}

/// The runs of digits in a word of letters and digits that somebody may look for alone: 2207 in FX2207.
pub(super) fn numbers(word: &str) -> impl Iterator<Item = &str> {
    word.split(|ch: char| !ch.is_ascii_digit()).filter(move |run| run.len() >= 3 && run.len() < word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_parts_matters() {
        let (a, b) = (code("4.2.1"), code("4.1.2"));
        assert_ne!(a.whole, b.whole);
        assert!(a.pairs.iter().all(|pair| !b.pairs.contains(pair)));
        assert!(code("4.2.1.7").pairs.starts_with(&a.pairs));
    }

    #[test]
    fn hyphens_beside_letters_do_not_matter() {
        assert_eq!(code("FX-2207/B").whole, code("FX2207/B").whole);
        assert_eq!(code("FX-2207/B").runs, [Term::plain("fx2207")]);
        assert_ne!(code("10-12").whole, code("101-2").whole);
        assert_eq!(code("v2.4").whole, code("2.4").whole);
    }

    #[test]
    fn hyphened_words_are_words() {
        assert_eq!(code("E-Mail").word.as_deref(), Some("email"));
        assert_eq!(code("and/or"), Code::default());
        assert!(code("Node.js").whole.is_some());
    }

    #[test]
    fn numbers_in_a_word_are_found() {
        assert_eq!(numbers("fx2207b12").collect::<Vec<_>>(), ["2207"]);
        assert_eq!(numbers("2207").count(), 0);
    }
}
