//! Sources of earlier answers, when a follow-up question finds too little (reference §7.9).

use super::flow::Turns;
use super::sources::{CARRIED_OVER, Source};
use serde_json::Value;
use std::collections::BTreeSet;

/// Earlier sources with their texts, newest answer first, until `top_n` chunks are together.
///
/// Only chunks that were found by search (they carry a score) for their own question, whose document is not pinned now,
/// and that are not in the context already. Theirs gives the model their texts alone; here they are sources, so that a
/// number leads to them.
pub(super) fn sources(
    history: &Turns,
    top_n: u64,
    hits: usize,
    current: &[Source],
    pinned: &BTreeSet<String>,
) -> Vec<(String, Source)> {
    let wanted = usize::try_from(top_n).unwrap_or(usize::MAX).saturating_sub(hits);
    let mut used: BTreeSet<&str> = current.iter().filter_map(Source::id).collect();
    let mut found = Vec::new();
    for source in history.iter().rev().flat_map(|turn| &turn.sources) {
        if found.len() >= wanted {
            break;
        }
        let field = |name: &str| source.get(name).and_then(Value::as_str);
        let scored = source.get("score").is_some_and(|score| !score.is_null());
        let carried = source.get(CARRIED_OVER).is_some_and(|carried| carried == true);
        let (Some(id), true, false) = (field("id"), scored, carried) else { continue };
        let pinned_now = field("docId").is_some_and(|id| pinned.contains(id));
        if !pinned_now && used.insert(id) {
            found.extend(Source::earlier(source));
        }
    }
    found
}
