//! The settings of an instance that are changed while it runs.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One record, read with every call: small.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// It has users who sign in.
    #[serde(default)]
    pub multi_user: bool,
    /// Variables set through the API, by name. They win over those of the host. May hold secrets.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Preferences by label (reference §11.4).
    #[serde(default)]
    pub preferences: BTreeMap<String, String>,
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance")
            .field("multi_user", &self.multi_user)
            .field("env", &self.env.keys())
            .field("preferences", &self.preferences)
            .finish()
    }
}
