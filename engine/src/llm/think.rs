//! Thoughts in front of the answer, marked as AnythingLLM's clients expect them.

use super::Delta;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Turns deltas into the pieces of text a client sees: the first thought carries `<think>`, and
/// `</think>` is a piece of its own before the first word of the answer (`stream_chat.jsonl`,
/// "reasoning").
#[derive(Debug, Default)]
pub struct ThinkTags {
    open: bool,
}

impl ThinkTags {
    /// The pieces that `delta` stands for, in order: none, one, or two.
    pub fn push(&mut self, delta: &Delta) -> Vec<String> {
        match delta {
            Delta::Reasoning(text) if text.is_empty() => vec![],
            Delta::Text(text) if text.is_empty() => vec![],
            Delta::Reasoning(text) if self.open => vec![text.clone()],
            Delta::Reasoning(text) => {
                self.open = true;
                vec![format!("{OPEN}{text}")]
            }
            Delta::Text(text) => self.close().into_iter().chain([text.clone()]).collect(),
            Delta::Finish(_) => self.close().into_iter().collect(),
            Delta::Usage(_) => vec![],
        }
    }

    /// The closing tag, if thoughts are open: for an answer that broke off.
    pub fn close(&mut self) -> Option<String> {
        std::mem::take(&mut self.open).then(|| CLOSE.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::Finish;

    fn pieces(deltas: &[Delta]) -> Vec<String> {
        let mut tags = ThinkTags::default();
        deltas.iter().flat_map(|delta| tags.push(delta)).collect()
    }

    fn think(text: &str) -> Delta {
        Delta::Reasoning(text.into())
    }

    fn text(text: &str) -> Delta {
        Delta::Text(text.into())
    }

    #[test]
    fn pieces_come_as_recorded() {
        let deltas = [think("thinking "), think("about "), think("it"), text("MOCK "), text("n=6")];
        assert_eq!(pieces(&deltas), ["<think>thinking ", "about ", "it", "</think>", "MOCK ", "n=6"]);
    }

    #[test]
    fn empty_pieces_open_and_close_nothing() {
        assert_eq!(
            pieces(&[text(""), think(""), think("a"), text(""), think("b"), text("c")]),
            ["<think>a", "b", "</think>", "c"]
        );
    }

    #[test]
    fn thoughts_without_an_answer_are_closed() {
        assert_eq!(pieces(&[think("a"), Delta::Finish(Finish::Length)]), ["<think>a", "</think>"]);
    }
}
