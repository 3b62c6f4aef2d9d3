//! Numbers of citations, changed while the text is written.

use super::brackets::{Bracket, Cited, bracket, closing};

/// How the passages are numbered, in the prompt and in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbering {
    /// How many passages there are.
    pub passages: usize,
    /// The number of the first in the prompt: 1, or 0 as AnythingLLM counts.
    pub first: u32,
    /// Whether numbers are written at all. Visitors, who see no sources, get none.
    pub shown: bool,
}

/// A citation in the text that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Where it stands: bytes of the text. Empty where numbers are not shown.
    pub start: usize,
    pub end: usize,
    /// The passage, from 0 in the order of the prompt.
    pub passage: usize,
}

/// Where in Markdown the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Text,
    /// A span of code between so many backticks.
    Code(usize),
    /// A block of code between lines of so many of this sign; whether its first line is over.
    Fence(char, usize, bool),
    /// Between `<think>` and `</think>`.
    Thought,
}

/// Bytes of the current line, and of what was written last, that are remembered.
const REMEMBERED_BYTES: usize = 64;

/// Names that programs give to lists, whose members they number.
const LISTS: &[&str] =
    &["arr", "array", "argv", "args", "buf", "list", "matrix", "vec", "vector", "items", "xs", "ys"];

/// Rewrites the citations of a text that comes in pieces. However it is cut, the result is the same.
pub(crate) struct Rewriter {
    numbering: Numbering,
    /// Bare numbers count from 1, though the prompt counts from 0.
    from_one: bool,
    /// Passages in the order of their first citation.
    order: Vec<usize>,
    marks: Vec<Mark>,
    /// Text that is not decided yet.
    held: String,
    state: State,
    /// The beginning of the current line.
    line: String,
    /// What was written last.
    tail: String,
    /// The word before, as it came.
    word: String,
    /// The bracket before was no citation, and nothing stands behind it.
    after_bracket: bool,
    /// Bytes that were written.
    written: usize,
}

/// What to do with the beginning of what is held.
enum Step {
    /// Wait for more.
    Wait,
    /// Write so many bytes as they are.
    Keep(usize),
    /// Write a run of so many of this sign.
    Run(char, usize),
    /// Write or leave out so many bytes of space, and then write the citation if it names anything.
    Cite(usize, Cited),
}

impl Rewriter {
    pub fn new(numbering: Numbering) -> Rewriter {
        Rewriter {
            numbering,
            from_one: false,
            order: Vec::new(),
            marks: Vec::new(),
            held: String::new(),
            state: State::Text,
            line: String::new(),
            tail: String::new(),
            word: String::new(),
            after_bracket: false,
            written: 0,
        }
    }

    /// The text goes on with `piece`; what can be written by now.
    pub fn push(&mut self, piece: &str) -> String {
        // Without passages numbers are the model's own.
        if self.numbering.passages == 0 {
            self.written += piece.len();
            return piece.to_owned();
        }
        self.held.push_str(piece);
        self.work(false)
    }

    /// The text is over; the rest of it.
    pub fn finish(&mut self) -> String {
        self.work(true)
    }

    /// Text goes on with `next`: the space that is held can be written, if nothing but space is and no bracket follows.
    pub fn release_before(&mut self, next: char) -> String {
        let decides = closing(next).is_none() && !next.is_whitespace();
        if !decides || !self.holds_space() {
            return String::new();
        }
        self.work(true)
    }

    /// So many bytes of something else were written between.
    pub fn skip(&mut self, bytes: usize) {
        self.written += bytes;
    }

    /// Nothing but space is held.
    pub fn holds_space(&self) -> bool {
        !self.held.is_empty() && self.held.chars().all(|c| matches!(c, ' ' | '\t'))
    }

