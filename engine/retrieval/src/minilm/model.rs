use super::{ModelError, Vocab, Wordpiece};
use crate::vector::DIM_MAX;
use crate::vector::kernel::{add_scaled_4_i8, add_scaled_i8, dot_f32, prefetch};
use bytes::Bytes;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Rows that are added in one go.
const AT_ONCE: usize = 4;

/// A static embedder: `weights` (one f32 a row) and `embeddings` (int8 rows) for each token of a vocabulary.
///
/// The files stay as they were given; memory besides them is the vocabulary's index.
#[derive(Clone, Debug)]
pub struct StaticModel {
    wordpiece: Wordpiece,
    /// One little-endian f32 for each token.
    weights: Bytes,
    /// `dim` int8 values for each token.
    rows: Bytes,
    dim: usize,
}

impl StaticModel {
    /// Reads `model.safetensors` and `vocab.txt`. Every length, type, shape and offset is checked here, so that
    /// [`StaticModel::embed`] cannot fail.
    ///
    /// # Errors
    /// [`ModelError`] names the first thing that is wrong.
    pub fn parse(safetensors: Bytes, vocab: Bytes) -> Result<Self, ModelError> {
        let (header, data) = read_header(&safetensors)?;
        let (weights, weights_shape) = tensor(&header, &data, "weights", "F32", 4)?;
        let (rows, rows_shape) = tensor(&header, &data, "embeddings", "I8", 1)?;
        let [count] = weights_shape[..] else {
            return Err(ModelError::Tensor { name: "weights", problem: "is not one-dimensional" });
        };
        let [rows_count, dim @ 1..=DIM_MAX] = rows_shape[..] else {
            return Err(ModelError::Tensor {
                name: "embeddings",
                problem: "is not rows of 1 to 8192 values",
            });
        };
        if rows_count != count {
            return Err(ModelError::Tensor {
                name: "embeddings",
                problem: "has not one row for each weight",
            });
        }
        let wordpiece = Wordpiece::new(Vocab::parse(vocab)?)?;
        if wordpiece.vocab().len() != count {
            return Err(ModelError::Rows { tokens: wordpiece.vocab().len(), rows: count });
        }
        let model = Self { wordpiece, weights, rows, dim };
        // At most 65,535 tokens, says the vocabulary.
        if (0..count as u32).any(|id| !model.weight(id).is_finite()) {
            return Err(ModelError::Tensor { name: "weights", problem: "has a value that is not finite" });
        }
        Ok(model)
    }

    /// The number of values in a vector.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The tokenizer.
    #[must_use]
    pub fn wordpiece(&self) -> &Wordpiece {
        &self.wordpiece
    }

    /// The vector of `text`: [`StaticModel::dim`] values, Euclidean length 1, the same for queries and documents.
    ///
    /// A text without a known token gives the zero vector, which means "no dense signal": leave it to lexical search.
    /// Token order decides the order of additions, and nothing else: equal texts give equal bytes on every host.
    #[must_use]
    pub fn embed(&self, text: &str) -> Vec<f32> {
        normalized(self.sum(text))
    }

    /// Texts that all begin with `start`, which is worked out once.
    #[must_use]
    pub fn starting(&self, start: &str) -> Starting<'_> {
        let (whole, open) = start.split_at(last_break(start));
        Starting { model: self, sum: self.sum(whole), open: open.to_owned() }
    }

    /// The weighted sum of the rows of the tokens of `text`.
    pub(super) fn sum(&self, text: &str) -> Vec<f32> {
        let mut sum = vec![0.0; self.dim];
        self.add(&mut sum, text);
        sum
    }

    /// Adds the rows of the tokens of `text`, one after the other.
    fn add(&self, sum: &mut [f32], text: &str) {
        // Rows lie all over the table: each is asked for a few words before it is added.
        let (mut waiting, mut count) = ([0; 2 * AT_ONCE], 0);
        self.wordpiece.for_each_word(text, |ids| {
            for &id in ids {
                prefetch(self.row(id));
                waiting[count] = id;
                count += 1;
                if count == waiting.len() {
                    let [a, b, c, d, e, f, g, h] = waiting;
                    let first = [a, b, c, d];
                    add_scaled_4_i8(sum, first.map(|id| self.weight(id)), first.map(|id| self.row(id)));
                    waiting = [e, f, g, h, 0, 0, 0, 0];
                    count = AT_ONCE;
                }
            }
        });
        for &id in &waiting[..count] {
            add_scaled_i8(sum, self.weight(id), self.row(id));
        }
    }

    #[inline(always)]
    fn weight(&self, id: u32) -> f32 {
        let start = 4 * id as usize;
        let bytes = &self.weights[start..start + 4];
        f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    #[inline(always)]
    fn row(&self, id: u32) -> &[i8] {
        let start = id as usize * self.dim;
        bytemuck::cast_slice(&self.rows[start..start + self.dim])
    }
}

