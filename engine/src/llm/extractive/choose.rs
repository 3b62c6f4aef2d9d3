//! Which units make the answer.

use super::blocks::Kind;
use super::question::Question;
use super::score::Scored;
use super::units::Unit;
use std::collections::BTreeSet;

/// Most units that are chosen for their score.
const UNITS_MAX: usize = 4;
/// Passages whose beginnings are quoted.
const OPENINGS_MAX: usize = 2;
/// Characters after which nothing more is added.
const CHARS_MAX: usize = 900;
/// A unit must have this share of the best score, and be behind it by so much at most…
const NEAR_BEST: f32 = 0.72;
const BEHIND_MAX: f32 = 0.22;
/// …or this share, if it answers another part of the question: holds so many of its words that no other
/// has yet.
const PART_NEAR_BEST: f32 = 0.45;
const PART_WORDS: usize = 2;
/// What a unit gains when it holds all words of the question, and no other had any.
const NEW_WORDS: f32 = 0.2;
/// Two units that share so much of their words say the same.
const SAME: f32 = 0.7;

/// The units to quote: groups of neighbours, in reading order.
pub(super) fn choose(asked: &Question, units: &[Unit], scored: &[Scored]) -> Vec<Vec<usize>> {
    let mut chosen: BTreeSet<usize> = BTreeSet::new();
    let mut held: BTreeSet<usize> = BTreeSet::new();
    let mut chars = 0;
    let best = scored.first().map_or(0.0, |best| best.score);
    let mut left: Vec<&Scored> = scored.iter().filter(|one| one.score >= best * PART_NEAR_BEST).collect();
    for _ in 0..UNITS_MAX {
        let new = |one: &Scored| one.holds.difference(&held).count();
        let gain = |one: &Scored| one.score + NEW_WORDS * new(one) as f32 / asked.words.len().max(1) as f32;
        let near = |one: &Scored| one.score >= (best * NEAR_BEST).max(best - BEHIND_MAX);
        left.retain(|one| {
            (near(one) || new(one) >= PART_WORDS)
                && !chosen.iter().any(|at| repeats(&units[*at], &units[one.unit]))
        });
        // The first of equals, which is the better or the earlier. The very best stands above all.
        let next = match chosen.is_empty() {
            true => left.first().copied(),
            false => left.iter().copied().reduce(|a, b| if gain(b) > gain(a) { b } else { a }),
        };
        let Some(next) = next else { break };
        let length = length(&units[next.unit]);
        if !chosen.is_empty() && chars + length > CHARS_MAX {
            break;
        }
        chars += length;
        held.extend(&next.holds);
        chosen.insert(next.unit);
        if let Some(before) = leads_in(units, next.unit)
            && chosen.insert(before)
        {
            chars += units[before].text.len();
        }
    }
    group(units, &chosen)
}

fn length(unit: &Unit) -> usize {
    unit.text.len() + unit.below.iter().map(String::len).sum::<usize>()
}

/// Whether `other` says nothing that `unit` does not: words shared, or quoted below it already.
fn repeats(unit: &Unit, other: &Unit) -> bool {
    let a: BTreeSet<&str> = unit.terms.iter().map(String::as_str).collect();
    let b: BTreeSet<&str> = other.terms.iter().map(String::as_str).collect();
    let shared = a.intersection(&b).count() as f32;
    let smaller = a.len().min(b.len()) as f32;
    let larger = a.len().max(b.len()) as f32;
    shared >= larger * SAME
        || (smaller >= 4.0 && shared >= smaller * 0.9)
        || (unit.passage == other.passage && unit.below.iter().any(|below| below.contains(&other.text)))
}

/// The unit before, if this one speaks of it or is the code it announces.
fn leads_in(units: &[Unit], at: usize) -> Option<usize> {
    let before = at.checked_sub(1)?;
    let (unit, above) = (&units[at], &units[before]);
    let announced = unit.kind == Kind::Code && above.passage == unit.passage && above.text.ends_with(':');
    (announced || (unit.block == above.block && unit.points_back)).then_some(before)
}

/// Neighbours in one block stand together.
fn group(units: &[Unit], chosen: &BTreeSet<usize>) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for at in chosen {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|last| adjacent(units, *last, *at)) => group.push(*at),
            _ => groups.push(vec![*at]),
        }
    }
    groups
}

fn adjacent(units: &[Unit], a: usize, b: usize) -> bool {
    let (first, second) = (&units[a], &units[b]);
    let list = first.kind == second.kind && matches!(first.kind, Kind::Item | Kind::Row);
    first.passage == second.passage
        && a + 1 == b
        && (first.block == second.block
            || (list && first.block + 1 == second.block)
            || second.kind == Kind::Code)
}
/// The first two sentences of each of the best passages: something to see when a question names nothing.
pub(super) fn openings(units: &[Unit]) -> Vec<Vec<usize>> {
    let mut quotes: Vec<Vec<usize>> = Vec::new();
    for (at, unit) in units.iter().enumerate().filter(|(_, unit)| unit.kind != Kind::Title) {
        match quotes.last_mut() {
            Some(quote) if units[quote[0]].passage == unit.passage => {
                if quote.len() < 2 {
                    quote.push(at);
                }
            }
            _ => quotes.push(vec![at]),
        }
    }
    quotes.truncate(OPENINGS_MAX);
    quotes
}
