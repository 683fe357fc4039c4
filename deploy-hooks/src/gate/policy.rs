//! From deployment.yaml to a policy: keys and required ids are read, and the artefact is asked what it is.

use crate::engine::Engine;
use crate::failure::Failure;
use crate::files::read_text;
use greenlight_config::{Deployment, Environment, Warnings, normalised_sha256};
use greenlight_reports::Verifier;
use greenlight_reports::gate::{Artefact, GateWaiver, Policy, WarningRule};
use std::path::Path;
use std::time::Duration;
use time::macros::format_description;
use time::{Date, OffsetDateTime, Time};

/// A key has a line or two.
const KEY_BYTES_MAX: u64 = 64 << 10;
const IDS_BYTES_MAX: u64 = 4 << 20;

/// The policy of an environment at this moment.
///
/// # Errors
/// When a file that it names can't be read, or the container engine does not know the image.
pub(crate) async fn policy(deployment: &Deployment, environment: &Environment) -> Result<Policy, Failure> {
    let gate = &environment.gate;
    Ok(Policy {
        keys: deployment.keys.iter().map(|file| public_key(&deployment.path(file))).collect::<Result<_, _>>()?,
        required: required(deployment, environment)?,
        age_max: Duration::from_secs(gate.age_max_s),
        clock_skew_max: Duration::from_secs(gate.clock_skew_max_s),
        artefact: artefact(deployment, environment).await?,
        warnings: match gate.warnings {
            Warnings::Accepted => WarningRule::Accepted,
            Warnings::WithoutWaivers => WarningRule::WithoutWaivers,
            Warnings::Refused => WarningRule::Refused,
        },
        flaky_accepted: gate.flaky_accepted,
        waivers: gate
            .waivers
            .iter()
            .map(|waiver| {
                Ok(GateWaiver {
                    check: waiver.check.clone(),
                    owner: waiver.owner.clone(),
                    reason: waiver.reason.clone(),
                    expires: end_of(&waiver.expires)?,
                })
            })
            .collect::<Result<_, Failure>>()?,
    })
}

/// A public key in PEM.
///
/// # Errors
/// [`Failure`] of usage, with the file and how to make one.
pub(crate) fn public_key(file: &Path) -> Result<Verifier, Failure> {
    let shown = file.display();
    let pem = read_text(file, KEY_BYTES_MAX).map_err(|error| {
        Failure::usage(format!("cannot read the public key {shown}: {error}; `greenlight keygen` makes a pair"))
    })?;
    let no_key = |what: &str| Failure::usage(format!("{shown} {what}"));
    if pem.contains("PRIVATE KEY-----") {
        return Err(no_key(
            "holds a private key, and its public half is wanted: NAME.pub.pem of `greenlight keygen`. Whoever can read the private one can open this gate",
        ));
    }
    if !pem.contains("-----BEGIN PUBLIC KEY-----") {
        return Err(no_key(
            "is no public key in PEM, for it has no line `-----BEGIN PUBLIC KEY-----`; `greenlight keygen` makes a pair",
        ));
    }
    Verifier::from_pem(&pem)
        .map_err(|_| no_key("is damaged, or a key of another kind than ed25519; `greenlight keygen` makes a pair"))
}

fn required(deployment: &Deployment, environment: &Environment) -> Result<Vec<String>, Failure> {
    let mut required = environment.gate.required.clone();
    if let Some(file) = &environment.gate.required_file {
        required.extend(required_ids(&deployment.path(file))?);
    }
    Ok(required)
}

/// The checks that a file requires.
///
/// # Errors
/// [`Failure`] of usage: it can't be read, or names none.
pub(crate) fn required_ids(file: &Path) -> Result<Vec<String>, Failure> {
    let advice = "write an id a line, as `greenlight verify --list --format terse` prints them";
    let text = read_text(file, IDS_BYTES_MAX).map_err(|error| {
        Failure::usage(format!("cannot read the required ids {}: {error}; {advice}", file.display()))
    })?;
    let ids = ids(&text);
    match ids.is_empty() {
        true => Err(Failure::usage(format!("{} names no check; {advice}", file.display()))),
        false => Ok(ids),
    }
}

/// One id a line, as libtest lists them (`id: test`) or bare; `#` begins a comment.
fn ids(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines
        .map(|line| line.strip_suffix(": test").unwrap_or(line))
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect()
}

