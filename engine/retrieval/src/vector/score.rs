//! From cosine to the numbers clients see.

/// The cosine distance, `[0, 2]`: 0 for the same direction, 1 for unrelated. Rounding may put it a hair outside.
#[must_use]
pub fn cosine_distance(cosine: f32) -> f32 {
    1.0 - cosine
}

/// The similarity AnythingLLM reports for a cosine distance (reference §7.7), `[0, 1]`.
///
/// `1 − d` from 0 to 1, `1 − |d|` for the small negative distances of rounding, 0 for a distance of 1 or more and
/// for what is not a number. Upstream gave 1 for a distance of 1 or more (§15.8); that let unrelated text pass every
/// threshold.
#[must_use]
pub fn wire_score(distance: f32) -> f64 {
    let distance = f64::from(distance).abs();
    if distance < 1.0 { 1.0 - distance } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_reference() {
        for (distance, score) in
            [(0.0, 1.0), (0.25, 0.75), (-0.125, 0.875), (1.0, 0.0), (1.5, 0.0), (2.0, 0.0)]
        {
            assert_eq!(wire_score(distance), score, "distance {distance}");
        }
        assert!((wire_score(0.99) - 0.01).abs() < 1e-7);
        assert_eq!(wire_score(f32::NAN), 0.0);
    }

    #[test]
    fn unrelated_is_one_away() {
        assert_eq!([1.0, 0.0, -1.0].map(cosine_distance), [0.0, 1.0, 2.0]);
    }
}
