//! Who sends the hostile files: one client each, all at once, again and again.

use super::figures::Hostile;
use crate::bench::client::Client;
use crate::hostile::HostileFile;
use std::time::{Duration, Instant};

/// From one round, in which all files arrive at once, to the next.
const ROUND: Duration = Duration::from_secs(20);
/// How long a client waits that was told there is no room.
const WAIT: Duration = Duration::from_secs(2);
/// A server that did not answer so often in a row is gone.
const TRIES: usize = 10;

/// When it begins and ends.
#[derive(Clone, Copy)]
pub struct Times {
    /// The first round.
    pub start: Instant,
    /// No round begins after this.
    pub until: Instant,
    /// Files that were not answered by then never are.
    pub last: Instant,
}

/// Sends every file in each round, and each until it was answered once.
pub fn run(port: u16, key: &str, files: &[HostileFile], times: Times) -> Hostile {
    let mut all = Hostile { files: files.len(), ..Hostile::default() };
    std::thread::scope(|scope| {
        let senders: Vec<_> =
            files.iter().map(|file| scope.spawn(move || sender(port, key, file, times))).collect();
        for sender in senders {
            let one = sender.join().unwrap_or_default();
            all.sent += one.sent;
            all.never.extend(one.never);
            for (status, count) in one.answers {
                *all.answers.entry(status).or_default() += count;
            }
        }
    });
    all
}

fn sender(port: u16, key: &str, file: &HostileFile, times: Times) -> Hostile {
    let mut one = Hostile::default();
    let (mut answered, mut unanswered, mut round) = (false, 0, times.start);
    while unanswered < TRIES && Instant::now() < if answered { times.until } else { times.last } {
        std::thread::sleep(round.saturating_duration_since(Instant::now()));
        one.sent += 1;
        // A connection of its own for each: what was refused may have closed the one before.
        let sent =
            Client::connect(port, key).and_then(|mut client| client.upload(&file.name, &file.bytes, None));
        let status = sent.map_or(0, |response| response.status);
        *one.answers.entry(status).or_default() += 1;
        unanswered = if status == 0 { unanswered + 1 } else { 0 };
        if matches!(status, 0 | 503) {
            std::thread::sleep(WAIT);
            continue;
        }
        answered = true;
        while round <= Instant::now() {
            round += ROUND;
        }
        if round > times.until {
            break;
        }
    }
    if !answered {
        one.never.push(file.name.clone());
    }
    one
}
