//! The table of routes.

use super::answer::Answer;
use super::error::{ApiError, Code, Hint};
use super::{
    Call, bundles, chats, describe, documents, embeds, instance, keys, openai, search, threads, users,
    workspaces,
};
use crate::model::Scope;
use futures_util::future::BoxFuture;
use percent_encoding::percent_decode_str;
use std::collections::BTreeSet;

type Handler = fn(Call) -> BoxFuture<'static, Result<Answer, ApiError>>;

/// What a caller needs for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Nothing: anyone may call.
    Open,
    /// A key or a session, whatever it may do.
    Known,
    /// This permission.
    Scope(Scope),
}

/// How far a route reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The handler shows callers who are limited to some workspaces those and nothing else.
    Own,
    /// The whole instance: not for callers who are limited to some workspaces.
    All,
}

/// One operation.
pub(super) struct Route {
    pub method: &'static str,
    /// Segments after `/api`; those that begin with `:` are open.
    pub pattern: &'static str,
    pub access: Access,
    pub reach: Reach,
    pub handler: Handler,
}

impl Route {
    /// Whether a call does nothing but answer: it ends when its client goes.
    pub fn only_answers(&self) -> bool {
        let reads = matches!(self.access, Access::Scope(Scope::Read));
        let tries = matches!(self.pattern, "/system/test-model" | "/system/find-models");
        self.access != Access::Open && (self.method == "GET" || reads || tries)
    }
}

macro_rules! routes {
    ($($access:ident $reach:ident $method:ident $pattern:literal => $handler:path,)*) => {
        &[$(Route {
            method: stringify!($method),
            pattern: $pattern,
            access: access!($access),
            reach: reach!($reach),
            handler: |call| Box::pin($handler(call)),
        },)*]
    };
}

macro_rules! access {
    (open) => {
        Access::Open
    };
    (known) => {
        Access::Known
    };
    (read) => {
        Access::Scope(Scope::Read)
    };
    (chat) => {
        Access::Scope(Scope::Chat)
    };
    (write) => {
        Access::Scope(Scope::Write)
    };
    (admin) => {
        Access::Scope(Scope::Admin)
    };
}

macro_rules! reach {
    (own) => {
        Reach::Own
    };
    (all) => {
        Reach::All
    };
}

