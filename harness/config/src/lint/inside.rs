//! What runs inside a compose file or a manifest, for those who plan with it rather than judge it.

use std::fmt;

use super::compose::Project;
pub use super::container::Program;
use super::container::{Container, Image};
use super::finding::FileKind;
use super::helm;
use super::kubernetes::Manifests;
use super::parse::{parse, parse_all};

/// A container that has to do with LiveKit: one of its programs, a store, a proxy, or what is told a LIVEKIT_ variable.
#[derive(Clone, PartialEq, Eq)]
pub struct Inside {
    /// The name of the service; in Kubernetes `<object>/<container>`.
    pub service: String,
    /// The image as it is written, variables and all.
    pub image: String,
    /// The line of the service's name, or on which the container begins.
    pub line: usize,
    /// The tag without a leading `v`, if it begins with a digit. Absent: no tag, `latest`, a digest, or a variable.
    pub version: Option<String>,
    /// Whose program the image is.
    pub program: Program,
    /// Whether it is on the machine's own network.
    pub host_network: bool,
    /// Names, values as they are written, and lines. The values may be secrets: never show them. What comes from elsewhere
    /// (a file, a Secret, the shell) is absent.
    pub environment: Vec<(String, String, usize)>,
    /// The configuration that stands in the same text, in a variable, a `configs:` entry or a ConfigMap, and the line of
    /// its first line. It may hold secrets.
    pub config_text: Option<(String, usize)>,
}

/// Shows no value: any of them may be a secret.
impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.environment.iter().map(|(name, _, _)| name.as_str()).collect();
        f.debug_struct("Inside")
            .field("service", &self.service)
            .field("image", &self.image)
            .field("line", &self.line)
            .field("program", &self.program)
            .field("host_network", &self.host_network)
            .field("environment", &names)
            .field("config_text", &self.config_text.as_ref().map(|(_, line)| line))
            .finish_non_exhaustive()
    }
}

/// Every container of a text that has to do with LiveKit, in the order of the text; none for other kinds of text, and for
/// what can't be read.
pub fn inside(kind: FileKind, text: &str) -> Vec<Inside> {
    match kind {
        FileKind::Compose => parse(text).map_or_else(
            |_| Vec::new(),
            |document| {
                let project = Project::of(&document.root);
                project.services.iter().filter_map(|service| of(&service.container)).collect()
            },
        ),
        FileKind::Kubernetes => parse_all(text).map_or_else(
            |_| Vec::new(),
            |documents| {
                let manifests = Manifests::of(&documents.roots);
                manifests.pods().flat_map(|pod| pod.members).filter_map(|member| of(&member.container)).collect()
            },
        ),
        FileKind::Helm => parse(text).map_or_else(
            |_| Vec::new(),
            |document| helm::charts(&document.root).iter().map(|chart| of_chart(chart, text)).collect(),
        ),
        _ => Vec::new(),
    }
}

/// The chart's variables are its own; what it is given is the configuration.
fn of_chart(chart: &helm::Chart<'_>, text: &str) -> Inside {
    let image = chart.image();
    let off =
        chart.values.at("podHostNetwork").and_then(|entry| entry.value.text()).is_some_and(|text| text == "false");
    Inside {
        service: chart.name.to_owned(),
        line: chart.values.at("image").map_or(chart.config.line, |entry| entry.line),
        version: image.version(),
        image: image.written,
        program: chart.program,
        host_network: chart.program == Program::LiveKitServer && !off,
        environment: Vec::new(),
        config_text: helm::block(text, chart.config.line),
    }
}

/// Whose program an image is, and its version as [`Inside::version`] has it.
pub fn image(written: &str) -> (Program, Option<String>) {
    let image = Image::parse(written);
    (image.program, image.version())
}

fn of(container: &Container) -> Option<Inside> {
    let told = container.variables.iter().any(|variable| variable.name.starts_with("LIVEKIT_"));
    (container.program() != Program::Other || told).then(|| Inside {
        service: container.name.clone(),
        image: container.image.written.clone(),
        line: container.line,
        version: container.image.version(),
        program: container.program(),
        host_network: container.host_network,
        environment: container.variables.iter().map(|v| (v.name.clone(), v.value.clone(), v.line)).collect(),
        config_text: container.config_text().map(|(text, lines)| (text.to_owned(), lines.outer(1))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_a_compose_file() {
        let text = "services:\n  sfu:\n    image: livekit/livekit-server:v1.13.5\n    network_mode: host\n    environment:\n      \
                    - NODE_IP=203.0.113.7\n      - |\n        LIVEKIT_CONFIG=port: 7880\n        rtc: {}\n  web:\n    image: \
                    example/web:2\n    environment: {LIVEKIT_URL: wss://a}\n  mail:\n    image: example/mail\n  db:\n    image: \
                    postgres:16\n";
        let found = inside(FileKind::Compose, text);
        let seen: Vec<_> = found.iter().map(|one| (one.service.as_str(), one.line, one.program)).collect();
        assert_eq!(
            seen,
            [("sfu", 2, Program::LiveKitServer), ("web", 10, Program::Other), ("db", 15, Program::Postgres)]
        );
        assert_eq!((found[0].version.as_deref(), found[0].host_network), (Some("1.13.5"), true));
        assert_eq!(found[0].environment[0], ("NODE_IP".to_owned(), "203.0.113.7".to_owned(), 6));
        assert_eq!(found[0].config_text, Some(("port: 7880\nrtc: {}\n".to_owned(), 8)));
        assert!(!format!("{found:?}").contains("203.0.113.7"));
    }

    #[test]
    fn charts_of_values() {
        let text = "image: {tag: v1.7.0}\nlivekit:\n  rtc:\n    udp_port: 7882\n  keys: {a: b}\n";
        let found = inside(FileKind::Helm, text);
        let one = &found[0];
        assert_eq!(
            (found.len(), one.service.as_str(), one.image.as_str()),
            (1, "livekit", "livekit/livekit-server:v1.7.0")
        );
        assert_eq!((one.version.as_deref(), one.host_network, one.line), (Some("1.7.0"), true, 1));
        assert_eq!(one.config_text, Some(("rtc:\n  udp_port: 7882\nkeys: {a: b}\n".to_owned(), 3)));
    }

    #[test]
    fn containers_of_manifests() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lk}\ndata:\n  config.yaml: |\n    port: 7880\n---\n\
                    apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: livekit}\nspec:\n  template:\n    spec:\n      \
                    hostNetwork: true\n      containers:\n        - name: server\n          image: \
                    registry.example.org:5000/livekit-server:v1.13.11\n          env:\n            - name: LIVEKIT_CONFIG\n              \
                    valueFrom: {configMapKeyRef: {name: lk, key: config.yaml}}\n            - name: NODE_IP\n              \
                    value: 203.0.113.7\n        - name: sidecar\n          image: example/sidecar\n";
        let found = inside(FileKind::Kubernetes, text);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].service.as_str(), found[0].line, found[0].host_network), ("livekit/server", 16, true));
        assert_eq!(found[0].version.as_deref(), Some("1.13.11"));
        assert_eq!(found[0].config_text, Some(("port: 7880\n".to_owned(), 6)));
        assert_eq!(found[0].environment, [("NODE_IP".to_owned(), "203.0.113.7".to_owned(), 21)]);
    }

    #[test]
    fn other_texts_hold_nothing() {
        assert!(inside(FileKind::Compose, "services: [").is_empty());
        assert!(inside(FileKind::Kubernetes, "a: {{ x }}").is_empty());
        assert!(inside(FileKind::LivekitYaml, "services: {a: {image: redis}}").is_empty());
    }
}
