//! Chats and their histories (reference §4.3, §5, §8).

use super::answer::{self, Answer};
use super::body::Fields;
use super::error::{ApiError, Code};
use super::threads;
use super::workspaces::find_thread;
use super::{Call, js, numbers, stream, wire};
use crate::chat::{self, ATTACHMENTS_MAX, Ask, Outcome, Overrides, Refusal, Voice};
use crate::model::{Chat, ChatMode, Scope, Thread, User, Workspace};
use crate::seam::{Key, KeyRange};
use crate::store::key::{self, Partition};
use crate::store::{self, retry};
use serde_json::{Value, json};

/// `POST /v1/workspace/:slug/chat`.
pub async fn chat(call: Call) -> Result<Answer, ApiError> {
    respond(call, Place::Workspace, false).await
}

/// `POST /v1/workspace/:slug/stream-chat`.
pub async fn stream_chat(call: Call) -> Result<Answer, ApiError> {
    respond(call, Place::Workspace, true).await
}

/// `POST /v1/workspace/:slug/thread/:thread/chat`.
pub async fn thread_chat(call: Call) -> Result<Answer, ApiError> {
    respond(call, Place::Thread, false).await
}

/// `POST /v1/workspace/:slug/thread/:thread/stream-chat`.
pub async fn thread_stream_chat(call: Call) -> Result<Answer, ApiError> {
    respond(call, Place::Thread, true).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Workspace,
    Thread,
}

async fn respond(call: Call, place: Place, streamed: bool) -> Result<Answer, ApiError> {
    let id = call.cx.uuid().to_string();
    match prepare(&call, place, streamed).await {
        Ok((ask, reset)) => Ok(carry_out(&call, &id, ask, reset, streamed).await),
        Err(error) => Ok(aborted(&id, &error)),
    }
}

/// An error before the answer began, in the shape clients of chats expect.
pub(super) fn aborted(id: &str, error: &ApiError) -> Answer {
    let mut error = error.clone();
    error.extra = wire::abort(id, &error.message);
    error.answer()
}

/// Reads the request; whether it asks to forget the conversation first.
async fn prepare(call: &Call, place: Place, streamed: bool) -> Result<(Ask, bool), ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let (workspace, thread) = locate(call, place, streamed).await?;
    let reset = js::truthy(fields.get("reset"));
    let message = fields.string("message")?.unwrap_or("").to_owned();
    if message.is_empty() && !reset {
        return Err(ApiError::new(Code::InvalidField, "Message is empty"));
    }
    call.engine.settings().lengths.message.check("message", message.len())?;
    let mode = match fields.get("mode") {
        None | Some(Value::Null) => workspace.chat_mode,
        Some(value) => {
            let name = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            ChatMode::parse(&name)
                .ok_or_else(|| ApiError::new(Code::InvalidField, format!("{name} is not a valid mode.")))?
        }
    };
    let user = asker(call, &fields).await?;
    let user_id = user.as_ref().map(|user| user.id);
    let partition = match &thread {
        Some(thread) => Partition::Thread(thread.id, user_id),
        None => match session(fields.get("sessionId"))? {
            Some(name) => Partition::Session(session_of(call, name)),
            None => Partition::Main(user_id),
        },
    };
    let attachments = match fields.get("attachments") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) if items.len() <= ATTACHMENTS_MAX => items.clone(),
        Some(_) => {
            let expected = format!("a list of at most {ATTACHMENTS_MAX} attachments");
            return Err(ApiError::field("attachments", &expected));
        }
    };
    let overrides = Overrides::default();
    Ok((Ask { workspace, partition, thread, user, message, mode, attachments, overrides }, reset))
}

/// The workspace and thread of the path; each endpoint words their absence in its own way.
async fn locate(call: &Call, place: Place, streamed: bool) -> Result<(Workspace, Option<Thread>), ApiError> {
    if place == Place::Workspace {
        return Ok((call.workspace().await?, None));
    }
    let (slug, thread_slug) = (call.param(0), call.param(1));
    let missing = |what: &str, name: &str| match streamed {
        true => {
            let message = format!("Workspace {slug} or thread {thread_slug} is not valid.");
            ApiError::new(Code::UnknownWorkspace, message)
        }
        false => ApiError::new(Code::NotFound, format!("{what} {name} not found.")),
    };
    let workspace = call.find_workspace().await?.ok_or_else(|| missing("Workspace", slug))?;
    let thread = find_thread(call, &workspace, thread_slug).await?;
    Ok((workspace, Some(thread.ok_or_else(|| missing("Thread", thread_slug))?)))
}

