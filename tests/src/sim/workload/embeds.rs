//! Calls about embeds, by their owners and by visitors.

use super::knowledge::{Fact, Knowledge, thing};
use super::operation::{Operation, Teaches};
use crate::requests::{bare, get, json};
use crate::sim::Random;
use serde_json::json;

/// Few, so that several visitors share one.
const SESSIONS: [&str; 3] = [
    "0b0e7a34-7d5c-4e0e-9c2b-6f1f4f3b2a10",
    "1b0e7a34-7d5c-4e0e-9c2b-6f1f4f3b2a10",
    "2b0e7a34-7d5c-4e0e-9c2b-6f1f4f3b2a10",
];

/// Chooses one of them.
pub(super) fn choose(
    random: &mut Random,
    knowledge: &mut Knowledge,
    workspace: &str,
    serial: u64,
) -> Operation {
    let known = knowledge.all().filter_map(|fact| match fact {
        Fact::Embed(_, uuid) => Some(uuid.clone()),
        _ => None,
    });
    let known: Vec<String> = known.collect();
    let Some(uuid) = random.pick(&known).cloned().filter(|_| !random.chance(200)) else {
        let mut body = json!({ "workspace_slug": workspace, "chat_mode": "chat" });
        if random.chance(500) {
            body["max_chats_per_day"] = 3.into();
            body["max_chats_per_session"] = 2.into();
        }
        return Operation::teaching(
            json("POST", "/v1/embed/new", &body),
            Teaches::NewEmbed(workspace.into()),
        );
    };
    let session = random.pick(&SESSIONS).copied().unwrap_or_default();
    match random.below(10) {
        0..6 => {
            let body = json!({ "sessionId": session, "message": format!("Is there an otter? ({serial})") });
            Operation::new(json("POST", &format!("/embed/{uuid}/stream-chat"), &body))
        }
        6 => Operation::new(get(&format!("/embed/{uuid}/{session}"))),
        7 => Operation::new(bare("DELETE", &format!("/embed/{uuid}/{session}"))),
        8 => {
            knowledge.touch(thing::embed(&uuid));
            let request = bare("DELETE", &format!("/v1/embed/{uuid}"));
            Operation::teaching(request, Teaches::EmbedGone(uuid))
        }
        _ => Operation::new(json("POST", &format!("/v1/embed/{uuid}"), &json!({ "message_limit": 3 }))),
    }
}
