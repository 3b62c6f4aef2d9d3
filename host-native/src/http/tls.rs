//! Whom we trust.

use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// The machine's own certificates (an operator may have added a company's) beside Mozilla's, so that it
/// also works in a container that ships none.
pub fn config() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    match versions {
        Ok(builder) => builder.with_root_certificates(roots).with_no_client_auth(),
        // ring has the suites of every version rustls knows.
        Err(error) => unreachable!("ring supports no TLS version: {error}"),
    }
}