/// Where several patterns fit a path, the first one wins: literal segments stand before open ones.
pub(super) static ROUTES: &[Route] = routes! {
    open own GET "/ping" => instance::ping,
    open own GET "/migrate" => instance::migrate,
    open own GET "/openapi.json" => describe::openapi,
    open own GET "/docs" => describe::page,
    open own GET "/docs/page.js" => describe::script,
    open own GET "/docs/page.css" => describe::style,
    known own GET "/v1/auth" => instance::auth,
    known own GET "/onboarding" => instance::onboarding,
    read own GET "/utils/metrics" => instance::metrics,
    admin all GET "/setup-complete" => instance::settings,
    admin all GET "/env-dump" => instance::env_dump,
    admin all GET "/v1/system" => instance::settings,
    admin all GET "/v1/system/env-dump" => instance::env_dump,
    admin all POST "/v1/system/update-env" => instance::update_env,
    read own GET "/v1/system/vector-count" => instance::vector_count,
    admin all GET "/v1/system/export-chats" => instance::export_chats,
    admin all GET "/v1/system/event-logs" => instance::event_log,
    admin all POST "/system/event-logs" => instance::event_log_pages,
    admin all POST "/system/test-model" => instance::test_model,
    admin all POST "/system/find-models" => instance::find_models,
    admin all GET "/system/storage" => instance::storage,
    admin all POST "/system/generate-api-key" => keys::create,
    admin all GET "/system/api-keys" => keys::list,
    admin all DELETE "/system/api-key/:id" => keys::revoke,
    admin all POST "/admin/generate-api-key" => keys::create,
    admin all GET "/admin/api-keys" => keys::list,
    admin all DELETE "/admin/delete-api-key/:id" => keys::revoke,

    open own GET "/system/multi-user-mode" => users::multi_user_mode,
    admin all POST "/system/enable-multi-user" => users::enable,
    admin all POST "/system/disable-multi-user" => users::disable,
    known own GET "/system/me" => users::me,
    known own POST "/system/user" => users::change_own,
    open own POST "/request-token" => users::request_token,
    open own GET "/request-token/sso/simple" => users::exchange,
    known own POST "/session/end" => users::end_session,
    open own GET "/invite/:code" => users::look_up,
    open own POST "/invite/:code" => users::claim,

    write all POST "/v1/workspace/new" => workspaces::create,
    write all POST "/v1/workspace/import" => bundles::import,
    read own GET "/v1/workspace/:slug/export" => bundles::export,
    read own GET "/v1/workspaces" => workspaces::list,
    read own GET "/v1/workspace/:slug" => workspaces::get,
    write own DELETE "/v1/workspace/:slug" => workspaces::delete,
    write own POST "/v1/workspace/:slug/update" => workspaces::update,
    write own POST "/v1/workspace/:slug/update-embeddings" => documents::update_embeddings,
    write own POST "/v1/workspace/:slug/update-pin" => documents::update_pin,
    read own GET "/v1/workspace/:slug/document" => documents::preview,
    read own GET "/v1/workspace/:slug/chats" => chats::history,
    chat own DELETE "/v1/workspace/:slug/chats" => chats::delete,
    chat own POST "/v1/workspace/:slug/chat" => chats::chat,
    chat own POST "/v1/workspace/:slug/stream-chat" => chats::stream_chat,
    read own POST "/v1/workspace/:slug/vector-search" => search::vector_search,

    chat own POST "/v1/workspace/:slug/thread/new" => threads::create,
    chat own POST "/v1/workspace/:slug/thread/:thread/update" => threads::update,
    chat own DELETE "/v1/workspace/:slug/thread/:thread" => threads::delete,
    read own GET "/v1/workspace/:slug/thread/:thread/chats" => chats::thread_history,
    chat own POST "/v1/workspace/:slug/thread/:thread/chat" => chats::thread_chat,
    chat own POST "/v1/workspace/:slug/thread/:thread/stream-chat" => chats::thread_stream_chat,

    write own POST "/v1/document/upload" => documents::upload,
    write own POST "/v1/document/upload/:folder" => documents::upload,
    write own POST "/v1/document/upload-link" => documents::upload_link,
    write own POST "/v1/document/raw-text" => documents::raw_text,
    read all GET "/v1/documents" => documents::list,
    read all GET "/v1/documents/folder/:folder" => documents::list_folder,
    read own GET "/v1/document/accepted-file-types" => documents::accepted_file_types,
    read own GET "/v1/document/metadata-schema" => documents::metadata_schema,
    write all POST "/v1/document/create-folder" => documents::create_folder,
    write all DELETE "/v1/document/remove-folder" => documents::remove_folder,
    write all POST "/v1/document/move-files" => documents::move_files,
    read all GET "/v1/document/generated-files/:name" => documents::generated_file,
    read all GET "/v1/document/:name" => documents::get,
    read all GET "/v1/document/:name/text" => documents::text,
    write all DELETE "/v1/document/:id" => documents::delete,
    write all DELETE "/v1/system/remove-documents" => documents::remove_documents,

    read own GET "/v1/admin/is-multi-user-mode" => users::is_multi_user,
    admin all GET "/v1/admin/users" => users::list,
    admin all POST "/v1/admin/users/new" => users::new,
    admin all POST "/v1/admin/users/:id" => users::update,
    admin all DELETE "/v1/admin/users/:id" => users::remove,
    admin all GET "/v1/admin/invites" => users::list_invites,
    admin all POST "/v1/admin/invite/new" => users::new_invite,
    admin all DELETE "/v1/admin/invite/:id" => users::delete_invite,
    admin all GET "/v1/admin/workspaces/:id/users" => users::of_workspace,
    admin all POST "/v1/admin/workspaces/:id/update-users" => users::replace,
    admin all POST "/v1/admin/workspaces/:slug/manage-users" => users::manage,
    admin all POST "/v1/admin/workspace-chats" => users::workspace_chats,
    admin all POST "/v1/admin/preferences" => users::update_preferences,
    admin all GET "/v1/users" => users::list_short,
    admin all GET "/v1/users/:id/issue-auth-token" => users::issue,
    read own GET "/v1/openai/models" => openai::models,
    read own GET "/v1/openai/models/:model" => openai::model,
    chat own POST "/v1/openai/chat/completions" => openai::chat_completions,
    chat own POST "/v1/openai/images/generations" => openai::generate_images,
    read own POST "/v1/openai/embeddings" => openai::embeddings,
    read own GET "/v1/openai/vector_stores" => openai::vector_stores,

    read own GET "/v1/models" => openai::models,
    read own GET "/v1/models/:model" => openai::model,
    chat own POST "/v1/chat/completions" => openai::chat_completions,
    chat own POST "/v1/images/generations" => openai::generate_images,
    read own POST "/v1/embeddings" => openai::embeddings,
    read own GET "/v1/vector_stores" => openai::vector_stores,

    admin all GET "/v1/embed" => embeds::list,
    admin all GET "/v1/embed/:uuid/chats" => embeds::chats,
    admin all GET "/v1/embed/:uuid/chats/:session" => embeds::chats,
    admin all POST "/v1/embed/new" => embeds::create,
    admin all POST "/v1/embed/:uuid" => embeds::update,
    admin all DELETE "/v1/embed/:uuid" => embeds::delete,
    open own POST "/embed/:uuid/stream-chat" => embeds::stream_chat,
    open own OPTIONS "/embed/:uuid/stream-chat" => embeds::preflight,
    open own GET "/embed/:uuid/:session" => embeds::history,
    open own DELETE "/embed/:uuid/:session" => embeds::reset,
    open own OPTIONS "/embed/:uuid/:session" => embeds::preflight,
    open own GET "/embed/haversack-chat.js" => embeds::script,
    open own GET "/embed/anythingllm-chat-widget.min.js" => embeds::script,
};

