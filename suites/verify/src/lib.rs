//! The one place that sees suites and fixtures: builds a target, runs checks on it, writes the report.

mod args;
mod command;
mod output;
mod session;

pub use args::{Cli, ListFormat, OutputFormat};
pub use command::execute;
pub use output::{OutDir, print_report, result_line, write_files};
pub use session::{EndedRun, Session, SessionError, new_run_id};

#[cfg(test)]
mod tests {
    use greenlight_fixtures::catalogue;
    use greenlight_harness::Fault;
    use std::collections::BTreeSet;

    #[test]
    fn catalogue_and_checks_name_each_other() {
        let ids: BTreeSet<&str> = greenlight_suites::checks().iter().map(|check| check.id).collect();
        for entry in catalogue() {
            for id in entry.consequences.iter().chain([&entry.root]) {
                assert!(ids.contains(id), "{} names {id}, which is no check", entry.fault);
            }
        }
        for check in greenlight_suites::checks() {
            for fault in check.proven_by {
                let entry = catalogue().iter().find(|entry| entry.fault == *fault).expect("in the catalogue");
                assert!(
                    entry.root == check.id || entry.consequences.contains(&check.id),
                    "{} says that {fault} turns it red, and the catalogue does not",
                    check.id
                );
            }
        }
    }

    #[test]
    fn every_fault_has_one_entry() {
        let entries: Vec<Fault> = catalogue().iter().map(|entry| entry.fault).collect();
        assert_eq!(entries, Fault::ALL);
    }
}
