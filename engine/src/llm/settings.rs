//! Settings of the language model, from the environment names that AnythingLLM's users have already.

use super::model::{Cache, ChatModel, HostModel, HttpModel, Patience};
use super::table::{Base, KeyVar, PROVIDERS, Provider, Wire, window_of};
use super::vars::Vars;
use super::{LlmError, Secret};
use std::collections::BTreeMap;

/// Which model answers, and how to reach every provider that a workspace may choose.
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `LLM_PROVIDER` | an id of [`PROVIDERS`], or `host` | none: answers are quoted from the documents |
/// | `HAVERSACK_LLM_RETRIES` | how often a failed request is sent again | 2 |
/// | `HAVERSACK_LLM_TIMEOUT_MS` | until an answer begins | 600000 |
/// | `HAVERSACK_LLM_IDLE_TIMEOUT_MS` | between two pieces of it | 120000 |
/// | `HAVERSACK_HOST_MODEL_PREF` | the model inside the host | the host's own choice |
/// | `HAVERSACK_HOST_MODEL_TOKEN_LIMIT` | its window in tokens | 4096 |
/// | `HAVERSACK_HOST_MAX_TOKENS` | its longest answer in tokens | 1024 |
/// | `GENERIC_OPENAI_STREAMING_DISABLED` | `true`: ask for whole answers | |
/// | `GENERIC_OPEN_AI_REPORT_USAGE` | `true`: ask for token counts in streams | |
/// | `GENERIC_OPEN_AI_CUSTOM_HEADERS` | `Name:value,Name:value` | |
/// | `OLLAMA_KEEP_ALIVE_TIMEOUT` | seconds a model stays loaded | 300 |
/// | `OLLAMA_RESPONSE_TIMEOUT` | until an answer begins, in milliseconds | as above |
/// | `ANTHROPIC_CACHE_CONTROL` | `none`, `5m` or `1h` | `none` |
///
/// and for each provider the variables of its row: base path, key, model, window, longest answer.
#[derive(Clone, Debug)]
pub struct LlmSettings {
    selected: Option<String>,
    host: HostModel,
    /// In the order of [`PROVIDERS`].
    providers: Vec<Configured>,
}

/// One provider as far as it is configured.
#[derive(Clone, Debug)]
struct Configured {
    provider: &'static Provider,
    base_url: Option<String>,
    key: Option<Secret>,
    model: Option<String>,
    window: Option<u32>,
    max_tokens: Option<u32>,
    headers: Vec<(String, Secret)>,
    keep_alive_s: i64,
    cache: Cache,
    stream_usage: bool,
    streams: bool,
    patience: Patience,
}

impl LlmSettings {
    /// Reads the settings. Never fails: what is wrong is left at its default and told in the second
    /// value, a sentence each, without secrets.
    pub fn from_vars(vars: &BTreeMap<String, String>) -> (LlmSettings, Vec<String>) {
        let mut vars = Vars { vars, problems: Vec::new() };
        let default = Patience::default();
        let patience = Patience {
            retries: vars.number("HAVERSACK_LLM_RETRIES").unwrap_or(default.retries).min(10),
            head_ms: vars.number("HAVERSACK_LLM_TIMEOUT_MS").unwrap_or(default.head_ms),
            idle_ms: vars.number("HAVERSACK_LLM_IDLE_TIMEOUT_MS").unwrap_or(default.idle_ms),
        };
        let host = HostModel {
            model: vars.text("HAVERSACK_HOST_MODEL_PREF").unwrap_or_default().to_owned(),
            context_window: vars.positive("HAVERSACK_HOST_MODEL_TOKEN_LIMIT").unwrap_or(4096),
            max_tokens: vars.positive("HAVERSACK_HOST_MAX_TOKENS").unwrap_or(1024),
        };
        let providers = PROVIDERS.iter().map(|row| configured(row, &mut vars, patience)).collect();
        let selected = vars.text("LLM_PROVIDER").filter(|id| *id != "none").map(str::to_owned);
        let settings = LlmSettings { selected, host, providers };
        if settings.selected.is_some()
            && let Err(error) = settings.resolve(None, None)
        {
            vars.problems.push(error.message);
        }
        (settings, vars.problems)
    }

    /// The provider selected for the instance, as in `LLM_PROVIDER`.
    pub fn provider_id(&self) -> Option<&str> {
        self.selected.as_deref()
    }

    /// Which secret goes where: each variable that holds one, with the address of the provider that is sent it.
    pub(crate) fn destinations(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.providers.iter().filter_map(|of| Some((of, of.address()?))).flat_map(|(of, address)| {
            let (KeyVar::Required(key) | KeyVar::Optional(key)) = of.provider.key;
            let headers = (of.provider.id == GENERIC).then_some(GENERIC_HEADERS);
            [Some(key), headers].into_iter().flatten().map(move |var| (var, address))
        })
    }

