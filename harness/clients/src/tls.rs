//! One TLS configuration for HTTP and WebSocket.

use anyhow::{Context, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// Chooses the process' crypto provider. Every `main` calls it first; calling it again does nothing.
pub fn install_crypto_provider() {
    // An error says that one is installed already, which is what is wanted.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// Exactly the certificates in the PEM text.
pub(crate) fn roots(ca_pem: &str) -> Result<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
        roots.add(certificate.context("reading the CA certificate")?).context("trusting the CA certificate")?;
    }
    Ok(Arc::new(roots))
}

/// Trusts these roots and offers these protocols.
pub(crate) fn trusting(roots: &Arc<RootCertStore>, alpn: &[&[u8]]) -> Arc<ClientConfig> {
    let mut config = ClientConfig::builder().with_root_certificates(roots.clone()).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    Arc::new(config)
}
