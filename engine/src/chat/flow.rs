//! The flow of one chat (reference §8.2), read from top to bottom.

use super::attachments::{self, Attached};
use super::context::{Context, Source, pinned};
use super::history::{self, Turn};
use super::metrics::Meter;
use super::{allowance, backfill, prompt, refusal, save};
use crate::Engine;
use crate::api::{ApiError, Code};
use crate::llm::{self, ChatModel, Delta, Finish, LlmError, Message, ThinkTags, TokenStream};
use crate::model::{ChatMode, Thread, User, Visitor, Workspace};
use crate::retrieve::search::{self, Query};
use crate::seam::Cx;
use crate::store::key::Partition;
use futures_util::future::{Either, select};
use serde_json::Value;
use std::pin::pin;

/// A question, where it was asked, and how it is to be answered.
pub(crate) struct Ask {
    pub workspace: Workspace,
    /// The conversation it belongs to.
    pub partition: Partition,
    /// The thread, if that is one.
    pub thread: Option<Thread>,
    /// Who asks, if a user does.
    pub user: Option<User>,
    pub message: String,
    pub mode: ChatMode,
    /// As the client sent them.
    pub attachments: Vec<Value>,
    pub overrides: Overrides,
}

/// What a client brings in place of what the workspace has.
#[derive(Default)]
pub(crate) struct Overrides {
    /// The system prompt, verbatim.
    pub system_prompt: Option<String>,
    /// What was said before, oldest first.
    pub history: Option<Vec<Message>>,
    /// Who asks through an embed, for the record.
    pub visitor: Option<Visitor>,
    /// Earlier sources do not fill up what was not found.
    pub no_backfill: bool,
}

/// How an answer is given.
pub(crate) trait Voice: Send {
    /// Whether the model is asked to stream.
    fn streams(&self) -> bool;
    /// The answer goes on with `text`.
    fn say(&mut self, text: &str);
}

/// How a chat ended.
pub(crate) enum Outcome {
    /// Nothing relevant was found in query mode.
    Refused { text: String, stage: Refusal },
    /// The model said nothing.
    Empty { metrics: Value },
    /// An answer, saved. `broken` says why it is not whole.
    Answered {
        chat_id: u64,
        text: String,
        sources: Vec<Value>,
        metrics: Value,
        finish: Finish,
        broken: Option<String>,
    },
    /// The client left before anything was said.
    Abandoned,
}

/// Which of the two refusals it was: the wire tells them apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The workspace holds nothing at all.
    NoDocuments,
    /// Nothing fits the question.
    NoContext,
}

/// Answers a question and saves the turn.
///
/// # Errors
/// What the caller did wrong, a model or embedder that fails before the first token, or a store that
/// fails. After the first token a failure is part of the [`Outcome`].
pub(crate) async fn answer(
    cx: &Cx,
    engine: &Engine,
    ask: &Ask,
    voice: &mut dyn Voice,
) -> Result<Outcome, ApiError> {
    // In a box of its own, and gone before the model speaks: a stream that waits for long holds on to little.
    let Ready { model, mut context, prompt, meter } = match Box::pin(get_ready(cx, engine, ask)).await? {
        Ok(ready) => ready,
        Err(refused) => return Ok(refused),
    };
    let spoken = match &model {
        ChatModel::Extractive => Box::pin(quote(cx, ask, &context, voice, meter)).await?,
        _ if voice.streams() => {
            context.texts = Vec::new();
            speak(cx, &model, prompt, voice, meter).await?
        }
        _ => {
            let completion = Box::pin(llm::complete(cx, &model, &prompt)).await.map_err(model_failed)?;
            let mut meter = meter;
            meter.usage(completion.usage);
            let metrics = meter.finish(cx, &completion.text);
            Spoken { text: completion.text, metrics, finish: completion.finish, broken: None }
        }
    };
    Box::pin(finish(cx, ask, context, spoken)).await
}

/// What a model is asked, and with what.
struct Ready {
    model: ChatModel,
    context: Context,
    prompt: llm::Prompt,
    meter: Meter,
}

