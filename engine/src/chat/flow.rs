//! The flow of one chat (reference §8.2), read from top to bottom.

use super::attachments::{self, Attached};
use super::context::{Context, Source, pinned};
use super::history::{self, Turn};
use super::metrics::Meter;
use super::prompt::{self, Assembled};
use super::save::{self, Answer};
use super::{allowance, backfill, refusal};
use crate::Engine;
use crate::api::{ApiError, Code};
use crate::llm::{self, ChatModel, Delta, Finish, LlmError, Message, ThinkTags, TokenStream};
use crate::model::{ChatMode, Thread, TurnTokens, User, Visitor, Workspace};
use crate::retrieve::search::{self, Query};
use crate::seam::Cx;
use crate::store::key::Partition;
use crate::tokens::{self, Tokenizer};
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
/// Until the first word of the answer nothing is saved, and a client that goes ends it: what is under way is cancelled,
/// the request to the model as well. What was said after that is saved.
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
    let Some(ready) = cx.while_connected(Box::pin(get_ready(cx, engine, ask))).await else {
        return Ok(Outcome::Abandoned);
    };
    let ready = match ready? {
        Ok(ready) => ready,
        Err(stage) => return Box::pin(refusal::refuse(cx, ask, stage)).await,
    };
    let Ready { model, mut context, prompt, meter, counting } = ready;
    let spoken = match &model {
        ChatModel::Extractive => Box::pin(quote(cx, ask, &context, voice, meter)).await?,
        _ if voice.streams() => {
            context.texts = Vec::new();
            speak(cx, &model, prompt, voice, meter).await?
        }
        _ => Box::pin(complete(cx, &model, &prompt, meter)).await?,
    };
    match spoken {
        Some(spoken) => Box::pin(finish(cx, ask, context, spoken, counting)).await,
        None => Ok(Outcome::Abandoned),
    }
}

/// What a model is asked, and with what.
struct Ready {
    model: ChatModel,
    context: Context,
    prompt: llm::Prompt,
    meter: Meter,
    counting: Counting,
}

/// What the tokens of the turn are counted with.
struct Counting {
    tokenizer: Tokenizer,
    /// Tokens of the question.
    asked: usize,
}

/// Everything up to the model, or the refusal that makes it unnecessary.
async fn get_ready(cx: &Cx, engine: &Engine, ask: &Ask) -> Result<Result<Ready, Refusal>, ApiError> {
    allowance::take(cx).await?;
    let workspace = &ask.workspace;
    let settings = engine.settings();
    let model = settings
        .llm
        .resolve(workspace.chat_provider.as_deref(), workspace.chat_model.as_deref())
        .map_err(model_failed)?;

    let index = engine.indexes().load(cx, workspace.id).await?;
    if index.is_none() && ask.mode == ChatMode::Query {
        return Ok(Err(Refusal::NoDocuments));
    }

    let history = match &ask.overrides.history {
        Some(_) => Turns::new(),
        None => history::load(cx, ask, model.context_window()).await?,
    };
    let mut context = Context::default();
    let window = u64::from(model.context_window());
    let pins = pinned(cx, workspace, window, &mut context).await?;
    let Attached { images } = attachments::read(cx, engine, ask, window, &mut context).await?;

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
        return Ok(Err(Refusal::NoContext));
    }

    let tokenizer = engine.tokenizer(cx).await?;
    let Assembled { prompt, tokens, asked } =
        prompt::assemble(cx, &tokenizer, ask, &model, &history, &context, images).await;
    let meter = Meter::start(cx, &model, tokens);
    Ok(Ok(Ready { model, context, prompt, meter, counting: Counting { tokenizer, asked } }))
}

/// What a model said.
struct Spoken {
    text: String,
    meter: Meter,
    finish: Finish,
    broken: Option<String>,
}

async fn finish(
    cx: &Cx,
    ask: &Ask,
    context: Context,
    spoken: Spoken,
    counting: Counting,
) -> Result<Outcome, ApiError> {
    let Spoken { text, meter, finish, broken } = spoken;
    if text.is_empty() {
        return match broken {
            Some(error) => Err(ApiError::new(Code::ModelFailed, error)),
            None if cx.is_disconnected() => Ok(Outcome::Abandoned),
            None => Ok(Outcome::Empty { metrics: meter.finish(cx, 0) }),
        };
    }
    let Counting { tokenizer, asked } = counting;
    let tokens = TurnTokens { prompt: asked, text: tokens::count(&mut cx.slices(), &tokenizer, &text).await };
    let metrics = meter.finish(cx, tokens.text);
    let sources: Vec<Value> = context.sources.into_iter().map(Source::into_value).collect();
    let answer = Answer { text: &text, sources: &sources, metrics: &metrics, tokens: Some(tokens) };
    let chat_id = save::answered(cx, ask, answer).await?;
    Ok(Outcome::Answered { chat_id, text, sources, metrics, finish, broken })
}

/// A model's whole answer; `None` if the client leaves before it is there.
async fn complete(
    cx: &Cx,
    model: &ChatModel,
    prompt: &llm::Prompt,
    mut meter: Meter,
) -> Result<Option<Spoken>, ApiError> {
    let Some(completion) = cx.while_connected(llm::complete(cx, model, prompt)).await else {
        return Ok(None);
    };
    let completion = completion.map_err(model_failed)?;
    meter.usage(completion.usage);
    Ok(Some(Spoken { text: completion.text, meter, finish: completion.finish, broken: None }))
}

/// Relays a model's tokens until it is done, fails, or the client leaves; `None` if that is before the first of them.
async fn speak(
    cx: &Cx,
    model: &ChatModel,
    prompt: llm::Prompt,
    voice: &mut dyn Voice,
    mut meter: Meter,
) -> Result<Option<Spoken>, ApiError> {
    let opened = cx.while_connected(Box::pin(llm::open_stream(cx, model, &prompt))).await;
    let Some(opened) = opened else { return Ok(None) };
    let mut tokens: TokenStream = opened.map_err(model_failed)?;
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
    Ok(Some(Spoken { text, meter, finish, broken }))
}

/// The answer without a language model: the best sentences of the context.
async fn quote(
    cx: &Cx,
    ask: &Ask,
    context: &Context,
    voice: &mut dyn Voice,
    meter: Meter,
) -> Result<Option<Spoken>, ApiError> {
    let quoted = cx.while_connected(super::context::quote(cx, ask, context)).await;
    let Some(text) = quoted.transpose()? else { return Ok(None) };
    for piece in text.split_inclusive(' ') {
        voice.say(piece);
    }
    Ok(Some(Spoken { text, meter, finish: Finish::Stop, broken: None }))
}

fn model_failed(error: LlmError) -> ApiError {
    ApiError::new(Code::ModelFailed, error.message)
}

/// A saved turn, for its neighbours in this module.
pub(super) type Turns = Vec<Turn>;
