//! Counting how often something is done, to refuse what is done too often.
//!
//! A sliding window over two fixed ones: what was done in the window before counts in proportion to the
//! part of it that still lies within reach. The counts are in the store, so that they hold on every host and
//! over restarts. What is refused is not counted: however long somebody goes on, the next one gets in as soon
//! as there is room. Two windows are kept of each limit, older ones go with the first count of a new one.

use super::auth;
use super::error::{ApiError, Code};
use crate::seam::{Cx, KeyRange, UnixMs};
use crate::store::{StoreError, Transaction, key, retry};
use std::net::IpAddr;

/// At most `most` in any `window_s` seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    /// Part of a key of the store: letters, digits and `-`.
    pub name: &'static str,
    /// Times, at least 1.
    pub most: u32,
    /// Length of the window in seconds.
    pub window_s: u64,
}

/// Who or what is counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    /// The address that the request came from. A host without addresses has one count for all, ten times
    /// as high.
    Peer,
    /// Anything, by name; with [`peer`] in it, an address and what it does it to.
    Name(&'a str),
}

/// Counts one of each, or none if one of them is too much.
///
/// # Errors
/// [`Code::TooMany`], with the seconds to wait.
pub(super) async fn take(cx: &Cx, counts: &[(Limit, Subject<'_>)]) -> Result<(), ApiError> {
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        for (limit, subject) in counts {
            limit.count(cx, &mut tx, *subject).await?;
        }
        if tx.commit().await? {
            return Ok(());
        }
    }
}

/// Takes back what was counted, as it turned out not to matter. Well if it cannot.
pub(super) async fn give_back(cx: &Cx, counts: &[(Limit, Subject<'_>)]) {
    let _ = uncount(cx, counts).await;
}

async fn uncount(cx: &Cx, counts: &[(Limit, Subject<'_>)]) -> Result<(), StoreError> {
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        for (limit, subject) in counts {
            let place = key::rate(limit.name, limit.window(cx.now()), &subject.name(cx));
            if let Some(count) = tx.get::<u32>(place.clone()).await? {
                tx.put(place, &count.saturating_sub(1))?;
            }
        }
        if tx.is_empty() || tx.commit().await? {
            return Ok(());
        }
    }
}

/// The address that the request came from, as far as it tells one client from another: an IPv6 client has
/// a whole /64. Empty where there is none.
pub(super) fn peer(cx: &Cx) -> String {
    let text = cx.peer().unwrap_or_default();
    match text.parse() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => text.to_owned(),
    }
}

impl Subject<'_> {
    /// As part of a key: nothing that a client chose, and no address, is kept as it is.
    fn name(self, cx: &Cx) -> String {
        let text = match self {
            Subject::Peer => format!("peer {}", peer(cx)),
            Subject::Name(name) => format!("name {name}"),
        };
        auth::hash(&text).chars().take(32).collect()
    }

    fn is_everybody(self, cx: &Cx) -> bool {
        cx.peer().is_none() && matches!(self, Subject::Peer)
    }
}

/// Milliseconds since a moment that no clock is before, which 1970 is not: a clock may never have been set.
fn since_the_beginning(now: UnixMs) -> u64 {
    const TEN_THOUSAND_YEARS_MS: i64 = 10_000 * 366 * 24 * 60 * 60 * 1000;
    u64::try_from(now.0.saturating_add(TEN_THOUSAND_YEARS_MS)).unwrap_or(0)
}

impl Limit {
    fn window_ms(self) -> u64 {
        self.window_s.max(1).saturating_mul(1000)
    }

    fn window(self, now: UnixMs) -> u64 {
        since_the_beginning(now) / self.window_ms()
    }

    async fn count(self, cx: &Cx, tx: &mut Transaction, subject: Subject<'_>) -> Result<(), ApiError> {
        let now = cx.now();
        let (window, name) = (self.window(now), subject.name(cx));
        let most = if subject.is_everybody(cx) { self.most.saturating_mul(10) } else { self.most };
        let place = key::rate(self.name, window, &name);
        let current = tx.get::<u32>(place.clone()).await?;
        let before = match window.checked_sub(1) {
            Some(before) => tx.get::<u32>(key::rate(self.name, before, &name)).await?.unwrap_or(0),
            None => 0,
        };
        let elapsed = since_the_beginning(now) % self.window_ms();
        let count = current.unwrap_or(0);
        if let Some(ms) = wait_ms(before, count, most, elapsed, self.window_ms()) {
            let seconds = ms.div_ceil(1000).max(1);
            let message = format!("Too many of these requests. Try again in {seconds} s.");
            return Err(ApiError::new(Code::TooMany, message).retry_after(seconds));
        }
        if current.is_none() {
            let (all, kept) = (key::rates(self.name), key::rates_in(self.name, window.saturating_sub(1)));
            tx.delete_range(KeyRange { start: all.start, end: kept.start });
        }
        Ok(tx.put(place, &(count + 1))?)
    }
}

/// How long until there is room for one more; `None` if there is. `before` and `current` are the counts of
/// two windows of `window` ms, and `elapsed` of the second one has passed.
fn wait_ms(before: u32, current: u32, most: u32, elapsed: u64, window: u64) -> Option<u64> {
    let (before, current, most) = (u128::from(before), u128::from(current), u128::from(most.max(1)));
    let (elapsed, window) = (u128::from(elapsed), u128::from(window));
    let has_room = |before: u128, current: u128, elapsed: u128| {
        before * (window - elapsed) + (current + 1) * window <= most * window
    };
    if has_room(before, current, elapsed) {
        return None;
    }
    // When `count` of the window before leave room for one beside `now` of the current one.
    let faded = |count: u128, now: u128| {
        window - ((most - 1).saturating_sub(now) * window).checked_div(count).unwrap_or(window).min(window)
    };
    let wait = match current < most {
        true => faded(before, current).saturating_sub(elapsed),
        false => window - elapsed + faded(current, 0),
    };
    Some(u64::try_from(wait).unwrap_or(u64::MAX).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_window_before_counts_by_the_part_in_reach() {
        // 10 in the minute before: half a minute later 5 of them still count.
        assert_eq!(wait_ms(10, 4, 10, 30_000, 60_000), None);
        assert_eq!(wait_ms(10, 5, 10, 30_000, 60_000), Some(6_000));
        // A full window fades in the next one: a tenth of it is gone after six seconds.
        assert_eq!(wait_ms(0, 10, 10, 30_000, 60_000), Some(36_000));
        assert_eq!(wait_ms(0, 1, 1, 0, 60_000), Some(120_000));
    }

    #[test]
    fn windows_follow_each_other_before_and_after_1970() {
        let limit = Limit { name: "x", most: 1, window_s: 60 };
        for ms in [-62_135_596_800_000, -86_400_000, -60_000, -1, 0, 1_700_000_000_000] {
            let (window, next) = (limit.window(UnixMs(ms)), limit.window(UnixMs(ms + 60_000)));
            assert_eq!(window + 1, next, "{ms}");
        }
    }

    proptest! {
        #[test]
        fn there_is_room_after_the_wait_and_not_before(
            before in 0u32..50, current in 0u32..50, most in 1u32..50, elapsed in 0u64..60_000,
        ) {
            const WINDOW: u64 = 60_000;
            if let Some(wait) = wait_ms(before, current, most, elapsed, WINDOW) {
                prop_assert!(wait <= 2 * WINDOW);
                let at = |ms: u64| match elapsed + ms {
                    at if at < WINDOW => wait_ms(before, current, most, at, WINDOW),
                    at if at < 2 * WINDOW => wait_ms(current, 0, most, at - WINDOW, WINDOW),
                    _ => None,
                };
                prop_assert_eq!(at(wait), None);
                prop_assert!(at(wait - 1).is_some());
            }
        }
    }
}