/// The route of a request, and the open parts of its path.
///
/// Paths are compared without regard to case, and may end in a slash (reference §1).
pub(super) fn find(method: &str, path: &str) -> Result<(&'static Route, Vec<String>), ApiError> {
    let path = match path.get(..4) {
        Some(root) if root.eq_ignore_ascii_case("/api") => &path[4..],
        _ => path,
    };
    let asked = if method == "HEAD" { "GET" } else { method };
    let mut others: BTreeSet<&str> = BTreeSet::new();
    for route in ROUTES {
        if let Some(params) = params(route.pattern, path) {
            if route.method == asked {
                return Ok((route, params?));
            }
            others.insert(route.method);
        }
    }
    if others.is_empty() {
        return Err(ApiError::new(Code::UnknownRoute, format!("This API has no {method} {path}.")));
    }
    if others.contains("GET") {
        others.insert("HEAD");
    }
    // Hosts answer it for every path, as browsers ask before they send a key.
    others.insert("OPTIONS");
    let allow = others.into_iter().collect::<Vec<_>>().join(", ");
    let message = format!("{path} does not take {method}. It takes {allow}.");
    Err(ApiError { hint: Some(Box::new(Hint::Allow(allow))), ..ApiError::new(Code::WrongMethod, message) })
}

fn params(pattern: &str, path: &str) -> Option<Result<Vec<String>, ApiError>> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut open = Vec::new();
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(open.into_iter().map(decode).collect()),
            (Some(segment), Some(part)) if segment.starts_with(':') && !part.is_empty() => open.push(part),
            (Some(segment), Some(part)) if segment.eq_ignore_ascii_case(part) => {}
            _ => return None,
        }
    }
}

