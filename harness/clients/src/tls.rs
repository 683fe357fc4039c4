//! One TLS configuration for HTTP and WebSocket.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
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

/// The certificates that this machine trusts, as one PEM text, with further ones behind them. One that can't be read is
/// left out: every machine has some that no library takes.
///
/// # Errors
/// When nothing at all is trusted: then no certificate could be judged.
pub fn system_roots(further: Option<&str>) -> Result<String> {
    let mut pem = String::new();
    let mut known = RootCertStore::empty();
    for certificate in rustls_native_certs::load_native_certs().certs {
        if known.add(certificate.clone()).is_ok() {
            let text = STANDARD.encode(&certificate);
            pem.push_str(&format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"));
        }
    }
    pem.push_str(further.unwrap_or_default());
    ensure!(
        !pem.is_empty(),
        "this machine trusts no certificate authority; install its CA certificates, or name one with --ca"
    );
    Ok(pem)
}

/// What this side shows when a server asks who it is.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads certificate chain and key out of one PEM text.
    pub(crate) fn read(pem: &str) -> Result<Self> {
        let chain = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
        let chain = chain.context("reading the client certificate")?;
        ensure!(!chain.is_empty(), "there is no client certificate");
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).context("reading the client certificate's key")?;
        Ok(Self { chain, key })
    }
}

/// Trusts these roots, shows this certificate if one is asked for, and offers these protocols.
pub(crate) fn trusting(
    roots: &Arc<RootCertStore>,
    identity: Option<&Identity>,
    alpn: &[&[u8]],
) -> Result<Arc<ClientConfig>> {
    let builder = ClientConfig::builder().with_root_certificates(roots.clone());
    let mut config = match identity {
        Some(identity) => builder
            .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
            .context("the client certificate and its key do not fit")?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Arc::new(config))
}
