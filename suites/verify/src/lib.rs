//! The one place that sees suites and fixtures: builds a target, runs checks on it, writes the report.

mod args;
mod command;
mod output;
mod session;

pub use args::{Cli, ListFormat, OutputFormat};
pub use command::execute;
pub use output::{OutDir, print_report, result_line, write_files};
pub use session::{EndedRun, Session, SessionError, new_run_id};
