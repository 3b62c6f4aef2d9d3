//! What was measured, and what it should be.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// Times of one kind of request.
#[derive(Clone, Debug, Default)]
pub struct Times {
    taken: Vec<Duration>,
    /// Answers that were not 200, by status; 0 is none at all.
    pub failed: BTreeMap<u16, usize>,
}

impl Times {
    /// Notes one request. What was not answered took no time that counts.
    pub fn add(&mut self, taken: Duration, status: u16) {
        if status != 0 {
            self.taken.push(taken);
        }
        if status != 200 {
            *self.failed.entry(status).or_default() += 1;
        }
    }

    /// Takes those of another client.
    pub fn merge(&mut self, other: Times) {
        self.taken.extend(other.taken);
        for (status, count) in other.failed {
            *self.failed.entry(status).or_default() += count;
        }
    }

    /// How many there were.
    pub fn count(&self) -> usize {
        self.taken.len()
    }

    /// The time in ms that this share of the requests did not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.taken.clone();
        sorted.sort_unstable();
        let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }

    fn shown(&self) -> String {
        let failed: usize = self.failed.values().sum();
        let failed = if failed > 0 { format!(", {failed} not 200 {:?}", self.failed) } else { String::new() };
        format!("{:.1} / {:.1} ms ({}{failed})", self.quantile(0.5), self.quantile(0.99), self.count())
    }
}

/// Times by kind, in the order in which they are shown.
pub type Phase = BTreeMap<&'static str, Times>;

/// What became of the hostile files.
#[derive(Clone, Debug, Default)]
pub struct Hostile {
    /// Different files.
    pub files: usize,
    /// How often any was sent.
    pub sent: usize,
    /// Answers by status; 0 is none at all.
    pub answers: BTreeMap<u16, usize>,
    /// Files that never got an answer other than that there was no room.
    pub never: Vec<String>,
}

/// All figures of a soak.
pub struct Figures {
    /// How long both phases took together.
    pub minutes: f64,
    /// What it ran on.
    pub machine: String,
    /// Without hostile files.
    pub before: Phase,
    /// With them.
    pub during: Phase,
    /// What became of them.
    pub hostile: Hostile,
    /// Seconds since the start, and MB in memory.
    pub memory: Vec<(u64, f64)>,
    /// The most memory that the server ever had, in MB.
    pub memory_highest: f64,
    /// What it may have, in MB.
    pub memory_cap: f64,
    /// How often it had to be started again.
    pub restarts: usize,
    /// Cores that it used after all was over.
    pub cores_after: f64,
}

/// Ping's limit in ms.
const PING_MS: f64 = 50.0;
/// How much longer a search may take than without hostile files.
const SEARCH_TIMES: f64 = 2.0;
/// Cores that a server at rest uses at most.
const CORES_AT_REST: f64 = 0.1;

impl Figures {
    /// The table for `docs/security.md`.
    pub fn table(&self) -> String {
        let mut out = format!(
            "{:.1} minutes on {}. Times are p50 / p99 (requests).\n\n| | without hostile files | with all {} of them |\n| --- | --- | --- |\n",
            self.minutes, self.machine, self.hostile.files
        );
        for (kind, before) in &self.before {
            let during = self.during.get(kind).map(Times::shown).unwrap_or_default();
            let _ = writeln!(out, "| {kind} | {} | {during} |", before.shown());
        }
        let answers: Vec<String> =
            self.hostile.answers.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        let rows = [
            (
                "hostile files sent, answers by status",
                format!("{} sent, {}", self.hostile.sent, answers.join(", ")),
            ),
            (
                "resident memory, highest (cap)",
                format!("{:.0} MB ({:.0} MB)", self.memory_highest, self.memory_cap),
            ),
            ("resident memory over time", self.over_time()),
            ("restarts", self.restarts.to_string()),
            ("cores used after the end", format!("{:.2}", self.cores_after)),
        ];
        for (what, value) in rows {
            let _ = writeln!(out, "| {what} | | {value} |");
        }
        out
    }

    /// About ten samples.
    fn over_time(&self) -> String {
        let step = self.memory.len().div_ceil(10).max(1);
        let samples = self.memory.iter().step_by(step).map(|(second, mb)| format!("{second} s {mb:.0}"));
        samples.collect::<Vec<_>>().join(", ") + " MB"
    }

