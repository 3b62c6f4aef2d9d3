//! Who calls, as far as the host must know in order to share itself out fairly.

use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// Tells callers apart. It says nothing of what they may do: the engine decides that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// The person at the machine.
    Operator,
    /// The holder of a key or a session, by the first bytes of its SHA-256.
    Credential(u64),
    /// Somebody without one, by the address; of IPv6 the network (/64), which is what one customer has.
    Address(IpAddr),
    /// Somebody without an address: an embedding program.
    Unknown,
}

impl Caller {
    /// From the `Authorization` header, if there is one, or else from where the request came.
    pub fn new(authorization: Option<&str>, peer: Option<IpAddr>) -> Caller {
        if let Some(credential) = authorization {
            let hash = Sha256::digest(credential.trim().as_bytes());
            return Caller::Credential(hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        }
        match peer.map(|address| address.to_canonical()) {
            Some(IpAddr::V6(address)) => Caller::Address(IpAddr::V6((address.to_bits() >> 64 << 64).into())),
            Some(address) => Caller::Address(address),
            None => Caller::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_counts_before_the_address_and_a_network_is_one_caller() {
        let at = |address: &str| Some(address.parse().unwrap());
        assert_eq!(Caller::new(Some("Bearer a"), at("192.0.2.1")), Caller::new(Some("Bearer a "), None));
        assert_ne!(Caller::new(Some("Bearer a"), None), Caller::new(Some("Bearer b"), None));
        assert_eq!(Caller::new(None, at("2001:db8::1")), Caller::new(None, at("2001:db8::ffff")));
        assert_ne!(Caller::new(None, at("2001:db8::1")), Caller::new(None, at("2001:db8:0:1::1")));
        assert_eq!(Caller::new(None, at("::ffff:192.0.2.1")), Caller::new(None, at("192.0.2.1")));
        assert_eq!(Caller::new(None, None), Caller::Unknown);
    }
}
