//! Language models: which there are, how to ask them, what they answer.
//!
//! A start: [`LlmSettings::from_vars`] reads the settings, [`LlmSettings::resolve`] gives the
//! [`ChatModel`] of a workspace, [`complete`] and [`open_stream`] ask it. Providers are rows of
//! [`table::PROVIDERS`] over three wire formats. Without any model, [`extractive`] quotes the documents.

mod anthropic;
mod error;
pub mod extractive;
pub(crate) mod http;
mod lines;
mod model;
pub mod ndjson;
mod ollama;
mod openai;
mod prompt;
mod reach;
mod secret;
mod settings;
pub mod sse;
mod stream;
pub mod table;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod testing_models;
#[cfg(test)]
mod tests;
mod think;
mod vars;
mod wire;

pub(crate) use error::error_text;
pub use error::{LlmError, LlmErrorKind};
pub use lines::LineTooLong;
pub use model::{Cache, ChatModel, HostModel, HttpModel, Patience};
pub use prompt::{Attachment, Completion, Delta, Finish, Message, Prompt, Role, Usage};
pub(crate) use reach::{is_reached_by, list, reach};
pub use secret::Secret;
pub use settings::LlmSettings;
pub use stream::TokenStream;
pub use think::ThinkTags;
pub(crate) use vars::Vars;

use crate::seam::{CompleteRequest, Cx};

/// Asks for a whole answer.
///
/// A failed request is sent again as [`Patience`] says. Fails with `LlmErrorKind::Settings` for
/// [`ChatModel::Extractive`], which [`extractive::answer`] answers.
pub async fn complete(cx: &Cx, model: &ChatModel, prompt: &Prompt) -> Result<Completion, LlmError> {
    match model {
        ChatModel::Extractive => Err(no_model()),
        ChatModel::Host(model) => host_stream(cx, model, prompt).collect().await,
        ChatModel::Http(model) => whole_answer(cx, model, prompt).await?.collect().await,
    }
}

/// Asks for an answer piece by piece. Returns with the first piece.
///
/// Only a failure before that piece is tried again, as [`Patience`] says; later ones come out of the
/// stream. Fails for [`ChatModel::Extractive`] as [`complete`] does.
pub async fn open_stream(cx: &Cx, model: &ChatModel, prompt: &Prompt) -> Result<TokenStream, LlmError> {
    match model {
        ChatModel::Extractive => Err(no_model()),
        ChatModel::Host(model) => host_stream(cx, model, prompt).first().await,
        ChatModel::Http(model) if !model.streams => whole_answer(cx, model, prompt).await,
        ChatModel::Http(model) => {
            let request = wire::request(model, prompt, true);
            let attempt = || async {
                let (head, chunks) = http::send(cx, &request).await?;
                let decoder = wire::Decoder::new(model.provider.wire, &head);
                TokenStream::http(chunks, decoder).first().await
            };
            http::with_retries(cx, model.patience.retries, attempt).await
        }
    }
}

async fn whole_answer(cx: &Cx, model: &HttpModel, prompt: &Prompt) -> Result<TokenStream, LlmError> {
    let request = wire::request(model, prompt, false);
    let attempt = || async {
        let (_, mut chunks) = http::send(cx, &request).await?;
        let body = http::read_all(&mut chunks).await?;
        Ok(TokenStream::ready(wire::whole(model.provider.wire, &body)?))
    };
    http::with_retries(cx, model.patience.retries, attempt).await
}

fn host_stream(cx: &Cx, model: &HostModel, prompt: &Prompt) -> TokenStream {
    let messages =
        prompt.messages.iter().map(|message| (message.role.as_str().to_owned(), message.content.clone()));
    TokenStream::host(cx.stream(CompleteRequest {
        model: model.model.clone(),
        messages: messages.collect(),
        temperature: if prompt.temperature.is_nan() { 0.7 } else { prompt.temperature },
        max_tokens: model.max_tokens,
    }))
}

fn no_model() -> LlmError {
    LlmError::settings("No language model is configured. Set LLM_PROVIDER.")
}
