//! The flow of one chat (reference §8.2), read from top to bottom.

use super::attachments::{self, Attached};
use super::citations::Citing;
use super::cite::{self, Evidence};
use super::context::{Context, pinned};
use super::history::{self, Turn};
use super::metrics::Meter;
use super::prompt::{self, Assembled};
use super::relevance::{relevance, rounded};
use super::save::{self, Answer};
use super::sources::Source;
use super::{allowance, backfill, refusal, wishes};
use crate::Engine;
use crate::api::{ApiError, Code};
use crate::llm::extractive::Quoted;
use crate::llm::{
    self, ChatModel, Delta, Ending, Finish, LlmError, Message, Sampling, ThinkTags, TokenStream,
};
use crate::model::{ChatMode, Thread, TurnTokens, User, Visitor, Workspace};
use crate::retrieve::search::{self, Query, Searched};
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
    /// What else is asked of the answer.
    pub sampling: Sampling,
    /// Earlier sources do not fill up what was not found.
    pub no_backfill: bool,
}

/// How an answer is given.
pub(crate) trait Voice: Send {
    /// Whether the model is asked to stream.
    fn streams(&self) -> bool;
    /// A model is asked now: it may be long until its first word.
    fn begin(&mut self) {}
    /// The answer goes on with `text`.
    fn say(&mut self, text: &str);
    /// A model's answer goes on with `piece`. `tagged` are the texts for it where thoughts are marked by tags.
    fn hear(&mut self, _piece: &Delta, tagged: &[String]) {
        tagged.iter().for_each(|text| self.say(text));
    }
}

/// How a chat ended.
pub(crate) enum Outcome {
    /// Nothing relevant was found in query mode.
    Refused { text: String, stage: Refusal, relevance: f64 },
    /// The model said nothing; `why` tells people.
    Empty { metrics: Value, finish: Finish, why: String },
    /// An answer, saved. `broken` says why it is not whole: it failed ([`Finish::Failed`]) or was withheld.
    Answered {
        chat_id: u64,
        text: String,
        sources: Vec<Value>,
        /// How much the best evidence has to do with the question, 0 to 1.
        relevance: f64,
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
        Err((stage, relevance)) => return Box::pin(refusal::refuse(cx, ask, stage, relevance)).await,
    };
    let Ready { model, mut context, mut relevance, prompt, meter, counting } = ready;
    let (spoken, evidence) = match &model {
        ChatModel::Extractive => {
            let quoted = Box::pin(quote(cx, ask, &context, voice, (meter, &counting.tokenizer))).await?;
            let Some((spoken, Quoted { cited, relevance: evident, .. })) = quoted else {
                return Ok(Outcome::Abandoned);
            };
            relevance = evident.map_or(relevance, rounded);
            // What was found and says nothing about it is no source.
            if cited.is_empty() {
                context.sources = Vec::new();
            }
            (spoken, Evidence::Quotes(cited))
        }
        _ => {
            let mut citing = Citing::new(voice, prompt::numbering(ask, &context));
            context.texts = Vec::new();
            let spoken = if citing.streams() {
                citing.begin();
                speak(cx, &model, prompt, &mut citing, meter).await?
            } else {
                let whole = Box::pin(complete(cx, &model, &prompt, meter)).await?;
                whole.inspect(|whole| citing.say(&whole.text))
            };
            let said = citing.finish();
            let Some(spoken) = spoken else { return Ok(Outcome::Abandoned) };
            (Spoken { text: said.text.clone(), ..spoken }, Evidence::Claims(said))
        }
    };
    Box::pin(finish(cx, ask, context, spoken, evidence, relevance, counting)).await
}

