//! Files of the engine that ship inside the component.

use bytes::Bytes;
use haversack_engine::seam::{Asset, HostError, HostErrorKind};

static CL100K: &[u8] = include_bytes!("../../engine/assets/cl100k.bin");

/// An asset's bytes.
pub fn get(asset: Asset) -> Result<Bytes, HostError> {
    match asset {
        Asset::Cl100k => Ok(Bytes::from_static(CL100K)),
        Asset::MinilmModel | Asset::MinilmVocab => {
            Err(HostError::new(HostErrorKind::Unsupported, "the embedder is inside the engine here"))
        }
    }
}
