//! Looks at the folder with the configuration: every file in it goes through the reader that will read it.

use super::facts::{Configuration, Looked};
use crate::gate;
use greenlight_config::{ConfigError, Deployment, ExpectedSkips, StagingTests};
use std::collections::BTreeSet;
use std::path::Path;

const STAGING_TESTS: &str = "staging_tests.yaml";
const DEPLOYMENT: &str = "deployment.yaml";
const EXPECTED_SKIPS: &str = "expected_skips.txt";
const REQUIRED_CHECKS: &str = "required_checks.txt";
/// So alike are two names of which one is a misspelling of the other.
const ALIKE_MIN: f64 = 0.9;

/// What lies in the folder. One that there is not holds nothing.
pub(super) fn look(folder: &Path) -> Configuration {
    let mut seen = Configuration { folder: folder.display().to_string(), ..Configuration::default() };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names: BTreeSet<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    for name in names {
        let path = folder.join(&name);
        let file = path.display().to_string();
        let text = || std::fs::read_to_string(&path).map_err(|source| ConfigError::Read { file: file.clone(), source });
        let read = match name.as_str() {
            STAGING_TESTS => StagingTests::read(&file).map(drop).map_err(|error| error.to_string()),
            EXPECTED_SKIPS => {
                text().and_then(|text| ExpectedSkips::parse(&file, &text).map(drop)).map_err(|error| error.to_string())
            }
            REQUIRED_CHECKS => gate::required_ids(&path).map(drop).map_err(|failure| failure.message),
            DEPLOYMENT => crate::configuration::read(&file)
                .map(|deployment| seen.named = named(&deployment))
                .map_err(|failure| failure.message),
            _ => {
                seen.misnamed.extend(nearly(&name).map(|meant| (file.clone(), meant)));
                continue;
            }
        };
        seen.files.push(Looked { file, problem: read.err().map(|problem| in_a_line(&problem)) });
    }
    // What lies here and is named as well is said once.
    let Configuration { files, named, .. } = &mut seen;
    named.retain(|named| !files.iter().any(|looked| looked.file == named.file));
    seen
}

/// Without the picture of the place, which the command that stumbles over it shows.
fn in_a_line(problem: &str) -> String {
    let lines = problem.lines().take_while(|line| !line.trim_start().starts_with("-->"));
    lines.collect::<Vec<_>>().join("; ")
}

/// What the gate will read besides.
fn named(deployment: &Deployment) -> Vec<Looked> {
    let keys = deployment.keys.iter().map(|file| {
        let file = deployment.path(file);
        Looked {
            file: file.display().to_string(),
            problem: gate::public_key(&file).err().map(|failure| failure.message),
        }
    });
    let lists: BTreeSet<_> =
        deployment.environments.values().filter_map(|environment| environment.gate.required_file.as_ref()).collect();
    let lists = lists.into_iter().map(|file| {
        let file = deployment.path(file);
        let problem = gate::required_ids(&file).err().map(|failure| failure.message);
        Looked { file: file.display().to_string(), problem }
    });
    keys.chain(lists).collect()
}

/// The name that one of ours has, if this is almost it.
fn nearly(name: &str) -> Option<&'static str> {
    let known = [STAGING_TESTS, DEPLOYMENT, EXPECTED_SKIPS, REQUIRED_CHECKS].into_iter();
    let alike = known.map(|known| (strsim::jaro_winkler(name, known), known));
    alike.filter(|(alike, _)| *alike >= ALIKE_MIN).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}
