//! Users, invitations and membership.

use super::general::{AnyObject, Success};
use super::operation::{Operation, op};
use serde_json::Value;
use utoipa::ToSchema;

const TAG: &str = "Admin";
const SIGN_IN: &str = "Signing in";

/// Whether several users sign in.
#[derive(ToSchema)]
pub struct IsMultiUser {
    isMultiUser: bool,
}

/// Whether several users sign in.
#[derive(ToSchema)]
pub struct MultiUserMode {
    multiUserMode: bool,
}

/// Users, never their passwords.
#[derive(ToSchema)]
pub struct Users {
    users: Vec<AnyObject>,
}

/// A user, or why there is none.
#[derive(ToSchema)]
pub struct OneUser {
    #[schema(required)]
    user: Option<AnyObject>,
    error: Option<String>,
}

/// A new user.
#[derive(ToSchema)]
pub struct NewUser {
    #[schema(example = "ann")]
    username: String,
    #[schema(example = "a long password")]
    password: String,
    /// `default`, `manager` or `admin`.
    role: Option<String>,
    dailyMessageLimit: Option<u64>,
    bio: Option<String>,
}

/// What is to change.
#[derive(ToSchema)]
pub struct UserChanges {
    username: Option<String>,
    password: Option<String>,
    role: Option<String>,
    suspended: Option<Value>,
    dailyMessageLimit: Option<u64>,
    bio: Option<String>,
}

/// Name and password.
#[derive(ToSchema)]
pub struct Credentials {
    #[schema(example = "ann")]
    username: String,
    #[schema(example = "a long password")]
    password: String,
}

/// Invitations.
#[derive(ToSchema)]
pub struct Invites {
    invites: Vec<AnyObject>,
}

/// An invitation, or why there is none.
#[derive(ToSchema)]
pub struct OneInvite {
    #[schema(required)]
    invite: Option<AnyObject>,
    error: Option<String>,
}

/// Workspaces that the invited user becomes a member of.
#[derive(ToSchema)]
pub struct NewInvite {
    workspaceIds: Option<Vec<u64>>,
}

/// Members of a workspace.
#[derive(ToSchema)]
pub struct Members {
    userIds: Vec<u64>,
    /// Only these, rather than these as well.
    reset: Option<bool>,
}

/// Who is a member now.
#[derive(ToSchema)]
pub struct Managed {
    success: bool,
    error: Option<String>,
    users: Option<Vec<AnyObject>>,
}

/// Which page, from 0.
#[derive(ToSchema)]
pub struct Offset {
    offset: Option<u64>,
}

/// Turns of all conversations.
#[derive(ToSchema)]
pub struct AllChats {
    chats: Vec<AnyObject>,
    hasPages: bool,
}

/// Signed in, or why not.
#[derive(ToSchema)]
pub struct SignedIn {
    valid: bool,
    user: Option<AnyObject>,
    token: Option<String>,
    message: Option<String>,
}

/// Good for one sign-in.
#[derive(ToSchema)]
pub struct SignInToken {
    token: String,
    loginPath: String,
}

/// Who calls.
#[derive(ToSchema)]
pub struct Me {
    /// `operator`, `key` or `user`.
    caller: String,
    user: Option<AnyObject>,
    role: Option<String>,
    apiKey: Option<AnyObject>,
    scopes: Vec<String>,
    /// Slugs of the workspaces that the caller is limited to; `null` is no limit.
    workspaces: Option<Vec<String>>,
    multiUserMode: bool,
}

/// What is to change of oneself.
#[derive(ToSchema)]
pub struct OwnChanges {
    username: Option<String>,
    /// A new one.
    password: Option<String>,
    /// The one it replaces.
    currentPassword: Option<String>,
    bio: Option<String>,
}

/// Which sessions to end.
#[derive(ToSchema)]
pub struct SessionEnd {
    /// All of the user's, not only this one.
    all: Option<bool>,
}

