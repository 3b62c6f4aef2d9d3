//! Calls about users: by who administers them, and by the users themselves.

use super::knowledge::{Fact, Knowledge, thing};
use super::operation::{Operation, Teaches};
use crate::requests::{bare, get, json};
use crate::sim::{Random, SimHost};
use haversack_engine::seam::ApiRequest;
use serde_json::{Value, json};

/// All users have it: hashing one is what takes most of the time of a storm.
const PASSWORD: &str = "a long password";

/// What the clients know of people, beside facts.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// There are users at all.
    pub signed_in: bool,
    /// Users, whatever became of them.
    users: Vec<u64>,
    /// Users who never were, nor were to become, more than members of some workspaces.
    limited: Vec<u64>,
    /// Tokens to sign in with, and whose they are.
    tokens: Vec<(u64, String)>,
    /// Every session that ever was opened, and whose it is.
    pub sessions: Vec<(u64, String)>,
    /// Codes of invitations, and the workspaces they lead to.
    invites: Vec<(u64, String)>,
    /// Codes that somebody was told they had claimed.
    claimed: Vec<String>,
    /// Users of whom a suspension or removal was acknowledged: whatever session they had is over.
    pub out: Vec<u64>,
    /// Users and the workspaces that somebody tried to make them members of.
    meant: Vec<(u64, String)>,
    /// What cannot be so, if anything.
    pub contradiction: Option<String>,
}

