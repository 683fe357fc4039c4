//! Names of images: whose program it is, and in which version.

/// The program of an image, recognised by the last part of its name, whatever registry is in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// livekit-server.
    LiveKitServer,
    /// The SIP bridge.
    Sip,
    /// Egress.
    Egress,
    /// Ingress.
    Ingress,
    /// Redis, or what speaks its protocol.
    Redis,
    /// PostgreSQL.
    Postgres,
    /// HAProxy.
    Haproxy,
    /// nginx.
    Nginx,
    /// Caddy.
    Caddy,
    /// Anything else.
    Other,
}

impl Program {
    /// Whether it is one of LiveKit's own: these drain at a SIGTERM.
    pub fn is_livekit(self) -> bool {
        matches!(self, Self::LiveKitServer | Self::Sip | Self::Egress | Self::Ingress)
    }
}

/// An image as a file names it.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) written: String,
    pub(crate) program: Program,
    tag: Option<String>,
    digest: bool,
    template: bool,
}

impl Image {
    pub(crate) fn parse(written: &str) -> Self {
        let resolved = with_defaults(written);
        let (name, digest) = resolved.split_once('@').map_or((resolved.as_str(), false), |(name, _)| (name, true));
        // A colon before a slash belongs to the registry's port.
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
            _ => (name, None),
        };
        let tag = tag.filter(|tag| !tag.is_empty());
        let template = written.contains("${") || written.contains("{{") || written.contains("$(");
        Self { written: written.to_owned(), program: program(name), tag, digest, template }
    }

    /// Neither a version nor a digest: what it is changes with the next pull. What a variable fills in is not judged.
    pub(crate) fn floats(&self) -> bool {
        let moving = |tag: &str| matches!(tag, "latest" | "master" | "main" | "edge" | "stable" | "nightly");
        !self.template && !self.digest && self.tag.as_deref().is_none_or(moving)
    }

    /// The tag without a leading `v`, if it begins with a digit and no variable has a part in it.
    pub(crate) fn version(&self) -> Option<String> {
        let tag = self.tag.as_deref().filter(|tag| !self.template || self.written.ends_with(&format!(":{tag}")))?;
        let version = tag.strip_prefix('v').unwrap_or(tag);
        version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
    }

    /// Whether the version is known, and `major.minor.patch` or later.
    pub(crate) fn is_from(&self, wanted: [u32; 3]) -> Option<bool> {
        let version = self.version()?;
        let numbers: Vec<u32> = version.split(['.', '-']).map_while(|part| part.parse().ok()).collect();
        // A tag such as `v1.13` is whatever patch is newest.
        (numbers.len() >= 3).then(|| numbers.as_slice() >= wanted.as_slice())
    }

    /// The name that LiveKit publishes the server under, whose content is known.
    pub(crate) fn is_official_server(&self) -> bool {
        let name = self.written.strip_prefix("docker.io/").unwrap_or(&self.written);
        name.strip_prefix("livekit/livekit-server").is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
    }
}

fn program(name: &str) -> Program {
    let mut parts = name.rsplit('/');
    let last = parts.next().unwrap_or_default();
    let owner = parts.next().unwrap_or_default();
    match (owner, last) {
        (_, "livekit-server") => Program::LiveKitServer,
        ("livekit", "sip") | (_, "livekit-sip") => Program::Sip,
        ("livekit", "egress") | (_, "livekit-egress") => Program::Egress,
        ("livekit", "ingress") | (_, "livekit-ingress") => Program::Ingress,
        (_, "redis" | "valkey" | "keydb" | "redis-stack" | "redis-stack-server" | "dragonfly") => Program::Redis,
        (_, "postgres" | "postgresql" | "postgis" | "timescaledb" | "pgvector") => Program::Postgres,
        (_, "haproxy" | "haproxy-alpine" | "haproxy-debian") => Program::Haproxy,
        (_, "nginx" | "nginx-unprivileged" | "openresty") => Program::Nginx,
        (_, "caddy" | "caddyl4") => Program::Caddy,
        _ => Program::Other,
    }
}

/// A text with `${NAME:-default}` as the default, and what has no default as nothing: enough to recognise a name.
fn with_defaults(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((inner, behind)) = after.split_once('}') else { return out };
        let name = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
        let operator = &inner[name..];
        out.push_str(operator.strip_prefix(":-").or_else(|| operator.strip_prefix('-')).unwrap_or_default());
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_versions_by_the_name_of_the_image() {
        let digest = "livekit/livekit-server@sha256:0a1b";
        let cases = [
            ("livekit/livekit-server:v1.13.5", Program::LiveKitServer, Some("1.13.5"), false),
            ("livekit/livekit-server", Program::LiveKitServer, None, true),
            ("localhost:5000/livekit-server", Program::LiveKitServer, None, true),
            ("ghcr.io/someone/livekit-server:latest", Program::LiveKitServer, None, true),
            ("greenlight/livekit-server:1.13.5-broken", Program::LiveKitServer, Some("1.13.5-broken"), false),
            (digest, Program::LiveKitServer, None, false),
            ("livekit/livekit-server:${VERSION:-latest}", Program::LiveKitServer, None, false),
            ("${REGISTRY}/livekit/sip:v1.10.0", Program::Sip, Some("1.10.0"), false),
            ("${IMAGE:-livekit/egress:v1.9.0}", Program::Egress, None, false),
            ("registry.example.org:5000/livekit/ingress:v1.4.3", Program::Ingress, Some("1.4.3"), false),
            ("someone/sip:1", Program::Other, Some("1"), false),
            ("redis:7-alpine", Program::Redis, Some("7-alpine"), false),
            ("bitnami/redis:stable", Program::Redis, None, true),
            ("oliver006/redis_exporter", Program::Other, None, true),
            ("postgres:16", Program::Postgres, Some("16"), false),
            ("haproxy:3.0", Program::Haproxy, Some("3.0"), false),
            ("nginxinc/nginx-unprivileged:1.27", Program::Nginx, Some("1.27"), false),
            ("livekit/caddyl4", Program::Caddy, None, true),
            ("", Program::Other, None, true),
        ];
        for (written, program, version, floats) in cases {
            let image = Image::parse(written);
            let seen = (image.program, image.version(), image.floats());
            assert_eq!(seen, (program, version.map(str::to_owned), floats), "{written}");
        }
        assert_eq!(Image::parse("a:v1.13.10").is_from([1, 13, 10]), Some(true));
        assert_eq!(Image::parse("a:v1.13.9").is_from([1, 13, 10]), Some(false));
        assert_eq!(Image::parse("a:v1.13").is_from([1, 13, 10]), None);
        assert!(Image::parse(digest).is_official_server() && !Image::parse("me/livekit-server").is_official_server());
    }
}