/// Who asks. A key may ask for a user of the instance (`userId`, in threads; unknown ones are nobody, as
/// ever); a user who is signed in asks for nobody else.
async fn asker(call: &Call, fields: &Fields) -> Result<Option<User>, ApiError> {
    if let Some(user) = call.caller.user() {
        return Ok(Some(user.clone()));
    }
    if !call.instance.multi_user || call.param(1).is_empty() {
        return Ok(None);
    }
    match numbers::id(fields, "userId")? {
        Some(id) => Ok(store::get(&call.cx, key::user(id)).await?),
        None => Ok(None),
    }
}

/// Users have sessions of their own: naming one of another user leads nowhere.
pub(super) fn session_of(call: &Call, name: String) -> String {
    match call.caller.user() {
        Some(user) => format!("{}@{name}", user.id),
        None => name,
    }
}

/// Length of a session's name in bytes.
pub(super) const SESSION_BYTES_MAX: usize = 256;

/// Clients send strings and numbers; what JavaScript takes for false is no session.
fn session(value: Option<&Value>) -> Result<Option<String>, ApiError> {
    let name = match value {
        value if !js::truthy(value) => return Ok(None),
        Some(Value::String(name)) => name.clone(),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        _ => return Err(ApiError::field("sessionId", "a string")),
    };
    if name.len() > SESSION_BYTES_MAX {
        return Err(ApiError::field("sessionId", &format!("at most {SESSION_BYTES_MAX} bytes long")));
    }
    Ok(Some(name))
}

async fn carry_out(call: &Call, id: &str, ask: Ask, reset: bool, streamed: bool) -> Answer {
    if reset {
        if let Err(error) = chat::reset(&call.cx, ask.workspace.id, &ask.partition).await {
            return aborted(id, &error);
        }
        if ask.message.is_empty() {
            return stream::early(&call.cx, id, "Chat history was reset!", true, streamed);
        }
    }
    if streamed {
        return stream::answer(call, id, &ask).await;
    }
    match chat::answer(&call.cx, &call.engine, &ask, &mut Whole).await {
        Ok(outcome) => whole(call, id, outcome),
        Err(error) => aborted(id, &error),
    }
}

/// An answer that is given all at once.
pub(super) struct Whole;

impl Voice for Whole {
    fn streams(&self) -> bool {
        false
    }

    fn say(&mut self, _text: &str) {}
}

fn whole(call: &Call, id: &str, outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Refused { text, stage } => {
            stream::early(&call.cx, id, &text, stage == Refusal::NoDocuments, false)
        }
        Outcome::Empty { metrics } => {
            let mut body = wire::abort(id, "No text completion could be completed with this input.");
            body.insert("metrics".to_owned(), metrics);
            Answer::ok(&body)
        }
        Outcome::Answered { chat_id, text, sources, metrics, broken, .. } => Answer::ok(&json!({
            "id": id,
            "type": "textResponse",
            "close": true,
            "error": broken,
            "chatId": chat_id,
            "textResponse": text,
            "sources": sources,
            "metrics": metrics,
        })),
        Outcome::Abandoned => Answer::text(super::CLIENT_LEFT, ""),
    }
}

/// `GET /v1/workspace/:slug/chats?apiSessionId&limit&orderBy`.
///
/// Without a session: what the workspace's own conversation remembers. With one: everything said in it,
/// turns that were reset or refused included (reference §4.3).
pub async fn history(call: Call) -> Result<Answer, ApiError> {
    let workspace = call.workspace().await?;
    let query = Fields::of_query(&call.request);
    let session = query.string("apiSessionId")?.filter(|name| !name.is_empty()).map(str::to_owned);
    let range = match (&session, call.caller.user()) {
        (Some(name), _) => key::chats_of(workspace.id, &Partition::Session(session_of(&call, name.clone()))),
        (None, Some(user)) => key::chats_of(workspace.id, &Partition::Main(Some(user.id))),
        (None, None) => key::chats_main(workspace.id),
    };
    let limit = match query.get("limit") {
        None => 100,
        // A word for a limit lists nothing, as clients know it.
        Some(value) => match js::parse_int(value) {
            Some(limit) => usize::try_from(limit).unwrap_or(0).max(1),
            None => 0,
        },
    };
    let newest_first = query.string("orderBy")? == Some("desc");
    let mut chats = collect(&call, range).await?;
    chats.retain(|chat| chat.include || session.is_some());
    if newest_first {
        chats.reverse();
    }
    chats.truncate(limit);
    Ok(histories(&call, &chats).await)
}

