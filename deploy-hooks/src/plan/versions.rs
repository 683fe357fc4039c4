//! Which programs of which versions there are.

use super::document::{Component, From};
use super::inputs::{Kind, Read};
use super::looked::Looked;
use crate::failure::Failure;
use greenlight_config::history::Version;
use greenlight_config::lint::{FileKind, Inside, Program, image, inside};

/// The program of LiveKit's own that an image is.
pub(super) fn program(written: &str) -> Option<Program> {
    Some(image(written).0).filter(|program| program.is_livekit())
}

/// The version in an image's tag.
pub(super) fn tag(written: &str) -> Option<String> {
    image(written).1?.parse::<Version>().ok().map(|version| version.to_string())
}

/// Every service of compose files, manifests and values of charts.
pub(super) fn services(files: &[Read]) -> Vec<(String, Inside)> {
    let of_containers =
        |read: &&Read| matches!(read.kind, Kind::Linted(FileKind::Compose | FileKind::Kubernetes | FileKind::Helm));
    let mut found = Vec::new();
    for read in files.iter().filter(of_containers) {
        let Kind::Linted(kind) = read.kind else { continue };
        found.extend(inside(kind, &read.text).into_iter().map(|service| (read.path.clone(), service)));
    }
    found
}

/// Everything that is there, by name.
pub(super) fn components(looked: &Looked, services: &[(String, Inside)]) -> Vec<Component> {
    let mut components: Vec<Component> = services
        .iter()
        .filter(|(_, service)| service.program != Program::Other)
        .map(|(path, service)| Component {
            name: service.service.clone(),
            program: word(service.program).to_owned(),
            image: Some(service.image.clone()),
            version: service.version.clone(),
            seen: format!("{path}:{}", service.line),
        })
        .collect();
    components.extend(super::containers::components(looked.running.as_deref().unwrap_or_default()));
    components.sort();
    components.dedup();
    components
}

/// For a plan.
pub(super) fn word(program: Program) -> &'static str {
    match program {
        Program::LiveKitServer => "livekit-server",
        Program::Sip => "sip",
        Program::Egress => "egress",
        Program::Ingress => "ingress",
        Program::Redis => "redis",
        Program::Postgres => "postgres",
        Program::Haproxy => "haproxy",
        Program::Nginx => "nginx",
        Program::Caddy => "caddy",
        Program::Other => "other",
    }
}

/// A version that stands on the command line, if one does.
///
/// # Errors
/// [`Failure`] of usage: it is none.
pub(super) fn named(text: Option<&str>, option: &str) -> Result<Option<Version>, Failure> {
    let parsed = text.map(|text| text.parse().map_err(|_| text)).transpose();
    parsed.map_err(|text| Failure::usage(format!("{option} {text:?} is no version; write it as in {option} 1.13.5")))
}

/// The version that runs now: as given, else the oldest that is there.
///
/// # Errors
/// [`Failure`] of usage: none was given, and none was found.
pub(super) fn from(given: Option<Version>, components: &[Component]) -> Result<From, Failure> {
    if let Some(version) = given {
        return Ok(From { version: version.to_string(), seen: "--from".to_owned() });
    }
    let servers = components.iter().filter(|component| component.program == "livekit-server");
    let versions =
        servers.filter_map(|component| Some((component.version.as_deref()?.parse::<Version>().ok()?, component)));
    let oldest = versions.min_by(|a, b| (&a.0, &a.1.seen).cmp(&(&b.0, &b.1.seen)));
    let (version, component) = oldest.ok_or_else(|| {
        Failure::usage(
            "which version of livekit-server runs now? no image with a version was found; say it with --from, as in --from 1.7.0",
        )
    })?;
    let seen = match component.seen.as_str() {
        "container" => format!("container {}", component.name),
        place => place.to_owned(),
    };
    Ok(From { version: version.to_string(), seen })
}

#[cfg(test)]
mod tests {
    use super::{Program, program, tag};

    #[test]
    fn images_are_known_by_the_last_part_of_their_name() {
        for (image, known, version) in [
            ("livekit/livekit-server:v1.7.0", Some(Program::LiveKitServer), Some("1.7.0")),
            (
                "registry.example:5000/mirror/livekit-server:1.13.5@sha256:00",
                Some(Program::LiveKitServer),
                Some("1.13.5"),
            ),
            ("livekit/sip:latest", Some(Program::Sip), None),
            ("livekit/egress", Some(Program::Egress), None),
            ("redis:7", None, None),
            ("registry.example:5000/app", None, None),
        ] {
            assert_eq!((program(image), tag(image).as_deref()), (known, version), "{image}");
        }
    }
}
