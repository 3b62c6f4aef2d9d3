//! Cutting a prompt to the model's window (reference §8.6).
//!
//! Only when it does not fit: the system part, the history and the question get 15, 15 and 70 % of the
//! window, and what is over its share loses its middle.

use crate::llm::{Message, Role};
use crate::seam::Slices;
use crate::tokens::{self, Tokenizer};

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
/// What a message costs besides its text, and a conversation besides its messages.
const MESSAGE_TOKENS: usize = 3;
const CONVERSATION_TOKENS: usize = 5;

/// A message, and the number of its tokens if that is at hand.
pub(super) struct Counted {
    pub message: Message,
    pub tokens: Option<usize>,
}

/// Messages within a window, and the tokens of all of them.
pub(super) struct Fitted {
    pub messages: Vec<Message>,
    pub tokens: usize,
}

/// The tokenizer, and the account of what it has to do.
pub(super) struct Counter<'a> {
    pub tokenizer: &'a Tokenizer,
    pub slices: Slices,
}

impl Counter<'_> {
    async fn count(&mut self, text: &str) -> usize {
        tokens::count(&mut self.slices, self.tokenizer, text).await
    }

    /// The tokens of `text` if they are fewer than `budget`.
    async fn below(&mut self, text: &str, budget: f64) -> Option<usize> {
        tokens::count_below(&mut self.slices, self.tokenizer, text, budget).await
    }

    /// The same for a message that may have been counted before.
    async fn known_below(&mut self, counted: &Counted, budget: f64) -> Option<usize> {
        match counted.tokens {
            Some(tokens) => Some(tokens).filter(|tokens| (*tokens as f64) < budget),
            None => self.below(&counted.message.content, budget).await,
        }
    }

    async fn cut(&mut self, text: &str, target: f64, known: Option<usize>) -> String {
        tokens::truncate(&mut self.slices, self.tokenizer, text, target, known).await
    }

    /// `text` if it is below its budget, else cut to it.
    async fn cut_over(&mut self, text: &str, budget: f64) -> String {
        match self.below(text, budget).await {
            Some(_) => text.to_owned(),
            None => self.cut(text, budget, None).await,
        }
    }

    /// The tokens of a whole conversation.
    async fn count_all(&mut self, messages: &[Message]) -> usize {
        let mut sum = CONVERSATION_TOKENS;
        for message in messages {
            sum += MESSAGE_TOKENS + self.count(&message.content).await;
        }
        sum
    }

    /// The tokens of everything if they are fewer than `budget`; no more is counted than that takes.
    async fn all_below(
        &mut self,
        system: &str,
        history: &[Vec<Counted>],
        question: usize,
        budget: f64,
    ) -> Option<usize> {
        let mut sum = CONVERSATION_TOKENS + 2 * MESSAGE_TOKENS + question;
        for counted in history.iter().flatten() {
            sum += MESSAGE_TOKENS + self.known_below(counted, budget - sum as f64).await?;
        }
        sum += self.below(system, budget - sum as f64).await?;
        Some(sum)
    }
}

/// The messages in order, within `window` tokens as far as the rules go. `history` is oldest first; `question` has so
/// many tokens.
pub(super) async fn fit(
    counter: &mut Counter<'_>,
    window: u32,
    system: String,
    history: Vec<Vec<Counted>>,
    (mut question, asked): (Message, usize),
) -> Fitted {
    let window = f64::from(window);
    let budget = window - ANSWER_TOKENS as f64;
    if let Some(tokens) = counter.all_below(&system, &history, asked, budget).await {
        let mut messages = vec![Message::new(Role::System, system)];
        messages.extend(history.into_iter().flatten().map(|counted| counted.message));
        messages.push(question);
        return Fitted { messages, tokens };
    }
    let mut messages = Vec::new();
    if asked as f64 > window * QUESTION_SHARE {
        question.content = counter.cut(&question.content, window * LONE_QUESTION_SHARE, Some(asked)).await;
    } else {
        let system = cut_system(counter, window * SYSTEM_SHARE, system).await;
        messages.push(Message::new(Role::System, system));
        messages.extend(cut_history(counter, window * HISTORY_SHARE, history).await);
    }
    messages.push(question);
    Fitted { tokens: counter.count_all(&messages).await, messages }
}

async fn cut_system(counter: &mut Counter<'_>, budget: f64, system: String) -> String {
    if counter.below(&system, budget).await.is_some() {
        return system;
    }
    // The first `Context:` divides; a second one inside a document stays (theirs loses what follows it).
    let (instruction, context) = system.split_once("Context:").unwrap_or((&system, ""));
    let instruction = counter.cut_over(instruction, budget * INSTRUCTION_SHARE).await;
    let context = counter.cut_over(context, budget * (1.0 - INSTRUCTION_SHARE)).await;
    match context.is_empty() {
        true => instruction,
        false => format!("{instruction}\nContext: {context}"),
    }
}

