//! From a question, its context and its history to the messages a model gets (reference §8.5).

use super::attachments::image;
use super::compress::{self, Counted, Counter};
use super::context::Context;
use super::flow::{Ask, Turns};
use super::variables::{Names, expand};
use crate::llm::{Attachment, ChatModel, Message, Prompt, Role};
use crate::model::Chat;
use crate::seam::Cx;
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
    let instructions = match &ask.overrides.system_prompt {
        Some(verbatim) => verbatim.clone(),
        None => expand(workspace.system_prompt.as_deref().unwrap_or(super::DEFAULT_SYSTEM_PROMPT), &names),
    };
    let system = instructions + &context_block(&context.texts);
    let turns = match &ask.overrides.history {
        Some(messages) => by_turns(messages),
        None => history.iter().map(turn).collect(),
    };
    let mut slices = cx.slices();
    let asked = tokens::count(&mut slices, tokenizer, &ask.message).await;
    let question = Message { role: Role::User, content: ask.message.clone(), attachments: images };
    let mut counter = Counter { tokenizer, slices };
    let fitted = compress::fit(&mut counter, model.context_window(), system, turns, (question, asked)).await;
    let prompt =
        Prompt { messages: fitted.messages, temperature: workspace.temperature.unwrap_or(TEMPERATURE) };
    Assembled { prompt, tokens: fitted.tokens, asked }
}

/// Numbered context behind the system prompt; empty without any.
pub(crate) fn context_block<T: std::fmt::Display>(texts: &[T]) -> String {
    if texts.is_empty() {
        return String::new();
    }
    let mut block = String::from("\nContext:\n");
    for (n, text) in texts.iter().enumerate() {
        block.push_str(&format!("[CONTEXT {n}]:\n{text}\n[END CONTEXT {n}]\n\n"));
    }
    block
}

/// Images of earlier turns are sent again with their question.
fn turn(turn: &Chat) -> Vec<Counted> {
    let attachments = turn.attachments.iter().map(image).collect();
    let tokens = turn.tokens.as_ref();
    let prompt = Message { role: Role::User, content: turn.prompt.clone(), attachments };
    let text = Message::new(Role::Assistant, turn.text.clone());
    vec![
        Counted { message: prompt, tokens: tokens.map(|tokens| tokens.prompt) },
        Counted { message: text, tokens: tokens.map(|tokens| tokens.text) },
    ]
}

/// Messages cut in front of each question.
fn by_turns(messages: &[Message]) -> Vec<Vec<Counted>> {
    let mut turns: Vec<Vec<Counted>> = Vec::new();
    for message in messages {
        let counted = Counted { message: message.clone(), tokens: None };
        match turns.last_mut() {
            Some(turn) if message.role != Role::User => turn.push(counted),
            _ => turns.push(vec![counted]),
        }
    }
    turns
}
