//! The AnythingLLM developer API, v1: from a request to its answer.
//!
//! Wire spellings and wire quirks live in this module and nowhere else.

mod answer;
mod auth;
mod body;
mod bundles;
mod caller;
mod chats;
mod describe;
mod documents;
mod embeds;
mod error;
mod events;
mod instance;
mod js;
mod json_size;
mod keys;
#[cfg(test)]
mod length_tests;
mod limits;
mod numbers;
mod openai;
mod pages;
mod rate;
mod routes;
mod search;
mod stream;
mod threads;
mod users;
mod wire;
mod workspace_fields;
mod workspaces;

pub use answer::Answer;
#[cfg(test)]
pub(crate) use auth::hash as key_hash;
pub(crate) use caller::Caller;
pub(crate) use documents::remove_folder_of;
pub use error::{ApiError, Code};
pub(crate) use events::log as log_event;
pub(crate) use js::number as js_number;
pub(crate) use limits::limits;
pub(crate) use workspace_fields::fresh as fresh_workspace;

use crate::Engine;
use crate::model::{Instance, Workspace};
use crate::seam::{ApiRequest, Cx};
use crate::store::{self, key};
use routes::Route;
use std::sync::Arc;

/// A call on its way to its handler.
#[derive(Clone)]
pub(crate) struct Call {
    /// The run.
    pub cx: Cx,
    /// Settings and caches.
    pub engine: Engine,
    /// As received.
    pub request: ApiRequest,
    /// The parts of the path that the route leaves open, decoded.
    params: Vec<String>,
    /// Who calls.
    pub caller: Caller,
    /// The settings that are changed while the instance runs; [`Engine::settings`] holds what follows.
    pub instance: Arc<Instance>,
}

impl Call {
    /// The `n`th open part of the path; empty if the route has fewer.
    pub fn param(&self, n: usize) -> &str {
        self.params.get(n).map_or("", String::as_str)
    }

    /// The workspace that the path's first open part names, if there is one and the caller may know.
    pub async fn find_workspace(&self) -> Result<Option<Workspace>, ApiError> {
        self.workspace_by_slug(self.param(0)).await
    }

    /// The workspace of this slug, if there is one and the caller may know.
    pub async fn workspace_by_slug(&self, slug: &str) -> Result<Option<Workspace>, ApiError> {
        let Some(id) = store::get::<u64>(&self.cx, key::workspace_slug(slug)).await? else { return Ok(None) };
        if !self.caller.sees(id) {
            return Ok(None);
        }
        Ok(store::get(&self.cx, key::workspace(id)).await?)
    }

    /// What a new workspace is told to do: as the instance prefers it, or built in.
    pub fn default_system_prompt(&self) -> &str {
        let preferred =
            self.instance.preferences.get("default_system_prompt").filter(|text| !text.is_empty());
        preferred.map_or(crate::chat::DEFAULT_SYSTEM_PROMPT, String::as_str)
    }

    /// The workspace that the path names.
    pub async fn workspace(&self) -> Result<Workspace, ApiError> {
        self.find_workspace().await?.ok_or_else(|| ApiError::unknown_workspace(self.param(0)))
    }
}

/// Answers one request.
pub(crate) async fn handle(cx: Cx, engine: Engine, request: ApiRequest, operator: bool) {
    let openai = openai::serves(&request.path);
    let answer = match dispatch(&cx, engine, request, operator).await {
        Ok(answer) => answer,
        Err(error) if openai => openai::shaped(error).answer(),
        Err(error) => error.answer(),
    };
    answer.send(&cx);
}

/// Says whether the caller may use the route of `request`, for a host that answers it itself: 204, or the refusal that
/// the route would give.
pub(crate) async fn authorise(cx: Cx, request: ApiRequest, operator: bool) {
    let openai = openai::serves(&request.path);
    let answer = match admit(&cx, &request, operator).await {
        Ok(_) => Answer::text(204, ""),
        Err(error) if openai => openai::shaped(error).answer(),
        Err(error) => error.answer(),
    };
    answer.send(&cx);
}

/// Who calls what, if they may.
struct Admitted {
    route: &'static Route,
    params: Vec<String>,
    caller: Caller,
    instance: Instance,
}

async fn admit(cx: &Cx, request: &ApiRequest, operator: bool) -> Result<Admitted, ApiError> {
    let (route, params) = routes::find(&request.method, &request.path)?;
    // Boxed, as it is done when a handler waits for long.
    let (caller, instance) = Box::pin(auth::identify(cx, request, route, operator)).await?;
    auth::allow(&caller, route)?;
    Ok(Admitted { route, params, caller, instance })
}

async fn dispatch(cx: &Cx, engine: Engine, request: ApiRequest, operator: bool) -> Result<Answer, ApiError> {
    let Admitted { route, params, caller, instance } = admit(cx, &request, operator).await?;
    let engine = engine.set_up_by(&instance);
    let cx = cx.on_behalf_of(caller.actor());
    let call = Call { cx: cx.clone(), engine, request, params, caller, instance: Arc::new(instance) };
    let answering = (route.handler)(call);
    if !route.only_answers() {
        return answering.await;
    }
    match cx.while_connected(answering).await {
        Some(answer) => answer,
        None => Ok(Answer::text(CLIENT_LEFT, "")),
    }
}

/// Status of an answer that nobody waits for, as nginx has it in its logs.
const CLIENT_LEFT: u16 = 499;

/// The pattern of the route of a request, as the table of routes has it.
pub(crate) fn pattern(method: &str, path: &str) -> Option<&'static str> {
    routes::find(method, path).ok().map(|(route, _)| route.pattern)
}
