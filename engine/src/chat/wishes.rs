//! What a caller asks of an answer that no model writes: a quoted answer has a length, too.

use crate::llm::{Finish, Sampling};
use crate::tokens::Tokenizer;

/// `text` up to the first stop text and within the limit of tokens, and why it ends.
pub(super) fn within(tokenizer: &Tokenizer, mut text: String, sampling: &Sampling) -> (String, Finish) {
    let stop = sampling
        .stop
        .iter()
        .filter(|stop| !stop.is_empty())
        .filter_map(|stop| text.find(stop.as_str()))
        .min();
    if let Some(stop) = stop {
        text.truncate(stop);
    }
    let Some(most) = sampling.max_tokens.map(|most| usize::try_from(most).unwrap_or(usize::MAX)) else {
        return (text, Finish::Stop);
    };
    let tokens = tokenizer.encode(&text);
    match tokens.get(..most).filter(|kept| kept.len() < tokens.len()) {
        Some(kept) => {
            // A character whose tokens are not all there is left out.
            let kept = tokenizer.decode(kept);
            (kept.trim_end_matches('\u{fffd}').to_owned(), Finish::Length)
        }
        None => (text, Finish::Stop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, stop: &[&str], max_tokens: Option<u32>) -> (String, Finish) {
        let stop = stop.iter().map(|stop| (*stop).to_owned()).collect();
        let sampling = Sampling { stop, max_tokens, ..Sampling::default() };
        within(&Tokenizer::native(), text.to_owned(), &sampling)
    }

    #[test]
    fn a_text_ends_at_the_first_stop_and_at_the_limit() {
        assert_eq!(cut("One two three", &[], None), ("One two three".into(), Finish::Stop));
        assert_eq!(cut("One two three", &["three", "two"], None), ("One ".into(), Finish::Stop));
        assert_eq!(cut("One two three", &[], Some(2)), ("One two".into(), Finish::Length));
        assert_eq!(cut("One two three", &[], Some(3)), ("One two three".into(), Finish::Stop));
        assert_eq!(cut("\u{1f9a6}", &[], Some(1)), (String::new(), Finish::Length));
    }
}
