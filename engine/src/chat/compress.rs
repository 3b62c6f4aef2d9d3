//! Cutting a prompt to the model's window (reference §8.6).
//!
//! Only when it does not fit: the system part, the history and the question get 15, 15 and 70 % of the
//! window, and what is over its share loses its middle.

use crate::llm::{Message, Role};
use crate::tokens::{Tokenizer, count_messages, truncate_middle};

/// Tokens kept free for the answer.
const ANSWER_TOKENS: usize = 600;
const SYSTEM_SHARE: f64 = 0.15;
const HISTORY_SHARE: f64 = 0.15;
const QUESTION_SHARE: f64 = 0.7;
/// A question over its share takes this much of the window, alone.
const LONE_QUESTION_SHARE: f64 = 0.8;
/// Of the system part: the instructions, the rest is for context.
const INSTRUCTION_SHARE: f64 = 0.25;
/// The newest turns that may be squeezed to fit.
const SQUEEZED_TURNS: usize = 3;

/// The messages in order, within `window` tokens as far as the rules go. `history` is oldest first.
pub(super) fn fit(
    tokenizer: &Tokenizer,
    window: u32,
    system: String,
    history: Vec<Vec<Message>>,
    question: Message,
) -> Vec<Message> {
    let contents = std::iter::once(system.as_str())
        .chain(history.iter().flatten().map(|message| message.content.as_str()))
        .chain(std::iter::once(question.content.as_str()));
    let total = count_messages(tokenizer, contents);
    let window = f64::from(window);
    if (total + ANSWER_TOKENS) as f64 >= window {
        return compress(tokenizer, window, system, history, question);
    }
    let mut messages = vec![Message::new(Role::System, system)];
    messages.extend(history.into_iter().flatten());
    messages.push(question);
    messages
}

fn compress(
    tokenizer: &Tokenizer,
    window: f64,
    system: String,
    history: Vec<Vec<Message>>,
    mut question: Message,
) -> Vec<Message> {
    if tokenizer.count(&question.content) as f64 > window * QUESTION_SHARE {
        question.content = truncate_middle(tokenizer, &question.content, window * LONE_QUESTION_SHARE);
        return vec![question];
    }
    let mut messages = vec![Message::new(Role::System, cut_system(tokenizer, window * SYSTEM_SHARE, system))];
    messages.extend(cut_history(tokenizer, window * HISTORY_SHARE, history));
    messages.push(question);
    messages
}

fn cut_system(tokenizer: &Tokenizer, budget: f64, system: String) -> String {
    if (tokenizer.count(&system) as f64) < budget {
        return system;
    }
    let cut = |text: &str, budget: f64| match tokenizer.count(text) as f64 >= budget {
        true => truncate_middle(tokenizer, text, budget),
        false => text.to_owned(),
    };
    // The first `Context:` divides; a second one inside a document stays (theirs loses what follows it).
    let (instruction, context) = system.split_once("Context:").unwrap_or((&system, ""));
    let instruction = cut(instruction, budget * INSTRUCTION_SHARE);
    let context = cut(context, budget * (1.0 - INSTRUCTION_SHARE));
    match context.is_empty() {
        true => instruction,
        false => format!("{instruction}\nContext: {context}"),
    }
}

/// The newest turns that fit, oldest first. Whole turns while there is room; of the newest three those
/// that do not fit are squeezed; the first older one that does not fit ends it.
fn cut_history(tokenizer: &Tokenizer, budget: f64, history: Vec<Vec<Message>>) -> Vec<Message> {
    let mut kept = Vec::new();
    let mut used = 0;
    for (age, mut turn) in history.into_iter().rev().enumerate() {
        let tokens: Vec<usize> = turn.iter().map(|message| tokenizer.count(&message.content)).collect();
        let whole: usize = tokens.iter().sum();
        if ((used + whole) as f64) < budget {
            used += whole;
            kept.push(turn);
            continue;
        }
        if age >= SQUEEZED_TURNS {
            break;
        }
        let side = (budget / 2.2).floor();
        for (message, tokens) in turn.iter_mut().zip(tokens) {
            if tokens as f64 > side {
                message.content = truncate_middle(tokenizer, &message.content, side);
            }
        }
        let squeezed = count_messages(tokenizer, turn.iter().map(|message| message.content.as_str()));
        if (used + squeezed) as f64 <= budget {
            used += squeezed;
            kept.push(turn);
        }
    }
    kept.into_iter().rev().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(n: usize) -> String {
        vec!["word"; n].join(" ")
    }

    fn turn(n: usize, question: usize, answer: usize) -> Vec<Message> {
        let message = |role, length| Message::new(role, format!("{n} {}", words(length)));
        vec![message(Role::User, question), message(Role::Assistant, answer)]
    }

    fn fitted(window: u32, system: usize, history: Vec<Vec<Message>>, question: usize) -> Vec<Message> {
        let question = Message::new(Role::User, words(question));
        fit(&Tokenizer::native(), window, words(system), history, question)
    }

    #[test]
    fn what_fits_is_left_alone() {
        let messages = fitted(4096, 100, vec![turn(1, 50, 50)], 20);
        assert_eq!(messages.len(), 4);
        assert_eq!(messages[0].content, words(100));
    }

    #[test]
    fn an_endless_question_goes_alone() {
        let messages = fitted(4096, 100, vec![turn(1, 50, 50)], 5000);
        assert_eq!(messages.len(), 1);
        let tokens = Tokenizer::native().count(&messages[0].content);
        assert!(tokens < 3400, "{tokens}");
    }

    #[test]
    fn the_newest_turns_stay_in_their_order() {
        let history = (0..20).map(|n| turn(n, 100, 100)).collect();
        let messages = fitted(4096, 100, history, 100);
        let first: Vec<&str> = messages.iter().map(|m| m.content.split(' ').next().unwrap()).collect();
        // 15 % of 4096 is 614: three whole turns of 204 tokens.
        assert_eq!(first, ["word", "17", "17", "18", "18", "19", "19", "word"]);
    }

    #[test]
    fn text_behind_a_second_context_mark_survives() {
        let tokenizer = Tokenizer::native();
        let system = format!("{}\nContext:\nalpha Context: omega {}", words(700), words(300));
        let cut = cut_system(&tokenizer, 614.0, system);
        assert!(cut.contains("alpha Context: omega"), "{cut}");
    }
}