    /// Passages in the order of their first citation.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The citations, in the order of the text.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    fn work(&mut self, ends: bool) -> String {
        let mut out = String::new();
        let held = std::mem::take(&mut self.held);
        let mut at = 0;
        while at < held.len() {
            let rest = held.get(at..).unwrap_or_default();
            match self.step(rest, ends) {
                Step::Wait => break,
                Step::Keep(len) => {
                    let kept = rest.get(..len).unwrap_or(rest);
                    kept.chars().for_each(|c| self.remember(c));
                    self.written += kept.len();
                    out.push_str(kept);
                    at += kept.len().max(1);
                }
                Step::Run(mark, len) => {
                    let kept = rest.get(..len).unwrap_or(rest);
                    self.remember_run(mark, len);
                    self.written += kept.len();
                    out.push_str(kept);
                    at += kept.len().max(1);
                }
                Step::Cite(space, cited) => {
                    let named = self.passages(&cited);
                    if !named.is_empty() && self.numbering.shown {
                        let kept = rest.get(..space).unwrap_or_default();
                        kept.chars().for_each(|c| self.remember(c));
                        self.written += kept.len();
                        out.push_str(kept);
                    }
                    named.into_iter().for_each(|passage| self.cite(passage, &mut out));
                    self.word.clear();
                    self.after_bracket = false;
                    at += space + cited.len;
                }
            }
        }
        self.held.push_str(held.get(at..).unwrap_or_default());
        out
    }

    fn cite(&mut self, passage: usize, out: &mut String) {
        let number = match self.order.iter().position(|known| *known == passage) {
            Some(at) => at + 1,
            None => {
                self.order.push(passage);
                self.order.len()
            }
        };
        let start = self.written;
        if self.numbering.shown {
            let mark = format!("[{number}]");
            self.written += mark.len();
            mark.chars().for_each(|c| self.remember(c));
            out.push_str(&mark);
        }
        self.marks.push(Mark { start, end: self.written, passage });
    }

    /// The passages that a citation names, each once.
    fn passages(&mut self, cited: &Cited) -> Vec<usize> {
        let count = self.numbering.passages;
        let mut named = Vec::new();
        for number in &cited.numbers {
            let bare = self.numbering.first == 0 && !cited.by_block;
            // Under a prompt that counts from 0 a number that only counting from 1 explains.
            self.from_one |= bare && usize::try_from(*number).is_ok_and(|number| number == count);
            let first = if bare && self.from_one { 1 } else { self.numbering.first };
            let passage = number.checked_sub(first).and_then(|n| usize::try_from(n).ok());
            match passage.filter(|passage| *passage < count) {
                Some(passage) if !named.contains(&passage) => named.push(passage),
                _ => {}
            }
        }
        named
    }

    fn step(&self, rest: &str, ends: bool) -> Step {
        let Some(first) = rest.chars().next() else { return Step::Wait };
        match self.state {
            State::Code(_) if first == '`' => ticks(rest, ends),
            State::Code(_) | State::Fence(..) | State::Thought => Step::Keep(first.len_utf8()),
            State::Text => match first {
                '`' | '~' => ticks(rest, ends),
                '\\' => match rest.chars().nth(1) {
                    Some(next) => Step::Keep(1 + next.len_utf8()),
                    None if ends => Step::Keep(1),
                    None => Step::Wait,
                },
                ' ' | '\t' | '\u{a0}' => {
                    let space = rest.len() - rest.trim_start_matches([' ', '\t', '\u{a0}']).len();
                    let after = rest.get(space..).unwrap_or_default();
                    match after.chars().next() {
                        None if !ends => Step::Wait,
                        Some(next) if closing(next).is_some() && !self.is_line_start() => {
                            match self.bracket(after, ends, true) {
                                Bracket::Open => Step::Wait,
                                Bracket::Other => Step::Keep(space),
                                Bracket::Citation(cited) => Step::Cite(space, cited),
                            }
                        }
                        _ => Step::Keep(space),
                    }
                }
                _ if closing(first).is_some() => match self.bracket(rest, ends, false) {
                    Bracket::Open => Step::Wait,
                    Bracket::Other => Step::Keep(first.len_utf8()),
                    Bracket::Citation(cited) => Step::Cite(0, cited),
                },
                _ => Step::Keep(first.len_utf8()),
            },
        }
    }

    /// The bracket that `text` begins with, with what stands around it. `spaced`: a space is in front of it.
    fn bracket(&self, text: &str, ends: bool, spaced: bool) -> Bracket {
        let cited = match bracket(text, ends) {
            Bracket::Citation(cited) => cited,
            other => return other,
        };
        let mut after = text.get(cited.len..).unwrap_or_default().chars();
        let next = after.next();
        if next.is_none() && !ends {
            return Bracket::Open;
        }
        let square = text.starts_with('[');
        // A link, a definition of a footnote or an address, or the address of the link before.
        let is_link = square && next == Some('(');
        let is_definition = square && next == Some(':') && self.is_line_start();
        let is_reference = square && self.after_bracket && !spaced;
        if is_link || is_definition || is_reference {
            return Bracket::Other;
        }
        let bare_list = !cited.by_block && self.numbering.first == 1 && cited.numbers.contains(&0);
        // `[0, 5]` is an interval.
        if bare_list && cited.numbers.len() > 1 {
            return Bracket::Other;
        }
        if square
            && !spaced
            && self.word.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ')')
        {
            if next == Some('.') {
                let beyond = after.next();
                if beyond.is_none() && !ends {
                    return Bracket::Open;
                }
                // `rows[1].name`
                if beyond.is_some_and(|c| c.is_ascii_lowercase() || c == '_') {
                    return Bracket::Other;
                }
            }
            if bare_list || is_code(&self.word) {
                return Bracket::Other;
            }
        }
        Bracket::Citation(cited)
    }

    fn is_line_start(&self) -> bool {
        self.line.chars().all(|c| c.is_whitespace() || matches!(c, '>' | '-' | '*' | '+'))
    }

    /// Follows what was written, to know what comes next.
    fn remember(&mut self, c: char) {
        let line = self.line.trim_start_matches([' ', '\t', '>']).trim_end();
        match self.state {
            State::Thought if c == '>' && self.tail.ends_with("</think") => self.state = State::Text,
            State::Text if c == '>' && self.tail.ends_with("<think") => self.state = State::Thought,
            State::Fence(mark, count, begun) if c == '\n' => {
                let closes = begun && line.chars().count() >= count && line.chars().all(|c| c == mark);
                self.state = if closes { State::Text } else { State::Fence(mark, count, true) };
            }
            // A span of code ends with its paragraph at the latest.
            State::Code(_) if c == '\n' && line.is_empty() => self.state = State::Text,
            _ => {}
        }
        if c == '\n' {
            self.line.clear();
        } else if self.line.len() < REMEMBERED_BYTES {
            self.line.push(c);
        }
        if self.tail.len() > REMEMBERED_BYTES {
            self.tail.replace_range(..self.tail.ceil_char_boundary(REMEMBERED_BYTES / 2), "");
        }
        self.tail.push(c);
        self.after_bracket = c == ']';
        if c.is_whitespace() {
            self.word.clear();
        } else if self.word.len() < 4 * REMEMBERED_BYTES {
            self.word.push(c);
        }
    }

    /// A whole run of backticks or tildes.
    fn remember_run(&mut self, mark: char, len: usize) {
        let alone = |c: char| {
            c.is_whitespace() || c.is_ascii_digit() || matches!(c, '>' | '-' | '*' | '+' | '.' | ')')
        };
        self.state = match self.state {
            State::Text if len >= 3 && self.line.chars().all(alone) => State::Fence(mark, len, false),
            State::Text if mark == '`' => State::Code(len),
            State::Code(open) if mark == '`' && len == open => State::Text,
            other => other,
        };
        (0..len).for_each(|_| self.remember(mark));
    }
}

