//! An answer, token by token.

use super::wire::Decoder;
use super::{Completion, Delta, Finish, LlmError, ThinkTags, Usage};
use crate::seam::{Chunks, CompleteRequest, HttpRequest};
use bytes::Bytes;
use std::collections::VecDeque;

/// Pieces of an answer in order; the last is [`Delta::Finish`], or an error after what was received.
///
/// Dropping it stops the model.
pub struct TokenStream {
    source: Source,
    ready: VecDeque<Delta>,
    /// Comes out after everything in `ready`.
    failure: Option<LlmError>,
}

enum Source {
    Http(Box<Chunks<HttpRequest>>, Box<Decoder>),
    Host(Box<Chunks<CompleteRequest>>, Vec<u8>),
    /// Everything is in `ready`.
    Over,
}

impl TokenStream {
    pub(super) fn http(chunks: Chunks<HttpRequest>, decoder: Decoder) -> TokenStream {
        TokenStream::of(Source::Http(Box::new(chunks), Box::new(decoder)), VecDeque::new())
    }

    pub(super) fn host(chunks: Chunks<CompleteRequest>) -> TokenStream {
        TokenStream::of(Source::Host(Box::new(chunks), Vec::new()), VecDeque::new())
    }

    /// A stream of deltas that are there already; they must end with [`Delta::Finish`].
    pub(super) fn ready(deltas: VecDeque<Delta>) -> TokenStream {
        TokenStream::of(Source::Over, deltas)
    }

    /// A text as a stream, word by word: what a client shows of an answer nobody generates.
    pub fn words(text: &str) -> TokenStream {
        let words = text.split_inclusive(char::is_whitespace).map(|word| Delta::Text(word.to_owned()));
        TokenStream::ready(words.chain([Delta::Finish(Finish::Stop)]).collect())
    }

    fn of(source: Source, ready: VecDeque<Delta>) -> TokenStream {
        TokenStream { source, ready, failure: None }
    }

    /// The next piece; `None` after the end or an error.
    pub async fn next(&mut self) -> Option<Result<Delta, LlmError>> {
        self.fill().await;
        match self.ready.pop_front() {
            Some(delta) => Some(Ok(delta)),
            None => self.failure.take().map(Err),
        }
    }

    /// Waits for the first piece, so that a failure before it can be told apart, and tried again.
    pub(super) async fn first(mut self) -> Result<TokenStream, LlmError> {
        self.fill().await;
        match self.failure.take() {
            Some(error) if self.ready.is_empty() => Err(error),
            failure => {
                self.failure = failure;
                Ok(self)
            }
        }
    }

    /// Reads the rest.
    pub(super) async fn collect(mut self) -> Result<Completion, LlmError> {
        let (mut tags, mut text) = (ThinkTags::default(), String::new());
        let (mut usage, mut finish) = (Usage::default(), Finish::Stop);
        while let Some(delta) = self.next().await {
            let delta = delta?;
            text.extend(tags.push(&delta));
            match delta {
                Delta::Usage(counts) => usage = counts,
                Delta::Finish(reason) => finish = reason,
                Delta::Text(_) | Delta::Reasoning(_) => {}
            }
        }
        Ok(Completion { text, usage, finish })
    }

    /// Reads on until there is something to give.
    async fn fill(&mut self) {
        while self.ready.is_empty() && self.failure.is_none() {
            let step = match &mut self.source {
                Source::Over => return,
                Source::Http(chunks, decoder) => {
                    let piece = chunks.next().await;
                    decoded(piece, decoder, &mut self.ready)
                }
                Source::Host(chunks, rest) => {
                    let piece = chunks.next().await;
                    spoken(piece, rest, &mut self.ready)
                }
            };
            match step {
                Ok(Step::More) => {}
                Ok(Step::Over) => self.source = Source::Over,
                Err(error) => {
                    self.source = Source::Over;
                    self.failure = Some(error);
                }
            }
        }
    }
}

enum Step {
    More,
    Over,
}

type Piece<E> = Result<Result<Bytes, E>, crate::seam::HostError>;

fn decoded(piece: Piece<()>, decoder: &mut Decoder, out: &mut VecDeque<Delta>) -> Result<Step, LlmError> {
    match piece {
        Ok(Ok(bytes)) => decoder.feed(&bytes, out)?,
        Ok(Err(())) => {
            decoder.end(out)?;
            return Ok(Step::Over);
        }
        Err(_) if decoder.is_complete() => {
            decoder.end(out)?;
            return Ok(Step::Over);
        }
        Err(error) => return Err(LlmError::in_body(error)),
    }
    Ok(if decoder.is_done() { Step::Over } else { Step::More })
}

fn spoken(
    piece: Piece<crate::seam::CompleteReply>,
    rest: &mut Vec<u8>,
    out: &mut VecDeque<Delta>,
) -> Result<Step, LlmError> {
    match piece {
        Ok(Ok(bytes)) => {
            rest.extend_from_slice(&bytes);
            let text = whole_characters(rest);
            if !text.is_empty() {
                out.push_back(Delta::Text(text));
            }
            Ok(Step::More)
        }
        Ok(Err(reply)) => {
            let usage =
                Usage { prompt_tokens: reply.prompt_tokens, completion_tokens: reply.completion_tokens };
            if usage != Usage::default() {
                out.push_back(Delta::Usage(usage));
            }
            out.push_back(Delta::Finish(Finish::Stop));
            Ok(Step::Over)
        }
        Err(error) => Err(LlmError::in_host(error)),
    }
}

/// Takes the text out of `bytes` that is complete; a character that is cut stays for the next piece.
fn whole_characters(bytes: &mut Vec<u8>) -> String {
    let cut = match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => bytes.len(),
    };
    let text = String::from_utf8_lossy(&bytes[..cut]).into_owned();
    bytes.drain(..cut);
    text
}
