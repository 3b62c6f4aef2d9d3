//! What acknowledged answers promised, and what later calls may have undone.

use super::people::{People, by};
use crate::requests::{get, segment};
use crate::target::Answer;
use haversack_engine::seam::ApiRequest;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Something a client was told is so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// The workspace exists.
    Workspace(String),
    /// The workspace was deleted.
    NoWorkspace(String),
    /// The thread exists: workspace, slug.
    Thread(String, String),
    /// The thread was deleted: workspace, slug.
    NoThread(String, String),
    /// The document exists: folder, file name.
    Document(String, String),
    /// The document was removed: folder, file name.
    NoDocument(String, String),
    /// The document is embedded: workspace, path.
    Placement(String, String),
    /// The embed exists: workspace, public name.
    Embed(String, String),
    /// The embed was deleted.
    NoEmbed(String),
    /// The user exists.
    User(u64),
    /// The user was removed.
    NoUser(u64),
    /// The user belongs to the workspace: its slug, its number, the user.
    Member(String, u64, u64),
    /// The user is signed in: the user, the token.
    Session(u64, String),
    /// The session of this token is over.
    NoSession(String),
    /// The invitation of this code was claimed.
    Claimed(String),
    /// The turn is part of the conversation: its place, its id, the answer's text.
    Turn(Place, u64, String),
}

/// Where a conversation is held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a workspace, in a session or none.
    Workspace(String, Option<String>),
    /// In a thread of a workspace.
    Thread(String, String),
}

impl Place {
    fn workspace(&self) -> &str {
        match self {
            Place::Workspace(slug, _) | Place::Thread(slug, _) => slug,
        }
    }
}

/// Everything the clients know.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    facts: BTreeSet<Fact>,
    /// The name a moved document was made under: whoever removes it by its id removes it anywhere.
    made_as: BTreeMap<String, String>,
    /// Names of things somebody has tried to remove, or to make anew after their removal.
    touched: BTreeSet<String>,
    /// What is known of people.
    pub people: People,
    /// The numbers of workspaces.
    pub numbers: BTreeMap<String, u64>,
}

impl Knowledge {
    /// Notes a fact.
    pub fn learn(&mut self, fact: Fact) {
        self.facts.insert(fact);
    }

    /// From now on nothing is certain about this thing: somebody tries to remove it. Called when the
    /// call starts, whatever becomes of it.
    pub fn touch(&mut self, thing: impl Into<String>) {
        self.touched.insert(thing.into());
    }

    /// The document at `from` is at `to` now, if it is anywhere.
    pub fn moved(&mut self, from: &str, to: &str) {
        let made_as = self.made_as.get(from).cloned().unwrap_or_else(|| from.to_owned());
        self.made_as.insert(to.to_owned(), made_as);
    }

    /// Facts that must hold.
    pub fn certain(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(|fact| {
            let made_as = match fact {
                Fact::Document(folder, name) => self.made_as.get(&format!("{folder}/{name}")),
                Fact::Placement(_, path) => self.made_as.get(path),
                _ => None,
            };
            let mut things = fact.things();
            things.extend(made_as.map(|path| thing::identity(path)));
            !things.iter().any(|thing| self.touched.contains(thing))
        })
    }

    /// All facts ever learnt, certain or not.
    pub fn all(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter()
    }
}

/// Names things in [`Knowledge::touch`].
pub mod thing {
    /// A workspace.
    pub fn workspace(slug: &str) -> String {
        format!("workspace {slug}")
    }
    /// A workspace that is made again.
    pub fn workspace_again(slug: &str) -> String {
        format!("workspace {slug} again")
    }
    /// A thread.
    pub fn thread(slug: &str) -> String {
        format!("thread {slug}")
    }
    /// A document.
    pub fn document(folder: &str, name: &str) -> String {
        format!("document {folder}/{name}")
    }
    /// A document by its id, under whatever name it is.
    pub fn identity(path: &str) -> String {
        format!("made as {path}")
    }
    /// A document's place in a workspace.
    pub fn placement(workspace: &str, path: &str) -> String {
        format!("placement {workspace} {path}")
    }
    /// An embed.
    pub fn embed(uuid: &str) -> String {
        format!("embed {uuid}")
    }
    /// A user.
    pub fn user(id: u64) -> String {
        format!("user {id}")
    }
    /// All sessions of a user.
    pub fn sessions(user: u64) -> String {
        format!("sessions of {user}")
    }
    /// A session.
    pub fn session(token: &str) -> String {
        format!("session {token}")
    }
    /// Who belongs to a workspace.
    pub fn members(slug: &str) -> String {
        format!("members of {slug}")
    }
    /// Every conversation of a workspace.
    pub fn all_conversations(slug: &str) -> String {
        format!("conversations of {slug}")
    }
    /// A conversation.
    pub fn conversation(place: &super::Place) -> String {
        format!("conversation {place:?}")
    }
}