    /// What is not as it should be.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |wrong: bool, what: String| {
            if wrong {
                faults.push(what);
            }
        };
        let p99 = |phase: &Phase, kind: &str| phase.get(kind).map_or(f64::MAX, |times| times.quantile(0.99));
        let ping = p99(&self.during, "ping");
        fault(ping >= PING_MS, format!("p99 of ping is {ping:.1} ms; less than {PING_MS} ms is wanted"));
        let (before, during) = (p99(&self.before, "vector-search"), p99(&self.during, "vector-search"));
        fault(
            during > before * SEARCH_TIMES,
            format!("p99 of vector-search went from {before:.1} to {during:.1} ms"),
        );
        fault(self.memory_highest > self.memory_cap, format!("{:.0} MB were in memory", self.memory_highest));
        fault(self.restarts > 0, format!("the server ended {} times", self.restarts));
        let never = &self.hostile.never;
        let first: Vec<&str> = never.iter().take(10).map(String::as_str).collect();
        fault(!never.is_empty(), format!("{} were never answered: {} …", never.len(), first.join(", ")));
        let errors = self
            .hostile
            .answers
            .iter()
            .filter(|(status, _)| **status == 0 || (**status >= 500 && **status != 503));
        let errors: Vec<_> = errors.collect();
        fault(!errors.is_empty(), format!("answers to hostile files that are no refusals: {errors:?}"));
        let failed =
            |kind: &str| self.during.get(kind).map_or(0, |times| times.failed.values().sum::<usize>());
        for kind in ["ping", "reads", "vector-search"] {
            fault(failed(kind) > 0, format!("{} of `{kind}` were not answered with 200", failed(kind)));
        }
        fault(
            self.cores_after > CORES_AT_REST,
            format!("{:.2} cores are used after the end", self.cores_after),
        );
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(ms: &[u64]) -> Times {
        let mut times = Times::default();
        ms.iter().for_each(|ms| times.add(Duration::from_millis(*ms), 200));
        times
    }

    fn figures() -> Figures {
        let phase = || Phase::from([("ping", times(&[1; 100])), ("vector-search", times(&[5; 100]))]);
        let answers = BTreeMap::from([(200, 3), (422, 5), (503, 2)]);
        Figures {
            minutes: 10.0,
            machine: "2 cores".into(),
            before: phase(),
            during: phase(),
            hostile: Hostile { files: 8, sent: 10, answers, never: vec![] },
            memory: (0..100).map(|second| (second, 120.0)).collect(),
            memory_highest: 130.0,
            memory_cap: 2560.0,
            restarts: 0,
            cores_after: 0.0,
        }
    }

    #[test]
    fn what_is_well_has_no_faults_and_a_table() {
        let good = figures();
        assert_eq!(good.faults(), Vec::<String>::new());
        assert!(
            good.table().contains("| ping | 1.0 / 1.0 ms (100) | 1.0 / 1.0 ms (100) |"),
            "{}",
            good.table()
        );
    }

    #[test]
    fn each_limit_is_a_fault_of_its_own() {
        let slow = |kind: &'static str, ms| {
            let mut figures = figures();
            figures.during.insert(kind, times(&[ms; 100]));
            figures
        };
        let with = |change: fn(&mut Figures)| {
            let mut figures = figures();
            change(&mut figures);
            figures
        };
        for (bad, word) in [
            (slow("ping", 60), "ping"),
            (slow("vector-search", 11), "vector-search"),
            (with(|f| f.memory_highest = 3000.0), "memory"),
            (with(|f| f.restarts = 1), "ended"),
            (with(|f| f.hostile.never.push("a.pdf".into())), "a.pdf"),
            (with(|f| _ = f.hostile.answers.insert(500, 1)), "500"),
            (with(|f| f.cores_after = 1.0), "cores"),
            (with(|f| f.during.entry("ping").or_default().add(Duration::ZERO, 503)), "200"),
        ] {
            let faults = bad.faults();
            assert!(faults.len() == 1 && faults[0].contains(word), "{word}: {faults:?}");
        }
    }
}