async fn artefact(deployment: &Deployment, environment: &Environment) -> Result<Artefact, Failure> {
    let wanted = &environment.artefact;
    let mut artefact = Artefact {
        image_id: wanted.image_id.clone(),
        image_digest: wanted.image_digest.clone(),
        program_sha256: wanted.program_sha256.clone(),
        version: wanted.version.clone(),
        config_sha256: None,
        tls_pin: wanted.tls_pin.clone(),
        url: wanted.url.clone(),
    };
    if let Some(image) = &wanted.image {
        let id = Engine::connect().await?.image_id(image).await?;
        if let Some(stated) = artefact.image_id.as_ref().filter(|stated| **stated != id) {
            return Err(Failure::usage(format!(
                "artefact.image {image} is {id} on this machine, and artefact.image_id says {stated}; the tag was moved"
            )));
        }
        artefact.image_id = Some(id);
    }
    if let Some(file) = &wanted.config {
        let file = deployment.path(file);
        let text = std::fs::read_to_string(&file)
            .map_err(|error| Failure::usage(format!("cannot read artefact.config {}: {error}", file.display())))?;
        let hash = normalised_sha256(&text).ok_or_else(|| {
            Failure::usage(format!("artefact.config {} holds no setting of livekit-server", file.display()))
        })?;
        artefact.config_sha256 = Some(hash);
    }
    Ok(artefact)
}

/// The first moment after a day, UTC.
fn end_of(day: &str) -> Result<OffsetDateTime, Failure> {
    let none = || Failure::usage(format!("gate.waivers: expires is {day:?}; write a day, as 2026-12-31"));
    let date = Date::parse(day, format_description!("[year]-[month]-[day]")).map_err(|_| none())?;
    Ok(date.next_day().ok_or_else(none)?.with_time(Time::MIDNIGHT).assume_utc())
}

#[cfg(test)]
mod tests {
    use super::{end_of, ids, policy};
    use greenlight_config::Deployment;
    use greenlight_reports::Signer;
    use time::macros::datetime;

    #[test]
    fn ids_are_read_as_libtest_lists_them() {
        assert_eq!(ids("# all\napi.a: test\n\n  api.b # why\n"), ["api.a", "api.b"]);
        assert!(ids("# nothing\n").is_empty());
    }

    #[test]
    fn a_waiver_holds_to_the_end_of_its_day() {
        assert_eq!(end_of("2026-12-31").expect("a day"), datetime!(2027-01-01 00:00 UTC));
        assert!(end_of("2026-02-30").is_err());
    }

    #[tokio::test]
    async fn the_policy_is_what_the_file_and_those_that_it_names_say() {
        let folder = tempfile::tempdir().expect("folder");
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        put("pub.pem", &Signer::from_seed([1; 32]).verifier().to_pem().expect("pem"));
        put("required.txt", "api.b: test\n");
        put("livekit.yaml", "room: {empty_timeout: 300}\nport: 7880\n");
        let text = "format: 1
keys: [pub.pem]
state: state
environments:
  a:
    gate: {report: r.json, required: [api.a], required_file: required.txt, age_max_s: 60}
    artefact: {program_sha256: b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1, config: livekit.yaml}
";
        let file = folder.path().join("deployment.yaml");
        let read = |text: &str| Deployment::parse(file.to_str().expect("utf-8"), text).expect("valid");
        let deployment = read(text);
        let got = policy(&deployment, deployment.environment("a").expect("a")).await.expect("a policy");
        assert_eq!(got.required, ["api.a", "api.b"]);
        assert_eq!(got.keys, [Signer::from_seed([1; 32]).verifier()]);
        // printf '18:room.empty_timeout=3:300\n' | sha256sum
        let sum = "b0454da647a31e4e5e6b3b148fc0e47ea56cdd864a0602e18132d135886ea1e6";
        assert_eq!(got.artefact.config_sha256.as_deref(), Some(sum));
        put("livekit.yaml", "port: 7880\n");
        let error = policy(&deployment, deployment.environment("a").expect("a")).await.expect_err("no setting");
        assert!(error.message.contains("holds no setting"), "{error}");
        put("required.txt", "# all of them\n");
        let error = policy(&deployment, deployment.environment("a").expect("a")).await.expect_err("no id");
        assert!(error.message.contains("names no check"), "{error}");
    }
}
