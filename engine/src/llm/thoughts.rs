//! Thoughts that a model writes into its text, inside tags.
//!
//! Many models think aloud in front of their answer. Some servers send these thoughts in a field of their own, others
//! leave them in the text between two tags. Here they are told apart, so that all thoughts look the same to clients,
//! and none is sent to a model again.

use super::Delta;

/// Opening and closing tags of the models that are known to use them.
const TAGS: [(&str, &str); 7] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
];

/// Turns text between tags at the start of an answer into [`Delta::Reasoning`], while the answer is coming in.
///
/// Text is held back only as long as it may be a tag.
#[derive(Debug, Default)]
pub struct ThoughtSplitter {
    place: Place,
    held: String,
    /// There were thoughts: models that were told not to think send tags with nothing between them.
    thought: bool,
}

#[derive(Debug, Default)]
enum Place {
    /// Nothing but white space came so far.
    #[default]
    Start,
    /// Inside thoughts that end with this tag.
    Thoughts(&'static str),
    Answer,
}

impl ThoughtSplitter {
    /// Passes `delta` on to `out`, split.
    pub fn push(&mut self, delta: Delta, out: &mut impl Extend<Delta>) {
        match delta {
            Delta::Text(text) if !matches!(self.place, Place::Answer) => {
                self.held.push_str(&text);
                self.settle(out);
            }
            Delta::Text(_) | Delta::Usage(_) | Delta::Why(_) => out.extend([delta]),
            Delta::Reasoning(_) => {
                if matches!(self.place, Place::Start) && self.held.trim().is_empty() {
                    self.held.clear();
                }
                self.flush(out);
                out.extend([delta]);
            }
            Delta::Refusal(_) | Delta::Finish(_) => {
                self.flush(out);
                out.extend([delta]);
            }
        }
    }

    /// Gives out what is held back, as the answer is over.
    pub fn flush(&mut self, out: &mut impl Extend<Delta>) {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            out.extend([match self.place {
                Place::Thoughts(_) => Delta::Reasoning(held),
                Place::Start | Place::Answer => Delta::Text(held),
            }]);
        }
    }

    fn settle(&mut self, out: &mut impl Extend<Delta>) {
        if matches!(self.place, Place::Start) {
            let begun = self.held.trim_start();
            if let Some((open, close)) = TAGS.iter().find(|(open, _)| begun.starts_with(open)) {
                self.held = begun[open.len()..].to_owned();
                self.place = Place::Thoughts(close);
            } else if TAGS.iter().any(|(open, _)| open.starts_with(begun)) {
                return;
            } else {
                self.place = Place::Answer;
                return self.flush(out);
            }
        }
        let Place::Thoughts(close) = self.place else { return };
        let end = self.held.find(close);
        let inside = end.unwrap_or_else(|| self.held.len() - begun_tag(&self.held, close));
        self.thought |= !self.held[..inside].trim().is_empty();
        if !self.thought && end.is_none() {
            return;
        }
        let rest = self.held.split_off(inside);
        if self.thought {
            self.flush(out);
        }
        self.held = rest;
        if end.is_some() {
            self.held = self.held.split_off(close.len());
            self.place = Place::Answer;
            self.flush(out);
        }
    }
}

/// Bytes at the end of `text` with which `tag` may begin.
fn begun_tag(text: &str, tag: &str) -> usize {
    let starts = tag.char_indices().map(|(at, _)| at).skip(1);
    starts.filter(|len| text.ends_with(&tag[..*len])).max().unwrap_or(0)
}

/// The thoughts in a saved or whole answer, and the answer without them.
///
/// Thoughts are what stands between tags at the start, between `<think>` and `</think>` anywhere, and in front of a
/// `</think>` that nothing opened: templates of some models open it in the prompt. Tags in back quotes are text.
pub fn split_thoughts(text: &str) -> (String, String) {
    let (mut thoughts, mut answer) = (String::new(), String::new());
    let mut rest = text;
    loop {
        let begun = rest.trim_start();
        let Some((open, close)) = TAGS.iter().find(|(open, _)| begun.starts_with(open)) else { break };
        let inner = &begun[open.len()..];
        let (thought, after) = inner.split_once(close).unwrap_or((inner, ""));
        thoughts.push_str(thought);
        rest = after;
    }
    let (open, close) = TAGS[0];
    if let Some(end) = unquoted(rest, close)
        && unquoted(rest, open).is_none_or(|start| end < start)
    {
        thoughts.push_str(&rest[..end]);
        rest = &rest[end + close.len()..];
    }
    while let Some(start) = unquoted(rest, open)
        && let Some(len) = rest[start..].find(close)
    {
        answer.push_str(&rest[..start]);
        thoughts.push_str(&rest[start + open.len()..start + len]);
        rest = &rest[start + len + close.len()..];
    }
    answer.push_str(rest);
    if answer.len() < text.len() {
        answer = answer.trim_start().to_owned();
    }
    (thoughts, answer)
}