/// What an answer tells of people.
#[derive(Clone, Debug)]
pub(super) enum Tells {
    /// A user of this role was made.
    User(&'static str),
    /// A token to sign this user in.
    Token(u64),
    /// This user is signed in.
    Session(u64),
    /// This session is over.
    Ended(String),
    /// The members of a workspace.
    Members(String),
    /// The user is suspended.
    Suspended(u64),
    /// The user is gone.
    Gone(u64),
    /// An invitation.
    Invite,
    /// The invitation was claimed.
    Claimed(String),
    /// What workspaces this user sees.
    Sees(u64),
}

/// Lets several users sign in, in fine weather.
pub(super) fn settle(host: &mut SimHost, knowledge: &mut Knowledge) -> Result<(), String> {
    let mut call = |target: &str, body: Value| {
        let answer = host.call(json("POST", target, &body), false).answer;
        match answer.status {
            200 => Ok(answer.json()),
            status => Err(format!("{target} answers {status} before anything went wrong")),
        }
    };
    call("/system/enable-multi-user", json!({ "username": "root", "password": PASSWORD }))?;
    for username in ["ann", "ben"] {
        let made = call("/v1/admin/users/new", json!({ "username": username, "password": PASSWORD }))?;
        Tells::User("default").learn(&made, knowledge);
    }
    knowledge.people.signed_in = true;
    Ok(())
}

/// Chooses a call.
pub(super) fn choose(
    random: &mut Random,
    knowledge: &mut Knowledge,
    workspace: &str,
    serial: u64,
) -> Operation {
    let user = random.pick(&knowledge.people.users).copied().unwrap_or(1);
    let session = random.pick(&knowledge.people.sessions).cloned();
    match (random.below(100), session) {
        (0..18, _) => tell(get(&format!("/v1/users/{user}/issue-auth-token")), Tells::Token(user)),
        (18..34, _) => match random.pick(&knowledge.people.tokens).cloned() {
            Some((user, token)) => {
                // Good once: it is seldom tried again.
                if random.chance(900) {
                    knowledge.people.tokens.retain(|(_, known)| *known != token);
                }
                tell(get(&format!("/request-token/sso/simple?token={token}")), Tells::Session(user))
            }
            None => Operation::new(get("/v1/admin/users")),
        },
        (34..36, _) => {
            let body = json!({ "username": "ann", "password": PASSWORD });
            let ann = knowledge.people.users.first().copied().unwrap_or(1);
            tell(json("POST", "/request-token", &body), Tells::Session(ann))
        }
        (36..48, _) => members(random, knowledge, workspace, user),
        (48..50, _) => {
            let role = if random.chance(500) { "default" } else { "admin" };
            let body = json!({ "username": format!("user{serial}"), "password": PASSWORD, "role": role });
            tell(json("POST", "/v1/admin/users/new", &body), Tells::User(role))
        }
        (50..56, _) => change(random, knowledge, user),
        (56..59, _) => {
            knowledge.touch(thing::user(user));
            tell(bare("DELETE", &format!("/v1/admin/users/{user}")), Tells::Gone(user))
        }
        (59..68, _) => invite(random, knowledge, serial),
        (68.., Some((user, token))) => as_user(random, knowledge, workspace, user, &token),
        (68.., None) => Operation::new(get("/v1/admin/invites")),
    }
}

fn tell(request: ApiRequest, tells: Tells) -> Operation {
    Operation::teaching(request, Teaches::People(tells))
}

/// The same call by whoever holds this token.
pub(super) fn by(token: &str, mut request: ApiRequest) -> ApiRequest {
    request.headers.retain(|(name, _)| name != "authorization");
    request.headers.push(("authorization".into(), format!("Bearer {token}")));
    request
}

fn members(random: &mut Random, knowledge: &mut Knowledge, workspace: &str, user: u64) -> Operation {
    let other = random.pick(&knowledge.people.users).copied().unwrap_or(user);
    let reset = random.chance(250);
    if reset {
        knowledge.touch(thing::members(workspace));
    }
    for user in [user, other] {
        knowledge.people.meant.push((user, workspace.to_owned()));
    }
    let body = json!({ "userIds": [user, other], "reset": reset });
    let request = json("POST", &format!("/v1/admin/workspaces/{workspace}/manage-users"), &body);
    tell(request, Tells::Members(workspace.to_owned()))
}

/// Nobody is let in again: what was over at any moment is over at the end.
fn change(random: &mut Random, knowledge: &mut Knowledge, user: u64) -> Operation {
    let path = format!("/v1/admin/users/{user}");
    if random.chance(400) {
        knowledge.touch(thing::sessions(user));
        return tell(json("POST", &path, &json!({ "suspended": true })), Tells::Suspended(user));
    }
    let role = random.pick(&["default", "manager", "admin"]).copied().unwrap_or("default");
    if role != "default" {
        knowledge.people.limited.retain(|limited| *limited != user);
    }
    Operation::new(json("POST", &path, &json!({ "role": role, "bio": "Likes otters." })))
}

fn invite(random: &mut Random, knowledge: &mut Knowledge, serial: u64) -> Operation {
    let Some((id, code)) = random.pick(&knowledge.people.invites).cloned().filter(|_| random.chance(700))
    else {
        let body = json!({ "workspaceIds": [1, random.between(1, 9)] });
        return tell(json("POST", "/v1/admin/invite/new", &body), Tells::Invite);
    };
    match random.below(10) {
        0..3 => Operation::new(bare("DELETE", &format!("/v1/admin/invite/{id}"))),
        3..6 => Operation::new(get(&format!("/invite/{code}"))),
        _ => {
            let body = json!({ "username": format!("guest{serial}"), "password": PASSWORD });
            tell(json("POST", &format!("/invite/{code}"), &body), Tells::Claimed(code))
        }
    }
}

fn as_user(
    random: &mut Random,
    knowledge: &mut Knowledge,
    workspace: &str,
    user: u64,
    token: &str,
) -> Operation {
    let at = |path: &str| format!("/v1/workspace/{workspace}/{path}");
    match random.below(10) {
        0..3 => tell(by(token, get("/v1/workspaces")), Tells::Sees(user)),
        3..6 => {
            let verb = if random.chance(500) { "chat" } else { "stream-chat" };
            let body = json!({ "message": "Is there an otter?", "mode": "chat" });
            Operation::new(by(token, json("POST", &at(verb), &body)))
        }
        6 => Operation::new(by(token, json("POST", &at("thread/new"), &json!({})))),
        7 => Operation::new(by(token, json("POST", "/system/user", &json!({ "bio": "Hello." })))),
        8 => Operation::new(by(token, get(&at("chats")))),
        _ => {
            let all = random.chance(300);
            knowledge.touch(if all { thing::sessions(user) } else { thing::session(token) });
            let request = by(token, json("POST", "/session/end", &json!({ "all": all })));
            tell(request, Tells::Ended(token.to_owned()))
        }
    }
}

impl Tells {
    /// Takes what a good answer tells into `knowledge`.
    pub(super) fn learn(&self, body: &Value, knowledge: &mut Knowledge) {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let done = body["success"] == true;
        match self {
            Tells::User(role) => {
                let Some(id) = body["user"]["id"].as_u64() else { return };
                knowledge.people.users.push(id);
                if *role == "default" {
                    knowledge.people.limited.push(id);
                }
                knowledge.learn(Fact::User(id));
            }
            Tells::Token(user) => {
                knowledge.people.tokens.extend(text(&body["token"]).map(|token| (*user, token)));
            }
            Tells::Session(user) => {
                let Some(token) = text(&body["token"]) else { return };
                knowledge.people.sessions.push((*user, token.clone()));
                knowledge.learn(Fact::Session(*user, token));
            }
            Tells::Ended(token) if done => knowledge.learn(Fact::NoSession(token.clone())),
            Tells::Members(workspace) => {
                let Some(number) = knowledge.numbers.get(workspace).copied() else { return };
                for user in body["users"].as_array().into_iter().flatten() {
                    if let Some(user) = user["userId"].as_u64() {
                        knowledge.learn(Fact::Member(workspace.clone(), number, user));
                    }
                }
            }
            Tells::Suspended(user) if done => knowledge.people.out.push(*user),
            Tells::Gone(user) if done => {
                knowledge.people.out.push(*user);
                knowledge.learn(Fact::NoUser(*user));
            }
            Tells::Invite => {
                let (id, code) = (body["invite"]["id"].as_u64(), text(&body["invite"]["code"]));
                knowledge.people.invites.extend(id.zip(code));
            }
            Tells::Claimed(code) if done => {
                if knowledge.people.claimed.contains(code) {
                    knowledge.people.contradiction = Some(format!("two claimed the invitation {code}"));
                }
                knowledge.people.claimed.push(code.clone());
                knowledge.learn(Fact::Claimed(code.clone()));
            }
            Tells::Sees(user) if knowledge.people.limited.contains(user) => {
                let slugs = body["workspaces"].as_array().into_iter().flatten();
                let seen = slugs.filter_map(|workspace| text(&workspace["slug"]));
                for slug in seen {
                    if !knowledge.people.meant.contains(&(*user, slug.clone())) {
                        knowledge.people.contradiction =
                            Some(format!("user {user} sees {slug}, which nobody made them a member of"));
                    }
                }
            }
            Tells::Ended(_) | Tells::Suspended(_) | Tells::Gone(_) | Tells::Claimed(_) | Tells::Sees(_) => {}
        }
    }
}

/// After the storm everybody who was suspended is let in again: no session may come back with them.
pub(super) fn reckon(host: &mut SimHost, knowledge: &Knowledge) -> Result<u64, String> {
    let mut facts = 0;
    for user in &knowledge.people.out {
        host.call(json("POST", &format!("/v1/admin/users/{user}"), &json!({ "suspended": false })), false);
        for (_, token) in knowledge.people.sessions.iter().filter(|(of, _)| of == user) {
            facts += 1;
            let status = host.call(by(token, get("/v1/auth")), false).answer.status;
            if status != 403 {
                return Err(format!("a session of user {user} outlived them: {status}"));
            }
        }
    }
    Ok(facts)
}
