//! The fields with which clients of OpenAI shape an answer.
//!
//! Each is honoured, or refused by its name: a client that asks for something and is given something else without a word
//! cannot know what it got. Values that ask for nothing, as many clients send them, are taken.

use super::wrong;
use crate::api::ApiError;
use crate::api::body::Fields;
use crate::llm::Sampling;
use serde_json::{Value, json};
use std::ops::RangeInclusive;

/// Stop texts of one request, as OpenAI allows.
const STOPS_MAX: usize = 4;
/// Bytes of a stop text, and of a schema.
const STOP_BYTES_MAX: usize = 1000;
const FORMAT_BYTES_MAX: usize = 64 << 10;

/// Fields that are not supported, and why. They may be there with a value that asks for nothing.
const UNSUPPORTED: [(&str, &str); 18] = [
    ("tools", "a workspace answers from its documents and calls no tools"),
    ("functions", "a workspace answers from its documents and calls no functions"),
    ("function_call", "a workspace answers from its documents and calls no functions"),
    ("web_search_options", "a workspace answers from its documents"),
    ("logprobs", "probabilities of tokens are not passed on"),
    ("top_logprobs", "probabilities of tokens are not passed on"),
    ("logit_bias", "tokens of the model behind the workspace are not known here"),
    ("audio", "answers are text"),
    ("best_of", "there is one answer to a request"),
    ("echo", "an answer does not repeat the question"),
    ("suffix", "an answer has nothing after it"),
    ("verbosity", "ask for a length in the instructions instead"),
    ("top_k", "use `top_p` or `temperature`"),
    ("min_p", "use `top_p` or `temperature`"),
    ("typical_p", "use `top_p` or `temperature`"),
    ("repetition_penalty", "use `frequency_penalty`"),
    ("repeat_penalty", "use `frequency_penalty`"),
    ("thinking", "use `reasoning_effort`"),
];

/// What a request asks of its answer, but for the temperature.
///
/// # Errors
/// `Code::InvalidField`, with the field in `param`.
pub fn read(fields: &Fields) -> Result<Sampling, ApiError> {
    refuse_unsupported(fields)?;
    Ok(Sampling {
        own_temperature: false,
        max_tokens: max_tokens(fields)?,
        stop: stop(fields)?,
        seed: match given(fields, "seed") {
            None => None,
            Some(seed) => Some(seed.as_i64().ok_or_else(|| wrong("seed", "`seed` must be a whole number."))?),
        },
        top_p: number(fields, "top_p", 0.0..=1.0)?,
        presence_penalty: number(fields, "presence_penalty", -2.0..=2.0)?,
        frequency_penalty: number(fields, "frequency_penalty", -2.0..=2.0)?,
        response_format: response_format(fields)?,
        reasoning_effort: match given(fields, "reasoning_effort") {
            None => None,
            Some(Value::String(effort)) if (1..=20).contains(&effort.len()) => Some(effort.clone()),
            Some(_) => {
                return Err(wrong(
                    "reasoning_effort",
                    "`reasoning_effort` must be a word such as `low` or `high`.",
                ));
            }
        },
    })
}

/// A field that is there and not null.
fn given<'a>(fields: &'a Fields, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

/// A number within a range.
pub fn number(fields: &Fields, name: &str, range: RangeInclusive<f64>) -> Result<Option<f64>, ApiError> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    match value.as_f64().filter(|number| range.contains(number)) {
        Some(number) => Ok(Some(number)),
        None => {
            Err(wrong(name, format!("`{name}` must be a number from {} to {}.", range.start(), range.end())))
        }
    }
}

fn refuse_unsupported(fields: &Fields) -> Result<(), ApiError> {
    for (name, why) in UNSUPPORTED {
        if given(fields, name).is_some_and(|value| asks_for_something(name, value)) {
            return Err(wrong(name, format!("`{name}` is not supported: {why}. Leave it out.")));
        }
    }
    if given(fields, "n").is_some_and(|n| n.as_u64() != Some(1)) {
        return Err(wrong(
            "n",
            "`n` must be 1: there is one answer to a request. Send the request again for another.",
        ));
    }
    let harmless = [json!("none"), json!("auto")];
    if given(fields, "tool_choice").is_some_and(|choice| !harmless.contains(choice)) {
        return Err(wrong(
            "tool_choice",
            "`tool_choice` is not supported: no tools are called. Leave it out.",
        ));
    }
    if given(fields, "modalities").is_some_and(|modalities| *modalities != json!(["text"])) {
        return Err(wrong("modalities", "`modalities` must be [\"text\"]: answers are text."));
    }
    Ok(())
}

