//! How much a user may ask in a day (reference §11.1).

use crate::api::{ApiError, Code};
use crate::model::{Role, User};
use crate::seam::{Cx, UnixMs};
use crate::store::{self, key, retry};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Times that are remembered; a higher limit is none.
const MOST: u64 = 10_000;

/// Counts a question of the user who is signed in, if there is one and they have a daily limit. Admins have
/// none; nor has a key that asks in somebody's name.
///
/// # Errors
/// [`Code::TooMany`] if in the last 24 hours there were as many as allowed.
pub(super) async fn take(cx: &Cx) -> Result<(), ApiError> {
    let Some(id) = cx.actor().user else { return Ok(()) };
    let limit = match store::get::<User>(cx, key::user(id)).await? {
        Some(user) if user.role != Role::Admin => user.daily_message_limit.filter(|limit| *limit <= MOST),
        _ => None,
    };
    let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else { return Ok(()) };
    let now = cx.now();
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        let mut sent: Vec<UnixMs> = tx.get(key::sent(id)).await?.unwrap_or_default();
        // What was sent in a time to come was sent before the clock was set back.
        sent.retain(|at| at.plus(DAY_MS) > now && *at <= now.plus(DAY_MS));
        if sent.len() >= limit {
            // The one that makes room when it is a day old.
            let next = sent.get(sent.len() - limit).map_or(now, |at| at.plus(DAY_MS));
            let seconds = u64::try_from(next.0.saturating_sub(now.0)).unwrap_or(0).div_ceil(1000).max(1);
            let message =
                format!("You have met your maximum 24 hour chat quota of {limit} chats. Try again later.");
            return Err(ApiError::new(Code::TooMany, message).retry_after(seconds));
        }
        sent.push(now);
        tx.put(key::sent(id), &sent)?;
        if tx.commit().await? {
            return Ok(());
        }
    }
}