/// `GET /v1/workspace/:slug/thread/:thread/chats`.
pub async fn thread_history(call: Call) -> Result<Answer, ApiError> {
    let (workspace, thread) = threads::require(&call).await?;
    let range = match call.caller.user() {
        Some(user) => key::chats_of(workspace.id, &Partition::Thread(thread.id, Some(user.id))),
        None => key::chats_thread(workspace.id, thread.id),
    };
    let mut chats = collect(&call, range).await?;
    chats.retain(|chat| chat.include);
    Ok(histories(&call, &chats).await)
}

/// The turns of some conversations by id.
pub(super) async fn collect(call: &Call, range: KeyRange) -> Result<Vec<Chat>, ApiError> {
    let records = store::all::<Chat>(&call.cx, range).await?;
    Ok(store::by_id(records.into_iter().map(|(_, chat)| (chat.id, chat))).into_values().collect())
}

/// One published document calls the list `chats`, the others `history`.
async fn histories(call: &Call, chats: &[Chat]) -> Answer {
    let items = answer::list(&mut call.cx.slices(), wire::history(chats)).await;
    Answer::written([&b"{\"history\":"[..], &items, b",\"chats\":", &items, b"}"].concat())
}

/// `DELETE /v1/workspace/:slug/chats {chatId?}`: one turn, or all of the workspace, threads and sessions
/// included. One published document has this route, the original server has not (reference §14).
///
/// Whoever may chat but not write takes back turns of their own, one by one.
pub async fn delete(call: Call) -> Result<Answer, ApiError> {
    let workspace = call.workspace().await?;
    let fields = Fields::of_body(&call.request)?;
    let writes = call.caller.may(Scope::Write);
    let wanted = match fields.get("chatId") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let id = numbers::as_id(value);
            Some(id.ok_or_else(|| ApiError::field("chatId", "the number of a chat, from 1"))?)
        }
    };
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let deleted = match wanted {
            Some(id) => {
                let place = tx.get::<Key>(key::chat_id(id)).await?;
                let all = key::chats(workspace.id);
                let is_theirs = |place: &Key| match call.caller.user() {
                    Some(user) => writes || key::may_be_by(place, user.id),
                    None => writes,
                };
                let here = |place: &Key| all.start <= *place && *place < all.end && is_theirs(place);
                let Some(place) = place.filter(here) else {
                    let message = format!("This workspace has no chat {id}.");
                    return Err(ApiError::new(Code::NotFound, message).with("success", false));
                };
                tx.delete(place);
                tx.delete(key::chat_id(id));
                1
            }
            None if !writes => {
                let message =
                    "Taking back a whole conversation needs the permission to write: name a `chatId`.";
                return Err(ApiError::new(Code::Forbidden, message).with("success", false));
            }
            None => {
                let places = store::scan_keys(&call.cx, key::chats(workspace.id)).await?;
                for place in &places {
                    tx.delete(place.clone());
                    if let Some(id) = key::trailing_id(place) {
                        tx.delete(key::chat_id(id));
                    }
                }
                places.len()
            }
        };
        if tx.is_empty() || tx.commit().await? {
            return Ok(Answer::ok(&json!({ "success": true, "message": null, "deleted": deleted })));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::TestHost;
    use serde_json::{Value, json};

    #[test]
    fn turns_are_deleted_one_by_one_or_all_at_once() {
        let mut host = TestHost::new(&[]);
        host.workspace("Docs");
        host.workspace("Others");
        for slug in ["docs", "docs", "others"] {
            let path = format!("/v1/workspace/{slug}/chat");
            host.call("POST", &path, &json!({ "message": "hi", "mode": "chat" })).ok();
        }
        let mut delete = |body: Value| host.call("DELETE", "/v1/workspace/docs/chats", &body);
        assert_eq!(delete(json!({ "chatId": 3 })).status, 404);
        assert_eq!(delete(json!({ "chatId": "one" })).status, 400);
        assert_eq!(delete(json!({ "chatId": 1 })).ok()["deleted"], 1);
        assert_eq!(delete(json!({})).ok()["deleted"], 1);
        let mut left = |slug: &str| {
            let path = format!("/v1/workspace/{slug}/chats");
            host.call("GET", &path, &Value::Null).ok()["history"].as_array().unwrap().len()
        };
        assert_eq!((left("docs"), left("others")), (0, 2));
    }
}