/// Whether a value is more than a default that clients send along.
fn asks_for_something(name: &str, value: &Value) -> bool {
    let nothing = match name {
        "best_of" | "typical_p" | "repetition_penalty" | "repeat_penalty" => [1.0, 1.0],
        _ => [0.0, -1.0],
    };
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64().is_none_or(|number| !nothing.contains(&number)),
        Value::String(text) => !matches!(text.as_str(), "" | "none" | "auto"),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn max_tokens(fields: &Fields) -> Result<Option<u32>, ApiError> {
    let mut limit = None;
    // The second one is the newer name of the first.
    for name in ["max_tokens", "max_completion_tokens"] {
        let Some(value) = given(fields, name) else { continue };
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0);
        let count = count.ok_or_else(|| wrong(name, format!("`{name}` must be a whole number from 1.")))?;
        limit = Some(limit.map_or(count, |other: u32| other.min(count)));
    }
    Ok(limit)
}

fn stop(fields: &Fields) -> Result<Vec<String>, ApiError> {
    let expected = || {
        let expected =
            format!("`stop` must be a text, or a list of up to {STOPS_MAX} texts, none of them empty.");
        wrong("stop", expected)
    };
    let fits = |text: &str| !text.is_empty() && text.len() <= STOP_BYTES_MAX;
    match given(fields, "stop") {
        None => Ok(Vec::new()),
        Some(Value::String(text)) if fits(text) => Ok(vec![text.clone()]),
        Some(Value::Array(items)) if items.len() <= STOPS_MAX => {
            let text = |item: &Value| item.as_str().filter(|text| fits(text)).map(str::to_owned);
            items.iter().map(|item| text(item).ok_or_else(expected)).collect()
        }
        Some(_) => Err(expected()),
    }
}

fn response_format(fields: &Fields) -> Result<Option<Value>, ApiError> {
    let Some(format) = given(fields, "response_format") else { return Ok(None) };
    if format.to_string().len() > FORMAT_BYTES_MAX {
        let message = format!("`response_format` must be at most {FORMAT_BYTES_MAX} bytes long.");
        return Err(wrong("response_format", message));
    }
    match format["type"].as_str() {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(json!({ "type": "json_object" }))),
        Some("json_schema") if format["json_schema"]["schema"].is_object() => Ok(Some(format.clone())),
        _ => Err(wrong(
            "response_format",
            "`response_format` must have the `type` `text`, `json_object`, or `json_schema` with a `json_schema` that has \
             a `schema`.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: Value) -> Result<Sampling, ApiError> {
        let Value::Object(map) = body else { panic!("an object") };
        read(&Fields::from_map(map))
    }

    #[track_caller]
    fn refused(body: Value, param: &str) {
        let error = of(body).unwrap_err();
        assert_eq!(error.extra["param"], param);
        assert!(error.message.contains(&format!("`{param}`")), "{}", error.message);
    }

    #[test]
    fn what_is_asked_is_read() {
        let schema = json!({"type": "json_schema", "json_schema": {"name": "a", "schema": {}}});
        let read = of(json!({
            "max_tokens": 9, "max_completion_tokens": 5, "stop": "END", "seed": -1, "top_p": 0.5,
            "presence_penalty": 1, "frequency_penalty": -1.5, "response_format": schema, "reasoning_effort": "low",
        }));
        let expected = Sampling {
            own_temperature: false,
            max_tokens: Some(5),
            stop: vec!["END".into()],
            seed: Some(-1),
            top_p: Some(0.5),
            presence_penalty: Some(1.0),
            frequency_penalty: Some(-1.5),
            response_format: Some(schema),
            reasoning_effort: Some("low".into()),
        };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn values_that_ask_for_nothing_are_taken() {
        let body = json!({
            "n": 1, "tools": [], "tool_choice": "auto", "logprobs": false, "top_logprobs": 0, "logit_bias": {},
            "modalities": ["text"], "response_format": {"type": "text"}, "stop": null, "max_tokens": null, "stop": [],
        });
        assert_eq!(of(body), Ok(Sampling::default()));
    }

    #[test]
    fn what_cannot_be_done_is_refused_by_name() {
        for (name, value) in [
            ("n", json!(2)),
            ("tools", json!([{"type": "function"}])),
            ("tool_choice", json!("required")),
            ("logprobs", json!(true)),
            ("logit_bias", json!({"50256": -100})),
            ("top_k", json!(40)),
            ("modalities", json!(["text", "audio"])),
            ("max_tokens", json!(0)),
            ("max_completion_tokens", json!("many")),
            ("stop", json!(["a", "b", "c", "d", "e"])),
            ("stop", json!([""])),
            ("seed", json!(0.5)),
            ("top_p", json!(2)),
            ("frequency_penalty", json!(-3)),
            ("response_format", json!({"type": "xml"})),
            ("response_format", json!("json")),
            ("reasoning_effort", json!(3)),
        ] {
            refused(json!({ name: value }), name);
        }
    }
}
