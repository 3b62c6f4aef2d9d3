//! What an answer cost and how long it took.

use crate::llm::{ChatModel, Usage};
use crate::seam::{Cx, UnixMs};
use crate::text::dates;
use serde_json::{Value, json};

/// Measures one completion.
pub(super) struct Meter {
    started: UnixMs,
    model: String,
    provider: String,
    local: bool,
    /// As far as the provider counts.
    usage: Usage,
    /// Our own count of the prompt, when the provider says nothing.
    prompt_tokens: u64,
    pieces: u64,
}

impl Meter {
    /// Starts with a prompt of so many tokens, by our own count.
    pub fn start(cx: &Cx, model: &ChatModel, prompt_tokens: usize) -> Meter {
        Meter {
            started: cx.now(),
            model: model.name().to_owned(),
            provider: model.connector().to_owned(),
            local: model.is_local(),
            usage: Usage::default(),
            prompt_tokens: prompt_tokens as u64,
            pieces: 0,
        }
    }

    /// The provider's own count.
    pub fn usage(&mut self, usage: Usage) {
        self.usage = usage;
    }

    /// One more piece of a stream.
    pub fn piece(&mut self) {
        self.pieces += 1;
    }

    /// The metrics object of the wire (reference §8.2) for an answer of so many tokens by our own count. Without a
    /// count from the provider, a streamed answer has as many tokens as it had pieces.
    pub fn finish(self, cx: &Cx, tokens: usize) -> Value {
        let prompt = self.usage.prompt_tokens.unwrap_or(self.prompt_tokens);
        let completion = self.usage.completion_tokens.unwrap_or(match self.pieces {
            0 => tokens as u64,
            pieces => pieces,
        });
        let duration = cx.now().0.saturating_sub(self.started.0).max(0) as f64 / 1000.0;
        let rate = if duration > 0.0 { completion as f64 / duration } else { 0.0 };
        let mut metrics = json!({
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "duration": crate::api::js_number(duration),
            "outputTps": crate::api::js_number(rate),
            "model": self.model,
            "provider": self.provider,
            "timestamp": dates::iso_millis(cx.now().0),
        });
        if self.local {
            for key in ["inputCost", "outputCost", "totalCost"] {
                metrics[key] = 0.into();
            }
        }
        metrics
    }
}