/// Texts with one start: see [`StaticModel::starting`].
#[derive(Clone, Debug)]
pub struct Starting<'m> {
    model: &'m StaticModel,
    /// Of the start, up to its last white space.
    sum: Vec<f32>,
    /// The rest of the start.
    open: String,
}

impl Starting<'_> {
    /// Makes the start longer by `more`: so a long text can be worked on step by step.
    pub fn push(&mut self, more: &str) {
        self.open.push_str(more);
        let end = last_break(&self.open);
        self.model.add(&mut self.sum, &self.open[..end]);
        self.open.drain(..end);
    }

    /// The vector of the start with `rest` behind it: the same bytes as [`StaticModel::embed`] gives for the whole.
    #[must_use]
    pub fn embed(&self, rest: &str) -> Vec<f32> {
        let mut sum = self.sum.clone();
        match self.open.as_str() {
            "" => self.model.add(&mut sum, rest),
            open => self.model.add(&mut sum, &[open, rest].concat()),
        }
        normalized(sum)
    }
}

/// Behind the last white space, which ends a word: whatever follows it, the tokens before it stay what they are.
fn last_break(text: &str) -> usize {
    text.rfind([' ', '\t', '\n', '\r']).map_or(0, |at| at + 1)
}

/// At length 1, or zero.
fn normalized(mut vector: Vec<f32>) -> Vec<f32> {
    let norm = dot_f32(&vector, &vector).sqrt();
    if norm > 0.0 && norm.is_finite() {
        vector.iter_mut().for_each(|value| *value /= norm);
    } else {
        vector.fill(0.0);
    }
    vector
}

#[derive(Deserialize)]
struct TensorInfo {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

type Header = BTreeMap<String, serde_json::Value>;

/// The header's entries and the data behind it: the file is 8 bytes of header length, JSON, data.
fn read_header(file: &Bytes) -> Result<(Header, Bytes), ModelError> {
    let short = ModelError::Header("is cut short");
    let length = file.first_chunk::<8>().ok_or(short.clone())?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| short.clone())?;
    let start = length.checked_add(8).ok_or(short.clone())?;
    let json = file.get(8..start).ok_or(short)?;
    let header = serde_json::from_slice(json).map_err(|_| ModelError::Header("has no JSON header"))?;
    Ok((header, file.slice(start..)))
}

