//! The record of a rehearsal: what was restored into a scratch target, how long that took, and what the suites said there.
//! It is signed, and bound to the manifest of the point that it is about.

use super::manifest::{self, Manifest, archive};
use super::parts::configured;
use super::site::Place;
use super::store::Store;
use crate::failure::Failure;
use crate::files::{read_at_most, read_text};
use greenlight_config::{Deployment, Environment, RollbackSpec};
use greenlight_reports::{Signer, Verifier, canonical_json, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const FORMAT: u32 = 1;
/// What is signed, so that a signature on something else fits nowhere.
const KIND: &str = "application/vnd.greenlight.rehearsal+json";
pub(super) const FILE: &str = "rehearsal.json";
pub(super) const SIGNATURE: &str = "rehearsal.json.sig";
const BYTES_MAX: u64 = 1 << 20;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// Everything was restored, is what was kept, and would serve.
    Passed,
    /// Something is not.
    Failed,
}

/// A rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rehearsal {
    format: u32,
    pub(super) point: String,
    /// Of manifest.json, byte for byte: another point of the same name is another point.
    manifest_sha256: String,
    /// The environment of deployment.yaml for which it was rehearsed, if any.
    pub(super) environment: Option<String>,
    /// When it ended, RFC 3339, UTC.
    pub(super) ended: String,
    /// User and machine.
    pub(super) who: String,
    pub(super) made_by: String,
    /// How long each component took to be put together and read again.
    pub(super) components_ms: BTreeMap<String, u64>,
    /// Who said that it would serve, and how long that took; nobody if it did not come so far.
    pub(super) suites: Option<String>,
    pub(super) suites_ms: u64,
    pub(super) verdict: Verdict,
    /// Why, if it failed.
    pub(super) why: Option<String>,
}

impl Rehearsal {
    /// Of a point, with nothing known yet: red until something is.
    pub(super) fn of(manifest: &Manifest, environment: Option<&str>) -> Self {
        Self {
            format: FORMAT,
            point: manifest.name.clone(),
            manifest_sha256: manifest.sha256.clone(),
            environment: environment.map(str::to_owned),
            ended: crate::clock::timestamp(),
            who: crate::clock::who(),
            made_by: concat!("greenlight ", env!("CARGO_PKG_VERSION")).to_owned(),
            components_ms: BTreeMap::new(),
            suites: None,
            suites_ms: 0,
            verdict: Verdict::Failed,
            why: None,
        }
    }

    /// Into the folder of its point, in place of the one before. Killed in between, neither is believed.
    ///
    /// # Errors
    /// [`Failure`] when it can't be written.
    pub(super) fn write(&mut self, store: &Store, signer: &Signer) -> Result<(), Failure> {
        self.ended = crate::clock::timestamp();
        let text = canonical_json(self).map_err(Failure::unknown)?;
        let signature = signer.sign_as(KIND, text.as_bytes()) + "\n";
        store.add(&self.point, FILE, text.as_bytes())?;
        store.add(&self.point, SIGNATURE, signature.as_bytes())
    }

    /// The one in a point's folder, if there is one, one of these keys has signed it, and it is about that very point.
    ///
    /// # Errors
    /// Why it is not to be believed.
    pub(super) fn read(folder: &Path, point: &str, keys: &[Verifier]) -> Result<Option<Self>, String> {
        let bytes = match read_at_most(&folder.join(FILE), BYTES_MAX) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|error| format!("{FILE}: {error}"))?,
        };
        let signature =
            read_text(&folder.join(SIGNATURE), BYTES_MAX).map_err(|error| format!("{SIGNATURE}: {error}"))?;
        if !keys.iter().any(|key| key.has_signed(KIND, &bytes, signature.trim())) {
            return Err("no key that is believed has signed its rehearsal as it stands there".to_owned());
        }
        let read: Self = serde_json::from_slice(&bytes).map_err(|error| format!("{FILE}: {error}"))?;
        if read.format != FORMAT {
            return Err(format!("{FILE} has format {}, and this version reads {FORMAT}", read.format));
        }
        match read.point == point && manifest_sha256(folder)? == read.manifest_sha256 {
            true => Ok(Some(read)),
            false => Err(format!("its rehearsal is that of another point, {:?}", read.point)),
        }
    }

    /// Whether it is reason enough to believe that the point brings an environment back.
    ///
    /// # Errors
    /// Why not.
    fn is_enough(&self, environment: &str, age_max_s: u64, now: OffsetDateTime) -> Result<(), String> {
        if self.environment.as_deref() != Some(environment) {
            let other = self.environment.as_deref().unwrap_or("none");
            return Err(format!("it was rehearsed for another environment, {other}"));
        }
        if self.verdict != Verdict::Passed {
            return Err(format!("its rehearsal failed: {}", self.why.as_deref().unwrap_or("nobody knows why")));
        }
        let ended = OffsetDateTime::parse(&self.ended, &Rfc3339).map_err(|_| "nobody knows when it was rehearsed")?;
        if ended > now {
            return Err(format!("it was rehearsed at {}, which is in the future; set the clocks", self.ended));
        }
        let age_s = (now - ended).whole_seconds();
        match u64::try_from(age_s).is_ok_and(|age_s| age_s <= age_max_s) {
            true => Ok(()),
            false => Err(format!("it was rehearsed {age_s} s ago, and at most {age_max_s} s are allowed")),
        }
    }
}

impl fmt::Display for Rehearsal {
    /// A line for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "FAILED",
        };
        let s = |ms: u64| format!("{}.{:03} s", ms / 1_000, ms % 1_000);
        let parts: Vec<String> =
            self.components_ms.iter().map(|(name, took_ms)| format!("{name} {}", s(*took_ms))).collect();
        write!(f, "rehearsal {word} {} by {}: {}", self.ended, self.who, parts.join(", "))?;
        if let Some(suites) = &self.suites {
            write!(f, "; {suites} {}", s(self.suites_ms))?;
        }
        self.why.iter().try_for_each(|why| write!(f, "; {why}"))
    }
}