/// What a model is asked, and with what.
struct Ready {
    model: ChatModel,
    context: Context,
    relevance: f64,
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
async fn get_ready(cx: &Cx, engine: &Engine, ask: &Ask) -> Result<Result<Ready, (Refusal, f64)>, ApiError> {
    allowance::take(cx).await?;
    let workspace = &ask.workspace;
    let settings = engine.settings();
    let model = settings
        .llm
        .resolve(workspace.chat_provider.as_deref(), workspace.chat_model.as_deref())
        .map_err(model_failed)?;

    let index = engine.indexes().load(cx, workspace.id).await?;
    if index.is_none() && ask.mode == ChatMode::Query {
        return Ok(Err((Refusal::NoDocuments, 0.0)));
    }

    let history = match &ask.overrides.history {
        Some(_) => Turns::new(),
        None => history::load(cx, ask, model.context_window()).await?,
    };
    let mut context = Context::default();
    let window = u64::from(model.context_window());
    let pins = pinned(cx, workspace, window, &mut context).await?;
    let Attached { images } = attachments::read(cx, engine, ask, window, &mut context).await?;

    let Searched { found, below, .. } = match index {
        None => Searched::default(),
        Some(index) => {
            let query = Query {
                text: &ask.message,
                mode: settings.search_mode(workspace),
                top_n: workspace.top_n,
                threshold: search::threshold(
                    workspace.threshold(),
                    settings.search_mode(workspace),
                    &ask.message,
                ),
                without: &pins,
            };
            search::search(cx, engine, workspace.id, index, query).await?
        }
    };
    let hits = found.len();
    let best = found.iter().chain(&below).map(|found| found.score).fold(0.0, f64::max);
    context.add(found.into_iter().map(Source::found));
    // Earlier sources go on with a conversation; they are no answer to another question.
    if context.texts.is_empty() && ask.mode == ChatMode::Query {
        return Ok(Err((Refusal::NoContext, rounded(best))));
    }
    if settings.backfill && !ask.overrides.no_backfill {
        let earlier = backfill::sources(&history, workspace.top_n, hits, &context.sources, &pins);
        context.add(earlier);
    }
    let relevance = relevance(&mut cx.slices(), &ask.message, best, &context).await;

    let tokenizer = engine.tokenizer(cx).await?;
    let Assembled { prompt, tokens, asked } =
        prompt::assemble(cx, &tokenizer, ask, &model, &history, &context, images).await;
    let meter = Meter::start(cx, &model, tokens);
    Ok(Ok(Ready { model, context, relevance, prompt, meter, counting: Counting { tokenizer, asked } }))
}

/// What a model said.
struct Spoken {
    text: String,
    meter: Meter,
    ending: Ending,
    /// It broke off, and why.
    failure: Option<String>,
}

async fn finish(
    cx: &Cx,
    ask: &Ask,
    context: Context,
    spoken: Spoken,
    evidence: Evidence,
    relevance: f64,
    counting: Counting,
) -> Result<Outcome, ApiError> {
    let Spoken { text, meter, ending, failure } = spoken;
    let (finish, problem) = (ending.finish(), ending.problem());
    if text.trim().is_empty() {
        return match failure {
            Some(error) => Err(ApiError::new(Code::ModelFailed, error)),
            None if cx.is_disconnected() => Ok(Outcome::Abandoned),
            None => {
                Ok(Outcome::Empty { metrics: meter.finish(cx, 0), finish, why: problem.unwrap_or_default() })
            }
        };
    }
    let finish = if failure.is_some() { Finish::Failed } else { finish };
    let Counting { tokenizer, asked } = counting;
    let tokens = TurnTokens { prompt: asked, text: tokens::count(&mut cx.slices(), &tokenizer, &text).await };
    let metrics = meter.finish(cx, tokens.text);
    let sources = cite::sources(cx, ask, context.sources, evidence).await;
    let reason = Some(finish.as_str()).filter(|reason| *reason != "stop");
    let answer = Answer {
        text: &text,
        sources: &sources,
        metrics: &metrics,
        tokens: Some(tokens),
        relevance: Some(relevance),
        finish: reason,
    };
    let chat_id = save::answered(cx, ask, answer).await?;
    Ok(Outcome::Answered { chat_id, text, sources, relevance, metrics, finish, broken: failure.or(problem) })
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
    Ok(Some(Spoken { text: completion.text, meter, ending: completion.ending, failure: None }))
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
    let (mut ending, mut failure) = (Ending::default(), None);
    let mut tags = ThinkTags::default();
    let mut hear = |piece: &Delta, tagged: Vec<String>| {
        voice.hear(piece, &tagged);
        text.extend(tagged);
    };
    // When the client leaves, dropping the stream cancels the model's work; what it said is kept.
    while let Either::Left((next, _)) = select(pin!(tokens.next()), pin!(cx.disconnected())).await {
        match next {
            Some(Ok(delta)) => {
                ending.note(&delta);
                match &delta {
                    Delta::Text(piece) if !piece.is_empty() => meter.piece(),
                    Delta::Usage(usage) => meter.usage(*usage),
                    _ => {}
                }
                hear(&delta, tags.push(&delta));
            }
            Some(Err(error)) => {
                failure = Some(error.message);
                break;
            }
            None => break,
        }
    }
    hear(&Delta::Finish(ending.finish()), tags.close().into_iter().collect());
    Ok(Some(Spoken { text, meter, ending, failure }))
}

/// The answer without a language model: the best sentences of the context.
async fn quote(
    cx: &Cx,
    ask: &Ask,
    context: &Context,
    voice: &mut dyn Voice,
    (meter, tokenizer): (Meter, &Tokenizer),
) -> Result<Option<(Spoken, Quoted)>, ApiError> {
    let quoted = cx.while_connected(super::context::quote(cx, ask, context)).await;
    let Some(quoted) = quoted.transpose()? else { return Ok(None) };
    let (text, finish) = wishes::within(tokenizer, quoted.text.clone(), &ask.overrides.sampling);
    for piece in text.split_inclusive(' ') {
        voice.say(piece);
    }
    Ok(Some((Spoken { text, meter, ending: Ending::of_text(finish), failure: None }, quoted)))
}

fn model_failed(error: LlmError) -> ApiError {
    let seconds = error.retry_after_s();
    let failed = ApiError::new(Code::ModelFailed, error.message);
    match seconds {
        Some(seconds) if seconds > 0 => failed.retry_after(seconds),
        _ => failed,
    }
}

/// A saved turn, for its neighbours in this module.
pub(super) type Turns = Vec<Turn>;