/// Everything up to the model, or the refusal that makes it unnecessary.
async fn get_ready(cx: &Cx, engine: &Engine, ask: &Ask) -> Result<Result<Ready, Outcome>, ApiError> {
    allowance::take(cx).await?;
    let workspace = &ask.workspace;
    let settings = engine.settings();
    let model = settings
        .llm
        .resolve(workspace.chat_provider.as_deref(), workspace.chat_model.as_deref())
        .map_err(model_failed)?;

    let index = engine.indexes().load(cx, workspace.id).await?;
    if index.is_none() && ask.mode == ChatMode::Query {
        return refusal::refuse(cx, ask, Refusal::NoDocuments).await.map(Err);
    }

    let history = match &ask.overrides.history {
        Some(_) => Turns::new(),
        None => history::load(cx, ask).await?,
    };
    let mut context = Context::default();
    let pins = pinned(cx, workspace, u64::from(model.context_window()), &mut context).await?;
    let Attached { images } = attachments::read(cx, engine, ask, &mut context).await?;

    let found = match index {
        None => Vec::new(),
        Some(index) => {
            let query = Query {
                text: &ask.message,
                mode: workspace.search_mode,
                top_n: workspace.top_n,
                threshold: workspace.similarity_threshold,
                without: &pins,
            };
            search::search(cx, engine, workspace.id, index, query).await?.found
        }
    };
    let hits = found.len();
    context.add(found.into_iter().map(Source::found));
    if settings.backfill && !ask.overrides.no_backfill {
        context.texts.extend(backfill::texts(&history, workspace.top_n, hits, &context.sources, &pins));
    }
    if context.texts.is_empty() && ask.mode == ChatMode::Query {
        return refusal::refuse(cx, ask, Refusal::NoContext).await.map(Err);
    }

    let tokenizer = engine.tokenizer(cx).await?;
    let prompt = prompt::assemble(cx, &tokenizer, ask, &model, &history, &context, images);
    let meter = Meter::start(cx, &model, &tokenizer, &prompt);
    Ok(Ok(Ready { model, context, prompt, meter }))
}

/// What a model said.
struct Spoken {
    text: String,
    metrics: Value,
    finish: Finish,
    broken: Option<String>,
}

async fn finish(cx: &Cx, ask: &Ask, context: Context, spoken: Spoken) -> Result<Outcome, ApiError> {
    let Spoken { text, metrics, finish, broken } = spoken;
    if text.is_empty() {
        return match broken {
            Some(error) => Err(ApiError::new(Code::ModelFailed, error)),
            None if cx.is_disconnected() => Ok(Outcome::Abandoned),
            None => Ok(Outcome::Empty { metrics }),
        };
    }
    let sources: Vec<Value> = context.sources.into_iter().map(Source::into_value).collect();
    let chat_id = save::answered(cx, ask, &text, &sources, &metrics).await?;
    Ok(Outcome::Answered { chat_id, text, sources, metrics, finish, broken })
}

/// Relays a model's tokens until it is done, fails, or the client leaves.
async fn speak(
    cx: &Cx,
    model: &ChatModel,
    prompt: llm::Prompt,
    voice: &mut dyn Voice,
    mut meter: Meter,
) -> Result<Spoken, ApiError> {
    let mut tokens: TokenStream =
        Box::pin(llm::open_stream(cx, model, &prompt)).await.map_err(model_failed)?;
    drop(prompt);
    let mut text = String::new();
    let (mut finish, mut broken) = (Finish::Stop, None);
    let mut tags = ThinkTags::default();
    let mut say = |piece: String| {
        voice.say(&piece);
        text.push_str(&piece);
    };
    // When the client leaves, dropping the stream cancels the model's work; what it said is kept.
    while let Either::Left((next, _)) = select(pin!(tokens.next()), pin!(cx.disconnected())).await {
        match next {
            Some(Ok(delta)) => {
                match &delta {
                    Delta::Text(piece) if !piece.is_empty() => meter.piece(),
                    Delta::Usage(usage) => meter.usage(*usage),
                    Delta::Finish(reason) => finish = *reason,
                    Delta::Text(_) | Delta::Reasoning(_) => {}
                }
                tags.push(&delta).into_iter().for_each(&mut say);
            }
            Some(Err(error)) => {
                broken = Some(error.message);
                break;
            }
            None => break,
        }
    }
    tags.close().into_iter().for_each(say);
    Ok(Spoken { metrics: meter.finish(cx, &text), text, finish, broken })
}

/// The answer without a language model: the best sentences of the context.
async fn quote(
    cx: &Cx,
    ask: &Ask,
    context: &Context,
    voice: &mut dyn Voice,
    meter: Meter,
) -> Result<Spoken, ApiError> {
    let text = super::context::quote(cx, ask, context).await?;
    for piece in text.split_inclusive(' ') {
        voice.say(piece);
    }
    Ok(Spoken { metrics: meter.finish(cx, &text), text, finish: Finish::Stop, broken: None })
}

fn model_failed(error: LlmError) -> ApiError {
    ApiError::new(Code::ModelFailed, error.message)
}

/// A saved turn, for its neighbours in this module.
pub(super) type Turns = Vec<Turn>;
