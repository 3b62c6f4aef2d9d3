//! Brackets that are citations.

/// What a bracket names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cited {
    /// Its numbers, in order.
    pub numbers: Vec<u32>,
    /// They are named as the prompt names its blocks: `[CONTEXT 1]`.
    pub by_block: bool,
    /// Its length in bytes, with both brackets.
    pub len: usize,
}

/// What stands where a bracket opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    /// More text decides.
    Open,
    /// No citation.
    Other,
    Citation(Cited),
}

/// Longest citation, in bytes between its brackets.
const INSIDE_BYTES_MAX: usize = 80;
/// Widest range of numbers.
const RANGE_MAX: u32 = 50;

/// Names of what is cited, in front of a number.
const NAMES: &[&str] = &[
    "bron",
    "chunk",
    "cite",
    "citation",
    "citations",
    "context",
    "contexts",
    "doc",
    "docs",
    "document",
    "documents",
    "excerpt",
    "excerpts",
    "extrait",
    "fonte",
    "fonti",
    "fuente",
    "fuentes",
    "kilde",
    "källa",
    "passage",
    "passages",
    "quelle",
    "quellen",
    "ref",
    "reference",
    "references",
    "refs",
    "source",
    "sources",
    "źródło",
    "источник",
    "المصدر",
    "स्रोत",
    "แหล่งที่มา",
    "来源",
    "來源",
    "出典",
    "資料",
    "资料",
    "출처",
];
/// Words between two numbers.
const JOINTS: &[&str] = &["and", "e", "et", "och", "oder", "or", "to", "und", "y", "и", "و", "和"];
/// What says where in a passage: whatever follows names no other.
const PLACES: &[&str] = &["line", "lines", "p", "page", "pages", "pp", "s", "section", "seite", "第"];

/// The sign that closes a bracket, if `open` opens one.
pub(super) fn closing(open: char) -> Option<char> {
    match open {
        '[' => Some(']'),
        '【' => Some('】'),
        '［' => Some('］'),
        _ => None,
    }
}

/// What `text` begins with, which is a bracket. `ends`: no more text comes.
pub(super) fn bracket(text: &str, ends: bool) -> Bracket {
    let mut chars = text.char_indices();
    let Some(close) = chars.next().and_then(|(_, open)| closing(open)) else { return Bracket::Other };
    let open = text.len() - chars.as_str().len();
    for (at, c) in chars {
        if c == close || (close == '］' && c == ']') {
            let inside = text.get(open..at).unwrap_or_default();
            return match parse(inside, close != ']') {
                Some((numbers, by_block)) => {
                    Bracket::Citation(Cited { numbers, by_block, len: at + c.len_utf8() })
                }
                None => Bracket::Other,
            };
        }
        if at - open > INSIDE_BYTES_MAX {
            return Bracket::Other;
        }
    }
    let inside = text.get(open..).unwrap_or_default();
    if ends || !may_become_citation(inside) { Bracket::Other } else { Bracket::Open }
}

/// Whether more text could make a citation of what stands behind a bracket.
fn may_become_citation(inside: &str) -> bool {
    let mut tokens = Tokens(inside);
    let mut seen = false;
    while let Some(token) = tokens.next() {
        let last = tokens.0.is_empty();
        match token {
            Token::Rest => return seen,
            Token::Number(None) | Token::Other => return false,
            Token::Word(word) if last => {
                let word = word.to_lowercase();
                let begins = |words: &[&str]| words.iter().any(|known| known.starts_with(&word));
                return begins(NAMES) || seen && (begins(JOINTS) || begins(PLACES));
            }
            Token::Word(word) => match kind(word) {
                Some(Kind::Place) => return seen,
                Some(Kind::Joint) if !seen => return false,
                Some(_) => {}
                None => return false,
            },
            Token::Number(Some(_)) => seen = true,
            Token::Mark | Token::Range | Token::Comma => {}
        }
    }
    true
}

/// The numbers of a citation, and whether they are named as blocks of the prompt.
fn parse(inside: &str, full_width: bool) -> Option<(Vec<u32>, bool)> {
    let (mut numbers, mut named, mut by_block) = (Vec::new(), full_width, false);
    let (mut range, mut expects) = (false, true);
    let tokens = Tokens(inside);
    for token in tokens {
        match token {
            Token::Number(Some(number)) if range => {
                let first = *numbers.last()?;
                if number < first || number - first > RANGE_MAX {
                    return None;
                }
                numbers.extend(first + 1..=number);
                (range, expects) = (false, false);
            }
            Token::Number(Some(number)) if expects => {
                numbers.push(number);
                expects = false;
            }
            Token::Mark if !range => {}
            Token::Range if !expects && !range => range = true,
            Token::Comma if !expects && !range => expects = true,
            Token::Word(word) => match kind(word)? {
                Kind::Place if !numbers.is_empty() && !range => return Some((numbers, by_block)),
                Kind::Name => {
                    named = true;
                    by_block |= word.to_lowercase().starts_with("context");
                }
                Kind::Joint if !expects && matches!(word, "to" | "TO") => range = true,
                Kind::Joint if !numbers.is_empty() => expects = true,
                _ => return None,
            },
            // `1†source`, `Source 1: title`
            Token::Rest if !expects && !range => {
                let dagger = inside.contains('†');
                return (named || dagger).then_some((numbers, by_block));
            }
            _ => return None,
        }
    }
    (!expects && !range).then_some((numbers, by_block))
}

