//! Runs simulations: `cargo run -p haversack-tests --bin simulate -- --seeds 100000 --start 1`.
//!
//! Prints the first seed that fails, what it found and what happened before, and exits with 1. The
//! same seed does the same again.

use haversack_tests::sim::workload;
use std::collections::BTreeMap;
use std::process::ExitCode;

struct Arguments {
    seeds: u64,
    start: u64,
    calls: u64,
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("{why}\nusage: simulate [--seeds N] [--start S] [--calls C]");
            return ExitCode::from(2);
        }
    };
    let (mut calls, mut good, mut facts, mut crashes, mut sessions) = (0, 0, 0, 0, 0);
    for seed in arguments.start..arguments.start.saturating_add(arguments.seeds) {
        match workload::run(workload::program(BTreeMap::new()), seed, arguments.calls) {
            Ok(report) => {
                calls += report.calls;
                good += report.good;
                facts += report.facts;
                crashes += report.crashes;
                sessions += report.sessions;
            }
            Err(failure) => {
                println!("{failure}");
                println!(
                    "again: cargo run -p haversack-tests --bin simulate -- --seeds 1 --start {seed} --calls {}",
                    arguments.calls
                );
                return ExitCode::FAILURE;
            }
        }
    }
    println!(
        "{} seeds: {calls} calls, {good} good answers, {sessions} sessions, {facts} facts checked, {crashes} crashes, nothing lost",
        arguments.seeds
    );
    ExitCode::SUCCESS
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments { seeds: 1_000, start: 1, calls: 40 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().and_then(|text| text.parse().ok());
        let value = value.ok_or_else(|| format!("{word} needs a number"))?;
        match word.as_str() {
            "--seeds" => arguments.seeds = value,
            "--start" => arguments.start = value,
            "--calls" => arguments.calls = value,
            _ => return Err(format!("{word} is not known")),
        }
    }
    Ok(arguments)
}
