//! API keys: who may call.

use super::error::{ApiError, Code};
use crate::model::ApiKey;
use crate::seam::{ApiRequest, Cx};
use crate::store::{self, key};
use sha2::{Digest, Sha256};

/// Hex SHA-256 of a secret. Keys are long and random, so a plain hash keeps them; looking one up by
/// its hash compares nothing secret byte by byte.
pub fn hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lets a call through if it carries a known key.
///
/// The second word of the `Authorization` header is the key; the first is not looked at, as clients
/// send `Bearer`, `bearer` and others (reference §2).
pub async fn check(cx: &Cx, request: &ApiRequest) -> Result<ApiKey, ApiError> {
    let invalid = || ApiError::new(Code::InvalidApiKey, "No valid api key found.");
    let secret = request.header("authorization").unwrap_or("").split(' ').nth(1).unwrap_or("");
    if secret.is_empty() {
        return Err(invalid());
    }
    store::get(cx, key::api_key(&hash(secret))).await?.ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_sha256_in_hex() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::hash("abc"), expected);
    }
}