    /// The model of a workspace: its `chatProvider` and `chatModel` where set, else the instance's.
    ///
    /// Without any provider this is [`ChatModel::Extractive`]. Fails with `LlmErrorKind::Settings` and
    /// the variable to set when the provider is unknown or not configured.
    pub fn resolve(
        &self,
        chat_provider: Option<&str>,
        chat_model: Option<&str>,
    ) -> Result<ChatModel, LlmError> {
        let named = |text: &&str| !matches!(*text, "" | "none" | "default");
        let Some(id) = chat_provider.filter(named).or(self.selected.as_deref()) else {
            return Ok(ChatModel::Extractive);
        };
        let model = chat_model.filter(|model| !model.is_empty());
        if id == "host" {
            let model = model.map_or_else(|| self.host.model.clone(), str::to_owned);
            return Ok(ChatModel::Host(HostModel { model, ..self.host.clone() }));
        }
        match self.providers.iter().find(|configured| configured.provider.id == id) {
            Some(configured) => Ok(ChatModel::Http(Box::new(configured.model(model)?))),
            None => {
                let ids: Vec<&str> = PROVIDERS.iter().map(|provider| provider.id).collect();
                Err(LlmError::settings(format!(
                    "{id} is not a valid LLM provider. Choose one of {}, host; any other server that speaks \
                     OpenAI's API is reached as generic-openai.",
                    ids.join(", ")
                )))
            }
        }
    }
}

/// The provider that is any server.
const GENERIC: &str = "generic-openai";
/// Further headers for it, which may be secret.
const GENERIC_HEADERS: &str = "GENERIC_OPEN_AI_CUSTOM_HEADERS";

impl Configured {
    /// Where requests go.
    fn address(&self) -> Option<&str> {
        match (&self.base_url, self.provider.base) {
            (Some(url), _) => Some(url),
            (None, Base::Fixed(url) | Base::Var(_, Some(url))) => Some(url),
            (None, Base::Var(_, None)) => None,
        }
    }

    fn model(&self, chosen: Option<&str>) -> Result<HttpModel, LlmError> {
        let row = self.provider;
        let missing = |what: &str, var: &str| {
            LlmError::settings(format!("No {what} was set for {}. Set {var}.", row.name))
        };
        let base_url = match (self.address(), row.base) {
            (Some(url), _) => url.to_owned(),
            (None, Base::Var(var, _) | Base::Fixed(var)) => return Err(missing("base path", var)),
        };
        if let (KeyVar::Required(var), None) = (row.key, &self.key) {
            return Err(missing("API key", var));
        }
        let model = chosen.or(self.model.as_deref()).or(row.model_default);
        let model = model.ok_or_else(|| missing("model", row.model_var))?.to_owned();
        Ok(HttpModel {
            provider: row,
            base_url,
            key: self.key.clone(),
            context_window: self.window.or_else(|| window_of(row.id, &model)).unwrap_or(row.window_default),
            model,
            max_tokens: self.max_tokens.or(row.max_tokens.map(|(_, default)| default)),
            headers: self.headers.clone(),
            keep_alive_s: self.keep_alive_s,
            cache: self.cache,
            stream_usage: self.stream_usage,
            streams: self.streams,
            patience: self.patience,
        })
    }
}