fn decode(part: &str) -> Result<String, ApiError> {
    let broken = || ApiError::new(Code::MalformedPath, format!("The path holds a broken escape: {part}"));
    let bytes = part.as_bytes();
    let whole =
        |at: usize| bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if bytes.iter().enumerate().any(|(at, byte)| *byte == b'%' && !whole(at)) {
        return Err(broken());
    }
    percent_decode_str(part).decode_utf8().map(|text| text.into_owned()).map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> Result<(&'static str, Vec<String>), Code> {
        find(method, path).map(|(route, params)| (route.pattern, params)).map_err(|e| e.code)
    }

    #[test]
    fn paths_ignore_case_and_a_last_slash() {
        for path in ["/api/v1/auth", "/api/V1/AUTH", "/api/v1/auth/"] {
            assert_eq!(found("GET", path), Ok(("/v1/auth", vec![])));
        }
        assert_eq!(found("HEAD", "/api/v1/auth"), Ok(("/v1/auth", vec![])));
    }

    #[test]
    fn open_parts_are_decoded_once() {
        let expected = Ok(("/v1/workspace/:slug", vec!["a/b%41".to_owned()]));
        assert_eq!(found("GET", "/api/v1/workspace/a%2Fb%2541"), expected);
        assert_eq!(found("GET", "/api/v1/workspace/%zz"), Err(Code::MalformedPath));
        assert_eq!(found("GET", "/api/v1/workspace/%ff"), Err(Code::MalformedPath));
    }

    #[test]
    fn literals_win_over_open_parts() {
        assert_eq!(
            found("GET", "/api/v1/document/metadata-schema").unwrap().0,
            "/v1/document/metadata-schema"
        );
        assert_eq!(found("GET", "/api/v1/document/x.json").unwrap().0, "/v1/document/:name");
    }

    #[test]
    fn unknown_routes_and_methods_differ() {
        assert_eq!(found("GET", "/api/v1//auth"), Err(Code::UnknownRoute));
        assert_eq!(found("PUT", "/api/v1/workspace/x"), Err(Code::WrongMethod));
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones_under_every_mount() {
        for (method, path, allow) in [
            ("PUT", "/api/v1/workspace/x", "DELETE, GET, HEAD, OPTIONS"),
            ("GET", "/v1/chat/completions", "OPTIONS, POST"),
            ("GET", "/API/V1/OpenAI/chat/completions/", "OPTIONS, POST"),
            ("POST", "/api/ping", "GET, HEAD, OPTIONS"),
            ("PATCH", "/embed/x/stream-chat", "DELETE, GET, HEAD, OPTIONS, POST"),
            ("OPTIONS", "/api/ping", "GET, HEAD, OPTIONS"),
            ("HEAD", "/api/system/generate-api-key", "OPTIONS, POST"),
        ] {
            let error = find(method, path).err().unwrap();
            assert_eq!(
                (error.code, error.hint.as_deref()),
                (Code::WrongMethod, Some(&Hint::Allow(allow.to_owned()))),
                "{method} {path}"
            );
            let Answer::Whole { status, headers, .. } = error.answer() else { panic!("a whole answer") };
            assert_eq!((status, headers), (405, vec![("allow", allow.to_owned())]), "{method} {path}");
        }
    }

    #[test]
    fn only_what_the_public_needs_is_open() {
        let open: Vec<_> = ROUTES.iter().filter(|r| r.access == Access::Open).map(|r| r.pattern).collect();
        let (embeds, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|p| p.starts_with("/embed/"));
        assert_eq!(embeds.len(), 7);
        let (docs, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|p| p.starts_with("/docs"));
        assert_eq!(docs.len(), 3);
        let expected = [
            "/ping",
            "/migrate",
            "/openapi.json",
            "/system/multi-user-mode",
            "/request-token",
            "/request-token/sso/simple",
            "/invite/:code",
            "/invite/:code",
        ];
        assert_eq!(others, expected);
    }
}
