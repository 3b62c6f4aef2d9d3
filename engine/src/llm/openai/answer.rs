//! What a reply, or a chunk of one, says.

use crate::llm::wire::usage_of;
use crate::llm::{Delta, Finish, LlmError, reported};
use serde_json::Value;
use std::collections::VecDeque;

/// What was said of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub finish: Option<Finish>,
    /// There were words.
    spoke: bool,
    /// A tool was asked for.
    tools: bool,
}

impl Answer {
    /// Takes a reply, or a chunk of one, apart. False if it is none.
    pub fn part(&mut self, value: &Value, out: &mut VecDeque<Delta>) -> Result<bool, LlmError> {
        let choices = value.get("choices").and_then(Value::as_array);
        // One answer was asked for: further choices are none of ours.
        let first = |choice: &&Value| choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0;
        for choice in choices.into_iter().flatten().filter(first) {
            self.choice(choice, out)?;
        }
        let blocked = blocked(value);
        if let Some(why) = &blocked {
            self.finish = Some(Finish::Filtered);
            out.push_back(Delta::Why(why.clone()));
        }
        let usage = usage_of(value.get("usage"), "prompt_tokens", "completion_tokens");
        out.extend(usage.map(Delta::Usage));
        Ok(choices.is_some() || blocked.is_some() || usage.is_some())
    }

    fn choice(&mut self, choice: &Value, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        let before = out.len();
        let said =
            ["delta", "message"].iter().find_map(|key| choice.get(*key).filter(|said| said.is_object()));
        // Some servers repeat the whole message in the last chunk.
        let repeated = self.spoke && choice.get("delta").is_none_or(|delta| !delta.is_object());
        match (said, choice.get("text").and_then(Value::as_str)) {
            _ if repeated => {}
            (Some(said), _) => {
                deltas(said, out);
                let called = |key: &str| match said.get(key) {
                    Some(Value::Array(calls)) => !calls.is_empty(),
                    Some(Value::Object(call)) => !call.is_empty(),
                    _ => false,
                };
                self.tools |= called("tool_calls") || called("function_call");
            }
            (None, Some(text)) if !text.is_empty() => out.push_back(Delta::Text(text.to_owned())),
            (None, _) => {}
        }
        self.spoke |= out.iter().skip(before).any(|delta| matches!(delta, Delta::Text(_)));
        let reason = choice.get("finish_reason").and_then(Value::as_str);
        let reason = reason.filter(|reason| !matches!(*reason, "" | "null" | "none"));
        if let Some(error) = reported::error_in(choice) {
            return Err(error);
        }
        if let Some(reason) = reason {
            let finish = finish_of(reason)
                .ok_or_else(|| reported::error(Some(format!("it ended with `{reason}`"))))?;
            self.finish = Some(finish);
            out.extend(filtered(choice).filter(|_| finish == Finish::Filtered).map(Delta::Why));
        }
        Ok(())
    }

    pub fn finish(&mut self, out: &mut VecDeque<Delta>) {
        let finish = match self.finish.unwrap_or(Finish::Stop) {
            Finish::Stop if self.tools => Finish::Tools,
            finish => finish,
        };
        out.push_back(Delta::Finish(finish));
    }
}

/// Text and thoughts of a message, or of a piece of one. Thoughts have several names in the wild, and Mistral puts
/// them into typed parts.
pub(super) fn deltas(message: &Value, out: &mut VecDeque<Delta>) {
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let thought = ["reasoning_content", "reasoning", "thinking"].iter().find_map(|key| text(message, key));
    out.extend(thought.map(Delta::Reasoning));
    out.extend(text(message, "content").map(Delta::Text));
    for part in message.get("content").and_then(Value::as_array).into_iter().flatten() {
        out.extend(text(part, "text").map(Delta::Text));
        out.extend(text(part, "refusal").map(Delta::Refusal));
        out.extend(text(part, "thinking").map(Delta::Reasoning));
        for thought in part.get("thinking").and_then(Value::as_array).into_iter().flatten() {
            out.extend(text(thought, "text").map(Delta::Reasoning));
        }
    }
    out.extend(text(message, "refusal").map(Delta::Refusal));
}

/// Why an answer ends; `None` if that is a failure. Providers differ in their words and their case.
pub(in crate::llm) fn finish_of(reason: &str) -> Option<Finish> {
    Some(match reason.to_ascii_lowercase().as_str() {
        "stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" | "complete" => Finish::Stop,
        "length" | "max_tokens" | "model_length" | "max_output_tokens" | "model_context_window_exceeded" => {
            Finish::Length
        }
        "content_filter"
        | "content-filter"
        | "content_filtered"
        | "safety"
        | "recitation"
        | "blocklist"
        | "prohibited_content"
        | "spii"
        | "image_safety"
        | "sensitive"
        | "guardrail_intervened" => Finish::Filtered,
        "refusal" => Finish::Refused,
        "tool_calls" | "tool_call" | "tool_use" | "function_call" => Finish::Tools,
        "error"
        | "failed"
        | "network_error"
        | "abort"
        | "aborted"
        | "cancelled"
        | "canceled"
        | "timeout"
        | "insufficient_system_resource"
        | "malformed_function_call"
        | "error_limit" => return None,
        _ => Finish::Other,
    })
}

/// Why the question itself was refused, in Gemini's words.
fn blocked(value: &Value) -> Option<String> {
    let feedback = value.get("promptFeedback").or_else(|| value.get("prompt_feedback"))?;
    let reason = feedback.get("blockReason").or_else(|| feedback.get("block_reason"))?.as_str()?;
    let message = feedback.get("blockReasonMessage").or_else(|| feedback.get("block_reason_message"));
    Some(match message.and_then(Value::as_str) {
        Some(message) => format!("the question was blocked ({reason}): {message}"),
        None => format!("the question was blocked ({reason})"),
    })
}

/// What Azure's filter found: the names of its categories.
fn filtered(choice: &Value) -> Option<String> {
    let found =
        choice.get("content_filter_results").or_else(|| choice.get("content_filter_result"))?.as_object()?;
    let is_filtered = |result: &Value| result.get("filtered") == Some(&Value::Bool(true));
    let names: Vec<&str> =
        found.iter().filter(|(_, result)| is_filtered(result)).map(|(name, _)| name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