/// Every operation.
pub fn operations() -> Vec<Operation> {
    vec![
        op("GET", "/v1/admin/is-multi-user-mode", TAG, "Ask whether several users sign in")
            .ok::<IsMultiUser>(),
        op("GET", "/system/multi-user-mode", TAG, "Ask whether several users sign in").ok::<MultiUserMode>(),
        op("POST", "/system/enable-multi-user", TAG, "Let several users sign in")
            .note("The one named becomes the first admin.")
            .body::<Credentials>()
            .ok::<Success>(),
        op("POST", "/system/disable-multi-user", TAG, "Let nobody sign in any more").ok::<Success>(),
        op("GET", "/v1/admin/users", TAG, "List users").ok::<Users>().errors(&[401]),
        op("POST", "/v1/admin/users/new", TAG, "Make a user")
            .body::<NewUser>()
            .ok::<OneUser>()
            .errors(&[401]),
        op("POST", "/v1/admin/users/:id", TAG, "Change a user")
            .body::<UserChanges>()
            .ok::<Success>()
            .errors(&[401]),
        op("DELETE", "/v1/admin/users/:id", TAG, "Delete a user").ok::<Success>().errors(&[401]),
        op("GET", "/v1/admin/invites", TAG, "List invitations").ok::<Invites>().errors(&[401]),
        op("POST", "/v1/admin/invite/new", TAG, "Invite somebody")
            .body::<NewInvite>()
            .ok::<OneInvite>()
            .errors(&[401]),
        op("DELETE", "/v1/admin/invite/:id", TAG, "Withdraw an invitation").ok::<Success>().errors(&[401]),
        op("GET", "/v1/admin/workspaces/:id/users", TAG, "List the members of a workspace")
            .ok::<Users>()
            .errors(&[401]),
        op("POST", "/v1/admin/workspaces/:id/update-users", TAG, "Say who the members of a workspace are")
            .body::<Members>()
            .ok::<Success>()
            .errors(&[401]),
        op(
            "POST",
            "/v1/admin/workspaces/:slug/manage-users",
            TAG,
            "Add members to a workspace, or replace them",
        )
        .body::<Members>()
        .ok::<Managed>()
        .errors(&[401]),
        op("POST", "/v1/admin/workspace-chats", TAG, "Read what was said anywhere")
            .body::<Offset>()
            .ok::<AllChats>(),
        op("POST", "/v1/admin/preferences", TAG, "Set preferences of the instance")
            .body::<AnyObject>()
            .ok::<Success>()
            .errors(&[401]),
        op("GET", "/v1/users", TAG, "List users by name and role").ok::<Users>().errors(&[401]),
        op("GET", "/v1/users/:id/issue-auth-token", SIGN_IN, "Issue a token that signs a user in, once")
            .ok::<SignInToken>()
            .errors(&[401, 429]),
        op("GET", "/request-token/sso/simple", SIGN_IN, "Sign in with such a token")
            .query("token", "string", "The token.")
            .ok::<SignedIn>()
            .errors(&[401, 403, 429]),
        op("POST", "/request-token", SIGN_IN, "Sign in with name and password")
            .body::<Credentials>()
            .ok::<SignedIn>()
            .errors(&[401, 403, 429]),
        op("POST", "/session/end", SIGN_IN, "Sign out").body::<SessionEnd>().ok::<Success>(),
        op("GET", "/system/me", SIGN_IN, "Ask who the key or session belongs to").ok::<Me>(),
        op("POST", "/system/user", SIGN_IN, "Change one's own name, password or bio")
            .note("Needs a session. A new password takes the current one, and signs out everywhere else.")
            .body::<OwnChanges>()
            .ok::<Success>()
            .errors(&[429]),
        op("GET", "/invite/:code", SIGN_IN, "Look at an invitation").ok::<OneInvite>().errors(&[429]),
        op("POST", "/invite/:code", SIGN_IN, "Accept an invitation")
            .body::<Credentials>()
            .ok::<Success>()
            .errors(&[403, 429]),
    ]
}
