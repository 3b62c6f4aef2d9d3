//! Models that Spin itself has. They answer as a whole: to stream, configure a provider over HTTP.

use haversack_engine::seam::{CompleteReply, CompleteRequest, EmbedRequest, HostError, HostErrorKind};
use spin_sdk::llm::{self, EmbeddingModel, InferencingModel, InferencingParams};

/// The whole answer of a language model.
pub fn complete(request: &CompleteRequest) -> Result<(String, CompleteReply), HostError> {
    let params = InferencingParams {
        max_tokens: request.max_tokens,
        temperature: request.temperature as f32,
        ..InferencingParams::default()
    };
    let model = InferencingModel::Other(&request.model);
    let result = llm::infer_with_options(model, &prompt(&request.messages), params).map_err(failed)?;
    let reply = CompleteReply {
        prompt_tokens: Some(u64::from(result.usage.prompt_token_count)),
        completion_tokens: Some(u64::from(result.usage.generated_token_count)),
    };
    Ok((result.text, reply))
}

/// Spin's models take one text: the turns with their roles, and the beginning of the next one.
fn prompt(messages: &[(String, String)]) -> String {
    let turns: String = messages.iter().map(|(role, text)| format!("{role}: {text}\n\n")).collect();
    turns + "assistant: "
}

/// One vector for each text.
pub fn embed(request: &EmbedRequest) -> Result<Vec<Vec<f32>>, HostError> {
    let model = EmbeddingModel::Other(&request.model);
    Ok(llm::generate_embeddings(model, &request.texts).map_err(failed)?.embeddings)
}

fn failed(error: llm::Error) -> HostError {
    match error {
        llm::Error::ModelNotSupported => HostError::new(
            HostErrorKind::Unsupported,
            "Spin has no model of this name for the component: name it in `ai_models` of spin.toml",
        ),
        other => HostError::new(HostErrorKind::Failed, format!("Spin's model failed: {other:?}")),
    }
}
