//! Normalisation: the one place where a vector's length is lost.

use super::DIM_MAX;
use super::error::VectorError;

/// `vector` at Euclidean length 1 (to the precision of f32). The zero vector stays zero.
///
/// The length is summed in f64, in index order, so that neither large nor tiny values overflow it and every host
/// gets the same bits.
///
/// # Errors
/// [`VectorError::DimRange`] for no values or too many, [`VectorError::NotFinite`] for an infinity or NaN.
pub fn unit(vector: &[f32]) -> Result<Vec<f32>, VectorError> {
    if vector.is_empty() || vector.len() > DIM_MAX {
        return Err(VectorError::DimRange(vector.len()));
    }
    if !vector.iter().all(|value| value.is_finite()) {
        return Err(VectorError::NotFinite);
    }
    let norm = norm(vector);
    if norm == 0.0 {
        return Ok(vec![0.0; vector.len()]);
    }
    Ok(vector.iter().map(|&value| (f64::from(value) / norm) as f32).collect())
}

/// The Euclidean length, summed in f64 in index order. Off by less than one part in 10¹¹.
pub(super) fn norm(vector: &[f32]) -> f64 {
    vector.iter().fold(0.0, |sum, &value| sum + f64::from(value) * f64::from(value)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn directions_stay_and_lengths_go() {
        assert_eq!(unit(&[3.0, -4.0]), Ok(vec![0.6, -0.8]));
        assert_eq!(unit(&[0.0, -0.0]), Ok(vec![0.0, 0.0]));
        assert_eq!(unit(&[f32::MAX, f32::MAX]), unit(&[1e-40, 1e-40]));
    }

    #[test]
    fn unusable_vectors_are_refused() {
        assert_eq!(unit(&[]), Err(VectorError::DimRange(0)));
        assert_eq!(unit(&[1.0; DIM_MAX + 1]), Err(VectorError::DimRange(8193)));
        assert_eq!(unit(&[1.0, f32::NAN]), Err(VectorError::NotFinite));
        assert_eq!(unit(&[f32::INFINITY]), Err(VectorError::NotFinite));
    }

    proptest! {
        #[test]
        fn the_length_is_one(vector in vec(-1e3f32..1e3, 1..400)) {
            prop_assume!(norm(&vector) > 0.0);
            prop_assert!((norm(&unit(&vector).unwrap()) - 1.0).abs() < 1e-6);
        }
    }
}
