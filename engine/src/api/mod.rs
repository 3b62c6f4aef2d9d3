//! The AnythingLLM developer API, v1: from a request to its answer.
//!
//! Wire spellings and wire quirks live in this module and nowhere else.

mod answer;
mod auth;
mod body;
mod chats;
mod documents;
mod error;
mod events;
mod js;
mod keys;
mod routes;
mod search;
mod stream;
mod system;
mod threads;
mod wire;
mod workspace_fields;
mod workspaces;

pub use answer::Answer;
pub use error::{ApiError, Code};
pub(crate) use events::log as log_event;
pub(crate) use js::number as js_number;

use crate::Engine;
use crate::model::Workspace;
use crate::seam::{ApiRequest, Cx};
use crate::store::{self, key};

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
    /// It comes from the operator at the machine.
    pub operator: bool,
}

impl Call {
    /// The `n`th open part of the path; empty if the route has fewer.
    pub fn param(&self, n: usize) -> &str {
        self.params.get(n).map_or("", String::as_str)
    }

    /// The workspace that the path's first open part names, if there is one.
    pub async fn find_workspace(&self) -> Result<Option<Workspace>, ApiError> {
        workspace_by_slug(&self.cx, self.param(0)).await
    }

    /// The workspace that the path names.
    pub async fn workspace(&self) -> Result<Workspace, ApiError> {
        self.find_workspace().await?.ok_or_else(|| ApiError::unknown_workspace(self.param(0)))
    }
}

/// The workspace of this slug.
pub(crate) async fn workspace_by_slug(cx: &Cx, slug: &str) -> Result<Option<Workspace>, ApiError> {
    match store::get::<u64>(cx, key::workspace_slug(slug)).await? {
        Some(id) => Ok(store::get(cx, key::workspace(id)).await?),
        None => Ok(None),
    }
}

/// Answers one request.
pub(crate) async fn handle(cx: Cx, engine: Engine, request: ApiRequest, operator: bool) {
    let answer = match dispatch(&cx, engine, request, operator).await {
        Ok(answer) => answer,
        Err(error) => error.answer(),
    };
    answer.send(&cx);
}

async fn dispatch(cx: &Cx, engine: Engine, request: ApiRequest, operator: bool) -> Result<Answer, ApiError> {
    let (route, params) = routes::find(&request.method, &request.path)?;
    if !route.open && !operator {
        auth::check(cx, &request).await?;
    }
    let call = Call { cx: cx.clone(), engine, request, params, operator };
    (route.handler)(call).await
}
