//! Whether a run computes for so long that it must not do it on a thread that answers others.

use haversack_engine::seam::{Effect, Input, KvReply, Output, Reply, text_or_base64::Blob};
use std::time::Duration;

/// A request with a body beyond this is work for a thread of its own: reading it as JSON alone takes milliseconds.
const LARGE_REQUEST: usize = 64 << 10;
/// The same for all that a run was given by its effects.
const LARGE_REPLIES: usize = 1 << 20;
/// A step that took so long tells that the next ones may.
const LONG_STEP: Duration = Duration::from_millis(2);
/// Short steps after which a run goes back to where it came from.
const SHORT_STEPS: u32 = 16;

/// What is known of the work of one run.
#[derive(Debug)]
pub struct Load {
    /// Bytes the run was given by its effects.
    replies: usize,
    /// It has much to work on: that stays so.
    large: bool,
    /// Steps it still takes on a thread of its own.
    away: u32,
}

impl Load {
    /// Of a run for a request whose body has so many bytes.
    pub fn of_request(body_bytes: usize) -> Load {
        Load { replies: 0, large: body_bytes > LARGE_REQUEST, away: 0 }
    }

    /// Whether its next step belongs on a thread of its own.
    pub fn is_heavy(&self) -> bool {
        self.large || self.away > 0
    }

    /// It has taken a step.
    pub fn step(&mut self, took: Duration, outputs: &[Output]) {
        // A run breathes in the middle of long work.
        let breathes = |output: &Output| matches!(output, Output::Effect { effect: Effect::Breathe, .. });
        if took >= LONG_STEP || outputs.iter().any(breathes) {
            self.away = SHORT_STEPS;
        } else {
            self.away = self.away.saturating_sub(1);
        }
    }

    /// It gets `input`.
    pub fn input(&mut self, input: &Input) {
        self.replies = self.replies.saturating_add(bytes_of(input));
        self.large |= self.replies > LARGE_REPLIES;
    }
}

/// What a report brings that has to be worked on, about.
fn bytes_of(input: &Input) -> usize {
    let Input::Settled { result: Ok(reply), .. } = input else {
        return match input {
            Input::Chunk { bytes, .. } => bytes.len(),
            _ => 0,
        };
    };
    match reply {
        Reply::Kv(KvReply::Values(values)) => values.iter().flatten().map(|Blob(bytes)| bytes.len()).sum(),
        Reply::Kv(KvReply::Entries(entries)) => entries.iter().map(|(_, Blob(bytes))| bytes.len()).sum(),
        Reply::Extract(extracted) => extracted.documents.iter().map(|document| document.text.len()).sum(),
        Reply::Embed(vectors) => vectors.iter().map(|vector| vector.len() * size_of::<f32>()).sum(),
        Reply::Kv(_) | Reply::Http | Reply::Complete(_) | Reply::Asset(_) | Reply::Breathe => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use haversack_engine::seam::EffectId;

    const ID: EffectId = EffectId(1);
    const SHORT: Duration = Duration::from_micros(50);

    #[test]
    fn a_large_request_stays_away_for_good() {
        let mut load = Load::of_request(LARGE_REQUEST + 1);
        (0..100).for_each(|_| load.step(SHORT, &[]));
        assert!(load.is_heavy());
        assert!(!Load::of_request(LARGE_REQUEST).is_heavy());
    }

    #[test]
    fn a_long_step_or_a_breath_sends_away_until_the_steps_are_short_again() {
        for (took, outputs) in
            [(LONG_STEP, vec![]), (SHORT, vec![Output::Effect { id: ID, effect: Effect::Breathe }])]
        {
            let mut load = Load::of_request(0);
            load.step(took, &outputs);
            assert!(load.is_heavy());
            (0..SHORT_STEPS).for_each(|_| load.step(SHORT, &[]));
            assert!(!load.is_heavy());
        }
    }

    #[test]
    fn much_that_was_read_is_much_to_work_on() {
        let mut load = Load::of_request(0);
        let half = Bytes::from(vec![0; LARGE_REPLIES / 2]);
        let read = || {
            let values = KvReply::Values(vec![Some(Blob(half.clone())), None]);
            Input::Settled { id: ID, result: Ok(Reply::Kv(values)) }
        };
        load.input(&read());
        load.input(&Input::Chunk { id: ID, bytes: half.clone() });
        assert!(!load.is_heavy());
        load.input(&Input::Chunk { id: ID, bytes: Bytes::from_static(b"x") });
        assert!(load.is_heavy());
    }
}