/// The newest turns that fit, oldest first. Whole turns while there is room; of the newest three those
/// that do not fit are squeezed; the first older one that does not fit ends it.
async fn cut_history(counter: &mut Counter<'_>, budget: f64, history: Vec<Vec<Counted>>) -> Vec<Message> {
    let mut kept: Vec<Vec<Message>> = Vec::new();
    let mut used = 0;
    for (age, mut turn) in history.into_iter().rev().enumerate() {
        let mut whole = Some(0);
        for counted in &turn {
            let left = |sum: usize| budget - (used + sum) as f64;
            whole = match whole {
                Some(sum) => counter.known_below(counted, left(sum)).await.map(|tokens| sum + tokens),
                None => None,
            };
        }
        if let Some(whole) = whole.filter(|whole| ((used + whole) as f64) < budget) {
            used += whole;
            kept.push(messages_of(turn));
            continue;
        }
        if age >= SQUEEZED_TURNS {
            break;
        }
        let side = (budget / 2.2).floor();
        for Counted { message, tokens } in &mut turn {
            message.content = counter.cut(&message.content, side, *tokens).await;
        }
        let turn = messages_of(turn);
        let squeezed = counter.count_all(&turn).await;
        if (used + squeezed) as f64 <= budget {
            used += squeezed;
            kept.push(turn);
        }
    }
    kept.into_iter().rev().flatten().collect()
}

fn messages_of(turn: Vec<Counted>) -> Vec<Message> {
    turn.into_iter().map(|counted| counted.message).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::in_run;

    fn words(n: usize) -> String {
        vec!["word"; n].join(" ")
    }

    fn turn(n: usize, question: usize, answer: usize) -> Vec<Counted> {
        let message = |role, length| Counted {
            message: Message::new(role, format!("{n} {}", words(length))),
            tokens: None,
        };
        vec![message(Role::User, question), message(Role::Assistant, answer)]
    }

    fn fitted(window: u32, system: usize, history: Vec<Vec<Counted>>, question: usize) -> Vec<Message> {
        let question = Message::new(Role::User, words(question));
        fitted_in(window, words(system), history, question).0.messages
    }

    /// The prompt, and how often the run breathed while it was made.
    fn fitted_in(
        window: u32,
        system: String,
        history: Vec<Vec<Counted>>,
        question: Message,
    ) -> (Fitted, usize) {
        in_run(move |cx| async move {
            let tokenizer = Tokenizer::native();
            let asked = tokenizer.count(&question.content);
            let mut counter = Counter { tokenizer: &tokenizer, slices: cx.slices() };
            fit(&mut counter, window, system, history, (question, asked)).await
        })
    }

    /// A turn that was counted when it was saved.
    fn counted_turn(n: usize, question: usize, answer: usize) -> Vec<Counted> {
        let mut turn = turn(n, question, answer);
        let tokenizer = Tokenizer::native();
        for Counted { message, tokens } in &mut turn {
            *tokens = Some(tokenizer.count(&message.content));
        }
        turn
    }

    #[test]
    fn turns_that_were_counted_are_not_counted_again() {
        let question = || Message::new(Role::User, words(20));
        let history = || vec![counted_turn(1, 399_999, 399_999), counted_turn(2, 50, 50)];
        let (fits, breaths) = fitted_in(4_000_000, words(100), history(), question());
        assert_eq!((fits.messages.len(), breaths), (6, 0));
        let (cut, breaths) = fitted_in(4096, words(100), history(), question());
        assert!(breaths <= 1, "{breaths}");
        // What is cut is the same, whether it was counted or not.
        let uncounted = vec![turn(1, 399_999, 399_999), turn(2, 50, 50)];
        let (same, _) = fitted_in(4096, words(100), uncounted, question());
        let texts = |fitted: Fitted| fitted.messages.into_iter().map(|m| m.content).collect::<Vec<_>>();
        assert_eq!(texts(cut), texts(same));
    }

    #[test]
    fn the_tokens_of_the_prompt_are_known_afterwards() {
        for (window, history) in [(4096, vec![turn(1, 50, 50)]), (1000, vec![turn(1, 900, 900)])] {
            let question = Message::new(Role::User, words(20));
            let (fitted, _) = fitted_in(window, words(100), history, question);
            let contents = fitted.messages.iter().map(|message| message.content.as_str());
            assert_eq!(fitted.tokens, crate::tokens::count_messages(&Tokenizer::native(), contents));
        }
    }

    #[test]
    fn a_context_of_megabytes_costs_no_more_than_what_is_kept_of_it() {
        let system = format!("Be kind.\nContext:\n{}", "otter ".repeat(3_000_000));
        let question = Message::new(Role::User, words(20));
        let (fitted, breaths) = fitted_in(4096, system, Vec::new(), question);
        assert!(fitted.tokens < 700, "{}", fitted.tokens);
        assert!(breaths <= 3, "{breaths}");
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
        let system = format!("{}\nContext:\nalpha Context: omega {}", words(700), words(300));
        let (cut, _) = in_run(|cx| async move {
            let tokenizer = Tokenizer::native();
            cut_system(&mut Counter { tokenizer: &tokenizer, slices: cx.slices() }, 614.0, system).await
        });
        assert!(cut.contains("alpha Context: omega"), "{cut}");
    }
}
