//! What was said before.

use super::flow::{Ask, Turns};
use crate::api::ApiError;
use crate::model::Chat;
use crate::seam::{Cx, KeyRange};
use crate::store::key::{self, Partition};
use crate::store::{self, retry};

/// A turn of the conversation, oldest first in a list of them.
pub(super) type Turn = Chat;

/// Turns that are read however long they are: as many as a workspace has without being told.
const TURNS_MIN: usize = 20;

/// The newest turns may be cut to fit a model's window, those before them fit or end the history.
const CUT_TURNS: usize = 3;

/// The last turns of the conversation that still count, oldest first: as many as the workspace wants, but no more
/// than matter to a model with a window of so many tokens.
pub(super) async fn load(cx: &Cx, ask: &Ask, window: u32) -> Result<Turns, ApiError> {
    let limit = usize::try_from(ask.workspace.history_limit()).unwrap_or(usize::MAX);
    let range = key::chats_of(ask.workspace.id, &ask.partition);
    let mut turns = last_included(cx, range, limit, u64::from(window)).await?;
    turns.reverse();
    Ok(turns)
}

/// Up to `limit` turns that count, last first.
///
/// Beyond [`TURNS_MIN`] it ends once what can only be taken whole is more than `window` tokens: the prompt is cut
/// then, and nothing older is part of it.
async fn last_included(cx: &Cx, range: KeyRange, limit: usize, window: u64) -> Result<Turns, ApiError> {
    let page = limit.clamp(1, TURNS_MIN);
    let (mut turns, mut rest, mut whole) = (Turns::new(), range, 0u64);
    loop {
        let chats = store::last_n::<Chat>(cx, rest.clone(), page as u32).await?;
        let full = chats.len() >= page;
        let first = chats.last().map(|(key, _)| key.clone());
        for (_, chat) in chats.into_iter().filter(|(_, chat)| chat.include) {
            if turns.len() >= CUT_TURNS {
                whole = whole.saturating_add(tokens_at_least(&chat));
            }
            turns.push(chat);
        }
        turns.truncate(limit);
        let enough = turns.len() >= limit || (turns.len() >= TURNS_MIN && whole > window);
        match first {
            Some(first) if full && !enough => rest.end = first,
            _ => return Ok(turns),
        }
    }
}

/// Tokens of a turn. One that was not counted has at least one for each 128 bytes, the longest token there is.
fn tokens_at_least(chat: &Chat) -> u64 {
    const TOKEN_BYTES_MAX: usize = 128;
    let tokens = match &chat.tokens {
        Some(tokens) => tokens.prompt.saturating_add(tokens.text),
        None => (chat.prompt.len() + chat.text.len()) / TOKEN_BYTES_MAX,
    };
    tokens as u64
}

/// Takes every turn of a conversation out of its memory. They stay on record.
///
/// Only this conversation: other threads, sessions and users keep theirs (reference §15.9).
pub(crate) async fn reset(cx: &Cx, workspace: u64, partition: &Partition) -> Result<(), ApiError> {
    let range = key::chats_of(workspace, partition);
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        for (key, mut chat) in tx.scan::<Chat>(range.clone()).await? {
            if chat.include {
                chat.include = false;
                tx.put(key, &chat)?;
            }
        }
        if tx.is_empty() || tx.commit().await? {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::seam::{Effect, KvOp};
    use crate::store::key::{self, Partition};
    use crate::testing::{TestHost, json_request};
    use crate::tokens::Tokenizer;
    use serde_json::{Value, json};

    const CHAT: &str = "/v1/workspace/docs/chat";

    /// A workspace with a document, which remembers so many turns.
    fn host(turns: u64) -> TestHost {
        let mut host = TestHost::new(&[]);
        let body = json!({ "name": "Docs", "openAiHistory": turns, "similarityThreshold": 0 });
        host.call("POST", "/v1/workspace/new", &body).ok();
        let path = host.raw_text("otters", "Otters swim in the river.");
        host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] })).ok();
        host
    }

    fn ask(message: &str) -> Value {
        json!({ "message": message, "mode": "chat" })
    }

    /// How often the answer to a short question lets others run.
    fn breaths_of_a_short_question(host: &mut TestHost) -> usize {
        let mut running = host.start(json_request("POST", CHAT, &ask("otters?")));
        host.finish(&mut running).ok();
        running.breaths
    }

    #[test]
    fn a_long_turn_is_counted_once() {
        let mut host = host(20);
        let long = "otter ".repeat(170_000);
        let mut running = host.start(json_request("POST", CHAT, &ask(&long)));
        host.finish(&mut running).ok();
        // A megabyte is 60 ms of counting.
        assert!(running.breaths >= 10, "{}", running.breaths);
        let chat = key::chat(1, &Partition::Main(None), 1);
        let tokens = Tokenizer::native().count(&long);
        assert_eq!(host.value(chat.as_str())["tokens"]["prompt"], tokens);
        let breaths = breaths_of_a_short_question(&mut host);
        assert!(breaths <= 6, "{breaths} breaths to read the turn and cut it");
        // A turn of an older program has no count, and is cut by its ends all the same.
        let mut old = host.value(chat.as_str());
        old.as_object_mut().unwrap().remove("tokens");
        host.record(chat, &old);
        let breaths = breaths_of_a_short_question(&mut host);
        assert!(breaths <= 8, "{breaths}");
    }

    #[test]
    fn turns_that_cannot_fit_are_not_read() {
        let mut host = host(1_000);
        host.call("POST", CHAT, &ask("otters?")).ok();
        let mut turn = host.value(key::chat(1, &Partition::Main(None), 1).as_str());
        turn["tokens"] = json!({ "prompt": 2000, "text": 10 });
        for n in 2..400 {
            turn["id"] = n.into();
            host.record(key::chat(1, &Partition::Main(None), n), &turn);
        }
        let mut running = host.start(json_request("POST", CHAT, &ask("otters?")));
        let mut scans = 0;
        while host
            .run_until(&mut running, |effect| matches!(effect, Effect::Kv(KvOp::Scan { reverse: true, .. })))
        {
            scans += 1;
            host.step(&mut running);
        }
        // The window of 32,768 tokens is full after one page of 20 turns.
        assert_eq!(scans, 1);
    }
}
