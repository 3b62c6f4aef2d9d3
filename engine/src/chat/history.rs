//! What was said before.

use super::flow::{Ask, Turns};
use crate::api::ApiError;
use crate::model::Chat;
use crate::seam::{Cx, KeyRange};
use crate::store::key::{self, Partition};
use crate::store::{self, retry};

/// A turn of the conversation, oldest first in a list of them.
pub(super) type Turn = Chat;

/// The last turns of the conversation that still count, oldest first.
pub(super) async fn load(cx: &Cx, ask: &Ask) -> Result<Turns, ApiError> {
    let limit = ask.workspace.history_limit() as usize;
    let range = key::chats_of(ask.workspace.id, &ask.partition);
    let mut turns = last_included(cx, range, limit).await?;
    turns.reverse();
    Ok(turns)
}

/// Up to `limit` turns that count, last first.
async fn last_included(cx: &Cx, range: KeyRange, limit: usize) -> Result<Turns, ApiError> {
    const PAGE: u32 = 100;
    let page = u32::try_from(limit).unwrap_or(PAGE).clamp(1, PAGE);
    let (mut turns, mut rest) = (Turns::new(), range);
    loop {
        let chats = store::last_n::<Chat>(cx, rest.clone(), page).await?;
        let full = chats.len() >= page as usize;
        let first = chats.last().map(|(key, _)| key.clone());
        turns.extend(chats.into_iter().map(|(_, chat)| chat).filter(|chat| chat.include));
        turns.truncate(limit);
        match first {
            Some(first) if full && turns.len() < limit => rest.end = first,
            _ => return Ok(turns),
        }
    }
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
