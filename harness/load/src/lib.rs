//! Load on a target, by goose in a child process of our own binary.
//!
//! goose prints, installs a logger and takes Ctrl-C over for the rest of a process, so it gets a process of its own: the
//! program runs itself again with a hidden argument ([`child_if_asked`]). The job, with its secrets, goes in as JSON on
//! standard input; samples come back as JSON lines on standard output, and a last record closes them. The parent keeps
//! Ctrl-C, thresholds and verdict; it kills the child when it is cancelled, and the child ends when the parent is gone.
//!
//! *Coordinated omission*: users send by a timetable and not when the last answer allows it. A response time runs from
//! the moment at which the request was due, and a request without an answer at the end counts with all the time that it
//! was due. goose's own mitigation fills such gaps with made-up samples; it is off, since none is left to fill.
//!
//! *Peak rates* are past goose ([`Engine::Native`]): one hyper connection a user, and samples that are kept until the
//! end. Job, records, and what is held to thresholds are the same.

mod child;
mod generator;
mod job;
mod line;
mod native;
mod operation;
mod parent;
mod record;
mod timetable;

pub use child::{child_if_asked, now_unix_s};
pub use generator::processors;
pub use job::{Engine, Job, Scenario};
pub use parent::{LoadError, LoadRun, run};
pub use record::{Ended, Operation, Sample};
