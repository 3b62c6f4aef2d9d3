//! Files of the engine that ship inside the component.

use bytes::Bytes;
use haversack_engine::seam::{Asset, HostError, HostErrorKind};

static CL100K: &[u8] = include_bytes!("../../engine/assets/cl100k.bin");

/// Never asked for where the engine has it inside.
const NO_TABLE: &str =
    "this build has no embedder inside: set EMBEDDING_ENGINE, EMBEDDING_BASE_PATH and EMBEDDING_MODEL_PREF";

/// An asset's bytes.
pub fn get(asset: Asset) -> Result<Bytes, HostError> {
    match asset {
        Asset::Cl100k => Ok(Bytes::from_static(CL100K)),
        Asset::MinilmModel | Asset::MinilmVocab => Err(HostError::new(HostErrorKind::Unsupported, NO_TABLE)),
        Asset::Page(_) => Err(HostError::new(HostErrorKind::Unsupported, "pages are inside the engine here")),
    }
}
