//! Limits over 24 hours. An answer is counted before the model is asked, in one conditional commit, so that
//! many visitors at once do not get past a limit together.

use crate::api::error::{ApiError, Code};
use crate::model::{Embed, Uses};
use crate::seam::{Cx, Key};
use crate::store::{key, retry};

/// What a visitor is told at either limit.
const REACHED: &str = "The quota for this chat has been reached. Try again later or contact the site owner.";
const SESSION_REACHED: &str =
    "Your quota for this chat has been reached. Try again later or contact the site owner.";

/// A counted answer.
pub struct Reservation {
    slot: i64,
    counters: Vec<Key>,
}

/// Counts one answer.
///
/// # Errors
/// [`Code::TooMany`] at a limit, with the seconds until an answer is free again; nothing is counted then.
pub async fn reserve(cx: &Cx, embed: &Embed, session: &str) -> Result<Reservation, ApiError> {
    let limits = [
        (key::embed_day(embed.id), embed.max_chats_per_day),
        (key::embed_session(embed.id, session), embed.max_chats_per_session),
    ];
    let (now, slot) = (cx.now(), Uses::slot(cx.now()));
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        let mut counters = Vec::new();
        for (n, (counter, limit)) in limits.iter().enumerate() {
            let Some(limit) = limit else { continue };
            let mut uses = tx.get::<Uses>(counter.clone()).await?.unwrap_or_default();
            uses.forget(now);
            if uses.count() >= *limit {
                let (text, detail) = if n == 0 {
                    ("Rate limit exceeded", REACHED)
                } else {
                    (SESSION_REACHED, SESSION_REACHED)
                };
                let error = ApiError::new(Code::TooMany, text).with("errorMsg", detail);
                return Err(error.retry_after(uses.seconds_to_next(now)));
            }
            uses.add(slot);
            tx.put(counter.clone(), &uses)?;
            counters.push(counter.clone());
        }
        // A counter must not outlive its embed.
        if counters.is_empty() || tx.get::<Embed>(key::embed(embed.id)).await?.is_none() {
            return Ok(Reservation { slot, counters: Vec::new() });
        }
        if tx.commit().await? {
            return Ok(Reservation { slot, counters });
        }
    }
}

impl Reservation {
    /// Takes it back: there was no answer to count.
    pub async fn release(self, cx: &Cx) -> Result<(), ApiError> {
        if self.counters.is_empty() {
            return Ok(());
        }
        let mut attempts = retry(cx);
        loop {
            let mut tx = attempts.next().await?;
            for counter in &self.counters {
                // Gone: the embed is, too.
                let Some(mut uses) = tx.get::<Uses>(counter.clone()).await? else { continue };
                uses.remove(self.slot);
                tx.put(counter.clone(), &uses)?;
            }
            if tx.is_empty() || tx.commit().await? {
                return Ok(());
            }
        }
    }
}