impl Fact {
    /// What could undo it.
    fn things(&self) -> Vec<String> {
        match self {
            Fact::Workspace(slug) => vec![thing::workspace(slug)],
            Fact::NoWorkspace(slug) => vec![thing::workspace_again(slug)],
            Fact::Thread(workspace, slug) => vec![thing::workspace(workspace), thing::thread(slug)],
            Fact::NoThread(workspace, _) => vec![thing::workspace(workspace)],
            Fact::Embed(workspace, uuid) => vec![thing::workspace(workspace), thing::embed(uuid)],
            Fact::NoEmbed(_) | Fact::NoUser(_) | Fact::NoSession(_) | Fact::Claimed(_) => vec![],
            Fact::User(id) => vec![thing::user(*id)],
            Fact::Member(slug, _, id) => vec![thing::workspace(slug), thing::members(slug), thing::user(*id)],
            Fact::Session(user, token) => {
                vec![thing::user(*user), thing::sessions(*user), thing::session(token)]
            }
            Fact::Document(folder, name) => {
                vec![thing::document(folder, name), thing::document(folder, "*")]
            }
            Fact::NoDocument(..) => vec![],
            Fact::Placement(workspace, path) => {
                let (folder, name) = path.split_once('/').unwrap_or(("", path));
                vec![
                    thing::workspace(workspace),
                    thing::placement(workspace, path),
                    thing::document(folder, name),
                    thing::document(folder, "*"),
                ]
            }
            Fact::Turn(place, ..) => {
                let slug = place.workspace();
                let mut things =
                    vec![thing::workspace(slug), thing::all_conversations(slug), thing::conversation(place)];
                if let Place::Thread(_, slug) = place {
                    things.push(thing::thread(slug));
                }
                things
            }
        }
    }

    /// The call whose answer shows whether it holds.
    pub fn question(&self) -> ApiRequest {
        match self {
            Fact::Workspace(slug)
            | Fact::NoWorkspace(slug)
            | Fact::Thread(slug, _)
            | Fact::NoThread(slug, _)
            | Fact::Placement(slug, _) => get(&format!("/v1/workspace/{}", segment(slug))),
            Fact::Document(_, name) | Fact::NoDocument(_, name) => {
                get(&format!("/v1/document/{}", segment(name)))
            }
            Fact::Embed(..) | Fact::NoEmbed(_) => get("/v1/embed"),
            Fact::User(_) | Fact::NoUser(_) => get("/v1/admin/users"),
            Fact::Member(_, workspace, _) => get(&format!("/v1/admin/workspaces/{workspace}/users")),
            Fact::Session(_, token) | Fact::NoSession(token) => by(token, get("/v1/auth")),
            Fact::Claimed(_) => get("/v1/admin/invites"),
            Fact::Turn(Place::Workspace(slug, None), ..) => {
                get(&format!("/v1/workspace/{}/chats?limit=10000", segment(slug)))
            }
            Fact::Turn(Place::Workspace(slug, Some(session)), ..) => {
                let (slug, session) = (segment(slug), segment(session));
                get(&format!("/v1/workspace/{slug}/chats?limit=10000&apiSessionId={session}"))
            }
            Fact::Turn(Place::Thread(slug, thread), ..) => {
                get(&format!("/v1/workspace/{}/thread/{}/chats", segment(slug), segment(thread)))
            }
        }
    }

    /// Whether the answer to [`Fact::question`] bears it out.
    pub fn holds(&self, answer: &Answer) -> bool {
        let body = answer.json();
        let workspace = &body["workspace"][0];
        let has_id = |list: &Value, id: u64| {
            list.as_array().is_some_and(|items| items.iter().any(|item| item["id"] == id))
        };
        let lists = |list: &Value, key: &str, wanted: &str| {
            list.as_array().is_some_and(|items| items.iter().any(|item| item[key] == wanted))
        };
        match self {
            Fact::Workspace(slug) => workspace["slug"] == slug.as_str(),
            Fact::NoWorkspace(_) => answer.status == 200 && workspace.is_null(),
            Fact::Thread(_, slug) => lists(&workspace["threads"], "slug", slug),
            Fact::NoThread(_, slug) => answer.status == 200 && !lists(&workspace["threads"], "slug", slug),
            Fact::Placement(_, path) => lists(&workspace["documents"], "docpath", path),
            Fact::Embed(_, uuid) => lists(&body["embeds"], "uuid", uuid),
            Fact::User(id) => has_id(&body["users"], *id),
            Fact::NoUser(id) => answer.status == 200 && !has_id(&body["users"], *id),
            Fact::Member(_, _, id) => {
                body["users"].as_array().is_some_and(|users| users.iter().any(|user| user["userId"] == *id))
            }
            Fact::Session(..) => answer.status == 200,
            Fact::NoSession(_) => answer.status == 403,
            Fact::Claimed(code) => body["invites"].as_array().is_some_and(|invites| {
                invites.iter().any(|invite| invite["code"] == code.as_str() && invite["status"] == "claimed")
            }),
            Fact::NoEmbed(uuid) => answer.status == 200 && !lists(&body["embeds"], "uuid", uuid),
            Fact::Document(..) => answer.status == 200,
            Fact::NoDocument(..) => answer.status == 404,
            Fact::Turn(_, id, text) => body["history"].as_array().is_some_and(|items| {
                items.iter().any(|item| {
                    item["chatId"] == *id && item["role"] == "assistant" && item["content"] == text.as_str()
                })
            }),
        }
    }
}