/// What is said of a point's rehearsal.
pub(super) fn said(folder: &Path, point: &str, keys: &[Verifier]) -> String {
    match Rehearsal::read(folder, point, keys) {
        Ok(Some(rehearsal)) => rehearsal.to_string(),
        Ok(None) => "never rehearsed".to_owned(),
        Err(why) => format!("REHEARSAL NOT TO BE BELIEVED: {why}"),
    }
}

/// A point of the environment's store that was rehearsed in the last `age_max_s` seconds and came through, by its name.
///
/// # Errors
/// [`Failure`] of refused evidence: why each point is none, and the command that mends it.
pub(crate) fn rehearsed(
    deployment: &Deployment,
    name: &str,
    environment: &Environment,
    age_max_s: u64,
) -> Result<String, Failure> {
    let refused = |why: String| {
        Failure::refused(format!(
            "no point that {name} could go back to was rehearsed: {why}; `greenlight rollback rehearse POINT --environment {name} --key … --identity … --sign-key …` does it"
        ))
    };
    let Some(spec) = &environment.rollback else {
        return Err(refused("it has no `rollback:` in deployment.yaml".to_owned()));
    };
    let keys: Vec<Verifier> =
        deployment.keys.iter().map(|file| crate::gate::public_key(&deployment.path(file))).collect::<Result<_, _>>()?;
    let place = Place::of(deployment, &spec.store);
    let store = Store::open(&place, false).map_err(|failure| refused(failure.message))?;
    let now = OffsetDateTime::now_utc();
    let mut whys = Vec::new();
    for point in store.names()? {
        let folder = store.existing(&point)?;
        let enough = match Rehearsal::read(&folder, &point, &keys) {
            Ok(Some(rehearsal)) => {
                rehearsal.is_enough(name, age_max_s, now).and_then(|()| is_there(&store, &folder, &rehearsal, spec))
            }
            Ok(None) => Err("it was never rehearsed".to_owned()),
            Err(why) => Err(why),
        };
        match enough {
            Ok(()) => return Ok(point),
            Err(why) => whys.push(format!("{point}: {why}")),
        }
    }
    Err(refused(if whys.is_empty() { "there is no point".to_owned() } else { whys.join(", ") }))
}

/// Of what was rehearsed every archive is still there, and as long: one that was cut since brings nothing back. The
/// manifest is the one that was rehearsed, by its sum.
fn is_there(store: &Store, folder: &Path, rehearsal: &Rehearsal, spec: &RollbackSpec) -> Result<(), String> {
    let bytes = read_at_most(&folder.join(manifest::FILE), BYTES_MAX).map_err(|error| error.to_string())?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if let Some(lacking) = configured(spec).find(|name| !manifest.components.contains_key(*name)) {
        return Err(format!("it holds no {lacking}, which `rollback:` of the environment wants in a point"));
    }
    if manifest.components.is_empty() {
        return Err("there is nothing in it".to_owned());
    }
    for (component, about) in &manifest.components {
        if !rehearsal.components_ms.contains_key(component) {
            return Err(format!("its {component} was not rehearsed"));
        }
        let length = store.length(&rehearsal.point, &archive(component)).map_err(|failure| failure.message)?;
        if length != Some(about.archive.bytes) {
            return Err(format!("its {component} is not what was rehearsed any more"));
        }
    }
    Ok(())
}

fn manifest_sha256(folder: &Path) -> Result<String, String> {
    let text = manifest::read(folder).map_err(|error| format!("{}: {error}", manifest::FILE))?;
    Ok(hex(&Sha256::digest(&text)))
}

#[cfg(test)]
mod tests {
    use super::{Rehearsal, Verdict};
    use std::collections::BTreeMap;
    use time::macros::datetime;

    #[test]
    fn only_a_green_fresh_rehearsal_of_this_environment_is_enough() {
        let good = || Rehearsal {
            format: 1,
            point: "a".into(),
            manifest_sha256: String::new(),
            environment: Some("production".into()),
            ended: "2026-11-28T12:00:00Z".into(),
            who: "ops@here".into(),
            made_by: "greenlight".into(),
            components_ms: BTreeMap::from([("files".into(), 1_234)]),
            suites: Some("verify".into()),
            suites_ms: 7,
            verdict: Verdict::Passed,
            why: None,
        };
        let now = datetime!(2026-11-28 13:00 UTC);
        let said = |rehearsal: Rehearsal| rehearsal.is_enough("production", 3_600, now).expect_err("not enough");
        assert_eq!(good().is_enough("production", 3_600, now), Ok(()));
        assert_eq!(
            said(Rehearsal { ended: "2026-11-28T11:59:59Z".into(), ..good() }),
            "it was rehearsed 3601 s ago, and at most 3600 s are allowed"
        );
        assert!(said(Rehearsal { ended: "2026-11-28T13:00:01Z".into(), ..good() }).contains("in the future"));
        assert!(said(Rehearsal { ended: "yesterday".into(), ..good() }).contains("nobody knows when"));
        assert!(said(Rehearsal { environment: None, ..good() }).contains("another environment, none"));
        let red = Rehearsal { verdict: Verdict::Failed, why: Some("a call was refused".into()), ..good() };
        assert_eq!(said(red), "its rehearsal failed: a call was refused");
        assert_eq!(
            good().to_string(),
            "rehearsal passed 2026-11-28T12:00:00Z by ops@here: files 1.234 s; verify 0.007 s"
        );
    }
}
