//! What a point says of itself, in the open and signed: no path, no name of a file, no secret.

use super::database::Copied;
use super::sum::Sum;
use crate::failure::Failure;
use crate::files::{read_at_most, read_text};
use greenlight_reports::{Signer, Verifier, canonical_json, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

const FORMAT: u32 = 3;
/// What is signed, so that a signature on something else fits nowhere.
const KIND: &str = "application/vnd.greenlight.rollback-point+json";
pub(super) const FILE: &str = "manifest.json";
pub(super) const SIGNATURE: &str = "manifest.json.sig";
const BYTES_MAX: u64 = 1 << 20;

/// A point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) name: String,
    pub(super) description: String,
    /// The environment of deployment.yaml that it is of, if any: what it holds belongs nowhere else.
    pub(super) environment: Option<String>,
    /// RFC 3339, UTC.
    pub(super) created: String,
    pub(super) made_by: String,
    /// User and machine.
    pub(super) who: String,
    /// Who can restore it.
    pub(super) recipients: Vec<String>,
    pub(super) components: BTreeMap<String, Component>,
    /// SHA-256 of the bytes that were believed.
    #[serde(skip)]
    pub(super) sha256: String,
}

/// One archive of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Component {
    /// The archive itself.
    pub(super) archive: Sum,
    pub(super) entries: usize,
    pub(super) plain_bytes: u64,
    /// The copy that lies beside a database, which goes with the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) copy: Option<Copied>,
}

impl Manifest {
    /// With nothing in it yet.
    pub(super) fn new(name: &str, description: &str, environment: Option<&str>, recipients: &[String]) -> Self {
        Self {
            format: FORMAT,
            name: name.to_owned(),
            description: description.to_owned(),
            environment: environment.map(str::to_owned),
            created: crate::clock::timestamp(),
            made_by: concat!("greenlight ", env!("CARGO_PKG_VERSION")).to_owned(),
            who: crate::clock::who(),
            recipients: recipients.to_vec(),
            components: BTreeMap::new(),
            sha256: String::new(),
        }
    }

    /// Its bytes and the signature on them.
    ///
    /// # Errors
    /// When it can't be written as JSON, which has not been seen.
    pub(super) fn signed(&self, signer: &Signer) -> Result<(String, String), Failure> {
        let text = canonical_json(self).map_err(Failure::unknown)?;
        let signature = signer.sign_as(KIND, text.as_bytes());
        Ok((text, signature))
    }

    /// The manifest in a folder, if one of these keys has signed it and it is about the point of that name.
    ///
    /// # Errors
    /// [`Failure`] of refused evidence, with the reason.
    pub(super) fn read(folder: &Path, name: &str, keys: &[Verifier]) -> Result<Self, Failure> {
        let refused = |what: String| Failure::refused(format!("the point {name:?} is not to be believed: {what}"));
        let bytes = read(folder).map_err(|error| refused(format!("{FILE}: {error}")))?;
        let signature =
            read_text(&folder.join(SIGNATURE), BYTES_MAX).map_err(|error| refused(format!("{SIGNATURE}: {error}")))?;
        if !keys.iter().any(|key| key.has_signed(KIND, &bytes, signature.trim())) {
            return Err(refused("no key that was named with --key has signed it".to_owned()));
        }
        let format = format_of(&bytes).map_err(|error| refused(error.to_string()))?;
        if format != FORMAT {
            return Err(refused(format!(
                "it has format {format}, and this version reads {FORMAT}; restore it with the version that made it, and make it anew"
            )));
        }
        let mut manifest: Self = serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
        manifest.sha256 = hex(&Sha256::digest(&bytes));
        match manifest.name == name {
            true => Ok(manifest),
            false => Err(refused(format!("it is the manifest of {:?}", manifest.name))),
        }
    }
}

impl Manifest {
    /// Whether it may be brought to an environment. One that was made of files alone, for none, fits anywhere.
    ///
    /// # Errors
    /// [`Failure`] of usage: it is of another one.
    pub(super) fn is_for(&self, environment: Option<&str>) -> Result<(), Failure> {
        match (&self.environment, environment) {
            (Some(own), Some(other)) if own != other => Err(Failure::usage(format!(
                "the point {:?} is of environment {own}, and not of {other}; what it holds belongs there, and nothing was changed",
                self.name
            ))),
            _ => Ok(()),
        }
    }
}

/// Which format a document says that it has, whatever else is in it: of another format nothing else is known.
///
/// # Errors
/// When it says none.
pub(super) fn format_of(text: &[u8]) -> serde_json::Result<u32> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    serde_json::from_slice::<Format>(text).map(|read| read.format)
}

/// The bytes of a manifest, believed or not.
///
/// # Errors
/// When it can't be read, or is too long to be one.
pub(super) fn read(folder: &Path) -> io::Result<Vec<u8>> {
    read_at_most(&folder.join(FILE), BYTES_MAX)
}

/// The archive of a component.
pub(super) fn archive(component: &str) -> String {
    format!("{component}.tar.zst.age")
}

#[cfg(test)]
mod tests {
    use super::{FILE, KIND, Manifest, SIGNATURE};
    use greenlight_reports::Signer;

    /// As the version before wrote it, shortened.
    #[test]
    fn a_point_of_another_format_is_named_as_such() {
        let text = r#"{"components":{"env":{"bytes":463,"entries":1,"plain_bytes":60,"sha256":"7d"}},"created":"2026-11-28T22:19:06Z","description":"","environment":null,"format":2,"made_by":"greenlight 0.1.0","name":"a","recipients":[],"who":"ops@here"}"#;
        let (folder, signer) = (tempfile::tempdir().expect("a folder"), Signer::from_seed([1; 32]));
        let read = |text: &str| {
            std::fs::write(folder.path().join(FILE), text).expect("written");
            std::fs::write(folder.path().join(SIGNATURE), signer.sign_as(KIND, text.as_bytes())).expect("written");
            Manifest::read(folder.path(), "a", &[signer.verifier()])
        };
        let refused = read(text).expect_err("another format").to_string();
        assert!(
            refused.contains("it has format 2, and this version reads 3; restore it with the version"),
            "{refused}"
        );
        let now = text.replace(r#""bytes":463,"#, r#""archive":{"bytes":463,"blake3":"7d"},"#);
        let now = now.replace(r#","sha256":"7d""#, "").replace(r#""format":2"#, r#""format":3"#);
        assert_eq!(read(&now).expect("the control").components["env"].archive.bytes, 463);
    }
}
