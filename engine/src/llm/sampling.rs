//! What a caller asks of one answer, beside its temperature, and which models can do it.

use super::ChatModel;
use super::table::Wire;
use serde_json::Value;

/// Wishes for one answer, as OpenAI's clients know them. Nothing is asked by default.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Sampling {
    /// The caller named a temperature, rather than leaving it to the workspace.
    pub own_temperature: bool,
    /// The longest answer in tokens; the limit of the instance holds all the same.
    pub max_tokens: Option<u32>,
    /// Texts that end the answer, and are not part of it.
    pub stop: Vec<String>,
    /// Makes answers repeatable, as far as the provider can.
    pub seed: Option<i64>,
    /// Only the likeliest tokens, up to this sum of probabilities.
    pub top_p: Option<f64>,
    /// Against words that were used before.
    pub presence_penalty: Option<f64>,
    /// Against words that were used often.
    pub frequency_penalty: Option<f64>,
    /// `{"type": "json_object"}` or `{"type": "json_schema", "json_schema": {"name", "schema"}}`.
    pub response_format: Option<Value>,
    /// How long a model thinks: `low`, `medium` or `high`, say.
    pub reasoning_effort: Option<String>,
}

impl Sampling {
    /// `top_p` if it changes anything.
    pub(crate) fn narrow_top_p(&self) -> Option<f64> {
        self.top_p.filter(|top_p| *top_p < 1.0)
    }

    /// The smaller of the caller's limit and the instance's.
    pub(crate) fn limit(&self, of_instance: Option<u32>) -> Option<u32> {
        self.max_tokens.into_iter().chain(of_instance).min()
    }

    /// The first wish that `model` cannot fulfil: the field, and what to do instead.
    pub fn unsupported(&self, model: &ChatModel) -> Option<(&'static str, String)> {
        let of_model = |what: &str| format!("{} {what}", self::name(model));
        let wishes = [
            ("seed", self.seed.is_some()),
            ("top_p", self.narrow_top_p().is_some()),
            ("presence_penalty", self.presence_penalty.is_some_and(|value| value != 0.0)),
            ("frequency_penalty", self.frequency_penalty.is_some_and(|value| value != 0.0)),
            ("response_format", self.response_format.is_some()),
            ("reasoning_effort", self.reasoning_effort.is_some()),
            ("stop", !self.stop.is_empty()),
        ];
        let cannot: &[&str] = match model {
            ChatModel::Http(model) => match model.provider.wire {
                Wire::OpenAi => &[],
                Wire::Anthropic => {
                    &["seed", "presence_penalty", "frequency_penalty", "response_format", "reasoning_effort"]
                }
                Wire::Ollama => &["reasoning_effort"],
            },
            ChatModel::Host(_) => &[
                "seed",
                "top_p",
                "presence_penalty",
                "frequency_penalty",
                "response_format",
                "reasoning_effort",
                "stop",
            ],
            // Quotes are the same each time and nothing is drawn by chance, so that the wishes for that are fulfilled.
            ChatModel::Extractive => &["response_format"],
        };
        let asked = wishes.iter().find(|(field, asked)| *asked && cannot.contains(field));
        if let Some((field, _)) = asked {
            return Some((
                *field,
                format!("`{field}` is not supported: {}. Leave it out.", of_model("has no such option")),
            ));
        }
        let anthropic = matches!(model, ChatModel::Http(model) if model.provider.wire == Wire::Anthropic);
        if anthropic && self.own_temperature && self.narrow_top_p().is_some() {
            let why = of_model("takes either `temperature` or `top_p`");
            return Some((
                "top_p",
                format!("`top_p` cannot be used beside `temperature`: {why}. Leave one out."),
            ));
        }
        None
    }
}

fn name(model: &ChatModel) -> &str {
    match model {
        ChatModel::Extractive => {
            "the answer is quoted from the documents, as there is no language model, and that"
        }
        ChatModel::Host(_) => "the model inside this host",
        ChatModel::Http(model) => model.provider.name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::testing_models::of;
    use serde_json::json;

    fn refused(sampling: Sampling, model: &ChatModel) -> Option<&'static str> {
        sampling.unsupported(model).map(|(field, message)| {
            assert!(message.contains(field) && message.contains("eave"), "{message}");
            field
        })
    }

    #[test]
    fn each_wire_takes_what_it_has_a_word_for() {
        let http = |id: &str| ChatModel::Http(Box::new(of(id, "m")));
        let seed = || Sampling { seed: Some(7), ..Sampling::default() };
        let json =
            || Sampling { response_format: Some(json!({"type": "json_object"})), ..Sampling::default() };
        assert_eq!(refused(seed(), &http("generic-openai")), None);
        assert_eq!(refused(seed(), &http("ollama")), None);
        assert_eq!(refused(seed(), &http("anthropic")), Some("seed"));
        assert_eq!(refused(json(), &http("ollama")), None);
        assert_eq!(refused(json(), &ChatModel::Extractive), Some("response_format"));
        assert_eq!(refused(seed(), &ChatModel::Extractive), None);
    }

    #[test]
    fn values_that_change_nothing_are_taken_by_all() {
        let sampling = Sampling {
            own_temperature: true,
            top_p: Some(1.0),
            presence_penalty: Some(0.0),
            frequency_penalty: Some(0.0),
            ..Sampling::default()
        };
        let anthropic = ChatModel::Http(Box::new(of("anthropic", "claude")));
        assert_eq!(refused(sampling.clone(), &anthropic), None);
        assert_eq!(refused(Sampling { top_p: Some(0.5), ..sampling }, &anthropic), Some("top_p"));
    }

    #[test]
    fn the_smaller_limit_counts() {
        let asked = Sampling { max_tokens: Some(5), ..Sampling::default() };
        assert_eq!(
            [asked.limit(None), asked.limit(Some(3)), asked.limit(Some(9))],
            [Some(5), Some(3), Some(5)]
        );
        assert_eq!(Sampling::default().limit(Some(3)), Some(3));
    }
}
