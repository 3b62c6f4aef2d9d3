//! From a question, its context and its history to the messages a model gets (reference §8.5).

use super::attachments::image;
use super::citations::{Numbering, without_numbers};
use super::compress::{self, Counted, Counter};
use super::context::Context;
use super::flow::{Ask, Turns};
use super::variables::{Names, expand};
use crate::llm::{Attachment, ChatModel, Message, Prompt, Role, split_thoughts};
use crate::model::Chat;
use crate::seam::Cx;
use crate::store::key::Partition;
use crate::text::dates::LocalTime;
use crate::tokens::{self, Tokenizer};

/// Temperature of a workspace that sets none.
const TEMPERATURE: f64 = 0.7;

/// A prompt, and what was counted on the way.
pub(super) struct Assembled {
    pub prompt: Prompt,
    /// Tokens of the whole.
    pub tokens: usize,
    /// Tokens of the question alone, uncut.
    pub asked: usize,
}

/// The prompt: system with context, the history turn by turn, the question; cut to the model's window.
pub(super) async fn assemble(
    cx: &Cx,
    tokenizer: &Tokenizer,
    ask: &Ask,
    model: &ChatModel,
    history: &Turns,
    context: &Context,
    images: Vec<Attachment>,
) -> Assembled {
    let workspace = &ask.workspace;
    let names = Names {
        time: LocalTime::new(cx.now().0, cx.utc_offset_minutes()),
        workspace_id: workspace.id,
        workspace_name: &workspace.name,
        user: ask.user.as_ref(),
    };
    let own = workspace.system_prompt.as_deref();
    let instructions = match &ask.overrides.system_prompt {
        Some(verbatim) => verbatim.clone(),
        None if is_builtin(own) => expand(super::DEFAULT_SYSTEM_PROMPT, &names),
        None => expand(own.unwrap_or_default(), &names),
    };
    let system = instructions + &context_block(&context.texts, numbering(ask, context).first);
    let turns = match &ask.overrides.history {
        Some(messages) => {
            let numbered = !context.texts.is_empty();
            by_turns(messages.iter().map(|message| said_before(message, numbered)).collect())
        }
        None => history.iter().map(turn).collect(),
    };
    let mut slices = cx.slices();
    let asked = tokens::count(&mut slices, tokenizer, &ask.message).await;
    let question = Message { role: Role::User, content: ask.message.clone(), attachments: images };
    let mut counter = Counter { tokenizer, slices };
    let fitted = compress::fit(&mut counter, model.context_window(), system, turns, (question, asked)).await;
    let prompt = Prompt {
        messages: fitted.messages,
        temperature: workspace.temperature.unwrap_or(TEMPERATURE),
        sampling: ask.overrides.sampling.clone(),
        tokens: fitted.tokens,
    };
    Assembled { prompt, tokens: fitted.tokens, asked }
}

/// How the passages are numbered for the model, and whether the reader sees numbers.
pub(super) fn numbering(ask: &Ask, context: &Context) -> Numbering {
    let prompt = ask.overrides.system_prompt.as_deref().or(ask.workspace.system_prompt.as_deref());
    Numbering {
        passages: context.sources.len(),
        first: first_number(prompt),
        // Visitors see no sources that a number could lead to.
        shown: !matches!(ask.partition, Partition::Embed(..)),
    }
}

/// The number of the first block of context under a system prompt: 1 under the built-in one, which asks for numbers, and 0
/// under any other, as AnythingLLM counts.
pub(crate) fn first_number(prompt: Option<&str>) -> u32 {
    u32::from(is_builtin(prompt))
}

fn is_builtin(prompt: Option<&str>) -> bool {
    prompt
        .is_none_or(|prompt| prompt == super::DEFAULT_SYSTEM_PROMPT || prompt == super::FORMER_SYSTEM_PROMPT)
}

/// Numbered context behind the system prompt; empty without any.
pub(crate) fn context_block<T: std::fmt::Display>(texts: &[T], first: u32) -> String {
    if texts.is_empty() {
        return String::new();
    }
    let mut block = String::from("\nContext:\n");
    for (n, text) in (first..).zip(texts) {
        block.push_str(&format!("[CONTEXT {n}]:\n{text}\n[END CONTEXT {n}]\n\n"));
    }
    block
}

/// An answer without the thoughts of the model, and without the numbers of its sources if this question has numbers: they
/// would name others. Providers say that thoughts must not be sent back, and they fill the window.
fn said_before(message: &Message, numbered: bool) -> Message {
    match message.role {
        Role::Assistant => {
            let (_, answer) = split_thoughts(&message.content);
            let content = if numbered { without_numbers(&answer) } else { answer };
            Message { content, ..message.clone() }
        }
        _ => message.clone(),
    }
}

/// Images of earlier turns are sent again with their question.
fn turn(turn: &Chat) -> Vec<Counted> {
    let attachments = turn.attachments.iter().map(image).collect();
    let tokens = turn.tokens.as_ref();
    let prompt = Message { role: Role::User, content: turn.prompt.clone(), attachments };
    let (_, answer) = split_thoughts(&turn.text);
    // Without sources the numbers are part of what was said.
    let said = if turn.sources.is_empty() { answer } else { without_numbers(&answer) };
    let counted = tokens.filter(|_| said.len() == turn.text.len()).map(|tokens| tokens.text);
    let text = Message::new(Role::Assistant, said);
    vec![
        Counted { message: prompt, tokens: tokens.map(|tokens| tokens.prompt) },
        Counted { message: text, tokens: counted },
    ]
}

/// Messages cut in front of each question.
fn by_turns(messages: Vec<Message>) -> Vec<Vec<Counted>> {
    let mut turns: Vec<Vec<Counted>> = Vec::new();
    for message in messages {
        let opens = message.role == Role::User;
        let counted = Counted { message, tokens: None };
        match turns.last_mut() {
            Some(turn) if !opens => turn.push(counted),
            _ => turns.push(vec![counted]),
        }
    }
    turns
}
