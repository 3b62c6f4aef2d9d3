//! Sources of earlier answers, when a follow-up question finds too little (reference §7.9).

use super::context::Source;
use super::flow::Turns;
use serde_json::Value;
use std::collections::BTreeSet;

/// Texts of earlier sources, newest answer first, until `top_n` chunks are together.
///
/// Only chunks that were found by search (they carry a score), whose document is not pinned now, and
/// that are not in the context already.
pub(super) fn texts(
    history: &Turns,
    top_n: u64,
    hits: usize,
    current: &[Source],
    pinned: &BTreeSet<String>,
) -> Vec<String> {
    let wanted = usize::try_from(top_n).unwrap_or(usize::MAX).saturating_sub(hits);
    let mut used: BTreeSet<&str> = current.iter().filter_map(Source::id).collect();
    let mut texts = Vec::new();
    for source in history.iter().rev().flat_map(|turn| &turn.sources) {
        if texts.len() >= wanted {
            break;
        }
        let field = |name: &str| source.get(name).and_then(Value::as_str);
        let scored = source.get("score").is_some_and(|score| !score.is_null());
        let (Some(id), Some(text), true) = (field("id"), field("text"), scored) else { continue };
        let pinned_now = field("docId").is_some_and(|id| pinned.contains(id));
        if !pinned_now && used.insert(id) {
            texts.push(text.to_owned());
        }
    }
    texts
}
