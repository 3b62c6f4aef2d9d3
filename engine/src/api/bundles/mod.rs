//! Portable workspaces: one file out, one file in (`docs/bundle.md`).

mod commit;
mod contents;
mod export;
mod import;
mod numbers;
#[cfg(test)]
mod tests;

pub use export::export;
pub use import::import;

use super::error::{ApiError, Code};
use crate::bundle::BundleError;

impl From<BundleError> for ApiError {
    fn from(error: BundleError) -> ApiError {
        let message = error.to_string();
        let mut chars = message.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        ApiError::new(Code::UnusableBundle, first.into_iter().chain(chars).chain(['.']).collect::<String>())
    }
}

/// A bundle whose parts do not fit together.
fn inconsistent(what: impl Into<String>) -> ApiError {
    BundleError::Damaged(what.into()).into()
}
