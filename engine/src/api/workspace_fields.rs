//! The settings of a workspace that clients may write, and how their values are bent into shape.
//!
//! A value that makes no sense becomes the default, and one below the range its least; neither is an error (reference
//! §4.1). A number that is too large is: it would be searched and asked for with every question. `searchMode` is ours,
//! and a mistyped one is an error too.

use super::body::Fields;
use super::error::ApiError;
use super::js;
use super::search::TOP_N_MAX;
use crate::lengths::Lengths;
use crate::model::{ChatMode, SearchMode, Workspace};
use crate::seam::UnixMs;
use serde_json::Value;

/// Values to write, by their wire names.
pub type Changes = Vec<(&'static str, Value)>;

const WRITABLE: [&str; 16] = [
    "name",
    "lastUpdatedAt",
    "openAiTemp",
    "openAiHistory",
    "openAiPrompt",
    "similarityThreshold",
    "topN",
    "chatMode",
    "chatProvider",
    "chatModel",
    "agentProvider",
    "agentModel",
    "queryRefusalResponse",
    "vectorSearchMode",
    "searchMode",
    "router_id",
];

/// What `searchMode` may be, in words for an error.
pub const SEARCH_MODES: &str = "`vector`, `lexical` or `hybrid`";

/// A workspace with nothing set; the slug is still empty.
pub fn fresh(id: u64, now: UnixMs) -> Workspace {
    Workspace {
        id,
        name: "My Workspace".to_owned(),
        slug: String::new(),
        created_at: now,
        updated_at: now,
        temperature: None,
        history_turns: 20,
        system_prompt: None,
        similarity_threshold: 0.25,
        chat_provider: None,
        chat_model: None,
        top_n: 4,
        chat_mode: ChatMode::Chat,
        agent_provider: None,
        agent_model: None,
        query_refusal: None,
        rerank: false,
        search_mode: SearchMode::Vector,
        router_id: None,
    }
}

/// Bytes of a name of something, at most: clients see 255 characters of one.
const NAME_BYTES_MAX: usize = 4 << 10;

/// The largest numbers that are taken.
const MOST: [(&str, f64); 3] = [("topN", TOP_N_MAX as f64), ("openAiHistory", 1000.0), ("openAiTemp", 2.0)];

/// The writable fields that were sent.
///
/// # Errors
/// [`Code::InvalidField`](super::Code::InvalidField) for a search mode that does not exist, and a number or a name that is
/// too large; [`Code::TooLarge`](super::Code::TooLarge) for a text that is too long.
pub fn changes(fields: &Fields, lengths: &Lengths) -> Result<Changes, ApiError> {
    for (name, most) in MOST {
        let number = fields.get(name).and_then(js::parse_float);
        if number.is_some_and(|number| number > most) {
            return Err(ApiError::field(name, &format!("a number up to {most}")));
        }
    }
    for name in WRITABLE {
        let Some(Value::String(text)) = fields.get(name) else { continue };
        match name {
            "openAiPrompt" | "queryRefusalResponse" => lengths.prompt.check(name, text.len())?,
            _ if text.len() > NAME_BYTES_MAX => {
                return Err(ApiError::field(name, &format!("at most {NAME_BYTES_MAX} bytes long")));
            }
            _ => {}
        }
    }
    let mode = fields.get("searchMode").filter(|value| !value.is_null());
    if mode.is_some_and(|value| value.as_str().and_then(SearchMode::parse).is_none()) {
        return Err(ApiError::field("searchMode", SEARCH_MODES));
    }
    Ok(WRITABLE.iter().filter_map(|name| fields.get(name).map(|value| (*name, value.clone()))).collect())
}

/// Writes `changes` and moves the time of the last update.
pub fn apply(workspace: &mut Workspace, changes: &Changes, now: UnixMs) {
    for (name, value) in changes {
        set(workspace, name, value);
    }
    // `default` means the instance's own provider, and its model with it.
    if workspace.chat_provider.as_deref() == Some("default") {
        workspace.chat_provider = None;
        workspace.chat_model = None;
    }
    if workspace.agent_provider.as_deref() == Some("default") {
        workspace.agent_provider = None;
        workspace.agent_model = None;
    }
    workspace.updated_at = now;
}

fn set(workspace: &mut Workspace, name: &str, value: &Value) {
    match name {
        "name" => {
            let name = text(value).unwrap_or_else(|| "My Workspace".to_owned());
            workspace.name = name.chars().take(255).collect();
        }
        "openAiTemp" => workspace.temperature = js::parse_float(value).filter(|t| *t >= 0.0),
        "openAiHistory" => {
            workspace.history_turns = js::parse_int(value).map_or(20, |n| u64::try_from(n).unwrap_or(0));
        }
        "openAiPrompt" => workspace.system_prompt = text(value),
        "similarityThreshold" => {
            workspace.similarity_threshold = js::parse_float(value).map_or(0.25, |t| t.clamp(0.0, 1.0));
        }
        "topN" => {
            workspace.top_n = js::parse_int(value).map_or(4, |n| u64::try_from(n).unwrap_or(0).max(1));
        }
        "chatMode" => {
            workspace.chat_mode = value.as_str().and_then(ChatMode::parse).unwrap_or(ChatMode::Chat);
        }
        "chatProvider" => workspace.chat_provider = provider(value),
        "chatModel" => workspace.chat_model = text(value),
        "agentProvider" => workspace.agent_provider = provider(value),
        "agentModel" => workspace.agent_model = text(value),
        "queryRefusalResponse" => workspace.query_refusal = text(value),
        "vectorSearchMode" => workspace.rerank = value.as_str() == Some("rerank"),
        "searchMode" => {
            workspace.search_mode = value.as_str().and_then(SearchMode::parse).unwrap_or_default();
        }
        "router_id" => workspace.router_id = js::parse_int(value),
        // The time of the last update is ours to keep.
        _ => {}
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn provider(value: &Value) -> Option<String> {
    text(value).filter(|name| name != "none")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn applied(body: Value) -> Workspace {
        let Value::Object(map) = body else { panic!("an object") };
        let mut workspace = fresh(1, UnixMs(0));
        let lengths = Lengths::read(|_, default| default);
        apply(&mut workspace, &changes(&Fields::from_map(map), &lengths).unwrap(), UnixMs(9));
        workspace
    }

    #[test]
    fn nonsense_becomes_the_default() {
        let workspace = applied(json!({
            "similarityThreshold": "abc", "openAiTemp": "hot", "openAiHistory": "many", "topN": "few",
            "chatMode": "nonsense", "vectorSearchMode": "magic", "queryRefusalResponse": 5, "openAiPrompt": 7,
        }));
        assert_eq!(workspace, Workspace { updated_at: UnixMs(9), ..fresh(1, UnixMs(0)) });
    }

    #[test]
    fn numbers_come_as_strings_and_are_bounded() {
        let workspace = applied(json!({
            "similarityThreshold": 5, "openAiTemp": -1, "openAiHistory": "7.9", "topN": 0,
        }));
        assert_eq!(workspace.similarity_threshold, 1.0);
        assert_eq!(workspace.temperature, None);
        assert_eq!(workspace.history_turns, 7);
        assert_eq!(workspace.top_n, 1);
    }

    #[test]
    fn the_default_provider_takes_the_model_with_it() {
        let workspace =
            applied(json!({ "chatModel": "gpt-x", "chatProvider": "default", "agentProvider": "none" }));
        assert_eq!(
            (workspace.chat_provider, workspace.chat_model, workspace.agent_provider),
            (None, None, None)
        );
    }
}
