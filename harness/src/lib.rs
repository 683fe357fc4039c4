//! What an author of checks imports, and the runner that executes them.
//!
//! A check is data with a function in it ([`Check`]); it gets a [`Ctx`] and returns a [`Verdict`].
//! Nothing here knows how a target is built: that is the business of the fixtures.

mod bridge;
mod check;
mod configured;
mod ctx;
mod fault;
mod file_systems;
mod grant_table;
mod init;
mod lanes;
mod lint;
mod loads;
mod log;
mod names;
mod operator;
mod pinned;
mod process;
mod recording;
mod remote;
mod run;
mod runner;
mod select;
mod target;
mod verdict;

pub use bridge::Bridge;
pub use check::{Capability, Check, CheckFuture, Lane, Source};
pub use configured::Configured;
pub use ctx::Ctx;
pub use fault::Fault;
pub use file_systems::FileSystem;
pub use grant_table::{GRANTS_CHANGED, GrantTable, GrantedCall, not_administering};
pub use init::{Interrupt, init};
pub use lint::Linted;
pub use loads::{Baseline, Baselines, Course, Series, Timed, calls, joins, refusals};
pub use operator::{Action, Operating, Operator, PartState, Usage};
pub use process::{UdpSocket, open_files_max, udp_received};
pub use recording::{Judge, Recording};
pub use remote::{Address, Allowed, NodeSpec, Remote, RemoteError, RemoteSpec};
pub use run::{Options, Run, RunError};
pub use select::{Selection, UnknownName, select};
pub use target::{BridgeTarget, ConfigFile, NodeTarget, StagedFrom, Target, TargetKind, TurnTarget};
pub use verdict::{Halt, MeasureError, Pass, PassBuilder, Verdict};

/// Clients, for fixtures and checks alike.
pub use greenlight_clients as clients;
/// Configuration types.
pub use greenlight_config as config;
/// Load on a target.
pub use greenlight_load as load;
/// Participants whose media path is up.
pub use greenlight_media as media;
/// The report model.
pub use greenlight_reports as reports;

/// Everything that a check's file needs.
pub mod prelude {
    pub use crate::verdict::{Halt, Pass, Verdict, failed, no_media};
    pub use crate::{Action, Capability, Check, Course, Ctx, Fault, Lane, Series, calls, joins, refusals};
    pub use crate::{ensure, ensure_joined, ensure_ok, run, secs, skip, source};
    pub use futures_util::future::join_all;
    pub use greenlight_clients::proto;
    pub use greenlight_clients::{Algorithm, JoinError, Secret, Unreachable, VideoGrant, Why};
    pub use greenlight_clients::{Delivery, Mode, WebhookSink};
    pub use greenlight_load::{Operation, Scenario};
    pub use greenlight_reports::Component;
    pub use greenlight_reports::Limit::{AtLeast, AtMost, Exactly};
    pub use std::time::{Duration, Instant};

    /// How livekit-server says that a signature does not fit: 1.13.5, and 1.7.0.
    pub const SIGNATURE_REFUSED: &[&str] = &["signature is invalid", "error in cryptographic primitive"];

    /// What to do when a token that should be good is refused.
    pub const COMPARE_KEYS: &str = "compare the API key and secret given to this run with `keys:` in livekit.yaml";
}

/// That many seconds.
pub const fn secs(seconds: u64) -> std::time::Duration {
    std::time::Duration::from_secs(seconds)
}