/// A run of backticks or tildes, which counts as one.
fn ticks(rest: &str, ends: bool) -> Step {
    let Some(first) = rest.chars().next() else { return Step::Wait };
    let len = rest.len() - rest.trim_start_matches(first).len();
    if len == rest.len() && !ends { Step::Wait } else { Step::Run(first, len) }
}

/// Whether a word is a name of a program whose members are numbered, rather than a claim.
fn is_code(word: &str) -> bool {
    let mut letters = word.chars();
    let single = letters.next().is_some_and(|c| c.is_ascii_lowercase()) && letters.next().is_none();
    let pairs = || word.chars().zip(word.chars().skip(1));
    let inner_case =
        word.is_ascii() && pairs().any(|(a, b)| a.is_ascii_lowercase() && b.is_ascii_uppercase());
    let member = pairs().any(|(a, b)| a.is_ascii_alphabetic() && b == '.') && word.is_ascii() && {
        word.split('.').skip(1).all(|part| part.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let call = pairs().any(|(a, b)| a.is_ascii_alphanumeric() && b == '(');
    single
        || inner_case
        || member
        || call
        || word.contains(['_', '=', '{', '$', '/', '<', '\\'])
        || LISTS.contains(&word)
}

/// `text` without the numbers of its citations, which are those of other sources.
pub(crate) fn without_numbers(text: &str) -> String {
    if !text.contains(['[', '【', '［']) {
        return text.to_owned();
    }
    // Every number names something, and none is shown.
    let mut rewriter = Rewriter::new(Numbering { passages: 1000, first: 1, shown: false });
    let mut out = rewriter.push(text);
    out.push_str(&rewriter.finish());
    out
}

#[cfg(test)]
mod tests;
