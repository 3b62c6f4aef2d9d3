//! `haversack ask`.

use super::out::{self, say};
use super::search::{print_passage, printable};
use super::workspace::{self, encode, text};
use crate::answer::{Answer, AnswerBody};
use crate::instance::{Instance, error_of, json, request};
use crate::server::shutdown_signal;
use clap::Args;
use haversack_engine::llm::sse::SseDecoder;
use serde_json::{Value, json};

/// The event that carries the sources is the longest.
const EVENT_BYTES_MAX: usize = 64 << 20;

/// Ask a workspace a question.
#[derive(Args)]
pub struct Ask {
    /// The question
    question: String,
    /// The workspace's slug or name; may be left out if there is only one
    #[arg(long, short)]
    workspace: Option<String>,
    /// Answer only from the documents
    #[arg(long)]
    query: bool,
    /// Do not print the sources
    #[arg(long)]
    no_sources: bool,
}

impl Ask {
    /// Carries it out. Ctrl-C stops the answer; what there is of it is saved.
    pub async fn run(self, instance: &Instance) -> Result<(), String> {
        let slug = workspace::find(instance, self.workspace.as_deref()).await?;
        let path = format!("/api/v1/workspace/{}/stream-chat", encode(&slug));
        let mode = if self.query { "query" } else { "chat" };
        let body = json!({ "message": self.question, "mode": mode });
        let answer = instance.host.call_as_operator(request("POST", &path, Some(body))).await;
        let sources = tokio::select! {
            sources = print_answer(answer) => sources?,
            () = shutdown_signal() => {
                say!();
                return Ok(());
            }
        };
        say!();
        if !self.no_sources {
            for (number, source) in (1..).zip(&sources) {
                print_passage(number, source, &text(source, "text"), source["score"].as_f64());
            }
        }
        Ok(())
    }
}

/// Prints the text as it comes; the sources it ends with.
async fn print_answer(answer: Answer) -> Result<Vec<Value>, String> {
    let mut pieces = match answer.body {
        AnswerBody::Stream(pieces) => pieces,
        AnswerBody::Whole(_) => {
            let (status, body) = json(answer).await;
            return Err(error_of(status, &body));
        }
    };
    let mut decoder = SseDecoder::new(EVENT_BYTES_MAX);
    let (mut events, mut sources) = (Vec::new(), Vec::new());
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|e| e.to_string())?;
        decoder.feed(&piece, &mut events).map_err(|_| "the answer holds an event that is far too long")?;
        for event in events.drain(..) {
            let event: Value = serde_json::from_str(&event.data).unwrap_or_default();
            match event["type"].as_str() {
                Some("textResponseChunk" | "textResponse") => {
                    out::print(format_args!("{}", printable(&text(&event, "textResponse"))));
                }
                Some("abort") => return Err(text(&event, "error")),
                Some("finalizeResponseStream") => {
                    sources = event["sources"].as_array().cloned().unwrap_or_default();
                }
                _ => {}
            }
        }
    }
    say!();
    Ok(sources)
}