enum Kind {
    Name,
    Joint,
    Place,
}

fn kind(word: &str) -> Option<Kind> {
    let word = word.to_lowercase();
    let holds = |words: &[&str]| words.contains(&word.as_str());
    if holds(NAMES) {
        Some(Kind::Name)
    } else if holds(JOINTS) {
        Some(Kind::Joint)
    } else {
        holds(PLACES).then_some(Kind::Place)
    }
}

enum Token<'t> {
    /// Up to three digits; `None` for more.
    Number(Option<u32>),
    Word(&'t str),
    /// `^` and `#` in front of a number.
    Mark,
    Range,
    Comma,
    /// What follows says more about the number before.
    Rest,
    Other,
}

/// The parts of what stands in a bracket.
struct Tokens<'t>(&'t str);

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        self.0 = self.0.trim_start_matches([' ', '\u{a0}']);
        let first = self.0.chars().next()?;
        let (len, token) = match first {
            _ if digit(first).is_some() => {
                let end = self.0.find(|c| digit(c).is_none()).unwrap_or(self.0.len());
                let digits: Vec<u32> = self.0[..end].chars().filter_map(digit).collect();
                let number =
                    digits.iter().fold(0u32, |sum, digit| sum.saturating_mul(10).saturating_add(*digit));
                let whole = digits.len() <= 3 && (digits.len() == 1 || digits.first() != Some(&0));
                (end, Token::Number(whole.then_some(number)))
            }
            _ if first.is_alphabetic() => {
                let end = self.0.find(|c: char| !(c.is_alphabetic() || is_mark(c))).unwrap_or(self.0.len());
                let (word, after) = self.0.split_at(end);
                // `p. 3`
                (end + usize::from(after.starts_with('.')), Token::Word(word))
            }
            '^' | '#' => (1, Token::Mark),
            '-' | '–' | '—' | '‑' => (first.len_utf8(), Token::Range),
            ',' | ';' | '&' | '，' | '、' | '；' => (first.len_utf8(), Token::Comma),
            '†' | ':' | '：' | '|' => (self.0.len(), Token::Rest),
            _ => (first.len_utf8(), Token::Other),
        };
        self.0 = self.0.get(len..).unwrap_or_default();
        Some(token)
    }
}

/// Signs of words of scripts whose vowels are marks.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0900}'..='\u{0dff}' | '\u{0e31}'..='\u{0e4e}')
}

fn digit(c: char) -> Option<u32> {
    match c {
        '０'..='９' => Some(u32::from(c) - u32::from('０')),
        _ => c.to_digit(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Option<Vec<u32>> {
        match bracket(text, true) {
            Bracket::Citation(cited) => {
                assert_eq!(cited.len, text.len(), "{text}");
                Some(cited.numbers)
            }
            _ => None,
        }
    }

    #[test]
    fn every_usual_form_is_understood() {
        for (text, expected) in [
            ("[1]", vec![1]),
            ("[ 12 ]", vec![12]),
            ("[1, 2]", vec![1, 2]),
            ("[1-3]", vec![1, 2, 3]),
            ("[1–2; 4]", vec![1, 2, 4]),
            ("【1】", vec![1]),
            ("【1†source】", vec![1]),
            ("【4:0†source】", vec![4]),
            ("[1†L3-L5]", vec![1]),
            ("[^1]", vec![1]),
            ("[CONTEXT 1]", vec![1]),
            ("[Context 0, Context 2]", vec![0, 2]),
            ("[Source 2]", vec![2]),
            ("[Sources 1 and 3]", vec![1, 3]),
            ("[Source 1: tariff.pdf]", vec![1]),
            ("[2, p. 14]", vec![2]),
            ("[Quelle 1, Seite 3]", vec![1]),
            ("[来源1]", vec![1]),
            ("［２］", vec![2]),
            ("[#3]", vec![3]),
        ] {
            assert_eq!(numbers(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_brackets_are_none() {
        for text in [
            "[x]", "[ ]", "[]", "[sic]", "[2024]", "[0.5, 1]", "[a1]", "[1a]", "[see 3]", "[1:2]", "[i]",
            "[-1]", "[1,]", "[3-1]", "[source]", "[007]", "[note 1]",
        ] {
            assert_eq!(numbers(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_open_is_known_as_such() {
        for text in ["[", "[1", "[1,", "[1, ", "[^", "[CONT", "[Source 2", "[1-", "【1†sou", "[1 an"] {
            assert_eq!(bracket(text, false), Bracket::Open, "{text}");
            assert_eq!(bracket(text, true), Bracket::Other, "{text}");
        }
        for text in ["[x", "[text", "[2024", "[\n", "[1.", "[[", "[and"] {
            assert_eq!(bracket(text, false), Bracket::Other, "{text}");
        }
    }

    #[test]
    fn blocks_of_the_prompt_are_told_apart() {
        let Bracket::Citation(cited) = bracket("[CONTEXT 1] and", false) else { panic!("no citation") };
        assert!(cited.by_block && cited.len == 11);
    }
}
