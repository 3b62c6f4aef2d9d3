//! Requests to OpenAI's `chat/completions`, as some twenty providers take them.

use crate::llm::model::HttpModel;
use crate::llm::wire::number;
use crate::llm::{Attachment, Message, Prompt, Sampling};
use serde_json::{Map, Value, json};

/// The body of a request. Keys and their order are those AnythingLLM sends (`mock.chat` of the golden
/// transcripts).
pub(crate) fn body(model: &HttpModel, prompt: &Prompt, stream: bool) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), json!(model.model));
    if stream {
        body.insert("stream".into(), json!(true));
        if model.stream_usage {
            body.insert("stream_options".into(), json!({ "include_usage": true }));
        }
    }
    let messages: Vec<Value> =
        prompt.messages.iter().map(|m| message(m, model.provider.image_detail)).collect();
    body.insert("messages".into(), Value::Array(messages));
    let temperature = model.provider.temperature(&model.model, prompt.temperature);
    body.insert("temperature".into(), number(temperature));
    if let Some(max) = prompt.sampling.limit(model.max_tokens) {
        // OpenAI's newer models refuse the older name, other servers know no other.
        let name = if model.provider.id == "openai" { "max_completion_tokens" } else { "max_tokens" };
        body.insert(name.into(), json!(max));
    }
    wishes(model, &prompt.sampling, &mut body);
    Value::Object(body)
}

fn wishes(model: &HttpModel, sampling: &Sampling, body: &mut Map<String, Value>) {
    let seed = if model.provider.id == "mistral" { "random_seed" } else { "seed" };
    let stop = (!sampling.stop.is_empty()).then(|| json!(sampling.stop));
    for (name, value) in [
        ("stop", stop),
        (seed, sampling.seed.map(Value::from)),
        ("top_p", sampling.top_p.map(number)),
        ("presence_penalty", sampling.presence_penalty.map(number)),
        ("frequency_penalty", sampling.frequency_penalty.map(number)),
        ("response_format", sampling.response_format.clone()),
        ("reasoning_effort", sampling.reasoning_effort.clone().map(Value::from)),
    ] {
        if let Some(value) = value {
            body.insert(name.into(), value);
        }
    }
}

fn message(message: &Message, image_detail: bool) -> Value {
    if message.attachments.is_empty() {
        return json!({ "role": message.role, "content": message.content });
    }
    let text = json!({ "type": "text", "text": message.content });
    let parts = message.attachments.iter().map(|attachment| part(attachment, image_detail));
    let content: Vec<Value> = std::iter::once(text).chain(parts).collect();
    json!({ "role": message.role, "content": content })
}

fn part(attachment: &Attachment, image_detail: bool) -> Value {
    if attachment.is_audio() {
        let data = attachment.base64().unwrap_or_default();
        let format = match attachment.media_type() {
            "audio/mpeg" => "mp3",
            other => other.trim_start_matches("audio/").trim_start_matches("x-"),
        };
        return json!({ "type": "input_audio", "input_audio": { "data": data, "format": format } });
    }
    let mut image = Map::new();
    if let Some(uri) = &attachment.data_uri {
        image.insert("url".into(), json!(uri));
    }
    if image_detail {
        image.insert("detail".into(), json!("high"));
    }
    json!({ "type": "image_url", "image_url": image })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::Role;
    use crate::llm::testing_models::{generic, of};

    fn prompt() -> Prompt {
        let image = |uri: Option<&str>| Attachment {
            name: "image.png".into(),
            mime: "image/png".into(),
            data_uri: uri.map(str::to_owned),
        };
        let mut look = Message::new(Role::User, "Look at this");
        look.attachments = vec![image(Some("data:image/png;base64,iVBO")), image(None)];
        let messages =
            vec![Message::new(Role::System, "Short."), look, Message::new(Role::Assistant, "MOCK")];
        Prompt { messages, temperature: 0.7, ..Prompt::default() }
    }

    #[test]
    fn a_request_reads_as_recorded() {
        // attachments.jsonl, "one image" and "attachment without content".
        let expected = r#"{"model":"mock-model","messages":[{"role":"system","content":"Short."},{"role":"user","content":[{"type":"text","text":"Look at this"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO","detail":"high"}},{"type":"image_url","image_url":{"detail":"high"}}]},{"role":"assistant","content":"MOCK"}],"temperature":0.7}"#;
        assert_eq!(body(&generic(), &prompt(), false).to_string(), expected);
    }

    #[test]
    fn a_streamed_request_has_the_recorded_order() {
        let mut model = generic();
        let keys = |model: &HttpModel| -> Vec<String> {
            body(model, &prompt(), true).as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(keys(&model), ["model", "stream", "messages", "temperature"]);
        model.stream_usage = true;
        assert_eq!(keys(&model)[..3], ["model", "stream", "stream_options"]);
    }

    #[test]
    fn a_temperature_that_is_no_number_is_null() {
        let prompt = Prompt { temperature: f64::NAN, ..Prompt::default() };
        assert_eq!(body(&generic(), &prompt, false)["temperature"], Value::Null);
        let prompt = Prompt { temperature: 1.0, ..Prompt::default() };
        assert_eq!(body(&generic(), &prompt, false)["temperature"], json!(1));
    }

    #[test]
    fn sounds_go_as_audio() {
        let sound = |mime: &str| Attachment {
            name: "a".into(),
            mime: mime.into(),
            data_uri: Some("data:x;base64,QUJD".into()),
        };
        let audio =
            |format: &str| json!({"type": "input_audio", "input_audio": {"data": "QUJD", "format": format}});
        assert_eq!(part(&sound("audio/mpeg"), true), audio("mp3"));
        assert_eq!(part(&sound("audio/x-wav"), true), audio("wav"));
    }

    #[test]
    fn a_limit_is_sent_under_the_name_that_the_provider_knows() {
        let mut model = generic();
        model.max_tokens = Some(50);
        let sampling = Sampling { max_tokens: Some(5), ..Sampling::default() };
        let prompt = Prompt { sampling, ..prompt() };
        assert_eq!(body(&model, &prompt, false)["max_tokens"], 5);
        assert_eq!(body(&of("openai", "o3"), &prompt, false)["max_completion_tokens"], 5);
        assert_eq!(body(&model, &Prompt::default(), false)["max_tokens"], 50);
    }

    #[test]
    fn wishes_are_sent_as_they_are() {
        let sampling = Sampling {
            stop: vec!["END".into()],
            seed: Some(7),
            top_p: Some(0.5),
            presence_penalty: Some(1.0),
            frequency_penalty: Some(-0.5),
            response_format: Some(json!({"type": "json_object"})),
            reasoning_effort: Some("low".into()),
            ..Sampling::default()
        };
        let prompt = Prompt { sampling, temperature: 0.0, ..Prompt::default() };
        let expected = json!({
            "model": "mock-model", "messages": [], "temperature": 0, "stop": ["END"], "seed": 7, "top_p": 0.5,
            "presence_penalty": 1, "frequency_penalty": -0.5, "response_format": {"type": "json_object"},
            "reasoning_effort": "low",
        });
        assert_eq!(body(&generic(), &prompt, false), expected);
        assert_eq!(body(&of("mistral", "m"), &prompt, false)["random_seed"], 7);
    }
}