fn configured(row: &'static Provider, vars: &mut Vars<'_>, patience: Patience) -> Configured {
    let (KeyVar::Required(key) | KeyVar::Optional(key)) = row.key;
    let generic = row.id == GENERIC;
    let mut patience = patience;
    if row.wire == Wire::Ollama {
        patience.head_ms = vars.positive("OLLAMA_RESPONSE_TIMEOUT").map_or(patience.head_ms, u64::from);
    }
    Configured {
        provider: row,
        base_url: match row.base {
            Base::Fixed(_) => None,
            Base::Var(var, _) => vars.url(var, row.wants_v1()),
        },
        key: vars.text(key).map(Secret::new),
        model: vars.text(row.model_var).map(str::to_owned),
        window: row.window_var.and_then(|var| vars.positive(var)),
        max_tokens: row.max_tokens.and_then(|(var, _)| vars.positive(var)),
        headers: if generic { vars.headers(GENERIC_HEADERS) } else { Vec::new() },
        keep_alive_s: match row.wire {
            Wire::Ollama => vars.number("OLLAMA_KEEP_ALIVE_TIMEOUT").unwrap_or(300),
            _ => 0,
        },
        cache: match (row.wire, vars.text("ANTHROPIC_CACHE_CONTROL")) {
            (Wire::Anthropic, Some("5m")) => Cache::Minutes5,
            (Wire::Anthropic, Some("1h")) => Cache::Hour1,
            _ => Cache::Off,
        },
        stream_usage: row.stream_usage || (generic && vars.is_true("GENERIC_OPEN_AI_REPORT_USAGE")),
        streams: !(generic && vars.is_true("GENERIC_OPENAI_STREAMING_DISABLED")),
        patience,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::LlmErrorKind;

    fn vars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn settings(pairs: &[(&str, &str)]) -> LlmSettings {
        let (settings, problems) = LlmSettings::from_vars(&vars(pairs));
        assert_eq!(problems, Vec::<String>::new());
        settings
    }

    fn http(model: ChatModel) -> HttpModel {
        match model {
            ChatModel::Http(model) => *model,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_set_means_quotes_from_the_documents() {
        let settings = settings(&[]);
        assert!(matches!(settings.resolve(None, None), Ok(ChatModel::Extractive)));
        assert!(matches!(settings.resolve(Some("none"), Some("")), Ok(ChatModel::Extractive)));
    }

    #[test]
    fn the_generic_provider_has_their_defaults() {
        let settings = settings(&[
            ("LLM_PROVIDER", "generic-openai"),
            ("GENERIC_OPEN_AI_BASE_PATH", "http://localhost:9000/v1/"),
            ("GENERIC_OPEN_AI_MODEL_PREF", "mock-model"),
            ("GENERIC_OPEN_AI_API_KEY", "sk-1"),
            ("HAVERSACK_LLM_RETRIES", "0"),
        ]);
        let model = settings.resolve(None, None).unwrap();
        assert_eq!(model.connector(), "GenericOpenAiLLM");
        let model = http(model);
        assert_eq!(model.base_url, "http://localhost:9000/v1");
        assert_eq!((model.context_window, model.max_tokens, model.patience.retries), (4096, Some(1024), 0));
        assert!(!format!("{model:?}").contains("sk-1"));
    }

    #[test]
    fn a_workspace_may_choose_provider_and_model() {
        let settings = settings(&[
            ("LLM_PROVIDER", "ollama"),
            ("OLLAMA_MODEL_PREF", "llama3"),
            ("OLLAMA_MODEL_TOKEN_LIMIT", "8192"),
            ("OPEN_AI_KEY", "sk-1"),
        ]);
        let own = http(settings.resolve(None, Some("qwen3")).unwrap());
        assert_eq!((own.model.as_str(), own.context_window, own.keep_alive_s), ("qwen3", 8192, 300));
        let other = http(settings.resolve(Some("openai"), None).unwrap());
        assert_eq!((other.model.as_str(), other.context_window), ("gpt-4.1-nano", 1_047_576));
        let other = http(settings.resolve(Some("openai"), Some("gpt-4o")).unwrap());
        assert_eq!((other.model.as_str(), other.context_window), ("gpt-4o", 128_000));
    }

    #[test]
    fn what_is_missing_is_named() {
        let settings = settings(&[]);
        let error = settings.resolve(Some("openai"), None).unwrap_err();
        assert_eq!(error.kind, LlmErrorKind::Settings);
        assert_eq!(error.message, "No API key was set for OpenAI. Set OPEN_AI_KEY.");
        let error = settings.resolve(Some("localai"), None).unwrap_err();
        assert_eq!(error.message, "No base path was set for LocalAI. Set LOCAL_AI_BASE_PATH.");
        let error = settings.resolve(Some("ollama"), None).unwrap_err();
        assert_eq!(error.message, "No model was set for Ollama. Set OLLAMA_MODEL_PREF.");
        let error = settings.resolve(Some("bedrock"), None).unwrap_err();
        assert!(error.message.starts_with("bedrock is not a valid LLM provider."));
    }

    #[test]
    fn problems_are_told_once_and_hold_no_secret() {
        let (_, problems) = LlmSettings::from_vars(&vars(&[
            ("LLM_PROVIDER", "lmstudio"),
            ("LMSTUDIO_BASE_PATH", "localhost:1234"),
            ("LMSTUDIO_MODEL_TOKEN_LIMIT", "many"),
            ("GENERIC_OPEN_AI_CUSTOM_HEADERS", "x-a:s3cret:y, broken"),
            ("OLLAMA_MODEL_TOKEN_LIMIT", "0"),
        ]));
        assert_eq!(
            problems,
            [
                "OLLAMA_MODEL_TOKEN_LIMIT must be greater than zero; it is ignored.",
                "GENERIC_OPEN_AI_CUSTOM_HEADERS must look like `Name:value,Name:value`.",
                "LMSTUDIO_BASE_PATH must be a URL that begins with http:// or https://.",
                "LMSTUDIO_MODEL_TOKEN_LIMIT must be a number; `many` is ignored.",
                "No model was set for LM Studio. Set LMSTUDIO_MODEL_PREF.",
            ]
        );
    }

    #[test]
    fn a_bare_host_gets_its_v1() {
        let settings = settings(&[
            ("LMSTUDIO_BASE_PATH", "http://10.0.0.5:1234/"),
            ("LMSTUDIO_MODEL_PREF", "m"),
            ("OLLAMA_BASE_PATH", "http://10.0.0.5:11434/"),
        ]);
        let url = |id| http(settings.resolve(Some(id), Some("m")).unwrap()).base_url;
        assert_eq!(url("lmstudio"), "http://10.0.0.5:1234/v1");
        assert_eq!(url("ollama"), "http://10.0.0.5:11434");
    }

    #[test]
    fn a_model_inside_the_host() {
        let settings = settings(&[("LLM_PROVIDER", "host"), ("HAVERSACK_HOST_MODEL_PREF", "llama2-chat")]);
        let model = settings.resolve(None, None).unwrap();
        assert_eq!(
            (model.name(), model.provider_id(), model.context_window()),
            ("llama2-chat", Some("host"), 4096)
        );
    }
}
