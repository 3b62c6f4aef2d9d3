//! Saving a turn.

use super::flow::Ask;
use crate::api::{ApiError, log_event};
use crate::model::{Chat, Embed, Thread, TurnTokens, User, Workspace};
use crate::seam::Cx;
use crate::store::key::Partition;
use crate::store::{self, key, retry};
use serde_json::{Value, json};

/// What is saved beside the question.
pub(super) struct Answer<'a> {
    pub text: &'a str,
    pub sources: &'a [Value],
    pub metrics: &'a Value,
    pub tokens: Option<TurnTokens>,
}

/// Saves an answered turn; its id.
pub(super) async fn answered(cx: &Cx, ask: &Ask, answer: Answer<'_>) -> Result<u64, ApiError> {
    save(cx, ask, answer, true).await
}

/// Saves a refusal, which is on record but not in the conversation's memory.
pub(super) async fn refused(cx: &Cx, ask: &Ask, text: &str) -> Result<u64, ApiError> {
    save(cx, ask, Answer { text, sources: &[], metrics: &json!({}), tokens: None }, false).await
}

async fn save(cx: &Cx, ask: &Ask, answer: Answer<'_>, include: bool) -> Result<u64, ApiError> {
    let embed = match &ask.partition {
        Partition::Embed(embed, _) => Some(*embed),
        _ => None,
    };
    let chat = Chat {
        id: store::next_id(cx, if embed.is_some() { "embed.chat" } else { "chat" }).await?,
        workspace: ask.workspace.id,
        prompt: ask.message.clone(),
        text: answer.text.to_owned(),
        sources: answer.sources.to_vec(),
        attachments: super::attachments::kept(&ask.attachments),
        mode: ask.mode.name().to_owned(),
        metrics: answer.metrics.clone(),
        include,
        user: ask.user.as_ref().map(|user| user.id),
        thread: ask.thread.as_ref().map(|thread| thread.id),
        session: match &ask.partition {
            Partition::Session(name) | Partition::Embed(_, name) => Some(name.clone()),
            _ => None,
        },
        created_at: cx.now(),
        feedback: None,
        visitor: ask.overrides.visitor.clone(),
        tokens: answer.tokens,
    };
    let place = key::chat(chat.workspace, &ask.partition, chat.id);
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        // A conversation does not outlive its workspace, user, thread and embed.
        if tx.get::<Workspace>(key::workspace(chat.workspace)).await?.is_none() {
            return Err(ApiError::unknown_workspace(&ask.workspace.slug));
        }
        if let Some(user) = chat.user
            && tx.get::<User>(key::user(user)).await?.is_none()
        {
            return Err(ApiError::new(crate::api::Code::NotFound, "The user was deleted meanwhile."));
        }
        if let Some(thread) = &ask.thread
            && tx.get::<Thread>(key::thread(chat.workspace, thread.id)).await?.is_none()
        {
            return Err(ApiError::new(crate::api::Code::NotFound, "The thread was deleted meanwhile."));
        }
        if let Some(embed) = embed
            && tx.get::<Embed>(key::embed(embed)).await?.is_none()
        {
            return Err(ApiError::new(crate::api::Code::NotFound, "The embed was deleted meanwhile."));
        }
        tx.put(place.clone(), &chat)?;
        if embed.is_some() {
            // Found through its embed alone, and no line of the log for each visitor.
            if tx.commit().await? {
                return Ok(chat.id);
            }
            continue;
        }
        tx.put(key::chat_id(chat.id), &place)?;
        let mut metadata = json!({
            "workspaceName": ask.workspace.name,
            "chatModel": ask.workspace.chat_model.as_deref().unwrap_or("System Default"),
        });
        if let Some(thread) = &ask.thread {
            metadata["threadName"] = thread.name.clone().into();
        }
        log_event(cx, &mut tx, "api_sent_chat", metadata).await?;
        if tx.commit().await? {
            return Ok(chat.id);
        }
    }
}
