//! How good a ranking of documents is. Any grade above 0 counts as relevant.

use std::collections::BTreeSet;

/// Discounted gain of the first ten, over that of the best possible ranking.
#[must_use]
pub fn ndcg_at_10(found: &[String], relevant: &BTreeSet<String>) -> f64 {
    let gain = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let ranks = found.iter().take(10).enumerate().filter(|(_, id)| relevant.contains(*id));
    let got: f64 = ranks.map(|(rank, _)| gain(rank)).sum();
    let best: f64 = (0..relevant.len().min(10)).map(gain).sum();
    if best > 0.0 { got / best } else { 0.0 }
}

/// The share of the relevant documents that is among the first `depth`.
#[must_use]
pub fn recall(found: &[String], relevant: &BTreeSet<String>, depth: usize) -> f64 {
    let hits = found.iter().take(depth).filter(|id| relevant.contains(*id)).count();
    hits as f64 / relevant.len().max(1) as f64
}

/// One over the rank of the first relevant document; 0 without one.
#[must_use]
pub fn reciprocal_rank(found: &[String], relevant: &BTreeSet<String>) -> f64 {
    found.iter().position(|id| relevant.contains(id)).map_or(0.0, |rank| 1.0 / (rank as f64 + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_best_ranking_is_one() {
        let relevant: BTreeSet<String> = ids("a b").into_iter().collect();
        assert_eq!(ndcg_at_10(&ids("b a c"), &relevant), 1.0);
        // (1 + 1/2) of (1 + 1/log2 3).
        assert!((ndcg_at_10(&ids("a c b"), &relevant) - 1.5 / (1.0 + 1.0 / 3f64.log2())).abs() < 1e-12);
        assert_eq!(ndcg_at_10(&ids("c d"), &relevant), 0.0);
    }

    #[test]
    fn recall_and_first_rank_count_what_was_found() {
        let relevant: BTreeSet<String> = ids("a b").into_iter().collect();
        assert_eq!(recall(&ids("c a b"), &relevant, 2), 0.5);
        assert_eq!(reciprocal_rank(&ids("c a b"), &relevant), 0.5);
        assert_eq!(reciprocal_rank(&ids("c"), &relevant), 0.0);
    }
}
