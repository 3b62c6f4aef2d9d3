//! An API key.

use crate::seam::UnixMs;
use serde::{Deserialize, Serialize};

/// A key without its secret, of which only the hash is kept (as part of the store's key).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// From 1.
    pub id: u64,
    /// For people.
    pub name: Option<String>,
    /// The last four characters of the secret, to tell keys apart.
    pub hint: String,
    /// When it was made.
    pub created_at: UnixMs,
}
