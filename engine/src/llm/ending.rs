//! How an answer came out.

use super::{Delta, Finish};

/// Said of an answer that is empty for no other reason. Wording recorded in the golden transcripts.
const NO_TEXT: &str = "No text completion could be completed with this input.";

/// Looks at the pieces of an answer as they pass, to say in the end why there is no more of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    finish: Option<Finish>,
    why: Option<String>,
    /// There were words beside thoughts.
    spoke: bool,
    refused: bool,
}

impl Ending {
    /// That of an answer with words.
    pub fn of_text(finish: Finish) -> Ending {
        Ending { finish: Some(finish), spoke: true, ..Ending::default() }
    }

    /// Takes note of one piece.
    pub fn note(&mut self, delta: &Delta) {
        match delta {
            Delta::Text(text) => self.spoke |= !text.trim().is_empty(),
            Delta::Refusal(text) => self.refused |= !text.trim().is_empty(),
            Delta::Why(why) => self.why = Some(why.clone()),
            Delta::Finish(finish) => self.finish = Some(*finish),
            Delta::Reasoning(_) | Delta::Usage(_) => {}
        }
    }

    /// Why the answer ends. One without words is [`Finish::Empty`] unless there is a better reason.
    pub fn finish(&self) -> Finish {
        match self.finish.unwrap_or(Finish::Stop) {
            Finish::Length => Finish::Length,
            Finish::Filtered => Finish::Filtered,
            Finish::Refused => Finish::Refused,
            Finish::Failed => Finish::Failed,
            _ if self.refused => Finish::Refused,
            _ if !self.spoke => Finish::Empty,
            finish => finish,
        }
    }

    /// What a person must be told, because the words of the answer do not show it.
    pub fn problem(&self) -> Option<String> {
        let text = match (self.finish(), self.spoke) {
            (Finish::Refused, _) if self.refused => return None,
            (Finish::Refused, true) => "The model stopped and refused to go on.",
            (Finish::Refused, false) => "The model refused to answer.",
            (Finish::Filtered, true) => "The provider's content filter withheld the rest of the answer.",
            (Finish::Filtered, false) => "The provider's content filter withheld the answer.",
            (Finish::Length, false) => {
                "The model reached its limit of tokens before it wrote any text of the answer. Raise the limit of \
                 tokens for answers, or choose a model that thinks less."
            }
            (Finish::Empty, _) if self.finish == Some(Finish::Tools) => {
                "The model asked to call a tool and wrote no text; tools are not called here."
            }
            (Finish::Empty, _) => NO_TEXT,
            _ => return None,
        };
        Some(match &self.why {
            Some(why) => format!("{text} The provider says: {why}"),
            None => text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(deltas: &[Delta]) -> (Finish, Option<String>) {
        let mut ending = Ending::default();
        deltas.iter().for_each(|delta| ending.note(delta));
        (ending.finish(), ending.problem())
    }

    fn text() -> Delta {
        Delta::Text("Hello".into())
    }

    #[test]
    fn a_whole_answer_needs_no_words_of_ours() {
        for finish in [Finish::Stop, Finish::Length, Finish::Other] {
            assert_eq!(ending(&[text(), Delta::Finish(finish)]), (finish, None));
        }
        let refusal = [Delta::Refusal("I cannot.".into()), Delta::Finish(Finish::Stop)];
        assert_eq!(ending(&refusal), (Finish::Refused, None));
    }

    #[test]
    fn an_answer_without_words_says_why() {
        let thought = Delta::Reasoning("hm".into());
        for (reason, finish, word) in [
            (Finish::Stop, Finish::Empty, "No text"),
            (Finish::Tools, Finish::Empty, "tool"),
            (Finish::Length, Finish::Length, "limit"),
            (Finish::Filtered, Finish::Filtered, "filter"),
            (Finish::Refused, Finish::Refused, "refused"),
        ] {
            let (said, problem) =
                ending(&[thought.clone(), Delta::Text(" \n".into()), Delta::Finish(reason)]);
            assert!(
                said == finish && problem.as_ref().is_some_and(|text| text.contains(word)),
                "{problem:?}"
            );
        }
    }

    #[test]
    fn what_was_withheld_after_some_words_is_said_with_the_providers_reason() {
        let (finish, problem) =
            ending(&[text(), Delta::Why("SAFETY".into()), Delta::Finish(Finish::Filtered)]);
        assert_eq!(finish, Finish::Filtered);
        let expected =
            "The provider's content filter withheld the rest of the answer. The provider says: SAFETY";
        assert_eq!(problem.as_deref(), Some(expected));
    }
}
