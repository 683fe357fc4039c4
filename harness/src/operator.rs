//! What may be done to the parts of a target that is ours: drills end and freeze them, other checks look at what the
//! engine says of them.

use crate::file_systems::FileSystem;
use anyhow::Result;
use greenlight_clients::Secret;
use std::future::Future;
use std::pin::Pin;

/// What an [`Operator`] returns.
pub type Operating<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Something that is done to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Its processes get no time any more, and keep everything.
    Freeze,
    /// The end of [`Action::Freeze`].
    Thaw,
    /// SIGKILL.
    Kill,
    /// What an orchestrator does at a deploy: SIGTERM, and SIGKILL when the part has not ended within its grace
    /// period. Does not wait for the end.
    Terminate,
    /// A part that has ended is started again as it was.
    Start,
}

/// What the engine says of a part.
#[derive(Debug, Clone, PartialEq)]
pub struct PartState {
    /// `None` while it runs, else the status that it ended with.
    pub ended: Option<i64>,
    /// Memory that it may use, in bytes; 0 is no limit.
    pub memory_bytes_max: i64,
    /// Processor time that it may use, in billionths of one processor; 0 is no limit.
    pub nano_cpus_max: i64,
    /// Processes and threads that it may have; 0 is no limit.
    pub pids_max: i64,
    /// Whether the kernel ended it for want of memory.
    pub out_of_memory: bool,
    /// What starts it again when it ends: `no`, `always`, `unless-stopped`, `on-failure` or empty.
    pub restart_policy: String,
    /// Its environment, as `NAME=value`.
    pub environment: Vec<String>,
    /// Its command line.
    pub command: Vec<String>,
}

/// What a part has used, as the engine counts it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Processor time since its start, in seconds.
    pub cpu_s: f64,
    /// Memory in use now, in MiB, without files that the kernel only keeps in mind.
    pub memory_mib: f64,
}

/// The hands of a drill. Parts have the names of the target's description: `redis`, `livekit-a`, `haproxy` …
pub trait Operator: Send + Sync {
    /// The parts that can be operated.
    fn parts(&self) -> Vec<String>;

    /// Does something to a part and returns when the engine has done it.
    ///
    /// # Errors
    /// When there is no such part or the engine refuses.
    fn act<'a>(&'a self, part: &'a str, action: Action) -> Operating<'a, ()>;

    /// What the engine says of a part.
    ///
    /// # Errors
    /// When there is no such part.
    fn state<'a>(&'a self, part: &'a str) -> Operating<'a, PartState>;

    /// What a part uses.
    ///
    /// # Errors
    /// When there is no such part, or it does not run.
    fn usage<'a>(&'a self, part: &'a str) -> Operating<'a, Usage>;

    /// A file inside a part, as it is now, with the mode bits of the file.
    ///
    /// # Errors
    /// When there is none.
    fn read<'a>(&'a self, part: &'a str, path: &'a str) -> Operating<'a, (String, u32)>;

    /// A file of `/proc/<pid>` of the part's main process, such as `limits` or `net/udp`, read on this machine. A check
    /// that asks needs [`crate::Capability::Processes`].
    ///
    /// # Errors
    /// When the part does not run, or its processes are not of this machine.
    fn process<'a>(&'a self, part: &'a str, file: &'a str) -> Operating<'a, String>;

    /// The mounted file systems of a part as its own `df` says; `None` when it has no `df`.
    ///
    /// # Errors
    /// When there is no such part, or `df` says something else.
    fn file_systems<'a>(&'a self, part: &'a str) -> Operating<'a, Option<Vec<FileSystem>>>;

    /// Ends a part in order, gives it this text for one of its configuration files, and starts it again. Returns when
    /// the engine has started it. [`Operator::heal`] brings back the text that was there before the first such change.
    ///
    /// # Errors
    /// When there is no such part or file, or it does not end.
    fn configure<'a>(&'a self, part: &'a str, path: &'a str, text: &'a Secret) -> Operating<'a, ()>;

    /// Makes every part run again as it was configured, waits until the target is ready, whatever a drill has left, and
    /// names the parts that were killed, terminated or configured since the last time.
    ///
    /// # Errors
    /// When it does not become ready, or a part had ended that nobody had killed or terminated.
    fn heal(&self) -> Operating<'_, Vec<String>>;
}
