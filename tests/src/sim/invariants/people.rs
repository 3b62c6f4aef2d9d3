//! Users and what belongs to them.

use super::{Records, ensure};
use haversack_engine::model::{
    Chat, Instance, Invite, LoginToken, Role, Session, SessionPlace, Thread, User,
};
use haversack_engine::seam::Key;
use haversack_engine::store::key;

impl Records<'_> {
    /// Users are found by name; members, sessions and threads have their user, or wait for the upkeep.
    pub(super) fn people(&self) -> Result<(), String> {
        let users = self.all::<User>(&key::users())?;
        let governs = |(_, user): &(Key, User)| user.role == Role::Admin && !user.suspended;
        let several = self.get::<Instance>(&key::instance()).is_some_and(|instance| instance.multi_user);
        ensure(!several || users.iter().any(governs), || "nobody is left to administer the users".into())?;
        for (at, user) in users {
            let id = self.get::<u64>(&key::user_name(&user.username));
            ensure(id == Some(user.id), || format!("{at}: its name leads to {id:?}"))?;
        }
        for (at, id) in self.all::<u64>(&key::range("user.name/"))? {
            let user = self.get::<User>(&key::user(id));
            let leads = user.is_some_and(|user| key::user_name(&user.username) == at);
            ensure(leads, || format!("{at} leads to user {id}, who is not of that name"))?;
        }
        for (at, thread) in self.all::<Thread>(&key::range("thread/"))? {
            let has = thread.user.is_none_or(|user| self.has_user(user));
            ensure(has, || format!("{at} has no user"))?;
        }
        for (at, chat) in self.all::<Chat>(&key::range("chat/"))? {
            ensure(chat.user.is_none_or(|user| self.has_user(user)), || format!("{at} has no user"))?;
        }
        self.members()?;
        self.sessions()?;
        for (at, invite) in self.all::<Invite>(&key::invites())? {
            let id = self.get::<u64>(&key::invite_code(&invite.code));
            ensure(id == Some(invite.id), || format!("{at}: its code leads to {id:?}"))?;
        }
        Ok(())
    }

    fn members(&self) -> Result<(), String> {
        for (at, _) in self.store.range(&key::range("member/")) {
            let (user, workspace) = pair(at);
            ensure(self.has_user(user), || format!("{at} has no user"))?;
            ensure(self.has_workspace(workspace), || format!("{at} has no workspace"))?;
            ensure(self.has(&key::member_in(workspace, user)), || format!("{at} is not found by workspace"))?;
        }
        for (at, _) in self.store.range(&key::range("member.in/")) {
            let (workspace, user) = pair(at);
            ensure(self.has(&key::member(user, workspace)), || format!("{at} is not found by user"))?;
        }
        Ok(())
    }

    fn sessions(&self) -> Result<(), String> {
        for (at, session) in self.all::<Session>(&key::all_sessions())? {
            let hash = at.as_str().rsplit('/').next().unwrap_or_default();
            ensure(self.has_user(session.user), || format!("{at} has no user"))?;
            ensure(self.has(&key::session_of(session.user, hash)), || format!("{at} is not found by user"))?;
        }
        for (at, _) in self.all::<SessionPlace>(&key::all_sessions_of())? {
            let hash = at.as_str().rsplit('/').next().unwrap_or_default();
            ensure(self.has(&key::session(hash)), || format!("{at} leads nowhere"))?;
        }
        for (at, token) in self.all::<LoginToken>(&key::range("sso/"))? {
            ensure(self.has_user(token.user), || format!("{at} has no user"))?;
        }
        Ok(())
    }

    /// Whether the user is there, or what they left behind is marked.
    fn has_user(&self, id: u64) -> bool {
        self.has(&key::user(id))
            || self.store.range(&key::stagings()).any(|(_, bytes)| {
                serde_json::from_slice::<serde_json::Value>(bytes)
                    .is_ok_and(|marker| marker["of"]["user"]["user"].as_u64() == Some(id))
            })
    }
}

/// The two numbers that a key ends in.
fn pair(at: &Key) -> (u64, u64) {
    let mut parts = at.as_str().rsplit('/').map(|part| part.parse().unwrap_or(0));
    let last = parts.next().unwrap_or(0);
    (parts.next().unwrap_or(0), last)
}
