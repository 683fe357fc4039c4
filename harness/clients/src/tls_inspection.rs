//! A TLS connection that is looked at before it is trusted: what is served, and separately whether it verifies.

use crate::http::Http;
use crate::unreachable::{Unreachable, Why};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A handshake takes milliseconds; a server that is not TLS waits for us for ever.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What an address serves over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedTls {
    /// DNS names of the certificate's subject alternative names.
    pub dns_names: Vec<String>,
    /// IP addresses among them.
    pub ip_addresses: Vec<String>,
    /// The certificate's subject.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Valid from, in seconds since 1970.
    pub not_before: i64,
    /// Valid until, in seconds since 1970.
    pub not_after: i64,
    /// Certificates served, the server's own included.
    pub chain_length: usize,
    /// Why it does not verify for the name against the target's trust; none if it does.
    pub problem: Option<String>,
    /// `TLSv1_3` or `TLSv1_2`.
    pub version: String,
    /// The protocol that the server chose from `h2` and `http/1.1`; none if it chose none.
    pub alpn: Option<String>,
    /// SHA-256 of the public key (SubjectPublicKeyInfo) in hexadecimal: the same key, renewed, has the same pin.
    pub spki_sha256: String,
}

impl ServedTls {
    /// Whole days until the certificate ends, rounded down; negative if it has ended.
    pub fn days_left(&self, now: std::time::SystemTime) -> i64 {
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
        (self.not_after - i64::try_from(now).unwrap_or(i64::MAX)).div_euclid(86_400)
    }
}

/// Completes a handshake with `address` (`host:port`) for `server_name`, whatever certificate is served, and judges
/// the certificate afterwards against what `trust` trusts.
///
/// # Errors
/// When there was no handshake. A server that wants a client certificate under TLS 1.3 answers all the same.
pub async fn inspect(address: &str, server_name: &str, trust: &Http) -> Result<ServedTls, Unreachable> {
    let started = Instant::now();
    let result = match timeout(TIMEOUT, served(address, server_name, trust)).await {
        Ok(result) => result,
        Err(_) => Err(Why::Timeout),
    };
    let said = match &result {
        Ok(tls) => format!("{}, {}", tls.version, tls.problem.as_deref().unwrap_or("verified")),
        Err(why) => why.to_string(),
    };
    tracing::info!("tls {address} as {server_name} -> {said} in {} ms", started.elapsed().as_millis());
    result.map_err(|why| Unreachable { url: format!("tls://{address}"), why })
}

/// What a certificate in PEM says, the first of a chain; of the connection that there was none the fields are empty.
///
/// # Errors
/// When the text holds no certificate.
pub fn read_certificate(pem: &str) -> anyhow::Result<ServedTls> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes())?;
    described(&certificate).map_err(|why| anyhow::anyhow!("{why}"))
}

async fn served(address: &str, server_name: &str, trust: &Http) -> Result<ServedTls, Why> {
    let other = |error: &dyn std::error::Error| Why::Other(error.to_string());
    let name = ServerName::try_from(server_name.to_owned()).map_err(|error| other(&error))?;
    let provider = trust.tls.crypto_provider().clone();
    let recorder = Arc::new(Recorder { provider: provider.clone(), chain: Mutex::default() });
    let mut config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| other(&error))?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let io = |error: std::io::Error| Unreachable::of("", &error).why;
    let tcp = trust.proxy.connect(address).await.map_err(io)?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name.clone(), tcp).await.map_err(io)?;
    let connection = stream.get_ref().1;
    let chain = recorder.chain.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let [leaf, intermediates @ ..] = &chain[..] else {
        return Err(Why::Other("the server presented no certificate".into()));
    };
    let verifier = WebPkiServerVerifier::builder_with_provider(trust.roots.clone(), provider).build();
    let verified =
        verifier.map_err(|error| other(&error))?.verify_server_cert(leaf, intermediates, &name, &[], UnixTime::now());
    let mut tls = described(leaf)?;
    tls.chain_length = chain.len();
    tls.problem = verified.err().map(|error| error.to_string());
    tls.version = connection.protocol_version().map(|version| format!("{version:?}")).unwrap_or_default();
    tls.alpn = connection.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into_owned());
    Ok(tls)
}

/// What the certificate says; the rest is left empty.
fn described(leaf: &CertificateDer<'_>) -> Result<ServedTls, Why> {
    let parsed = X509Certificate::from_der(leaf);
    let (_, certificate) = parsed.map_err(|error| Why::Other(format!("reading the served certificate: {error}")))?;
    let (mut dns_names, mut ip_addresses) = (Vec::new(), Vec::new());
    if let Ok(Some(names)) = certificate.subject_alternative_name() {
        for name in &names.value.general_names {
            match name {
                GeneralName::DNSName(name) => dns_names.push((*name).to_owned()),
                GeneralName::IPAddress(bytes) => ip_addresses.push(address(bytes)),
                _ => {}
            }
        }
    }
    Ok(ServedTls {
        dns_names,
        ip_addresses,
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        chain_length: 0,
        problem: None,
        version: String::new(),
        alpn: None,
        spki_sha256: hex(&Sha256::digest(certificate.public_key().raw)),
    })
}

fn address(bytes: &[u8]) -> String {
    let v4 = <[u8; 4]>::try_from(bytes).map(|octets| std::net::IpAddr::from(octets).to_string());
    let v6 = || <[u8; 16]>::try_from(bytes).map(|octets| std::net::IpAddr::from(octets).to_string());
    v4.or_else(|_| v6()).unwrap_or_else(|_| format!("{} bytes", bytes.len()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes every certificate and keeps the chain. The signatures are verified all the same: they show that the server
/// has the key of the certificate that it serves.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain =
            std::iter::once(end_entity).chain(intermediates).map(|certificate| certificate.clone().into_owned());
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = chain.collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
