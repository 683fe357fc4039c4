//! Whether the libraries that applications are built from work with a version: requirement 2.1.

use super::document::Sdk;
use super::inputs::{Kind, Read};
use super::manifests::named;
use greenlight_config::history::Version;

/// What calls the API, by its package's name.
const OF_THE_API: [&str; 8] = [
    "livekit-server-sdk",
    "livekit-api",
    "livekit-protocol",
    "livekit-agents",
    "@livekit/agents",
    "@livekit/protocol",
    "github.com/livekit/protocol",
    "github.com/livekit/server-sdk-go",
];
/// The two versions that were tried.
const OLD: Version = Version::new(1, 7, 0);
const NEW: Version = Version::new(1, 13, 5);
/// Libraries that call the API, and libraries that join rooms.
pub(super) fn libraries(files: &[Read], to: Version) -> (Vec<Sdk>, Vec<Sdk>) {
    let (mut api, mut clients) = (Vec::new(), Vec::new());
    for read in files.iter().filter(|read| read.kind == Kind::Manifest) {
        for one in named(&read.path, &read.text) {
            let of_the_api = is_of_the_api(&one.package);
            let (works, because) = judge(of_the_api, to);
            let sdk = Sdk {
                package: one.package,
                version: one.version,
                seen: format!("{}:{}", read.path, one.line),
                works: works.to_owned(),
                because: because.to_owned(),
            };
            if of_the_api { api.push(sdk) } else { clients.push(sdk) }
        }
    }
    api.sort();
    clients.sort();
    (api, clients)
}

fn is_of_the_api(package: &str) -> bool {
    OF_THE_API
        .iter()
        .any(|known| package == *known || package.strip_prefix(known).is_some_and(|rest| rest.starts_with('/')))
}

/// What is known was measured; what was not measured is said to be unknown.
fn judge(of_the_api: bool, to: Version) -> (&'static str, &'static str) {
    match of_the_api {
        true if to == NEW => (
            "yes",
            "livekit-server 1.13.5 serves every route of the API that 1.7.0 serves, but for SIP/CreateSIPTrunk (each was called on both); tokens must carry `exp` before the next protocol version demands it",
        ),
        false if to == NEW => (
            "yes",
            "livekit-server 1.13.5 answers a join of every signal protocol from 0 to 19 at /rtc, and newer libraries find /rtc/v1 (each was sent to it)",
        ),
        false if to == OLD => (
            "unknown",
            "livekit-server 1.7.0 answers every signal protocol from 0 to 19 at /rtc, but has no /rtc/v1 (404): a library that joins there and does not fall back to /rtc can't join",
        ),
        _ => (
            "unknown",
            "nobody has tried this version with us; run `greenlight verify` with your own clients on a staging",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, NEW, OLD, Read, libraries};

    #[test]
    fn libraries_are_told_apart_and_judged() {
        let text = "livekit==1.0.0\nlivekit-api==1.0.2\n".to_owned();
        let go = "require github.com/livekit/server-sdk-go/v2 v2.4.1\n".to_owned();
        let files = [
            Read { path: "requirements.txt".into(), kind: Kind::Manifest, text },
            Read { path: "svc/go.mod".into(), kind: Kind::Manifest, text: go },
        ];
        let (api, clients) = libraries(&files, NEW);
        let seen = |sdks: &[super::Sdk]| {
            sdks.iter().map(|sdk| format!("{} {} {}", sdk.package, sdk.seen, sdk.works)).collect::<Vec<_>>()
        };
        assert_eq!(
            seen(&api),
            ["github.com/livekit/server-sdk-go/v2 svc/go.mod:1 yes", "livekit-api requirements.txt:2 yes"]
        );
        assert_eq!(seen(&clients), ["livekit requirements.txt:1 yes"]);
        assert_eq!(seen(&libraries(&files, OLD).1), ["livekit requirements.txt:1 unknown"]);
    }
}
