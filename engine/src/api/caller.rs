//! Who calls, and what they may do and see.

use crate::model::{ApiKey, Scope, User};
use crate::seam::Actor;
use std::collections::BTreeSet;

/// Who calls.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Caller {
    /// The person at the machine itself, by command line.
    Operator,
    /// Whoever holds this key.
    Key(ApiKey),
    /// A user who is signed in, with the workspaces they are a member of.
    User(User, BTreeSet<u64>),
    /// Nobody known: only on open routes.
    Anyone,
}

impl Caller {
    /// Whether they have `scope`.
    pub fn may(&self, scope: Scope) -> bool {
        match self {
            Caller::Operator => true,
            Caller::Key(key) => key
                .scopes
                .as_ref()
                .is_none_or(|scopes| scopes.contains(&scope) || scopes.contains(&Scope::Admin)),
            Caller::User(user, _) => user.role.may(scope),
            Caller::Anyone => false,
        }
    }

    /// The workspaces they are limited to; `None` is no limit.
    pub fn limit(&self) -> Option<&BTreeSet<u64>> {
        static NONE: BTreeSet<u64> = BTreeSet::new();
        match self {
            Caller::Operator => None,
            Caller::Key(key) => key.workspaces.as_ref(),
            // Managers and admins see all workspaces, as in AnythingLLM.
            Caller::User(user, members) => (!user.role.may(Scope::Write)).then_some(members),
            Caller::Anyone => Some(&NONE),
        }
    }

    /// Whether they may know of a workspace.
    pub fn sees(&self, workspace: u64) -> bool {
        self.limit().is_none_or(|workspaces| workspaces.contains(&workspace))
    }

    /// The user, if one calls.
    pub fn user(&self) -> Option<&User> {
        match self {
            Caller::User(user, _) => Some(user),
            _ => None,
        }
    }

    /// The user to whom belongs what they make and what outlives the call, such as a key: the one who is signed in, or
    /// to whom the key belongs. `None` is the operator.
    pub fn owner(&self) -> Option<u64> {
        match self {
            Caller::User(user, _) => Some(user.id),
            Caller::Key(key) => key.created_by,
            Caller::Operator | Caller::Anyone => None,
        }
    }

    /// For the record.
    pub fn actor(&self) -> Actor {
        let key = match self {
            Caller::Key(key) => Some(key.id),
            _ => None,
        };
        Actor { user: self.user().map(|user| user.id), key }
    }
}
