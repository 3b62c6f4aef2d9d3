//! What a question asks for.

use super::blocks::Kind;
use super::terms::terms;
use super::units::Unit;

/// Words that say nothing of what is in a document.
const GENERAL: &str = "content contents describe document documents file files main overview page pages pdf say says \
                       subject summarise summarize summary tell text topic topics";

/// Different words of a question that are looked for: each is, in every sentence.
const WORDS_MAX: usize = 64;

/// A question's words and kind.
#[derive(Debug)]
pub(super) struct Question {
    pub words: Vec<String>,
    pub wants: Wants,
}

/// What would answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    Date,
    Number,
    Person,
    Reason,
    Steps,
    Definition,
    Anything,
}

impl Question {
    pub fn new(text: &str) -> Question {
        let mut words = Vec::new();
        for term in terms(text) {
            if words.len() < WORDS_MAX && !words.contains(&term) {
                words.push(term);
            }
        }
        Question { words, wants: wants(&text.to_lowercase()) }
    }

    /// It asks what the documents are about, and names nothing in them.
    pub fn is_general(&self) -> bool {
        let general = terms(GENERAL);
        matches!(self.wants, Wants::Anything | Wants::Definition)
            && self.words.iter().all(|word| general.contains(word))
    }
}

fn wants(text: &str) -> Wants {
    let any = |starts: &[&str]| {
        starts.iter().any(|start| text.starts_with(start) || text.contains(&format!(" {start}")))
    };
    if any(&["when ", "what year", "which year", "what date", "which date", "what day"]) {
        Wants::Date
    } else if any(&[
        "how many",
        "how much",
        "how long",
        "how old",
        "how far",
        "how large",
        "how big",
        "how high",
        "how tall",
        "how fast",
        "what percentage",
    ]) {
        Wants::Number
    } else if any(&["how do ", "how can ", "how to ", "how should ", "how would ", "what command"]) {
        Wants::Steps
    } else if any(&["who ", "whom ", "whose "]) {
        Wants::Person
    } else if any(&["why "]) {
        Wants::Reason
    } else if any(&["what is ", "what are ", "what's ", "define ", "what does "]) {
        Wants::Definition
    } else {
        Wants::Anything
    }
}

/// Whether the unit says what the thing asked for is: its name, then soon "is".
pub(super) fn defines(asked: &Question, unit: &Unit) -> bool {
    let words: Vec<&str> = unit.text.split_whitespace().take(9).collect();
    let verb = words
        .iter()
        .position(|word| ["is", "are", "was", "were", "means", "refers", "stands"].contains(word));
    let subject = verb.map(|at| terms(&words[..at].join(" "))).unwrap_or_default();
    !subject.is_empty() && asked.words.iter().all(|word| subject.contains(word))
}

/// Whether the unit has what such a question asks for: a year, a number, a name…
pub(super) fn answers(wants: Wants, unit: &Unit) -> bool {
    let text = unit.text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let digits = || text.contains(|c: char| c.is_ascii_digit());
    match wants {
        Wants::Date => {
            digits() && {
                let year = |word: &str| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
                text.split(|c: char| !c.is_alphanumeric()).any(year)
                    || has(&[
                        "january",
                        "february",
                        "march",
                        "april",
                        "may ",
                        "june",
                        "july",
                        "august",
                        "september",
                        "october",
                        "november",
                        "december",
                        ":",
                        "century",
                    ])
            }
        }
        Wants::Number => {
            digits()
                || has(&[
                    "two ", "three ", "four ", "five ", "six ", "seven ", "eight ", "nine ", "ten ", "dozen",
                    "hundred", "thousand", "million",
                ])
        }
        Wants::Person => {
            // A name: two capitalised words in a row, not at the start.
            let words: Vec<&str> = unit.text.split_whitespace().skip(1).collect();
            let capital = |word: &&str| word.chars().next().is_some_and(char::is_uppercase);
            words.windows(2).any(|pair| capital(&pair[0]) && capital(&pair[1]))
        }
        Wants::Reason => {
            has(&["because", "since ", "due to", "so that", "in order to", "reason", "therefore", "thus"])
        }
        Wants::Steps => {
            !unit.below.is_empty()
                || unit.kind == Kind::Code
                || text.split_whitespace().next().is_some_and(|first| {
                    [
                        "run",
                        "use",
                        "set",
                        "install",
                        "open",
                        "click",
                        "add",
                        "create",
                        "call",
                        "to",
                        "first",
                        "choose",
                        "select",
                        "go",
                        "start",
                        "press",
                        "enter",
                        "type",
                        "you",
                        "download",
                        "configure",
                        "enable",
                    ]
                    .contains(&first)
                })
        }
        Wants::Definition => {
            has(&[" is a ", " is an ", " is the ", " are ", " means ", " refers to ", " stands for "])
        }
        Wants::Anything => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_tell_what_they_want() {
        let wants = |text: &str| Question::new(text).wants;
        assert_eq!(wants("In what year was it built?"), Wants::Date);
        assert_eq!(wants("And how long is paternity leave"), Wants::Number);
        assert_eq!(wants("How do I install it?"), Wants::Steps);
        assert_eq!(wants("Who built it?"), Wants::Person);
        assert_eq!(wants("Why did otters decline?"), Wants::Reason);
        assert_eq!(wants("What is a run?"), Wants::Definition);
        assert_eq!(wants("otters"), Wants::Anything);
    }

    #[test]
    fn words_count_once_and_only_if_they_say_something() {
        assert_eq!(Question::new("What is an otter, and what are otters?").words, ["otter"]);
    }
}