/// Where `tag` stands in `text` outside back quotes.
fn unquoted(text: &str, tag: &str) -> Option<usize> {
    text.match_indices(tag).map(|(at, _)| at).find(|at| !text[..*at].ends_with('`'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::Finish;
    use proptest::prelude::*;

    /// Thoughts and text of an answer that comes in these pieces.
    fn split(pieces: &[&str]) -> (String, String) {
        let (mut splitter, mut out) = (ThoughtSplitter::default(), Vec::new());
        let pieces = pieces.iter().map(|piece| Delta::Text((*piece).to_owned()));
        pieces.chain([Delta::Finish(Finish::Stop)]).for_each(|delta| splitter.push(delta, &mut out));
        let (mut thoughts, mut text) = (String::new(), String::new());
        for delta in out {
            match delta {
                Delta::Reasoning(piece) => thoughts.push_str(&piece),
                Delta::Text(piece) => text.push_str(&piece),
                _ => {}
            }
        }
        (thoughts, text)
    }

    fn pair(thoughts: &str, text: &str) -> (String, String) {
        (thoughts.to_owned(), text.to_owned())
    }

    #[test]
    fn tags_are_found_however_they_are_cut() {
        assert_eq!(split(&["\n<th", "ink>pon", "dering</thi", "nk>", "Blue."]), pair("pondering", "Blue."));
        assert_eq!(split(&["[THINK]a[/TH", "INK]b"]), pair("a", "b"));
        assert_eq!(split(&["◁think▷a◁", "/think▷b"]), pair("a", "b"));
        assert_eq!(split(&["<think>a < b</think>c"]), pair("a < b", "c"));
    }

    #[test]
    fn tags_with_nothing_between_them_are_no_thoughts() {
        let (mut splitter, mut out) = (ThoughtSplitter::default(), Vec::new());
        for piece in ["<think>\n", "\n</think>\n\n", "Blue."] {
            splitter.push(Delta::Text(piece.into()), &mut out);
        }
        assert_eq!(out, [Delta::Text("\n\n".into()), Delta::Text("Blue.".into())]);
    }

    #[test]
    fn text_that_only_looks_like_a_tag_is_text() {
        assert_eq!(split(&["<", "thank you>"]), pair("", "<thank you>"));
        assert_eq!(split(&["<thi"]), pair("", "<thi"));
        assert_eq!(split(&["Write <think> first"]), pair("", "Write <think> first"));
    }

    #[test]
    fn text_is_not_held_back_without_need() {
        let (mut splitter, mut out) = (ThoughtSplitter::default(), Vec::new());
        splitter.push(Delta::Text("Hello ".into()), &mut out);
        assert_eq!(out, [Delta::Text("Hello ".into())]);
    }

    #[test]
    fn thoughts_that_never_end_are_thoughts() {
        assert_eq!(split(&["<think>a", "b"]), pair("ab", ""));
        assert_eq!(split_thoughts("<think>ab"), pair("ab", ""));
    }

    #[test]
    fn saved_answers_come_apart() {
        assert_eq!(split_thoughts("<think>hm</think>\n\nBlue."), pair("hm", "Blue."));
        assert_eq!(split_thoughts("hm, the sea</think>Blue."), pair("hm, the sea", "Blue."));
        assert_eq!(split_thoughts("A <think>b</think>c"), pair("b", "A c"));
        assert_eq!(split_thoughts("<thinking>a</thinking><think>b</think>c"), pair("ab", "c"));
        assert_eq!(split_thoughts("Blue."), pair("", "Blue."));
        let quoted = "Close it with `</think>`, open it with `<think>`.";
        assert_eq!(split_thoughts(quoted), pair("", quoted));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same(text in "(<think>|</think>|<th|\\[THINK\\]|a| |é){0,8}", at in any::<prop::sample::Index>()) {
            let at = text.floor_char_boundary(at.index(text.len() + 1));
            prop_assert_eq!(split(&[&text[..at], &text[at..]]), split(&[&text]));
        }
    }
}
