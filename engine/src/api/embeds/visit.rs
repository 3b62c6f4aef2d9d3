//! Who may come in: the checks that every public route of an embed begins with, and the routes that need
//! nothing more.

use crate::api::answer::{self, Answer};
use crate::api::error::{ApiError, Code};
use crate::api::rate::{self, Limit, Subject};
use crate::api::{Call, wire};
use crate::chat;
use crate::model::{Chat, Embed};
use crate::store;
use crate::store::key::{self, Partition};
use crate::text::origin;
use serde_json::json;
use uuid::Uuid;

/// Headers that let a page of the visitor's origin read an answer. They always name `Origin` in `vary`,
/// which also tells the host that cross-origin access is settled.
pub type Cors = Vec<(&'static str, String)>;

/// A visitor whom an embed lets in.
pub struct Visit {
    /// The embed.
    pub embed: Embed,
    /// For whatever is answered.
    pub cors: Cors,
    /// The page's origin, as far as the browser says.
    pub origin: Option<String>,
}

/// Why a visitor is not let in, in the order in which it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// There is no such embed.
    Unknown,
    /// It is switched off.
    Disabled,
    /// It is not for this page.
    Origin,
}

impl Refused {
    fn error(self) -> ApiError {
        match self {
            Refused::Unknown => ApiError::new(Code::NotFound, "Not Found"),
            Refused::Disabled => ApiError::new(
                Code::EmbedDisabled,
                "This chat has been disabled by the administrator - try again later.",
            ),
            Refused::Origin => ApiError::new(Code::OriginRefused, "Invalid request."),
        }
    }
}

/// The visitor, or the answer that turns them away.
pub async fn enter(call: &Call) -> Result<Result<Visit, Answer>, ApiError> {
    let origin = origin_of(call);
    let (found, cors) = look(call, origin.as_deref()).await.map_err(masked)?;
    Ok(match found {
        Ok(embed) => match often(call, &embed).await {
            Ok(()) => Ok(Visit { embed, cors, origin }),
            Err(error) => Err(finish(call, &cors, Err(error))),
        },
        Err(why) => Err(refuse(call, &why.error(), &cors)),
    })
}

/// Counts what one visitor sends to one embed.
async fn often(call: &Call, embed: &Embed) -> Result<(), ApiError> {
    match call.engine.settings().embed_requests_per_minute {
        0 => Ok(()),
        most => {
            let peer = rate::peer(&call.cx);
            // Without addresses all visitors share one count.
            let most = if peer.is_empty() { most.saturating_mul(10) } else { most };
            let limit = Limit { name: "embed", most, window_s: 60 };
            rate::take(&call.cx, &[(limit, Subject::Name(&format!("{peer} {}", embed.uuid)))]).await
        }
    }
}

/// Looks at the embed that the path names, and at whether it is for this page.
async fn look(call: &Call, origin: Option<&str>) -> Result<(Result<Embed, Refused>, Cors), ApiError> {
    let found = match store::get::<u64>(&call.cx, key::embed_uuid(call.param(0))).await? {
        Some(id) => store::get::<Embed>(&call.cx, key::embed(id)).await?,
        None => None,
    };
    let closed = call.engine.settings().vars.is_present("EMBED_REQUIRE_ALLOWLIST");
    let for_page = |embed: &Embed| embed.admits(origin) && (embed.allowlist.is_some() || !closed);
    let admitted = found.as_ref().is_none_or(for_page);
    let mut cors = vec![("vary", "Origin".to_owned())];
    if let Some(named) = call.request.header("origin").filter(|_| admitted) {
        cors.push(("access-control-allow-origin", named.to_owned()));
        cors.push(("access-control-expose-headers", "Retry-After, X-Request-Id".to_owned()));
    }
    let embed = match found {
        None => Err(Refused::Unknown),
        Some(embed) if !embed.enabled => Err(Refused::Disabled),
        Some(_) if !admitted => Err(Refused::Origin),
        Some(embed) => Ok(embed),
    };
    Ok((embed, cors))
}

/// The page's origin. Browsers leave `Origin` out of a `GET` to a page's own server, and name it in
/// `Referer`. Neither can be forged by a page; a program can say anything, which is what limits are for.
fn origin_of(call: &Call) -> Option<String> {
    match call.request.header("origin") {
        Some(named) => origin::origin(named),
        None => call.request.header("referer").and_then(origin::origin),
    }
}

