//! The static MiniLM embedder: WordPiece tokens, one int8 row each, a weighted sum. Plain arithmetic, no network,
//! the same bytes on every host.

mod error;
mod model;
mod normalize;
#[cfg(all(test, feature = "embedded-assets"))]
mod published;
mod vocab;
mod wordpiece;

pub use error::ModelError;
pub use model::{Starting, StaticModel};
pub use vocab::Vocab;
pub use wordpiece::Wordpiece;

/// The model compiled into this build (`assets/static-minilm-256`): 256 dimensions, English.
///
/// The vocabulary is hashed at the first call (about a millisecond, 0.6 MB); rows stay where the binary was mapped, so
/// only those that texts touch become resident.
///
/// ```
/// use haversack_retrieval::minilm::embedded;
///
/// let vector = embedded().embed("how do I reset my password?");
/// assert_eq!(vector.len(), 256);
/// ```
#[cfg(feature = "embedded-assets")]
pub fn embedded() -> &'static StaticModel {
    use bytes::Bytes;
    use std::sync::OnceLock;

    static MODEL: OnceLock<StaticModel> = OnceLock::new();
    MODEL.get_or_init(|| {
        let tensors = include_bytes!("../../../assets/static-minilm-256/model.safetensors");
        let vocab = include_bytes!("../../../assets/static-minilm-256/vocab.txt");
        #[expect(clippy::expect_used, reason = "both files are part of the program, not an input")]
        StaticModel::parse(Bytes::from_static(tensors), Bytes::from_static(vocab))
            .expect("the model in this binary is whole")
    })
}
