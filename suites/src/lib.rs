//! The checks. One claim is one file, `<suite>/<check>.rs`; the tables below are the only registration.

mod agents;
mod api;
mod auth;
mod configuration;
mod infrastructure;
mod monitoring;
mod performance;
mod security;
mod signal;
mod sip;
mod webhooks;

use greenlight_harness::Check;

/// Every suite with its checks, in the order in which they are shown.
pub const SUITES: &[(&str, &[&Check])] = &[
    ("infrastructure", infrastructure::CHECKS),
    ("configuration", configuration::CHECKS),
    ("api", api::CHECKS),
    ("auth", auth::CHECKS),
    ("security", security::CHECKS),
    ("signal", signal::CHECKS),
    ("webhooks", webhooks::CHECKS),
    ("monitoring", monitoring::CHECKS),
    ("sip", sip::CHECKS),
    ("agents", agents::CHECKS),
    ("performance", performance::CHECKS),
];

/// Every check, in the tables' order.
pub fn checks() -> Vec<&'static Check> {
    SUITES.iter().flat_map(|(_, checks)| checks.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::SUITES;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    fn source() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
    }

    fn names_in(folder: &Path) -> BTreeSet<String> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        entries.filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned())).collect()
    }

    /// A file that nobody declares is neither compiled nor run, and no tool says so.
    #[test]
    fn every_file_is_a_registered_check_of_its_name() {
        for (suite, checks) in SUITES {
            let mut files = names_in(&source().join(suite));
            files.remove("mod");
            let ids: BTreeSet<String> = files.iter().map(|file| format!("{suite}.{file}")).collect();
            let registered: BTreeSet<String> = checks.iter().map(|check| check.id.to_owned()).collect();
            assert_eq!(registered, ids);
            assert_eq!(registered.len(), checks.len(), "a check stands twice in the table of {suite}");
            for check in *checks {
                let (_, name) = check.id.split_once('.').expect("a dot");
                assert_eq!(check.source.file, format!("suites/src/{suite}/{name}.rs"));
            }
        }
    }

    #[test]
    fn every_folder_is_a_registered_suite() {
        let mut folders = names_in(&source());
        folders.remove("lib");
        let registered: BTreeSet<String> = SUITES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(registered, folders);
    }

    /// Whoever ends or freezes parts is a drill, and a drill runs alone: it is healed afterwards.
    #[test]
    fn whoever_operates_parts_is_a_drill_and_runs_alone() {
        use greenlight_harness::{Capability, Lane};
        for check in super::checks() {
            let is_drill = check.needs.contains(&Capability::Drill);
            assert!(!is_drill || check.lane == Lane::Exclusive, "{} is a drill beside others", check.id);
            assert!(is_drill || !check.source.text.contains(".act("), "{} operates parts and is no drill", check.id);
        }
    }

    /// What `--explain` prints.
    #[test]
    fn every_check_states_claim_harm_fix_proof_and_source() {
        for check in super::checks() {
            let (claim, hurts) = (check.source.claim(), check.source.hurts());
            assert!(claim.ends_with('.') && claim.len() > 20, "{}: the first line is the claim, a sentence", check.id);
            assert!(
                hurts.ends_with('.') && hurts.len() > 20,
                "{}: the next lines say what breaks without it",
                check.id
            );
            assert!(check.fix.len() > 20, "{}: say what to do first when it is red", check.id);
            assert!(!check.proven_by.is_empty(), "{}: no fault has turned it red", check.id);
            assert!(check.source.line > 3 && !check.title.is_empty() && check.timeout.as_secs() > 0, "{}", check.id);
        }
    }
}
