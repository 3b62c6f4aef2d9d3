//! What grows with use has bounds: the event log, and the conversations of sessions that come and go.
//!
//! A host calls this before it serves and once in a while after, so that no request waits for it. What is over the bounds
//! goes oldest first. Conversations of users and threads are never touched.

use crate::Engine;
use crate::model::{Chat, Embed, Workspace};
use crate::seam::{Cx, Key, KeyRange, UnixMs};
use crate::store::{self, StoreError, Transaction, key};

/// Turns that are removed in one commit.
const BATCH: usize = 500;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Removes the oldest lines of the event log beyond `HAVERSACK_EVENT_LOG_LINES`. How many.
pub async fn events(cx: &Cx, engine: &Engine) -> Result<u64, StoreError> {
    let most = engine.settings().event_log_lines;
    if most == 0 {
        return Ok(0);
    }
    let ends = [false, true].map(|reverse| store::scan(cx, key::events(), reverse, 1, true));
    let [first, last] =
        futures_util::future::join_all(ends).await.try_into().unwrap_or([Ok(vec![]), Ok(vec![])]);
    let id = |entries: Vec<(Key, _)>| entries.first().and_then(|(key, _)| key::trailing_id(key));
    let (Some(first), Some(last)) = (id(first?), id(last?)) else { return Ok(0) };
    // Numbers may have gaps; so a few lines less may stay.
    let kept = last.saturating_sub(most.saturating_sub(1));
    if first >= kept {
        return Ok(0);
    }
    let mut tx = Transaction::new(cx);
    tx.delete_range(KeyRange { start: key::events().start, end: key::event(kept) });
    tx.commit().await?;
    Ok(kept - first)
}

/// Removes turns of API sessions and of visitors beyond `HAVERSACK_SESSION_CHATS` in each workspace and embed, and those
/// older than `HAVERSACK_SESSION_DAYS`. How many.
pub async fn sessions(cx: &Cx, engine: &Engine) -> Result<u64, StoreError> {
    let (most, days) = (engine.settings().session_chats, engine.settings().session_days);
    if most == 0 && days == 0 {
        return Ok(0);
    }
    let oldest = UnixMs(cx.now().0.saturating_sub_unsigned(days.saturating_mul(DAY_MS)));
    let bounds =
        Bounds { most: if most == 0 { u64::MAX } else { most }, oldest: (days > 0).then_some(oldest) };
    let mut removed = 0;
    for (_, workspace) in store::all::<Workspace>(cx, key::workspaces()).await? {
        removed += bounds.apply(cx, key::chats_sessions(workspace.id), true).await?;
    }
    for (_, embed) in store::all::<Embed>(cx, key::embeds()).await? {
        removed += bounds.apply(cx, key::embed_chats(embed.id), false).await?;
    }
    Ok(removed)
}

struct Bounds {
    most: u64,
    oldest: Option<UnixMs>,
}

impl Bounds {
    async fn apply(&self, cx: &Cx, range: KeyRange, found_by_id: bool) -> Result<u64, StoreError> {
        let mut turns = store::scan_keys(cx, range).await?;
        // Ids grow with time, over all sessions.
        turns.sort_by_key(key::trailing_id);
        let over = usize::try_from((turns.len() as u64).saturating_sub(self.most)).unwrap_or(0);
        let mut removed = 0;
        for batch in turns.get(..over).unwrap_or_default().chunks(BATCH) {
            removed += remove(cx, batch, found_by_id).await?;
        }
        let Some(oldest) = self.oldest else { return Ok(removed) };
        for batch in turns.get(over..).unwrap_or_default().chunks(BATCH) {
            let chats = store::get_many::<Chat>(cx, batch.to_vec()).await?;
            let old =
                chats.iter().take_while(|chat| chat.as_ref().is_none_or(|chat| chat.created_at < oldest));
            let old = batch.get(..old.count()).unwrap_or_default();
            removed += remove(cx, old, found_by_id).await?;
            if old.len() < batch.len() {
                break;
            }
        }
        Ok(removed)
    }
}

async fn remove(cx: &Cx, turns: &[Key], found_by_id: bool) -> Result<u64, StoreError> {
    if turns.is_empty() {
        return Ok(0);
    }
    let mut tx = Transaction::new(cx);
    for turn in turns {
        tx.delete(turn.clone());
        if let Some(id) = key::trailing_id(turn).filter(|_| found_by_id) {
            tx.delete(key::chat_id(id));
        }
    }
    tx.commit().await?;
    cx.breathe().await;
    Ok(turns.len() as u64)
}

#[cfg(test)]
mod tests {
    use crate::testing::TestHost;
    use serde_json::{Value, json};

    fn ids(host: &TestHost, prefix: &str) -> Vec<u64> {
        host.keys(prefix).iter().map(|key| key.rsplit('/').next().unwrap().parse().unwrap()).collect()
    }

    /// What was removed.
    fn trim(host: &mut TestHost) -> Value {
        host.trim().ok()
    }

    #[test]
    fn the_event_log_keeps_its_last_lines() {
        let mut host = TestHost::new(&[("HAVERSACK_EVENT_LOG_LINES", "5")]);
        (0..9).for_each(|n| host.workspace(&format!("w{n}")));
        assert_eq!(trim(&mut host), json!({ "events": 4, "turns": 0 }));
        assert_eq!(ids(&host, "event/"), [5, 6, 7, 8, 9]);
        assert_eq!(trim(&mut host)["events"], 0);
        let mut host = TestHost::new(&[("HAVERSACK_EVENT_LOG_LINES", "0")]);
        (0..9).for_each(|n| host.workspace(&format!("w{n}")));
        assert_eq!(trim(&mut host)["events"], 0, "0 is no limit");
    }

    fn ask(host: &mut TestHost, session: Value) {
        let body = json!({ "message": "hello", "mode": "query", "sessionId": session });
        host.call("POST", "/v1/workspace/docs/chat", &body).ok();
    }

    #[test]
    fn sessions_keep_their_last_turns_and_users_all_of_them() {
        let mut host = TestHost::new(&[("HAVERSACK_SESSION_CHATS", "3")]);
        host.workspace("Docs");
        for n in 0..8 {
            ask(&mut host, Value::Null);
            ask(&mut host, format!("session {}", n % 3).into());
        }
        assert_eq!(trim(&mut host), json!({ "events": 0, "turns": 5 }));
        let mut kept = ids(&host, "chat/000000000001/session/");
        kept.sort_unstable();
        assert_eq!((kept, ids(&host, "chat/000000000001/main/").len()), (vec![12, 14, 16], 8));
        assert_eq!(host.keys("chat.id/").len(), 11);
    }

    #[test]
    fn turns_of_sessions_have_an_age() {
        let mut host = TestHost::new(&[("HAVERSACK_SESSION_DAYS", "30")]);
        host.workspace("Docs");
        for _ in 0..4 {
            ask(&mut host, "visitor".into());
            ask(&mut host, Value::Null);
            host.now.0 += 20 * 24 * 60 * 60 * 1000;
        }
        assert_eq!(host.maintain(true).ok()["forgotten"], 3);
        assert_eq!(host.keys("chat/000000000001/session/").len(), 1);
        assert_eq!(host.keys("chat/000000000001/main/").len(), 4);
    }
}
