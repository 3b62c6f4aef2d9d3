//! The fixed rotation that makes the values of a vector about as large as each other.
//!
//! Signs are flipped by a fixed pattern and values mixed by a Walsh-Hadamard transform, of the first 2ᵏ values and of
//! the last in turn where the dimension is no power of two. Additions come in one order, so every host gets the same
//! bits.

/// Times that signs are flipped and values mixed.
const ROUNDS: usize = 4;

/// The rotation of vectors of one dimension.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Of each round, for each value, the sign bit or nothing.
    flips: [Vec<u32>; ROUNDS],
}

impl Rotation {
    /// The rotation of vectors of `dim` values.
    #[must_use]
    pub fn new(dim: usize) -> Rotation {
        let flip = |round: usize, n: usize| (mixed(((round as u64) << 32) | n as u64) as u32 & 1) << 31;
        Rotation { flips: std::array::from_fn(|round| (0..dim).map(|n| flip(round, n)).collect()) }
    }

    /// Turns a vector: lengths and products of vectors stay as they are.
    #[must_use]
    pub fn turn(&self, vector: &[f32]) -> Vec<f32> {
        let mut turned = vector.to_vec();
        let Some(k) = turned.len().checked_ilog2() else { return turned };
        let width = 1usize << k;
        let scale = (1.0 / (width as f64).sqrt()) as f32;
        for (round, flips) in self.flips.iter().enumerate() {
            for (value, flip) in turned.iter_mut().zip(flips) {
                *value = f32::from_bits(value.to_bits() ^ flip);
            }
            let start = if round % 2 == 0 { 0 } else { turned.len() - width };
            if let Some(part) = turned.get_mut(start..start + width) {
                hadamard(part);
                part.iter_mut().for_each(|value| *value *= scale);
            }
        }
        turned
    }
}

/// Turns one vector.
#[must_use]
pub fn rotate(vector: &[f32]) -> Vec<f32> {
    Rotation::new(vector.len()).turn(vector)
}

/// The Walsh-Hadamard transform of 2ᵏ values, not normalised.
fn hadamard(values: &mut [f32]) {
    let mut done = 1;
    // The first three steps stay within eight values, which a compiler can keep in registers.
    if values.len() >= 8 {
        let (eights, _) = values.as_chunks_mut::<8>();
        eights.iter_mut().for_each(|eight| *eight = hadamard_8(*eight));
        done = 8;
    }
    while done < values.len() {
        for pair in values.chunks_exact_mut(2 * done) {
            let (left, right) = pair.split_at_mut(done);
            for (a, b) in left.iter_mut().zip(right) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        done *= 2;
    }
}

fn hadamard_8([a, b, c, d, e, f, g, h]: [f32; 8]) -> [f32; 8] {
    let [a, b, c, d, e, f, g, h] = [a + b, a - b, c + d, c - d, e + f, e - f, g + h, g - h];
    let [a, b, c, d, e, f, g, h] = [a + c, b + d, a - c, b - d, e + g, f + h, e - g, f - h];
    [a + e, b + f, c + g, d + h, a - e, b - f, c - g, d - h]
}

/// The finaliser of SplitMix64: every bit of the result depends on every bit of `n`.
pub(super) fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::kernel::dot_f32;
    use crate::vector::unit::unit;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// As the definition has it, step by step.
    fn by_the_book(vector: &[f32]) -> Vec<f32> {
        let mut turned = vector.to_vec();
        let width = 1 << turned.len().ilog2();
        for round in 0..4u64 {
            for (n, value) in turned.iter_mut().enumerate() {
                if mixed((round << 32) | n as u64) & 1 == 1 {
                    *value = -*value;
                }
            }
            let start = if round % 2 == 0 { 0 } else { turned.len() - width };
            let mut half = 1;
            while half < width {
                for n in (0..width).filter(|n| n & half == 0) {
                    let (a, b) = (turned[start + n], turned[start + n + half]);
                    (turned[start + n], turned[start + n + half]) = (a + b, a - b);
                }
                half *= 2;
            }
            turned[start..start + width]
                .iter_mut()
                .for_each(|value| *value *= (1.0 / (width as f64).sqrt()) as f32);
        }
        turned
    }

    fn vectors() -> impl Strategy<Value = (Vec<f32>, Vec<f32>)> {
        let value = || prop_oneof![8 => -1.0f32..1.0, 1 => Just(0.0)];
        prop_oneof![1usize..40, Just(256)].prop_flat_map(move |dim| (vec(value(), dim), vec(value(), dim)))
    }

    proptest! {
        #[test]
        fn turning_keeps_products((a, b) in vectors()) {
            let (a, b) = (unit(&a).unwrap(), unit(&b).unwrap());
            prop_assert!((dot_f32(&rotate(&a), &rotate(&b)) - dot_f32(&a, &b)).abs() < 1e-5);
        }

        #[test]
        fn the_bits_are_those_of_the_definition((a, _) in vectors()) {
            let bits = |v: Vec<f32>| v.into_iter().map(f32::to_bits).collect::<Vec<_>>();
            prop_assert_eq!(bits(rotate(&a)), bits(by_the_book(&a)));
        }
    }
}