/// An error in the shape that clients of chats expect, readable by the page if it may be.
fn refuse(call: &Call, error: &ApiError, cors: &Cors) -> Answer {
    let mut error = error.clone();
    let extra = std::mem::take(&mut error.extra);
    error.extra = wire::abort(&call.cx.uuid().to_string(), &error.message);
    error.extra.extend(extra);
    with(error.answer(), cors)
}

/// The answer with the headers of `cors`.
fn with(answer: Answer, cors: &Cors) -> Answer {
    cors.iter().fold(answer, |answer, (name, value)| answer.with_header(name, value.clone()))
}

/// A session's id: a UUID with hyphens, in lower case.
pub fn session(text: &str) -> Option<String> {
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36)?;
    Some(id.to_string())
}

/// Said when the model, the embedder or the store fails: which one it was is not for the public.
pub const UNANSWERED: &str = "The chat cannot answer at the moment. Try again later.";

/// An error without what is not for the public.
fn masked(error: ApiError) -> ApiError {
    match error.code.status() {
        500.. if error.code != Code::EmbedDisabled => ApiError::new(Code::Internal, UNANSWERED),
        _ => error,
    }
}

/// What a route came to, readable by the page.
pub fn finish(call: &Call, cors: &Cors, result: Result<Answer, ApiError>) -> Answer {
    match result {
        Ok(answer) => with(answer, cors),
        Err(error) => refuse(call, &masked(error), cors),
    }
}

/// `GET /embed/:uuid/:session`: what was said, without what it rests on and which model said it.
pub async fn history(call: Call) -> Result<Answer, ApiError> {
    match enter(&call).await? {
        Ok(visit) => Ok(finish(&call, &visit.cors, shown(&call, &visit.embed).await)),
        Err(turned_away) => Ok(turned_away),
    }
}

/// Turns that a visitor gets to see again.
const SHOWN_MAX: u32 = 200;

async fn shown(call: &Call, embed: &Embed) -> Result<Answer, ApiError> {
    let mut turns: Vec<Chat> = Vec::new();
    if let Some(session) = session(call.param(1)) {
        let range = key::chats_of(embed.workspace, &Partition::Embed(embed.id, session));
        let last = store::last_n::<Chat>(&call.cx, range, SHOWN_MAX).await?;
        turns = last.into_iter().rev().map(|(_, chat)| chat).filter(|chat| chat.include).collect();
    }
    let items = wire::history(&turns).map(|mut item| {
        if item["role"] == "assistant" {
            item["sources"] = json!([]);
            item["metrics"] = json!({});
        }
        item
    });
    let items = answer::list(&mut call.cx.slices(), items).await;
    Ok(Answer::written([&b"{\"history\":"[..], &items, b"}"].concat()))
}

/// `DELETE /embed/:uuid/:session`: the session's turns stay on record, and out of its memory.
pub async fn reset(call: Call) -> Result<Answer, ApiError> {
    match enter(&call).await? {
        Ok(visit) => Ok(finish(&call, &visit.cors, forgotten(&call, &visit.embed).await)),
        Err(turned_away) => Ok(turned_away),
    }
}

async fn forgotten(call: &Call, embed: &Embed) -> Result<Answer, ApiError> {
    if let Some(session) = session(call.param(1)) {
        chat::reset(&call.cx, embed.workspace, &Partition::Embed(embed.id, session)).await?;
    }
    Ok(Answer::text(200, ""))
}

/// `OPTIONS` of the public routes: only pages that may use the embed learn that they may.
pub async fn preflight(call: Call) -> Result<Answer, ApiError> {
    let (_, cors) = look(&call, origin_of(&call).as_deref()).await.map_err(masked)?;
    let mut answer = with(Answer::text(204, ""), &cors);
    if cors.len() > 1 {
        for (name, value) in [
            ("access-control-allow-methods", "GET,POST,DELETE"),
            ("access-control-allow-headers", "Content-Type"),
            ("access-control-max-age", "600"),
        ] {
            answer = answer.with_header(name, value);
        }
    }
    Ok(answer)
}
