//! What is written: the configuration that this repository ships, with its paths for a folder of the reader's.

use clap::ValueEnum;

/// The file `config/deployment.yaml` as shipped, and what is different elsewhere: there is no alias of cargo, `target` is
/// not swept together with the state of deploys, and the image is the one that everybody can pull.
const DEPLOYMENT: &str = include_str!("../../../config/deployment.yaml");
const ELSEWHERE: [(&str, &str); 3] = [
    ("`cargo verify ", "`greenlight verify "),
    (
        "# Journals, locks, states and the audit log.\nstate: ../target/greenlight-state",
        "# Journals, locks, states and the audit log. Name a folder that lasts and that no repository holds: a deploy that was\n# cut short goes on from there.\nstate: ../greenlight-state",
    ),
    ("image: greenlight/livekit-server:", "image: livekit/livekit-server:"),
];
/// `greenlight keygen --out config/greenlight` puts a private key there.
const IGNORED: &str = "# Private keys stay out of the repository; public ones belong into it.\n*.pem\n!*.pub.pem\n";

/// A system that runs workflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Ci {
    /// .github/workflows/greenlight.yml
    Github,
    /// .gitlab-ci.yml, which shows junit.xml in the merge request
    Gitlab,
}

/// Every file with its text; the paths are relative to the folder.
pub(super) fn files(ci: &[Ci]) -> Vec<(&'static str, String)> {
    let deployment = ELSEWHERE.iter().fold(DEPLOYMENT.to_owned(), |text, (here, there)| text.replace(here, there));
    let staging_tests = include_str!("../../../config/staging_tests.yaml");
    let expected_skips = include_str!("../../../config/expected_skips.txt");
    let required_checks = include_str!("../../../config/required_checks.txt");
    let mut files = vec![
        ("config/staging_tests.yaml", staging_tests.to_owned()),
        ("config/deployment.yaml", deployment),
        ("config/expected_skips.txt", expected_skips.to_owned()),
        ("config/required_checks.txt", required_checks.to_owned()),
        ("config/.gitignore", IGNORED.to_owned()),
    ];
    let mut ci = ci.to_vec();
    ci.sort_unstable();
    ci.dedup();
    files.extend(ci.into_iter().map(|ci| match ci {
        Ci::Github => (".github/workflows/greenlight.yml", filled(include_str!("templates/github.yml"))),
        Ci::Gitlab => (".gitlab-ci.yml", filled(include_str!("templates/gitlab.yml"))),
    }));
    files
}

fn filled(template: &str) -> String {
    template.replace("@VERSION@", env!("CARGO_PKG_VERSION")).replace("@RUST@", env!("CARGO_PKG_RUST_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::{Ci, DEPLOYMENT, ELSEWHERE, files};

    /// A shipped file that was reworded would be handed on as it is.
    #[test]
    fn everything_that_differs_elsewhere_was_found() {
        for (here, _) in ELSEWHERE {
            assert!(DEPLOYMENT.contains(here), "config/deployment.yaml has no {here:?} any more");
        }
        for (file, text) in files(&[Ci::Gitlab, Ci::Github, Ci::Gitlab]) {
            for stray in ["cargo verify", "cargo greenlight", "target/greenlight-state", "@VERSION@", "@RUST@"] {
                assert!(!text.contains(stray), "{file} has {stray}");
            }
        }
    }
}
