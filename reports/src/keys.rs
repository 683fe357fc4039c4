//! Keys that sign reports: ed25519 (RFC 8032) in the PEM forms that OpenSSL reads and writes.

use crate::attest::pre_authentication;
use crate::seal::hex;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::fmt;

/// A text that is no key, and what would be one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no ed25519 {kind} key in PEM ({reason}); `greenlight keygen` makes a pair")]
pub struct NoKey {
    kind: &'static str,
    reason: String,
}

/// The private half. It signs, and is never printed.
pub struct Signer(SigningKey);

impl Signer {
    /// A key from 32 bytes that nobody can guess.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// Reads PKCS#8 in PEM (RFC 8410).
    ///
    /// # Errors
    /// When it is none, or not of ed25519. The text is not repeated.
    pub fn from_pem(pem: &str) -> Result<Self, NoKey> {
        let refused = |error: ed25519_dalek::pkcs8::Error| NoKey { kind: "private", reason: error.to_string() };
        SigningKey::from_pkcs8_pem(pem).map(Self).map_err(refused)
    }

    /// PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` would write it.
    ///
    /// # Errors
    /// When the key can't be encoded, which has not been seen.
    pub fn to_pem(&self) -> Result<String, NoKey> {
        // Version 1, without the public half: OpenSSL reads no other.
        let bytes = ed25519_dalek::pkcs8::KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        let refused = |error: ed25519_dalek::pkcs8::Error| NoKey { kind: "private", reason: error.to_string() };
        bytes.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).map_err(refused)
    }

    /// The public half.
    pub fn verifier(&self) -> Verifier {
        Verifier(self.0.verifying_key())
    }

    /// The signature (hex) on a payload of this kind, by the pre-authentication encoding of DSSE: what is signed as one
    /// kind is good for no other.
    pub fn sign_as(&self, kind: &str, payload: &[u8]) -> String {
        hex(&self.sign(&pre_authentication(kind, payload)))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        use ed25519_dalek::Signer as _;
        self.0.sign(message).to_bytes()
    }
}

/// Not even in a panic's message.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.verifier().id())
    }
}

/// The public half: it is pinned in the gate's configuration, never taken from a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier(VerifyingKey);

impl Verifier {
    /// Reads a SubjectPublicKeyInfo in PEM (RFC 8410).
    ///
    /// # Errors
    /// When it is none, or not of ed25519.
    pub fn from_pem(pem: &str) -> Result<Self, NoKey> {
        let refused = |error: &dyn fmt::Display| NoKey { kind: "public", reason: error.to_string() };
        let key = VerifyingKey::from_public_key_pem(pem).map_err(|error| refused(&error))?;
        match key.is_weak() {
            true => Err(refused(&"it is one of the weak ones, under which anybody can sign")),
            false => Ok(Self(key)),
        }
    }

    /// The same in PEM.
    ///
    /// # Errors
    /// When the key can't be encoded, which has not been seen.
    pub fn to_pem(&self) -> Result<String, NoKey> {
        let refused = |error: &dyn fmt::Display| NoKey { kind: "public", reason: error.to_string() };
        self.0.to_public_key_pem(LineEnding::LF).map_err(|error| refused(&error))
    }

    /// SHA-256 (hex) of the SubjectPublicKeyInfo in DER: `openssl pkey -pubin -outform DER | sha256sum`.
    pub fn id(&self) -> String {
        // The 12 bytes before the key itself are the same for every ed25519 key (RFC 8410, section 4).
        const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        hex(&Sha256::digest([&PREFIX[..], self.0.as_bytes()].concat()))
    }

    /// Whether a signature as [`Signer::sign_as`] makes it is on this payload, of this kind, by this key.
    pub fn has_signed(&self, kind: &str, payload: &[u8], signature: &str) -> bool {
        let digits = |at: usize| signature.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        let bytes: Option<Vec<u8>> = (0..signature.len().div_ceil(2)).map(|index| digits(index * 2)).collect();
        bytes.is_some_and(|bytes| self.verifies(&pre_authentication(kind, payload), &bytes))
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::{Signer, Verifier};

    /// RFC 8410, section 10.3 (the first form) and 10.1.
    const RFC_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";
    const RFC_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
";

    #[test]
    fn the_keys_of_the_rfc_are_read_and_written_as_they_are() {
        let signer = Signer::from_pem(RFC_PRIVATE).expect("the RFC's key");
        assert_eq!(signer.verifier().to_pem().expect("pem"), RFC_PUBLIC);
        assert_eq!(signer.to_pem().expect("pem"), RFC_PRIVATE);
        assert_eq!(Verifier::from_pem(RFC_PUBLIC).expect("the RFC's key"), signer.verifier());
        // openssl pkey -pubin -in rfc.pem -outform DER | sha256sum
        assert_eq!(signer.verifier().id(), "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f");
    }

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn the_rfc_signature_is_made_and_verified() {
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
        };
        let seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let signer = Signer::from_seed(seed.try_into().expect("32 bytes"));
        let signature = bytes(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        assert_eq!(signer.sign(&[0x72])[..], signature[..]);
        assert!(signer.verifier().verifies(&[0x72], &signature));
        assert!(!signer.verifier().verifies(&[0x73], &signature));
        assert!(!signer.verifier().verifies(&[0x72], &signature[..63]));
    }

    #[test]
    fn other_texts_are_no_keys_and_are_not_repeated() {
        let error = Signer::from_pem("geheim").expect_err("no key").to_string();
        assert!(error.contains("greenlight keygen") && !error.contains("geheim"), "{error}");
        assert!(Signer::from_pem(RFC_PUBLIC).is_err());
        assert!(Verifier::from_pem(RFC_PRIVATE).is_err());
        // The identity point: a weak key, under which one signature fits to every message (RFC 8032, section 5.1.7).
        let weak = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n";
        assert!(Verifier::from_pem(weak).expect_err("weak").to_string().contains("weak"));
        assert!(!format!("{:?}", Signer::from_pem(RFC_PRIVATE).expect("key")).contains("1Oehy"));
    }
}
