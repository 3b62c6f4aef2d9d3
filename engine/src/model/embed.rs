//! An embed: a chat about one workspace for the visitors of a website.

use super::ChatMode;
use crate::seam::UnixMs;
use serde::{Deserialize, Serialize};

/// How the public may talk with a workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Embed {
    /// From 1.
    pub id: u64,
    /// What its public addresses hold.
    pub uuid: String,
    /// The workspace's id.
    pub workspace: u64,
    /// Switched off, it answers nobody.
    pub enabled: bool,
    /// `Chat` or `Query`.
    pub mode: ChatMode,
    /// Origins (`https://shop.example`) whose pages may use it; `None` is any.
    #[serde(default)]
    pub allowlist: Option<Vec<String>>,
    /// Whether a page may choose the model.
    #[serde(default)]
    pub allow_model: bool,
    /// Whether a page may choose the temperature.
    #[serde(default)]
    pub allow_temperature: bool,
    /// Whether a page may choose the system prompt.
    #[serde(default)]
    pub allow_prompt: bool,
    /// Answers in 24 hours, over all sessions; `None` is no limit.
    #[serde(default)]
    pub max_chats_per_day: Option<u64>,
    /// Answers in 24 hours for one session; `None` is no limit.
    #[serde(default)]
    pub max_chats_per_session: Option<u64>,
    /// Turns of a session that go into a prompt; `None` is 20.
    #[serde(default)]
    pub message_limit: Option<u64>,
    /// The user who made it, if one did.
    #[serde(default)]
    pub created_by: Option<u64>,
    /// When it was made.
    pub created_at: UnixMs,
}

impl Embed {
    /// Whether pages of `origin`, as [`crate::text::origin::origin`] writes it, may use it.
    pub fn admits(&self, origin: Option<&str>) -> bool {
        match &self.allowlist {
            None => true,
            Some(known) => origin.is_some_and(|origin| known.iter().any(|known| known == origin)),
        }
    }
}

/// Who sent a question through an embed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// The origin of the page, as its browser named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Their address.
    pub ip: Option<String>,
    /// What the page calls them.
    pub username: Option<String>,
}

/// When an embed was used, in slots of five minutes: enough to count the last 24 hours, and small however
/// busy it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uses(Vec<(i64, u64)>);

impl Uses {
    const SLOT_MS: i64 = 5 * 60 * 1000;
    const SLOTS: i64 = 24 * 12;

    /// The slot of a moment.
    pub fn slot(at: UnixMs) -> i64 {
        at.0.div_euclid(Uses::SLOT_MS)
    }

    /// Drops what is older than a day.
    pub fn forget(&mut self, now: UnixMs) {
        let (first, last) = (Uses::slot(now) - Uses::SLOTS, Uses::slot(now) + Uses::SLOTS);
        // A clock that was set back leaves uses of a time to come, which would count for ever.
        self.0.retain(|(slot, _)| (first..=last).contains(slot));
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Adds one.
    pub fn add(&mut self, slot: i64) {
        match self.0.iter_mut().find(|(known, _)| *known == slot) {
            Some((_, count)) => *count += 1,
            None => self.0.push((slot, 1)),
        }
    }

    /// Takes one back.
    pub fn remove(&mut self, slot: i64) {
        for (known, count) in &mut self.0 {
            if *known == slot {
                *count = count.saturating_sub(1);
            }
        }
        self.0.retain(|(_, count)| *count > 0);
    }

    /// Seconds until the oldest one is forgotten.
    pub fn seconds_to_next(&self, now: UnixMs) -> u64 {
        let oldest = self.0.iter().map(|(slot, _)| *slot).min().unwrap_or(Uses::slot(now));
        let free_ms = (oldest + Uses::SLOTS + 1).saturating_mul(Uses::SLOT_MS).saturating_sub(now.0);
        u64::try_from(free_ms.div_euclid(1000) + 1).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    #[test]
    fn a_use_counts_for_a_day() {
        let start = UnixMs(1_700_000_000_000);
        let mut uses = Uses::default();
        uses.add(Uses::slot(start));
        uses.add(Uses::slot(start));
        for (hours, count) in [(0, 2), (23, 2), (24, 2), (25, 0)] {
            let mut then = uses.clone();
            then.forget(start.plus(hours * HOUR));
            assert_eq!(then.count(), count, "after {hours} hours");
        }
    }

    #[test]
    fn a_clock_before_1970_or_set_back_counts_as_well() {
        for now in [-1, -86_400_000, i64::MIN, i64::MAX] {
            let (now, mut uses) = (UnixMs(now), Uses::default());
            uses.add(Uses::slot(now));
            uses.forget(now);
            assert_eq!(uses.count(), 1, "{now:?}");
            assert!(uses.seconds_to_next(now) >= 1);
        }
        let mut uses = Uses::default();
        uses.add(Uses::slot(UnixMs(1_700_000_000_000)));
        uses.forget(UnixMs(0));
        assert_eq!(uses.count(), 0);
    }

    #[test]
    fn the_promised_moment_is_when_one_is_free_again() {
        let start = UnixMs(1_700_000_000_123);
        let mut uses = Uses::default();
        uses.add(Uses::slot(start));
        let seconds = uses.seconds_to_next(start);
        assert!((86_400..=86_400 + 301).contains(&seconds), "{seconds}");
        let mut then = uses.clone();
        then.forget(start.plus(seconds * 1000));
        assert_eq!(then.count(), 0);
        uses.forget(start.plus((seconds - 2) * 1000));
        assert_eq!(uses.count(), 1);
    }

    #[test]
    fn what_is_taken_back_does_not_count() {
        let mut uses = Uses::default();
        uses.add(7);
        uses.remove(7);
        uses.remove(7);
        assert_eq!(uses, Uses::default());
    }
}
