//! The one place that sees suites and fixtures: builds a target, runs checks on it, writes the report.

mod args;
mod baseline;
mod command;
mod emulated;
mod explain;
mod github;
mod output;
mod prove;
mod session;
mod tape;
mod target;

pub use args::{Cli, ListFormat, OutputFormat, Permission};
pub use command::execute;
pub use emulated::SELF_TEST;
pub use output::{OutDir, ReportFile, print_report, result_line, write_files};
pub use prove::{Proof, Prover, Row, naming, rows};
pub use session::{EndedRun, Place, Session, SessionError, new_run_id};
pub use tape::{Held, Line, hold, shipped};

#[cfg(test)]
mod tests {
    use super::{naming, rows};
    use greenlight_fixtures::{Lands, catalogue};
    use greenlight_harness::Fault;
    use std::collections::BTreeSet;

    #[test]
    fn catalogue_and_checks_name_each_other() {
        let ids: BTreeSet<&str> = greenlight_suites::checks().iter().map(|check| check.id).collect();
        for entry in catalogue() {
            assert!(ids.contains(entry.root), "{} names {}, which is no check", entry.fault, entry.root);
            assert!(
                naming(entry.fault).iter().any(|check| check.id == entry.root),
                "{} is the root of {} and does not say that this turns it red",
                entry.root,
                entry.fault
            );
        }
    }

    #[test]
    fn every_fault_has_one_entry() {
        let entries: Vec<Fault> = catalogue().iter().map(|entry| entry.fault).collect();
        let distinct: BTreeSet<Fault> = entries.iter().copied().collect();
        assert_eq!(entries.len(), distinct.len(), "a fault stands twice in the catalogue");
        assert_eq!(distinct, Fault::ALL.iter().copied().collect());
    }

    /// A key tells one proof from another: no two rows share one.
    #[test]
    fn every_row_has_a_key_of_its_own() {
        let rows: Vec<_> = catalogue().iter().flat_map(rows).collect();
        let keys: BTreeSet<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        assert_eq!(keys.len(), rows.len());
        assert!(rows.iter().any(|row| row.lands == Lands::Proxy.to_string()));
    }
}