/// The bytes and the shape of one tensor.
fn tensor(
    header: &Header,
    data: &Bytes,
    name: &'static str,
    dtype: &str,
    value_bytes: usize,
) -> Result<(Bytes, Vec<usize>), ModelError> {
    let wrong = |problem| ModelError::Tensor { name, problem };
    let info = header.get(name).ok_or(wrong("is missing"))?;
    let info = TensorInfo::deserialize(info).map_err(|_| wrong("is not described as a tensor"))?;
    if info.dtype != dtype {
        return Err(wrong("has another type than the model needs"));
    }
    // The header's numbers have 64 bits on every host; those that fit here are the only ones that can be right.
    let [start, end] = info.data_offsets.map(|offset| usize::try_from(offset).unwrap_or(usize::MAX));
    if data.get(start..end).is_none() {
        return Err(wrong("lies outside of the file"));
    }
    let shape: Vec<usize> = info.shape.iter().map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect();
    let size = shape.iter().try_fold(value_bytes, |bytes, &n| bytes.checked_mul(n));
    if size != Some(end - start) {
        return Err(wrong("has another size than its shape"));
    }
    Ok((data.slice(start..end), shape))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VOCAB: &str = "[UNK]\ncat\ndog\n.\n";

    /// A model file around `header`, with four weights and four rows of three values.
    fn file(header: &str) -> Vec<u8> {
        let weights: Vec<u8> = [0.0f32, 0.5, 0.25, 0.0].iter().flat_map(|w| w.to_le_bytes()).collect();
        let rows = [9i8, 9, 9, 6, 0, 8, -12, 16, 0, 1, 1, 1].map(i8::cast_unsigned);
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &weights, &rows].concat()
    }

    fn header(weights: &str, rows: &str) -> String {
        format!(r#"{{"__metadata__":{{"format":"x"}},"weights":{weights},"embeddings":{rows}}}"#)
    }

    const WEIGHTS: &str = r#"{"dtype":"F32","shape":[4],"data_offsets":[0,16]}"#;
    const ROWS: &str = r#"{"dtype":"I8","shape":[4,3],"data_offsets":[16,28]}"#;

    fn parse(file: Vec<u8>) -> Result<StaticModel, ModelError> {
        StaticModel::parse(Bytes::from(file), Bytes::from_static(VOCAB.as_bytes()))
    }

    #[test]
    fn a_vector_is_the_weighted_sum_at_length_one() {
        let model = parse(file(&header(WEIGHTS, ROWS))).unwrap();
        assert_eq!(model.dim(), 3);
        assert_eq!(model.embed("Cat"), [0.6, 0.0, 0.8]);
        assert_eq!(model.embed("dog dog"), [-0.6, 0.8, 0.0]);
        assert_eq!(model.embed("cat dog dog"), { [-3.0f32, 8.0, 4.0].map(|v| v / 89.0f32.sqrt()) });
    }

    #[test]
    fn texts_without_signal_are_zero() {
        let model = parse(file(&header(WEIGHTS, ROWS))).unwrap();
        for text in ["", "  ", "zebra", ".", ". . zebra"] {
            assert_eq!(model.embed(text), [0.0; 3], "{text:?}");
        }
    }

    #[test]
    fn wrong_descriptions_are_refused() {
        let tensor = |name, problem| ModelError::Tensor { name, problem };
        for (weights, rows, expected) in [
            ("0", ROWS, tensor("weights", "is not described as a tensor")),
            (
                &WEIGHTS.replace("F32", "F16"),
                ROWS,
                tensor("weights", "has another type than the model needs"),
            ),
            (&WEIGHTS.replace("[4]", "[5]"), ROWS, tensor("weights", "has another size than its shape")),
            (&WEIGHTS.replace("[4]", "[2,2]"), ROWS, tensor("weights", "is not one-dimensional")),
            (WEIGHTS, &ROWS.replace("28", "29"), tensor("embeddings", "lies outside of the file")),
            (WEIGHTS, &ROWS.replace("28", "15"), tensor("embeddings", "lies outside of the file")),
            (
                WEIGHTS,
                &ROWS.replace("16,", "18446744073709551615,"),
                tensor("embeddings", "lies outside of the file"),
            ),
            (
                WEIGHTS,
                &ROWS.replace("[4,3]", "[6,2]"),
                tensor("embeddings", "has not one row for each weight"),
            ),
            (
                WEIGHTS,
                &ROWS.replace("[4,3]", "[12]"),
                tensor("embeddings", "is not rows of 1 to 8192 values"),
            ),
            (
                WEIGHTS,
                &ROWS.replace("[4,3]", "[4611686018427387904,4]"),
                tensor("embeddings", "has another size than its shape"),
            ),
        ] {
            assert_eq!(parse(file(&header(weights, rows))).unwrap_err(), expected, "{weights} {rows}");
        }
        assert_eq!(parse(file("{}")).unwrap_err(), tensor("weights", "is missing"));
        assert_eq!(parse(file("[")).unwrap_err(), ModelError::Header("has no JSON header"));
        let nan = [&file(&header(WEIGHTS, ROWS))[..]].concat();
        let at = nan.len() - 28;
        let nan = [&nan[..at], &f32::NAN.to_le_bytes(), &nan[at + 4..]].concat();
        assert_eq!(parse(nan).unwrap_err(), tensor("weights", "has a value that is not finite"));
    }

    #[test]
    fn a_vocabulary_of_another_model_is_refused() {
        let error = StaticModel::parse(Bytes::from(file(&header(WEIGHTS, ROWS))), Bytes::from("[UNK]\ncat"));
        assert_eq!(error.unwrap_err(), ModelError::Rows { tokens: 2, rows: 4 });
    }

    #[test]
    fn every_cut_of_the_file_is_refused() {
        let whole = file(&header(WEIGHTS, ROWS));
        for length in 0..whole.len() {
            assert!(parse(whole[..length].to_vec()).is_err(), "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn a_start_and_a_rest_are_the_whole(start in "[a-z. é\u{301}]{0,20}", rest in "[a-z. é\u{301}]{0,60}") {
            let whole = [start.as_str(), &rest].concat();
            let model = parse(file(&header(WEIGHTS, ROWS))).unwrap();
            prop_assert_eq!(model.starting(&start).embed(&rest), model.embed(&whole));
            #[cfg(feature = "embedded-assets")]
            {
                let model = crate::minilm::embedded();
                prop_assert_eq!(model.starting(&start).embed(&rest), model.embed(&whole));
            }
        }

        #[test]
        fn a_damaged_file_never_panics(at in 0usize..8 + 200, byte in any::<u8>(), text in "[a-z. ]{0,20}") {
            let mut file = file(&header(WEIGHTS, ROWS));
            let at = at % file.len();
            file[at] = byte;
            if let Ok(model) = parse(file) {
                prop_assert!(model.embed(&text).iter().all(|value| value.is_finite()));
            }
        }
    }
}
