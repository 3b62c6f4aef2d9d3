use std::fmt;

/// Why two files are not a static model. Whoever supplied them should fetch them again or use another pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelError {
    /// `model.safetensors` is cut short, or its header is not what the format prescribes.
    Header(&'static str),
    /// A tensor is missing, or has another type, shape or place than the model needs.
    Tensor {
        /// The tensor's name.
        name: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// `vocab.txt` cannot be used.
    Vocab(&'static str),
    /// The number of vocabulary lines is not the number of rows.
    Rows {
        /// Lines in the vocabulary.
        tokens: usize,
        /// Rows in the tensors.
        rows: usize,
    },
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(problem) => {
                write!(f, "model.safetensors: {problem}; fetch the file again")
            }
            Self::Tensor { name, problem } => {
                write!(f, "model.safetensors: tensor `{name}` {problem}; use a static int8 model")
            }
            Self::Vocab(problem) => write!(f, "vocab.txt: {problem}; fetch the file again"),
            Self::Rows { tokens, rows } => write!(
                f,
                "vocab.txt has {tokens} tokens but model.safetensors has {rows} rows; take both from one model"
            ),
        }
    }
}

impl std::error::Error for ModelError {}
