//! Several users: accounts, sessions, invitations, memberships, preferences (reference §11).

mod claim;
mod create;
mod fields;
mod invites;
mod list;
mod login;
mod me;
mod members;
mod mode;
mod own;
mod password;
mod preferences;
mod remove;
mod session;
mod sso;
#[cfg(test)]
mod tests;
mod update;
mod wire;
mod workspace_chats;

pub(super) use claim::{claim, look_up};
pub(super) use create::new;
pub(super) use invites::{delete as delete_invite, list as list_invites, new as new_invite};
pub(super) use list::{list, list_short};
pub(super) use login::request_token;
pub(super) use me::me;
pub(super) use members::{manage, of_workspace, replace};
pub(super) use mode::{disable, enable, is_multi_user, multi_user_mode};
pub(super) use own::change as change_own;
pub(super) use preferences::update as update_preferences;
pub(super) use remove::remove;
pub(super) use session::end as end_session;
pub(super) use sso::{exchange, issue};
pub(super) use update::update;
pub(super) use workspace_chats::list as workspace_chats;
