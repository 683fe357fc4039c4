//! What a verification run found out, as one value, and the files derived from it.
//!
//! A leaf crate: no async runtime, no containers, no network. The flow is one way:
//! results are scrubbed ([`Redactor`]), assembled and sealed ([`Report`]), and only then written;
//! of all formats only the sealed JSON is ever read back ([`open`]).

mod attest;
mod causes;
mod compare;
mod exit;
pub mod gate;
mod journal;
mod keys;
mod merge;
mod model;
mod redact;
mod seal;
mod text;
mod writer;

pub use attest::{Untrusted, attest, open_signed};
pub use causes::{KnownFault, LikelyCause, likely_causes};
pub use compare::{Comparison, compare};
pub use exit::Exit;
pub use journal::Journal;
pub use keys::{NoKey, Signer, Verifier};
pub use merge::merge;
pub use model::{
    AppliedWaiver, Attempt, CheckResult, Component, Counts, FORMAT, Failure, Header, Identity, ImageIdentity, Limit,
    Measured, NodeIdentity, Outcome, Plan, Report, Restart, RunVerdict, Seal, Subject, TargetInfo, Tool,
};
pub use redact::Redactor;
pub use seal::{Unsealed, hex, open};
pub use text::{one_line, printable, shorten};
pub use writer::{SUMMARY_BYTES_MAX, canonical_json, ctrf, github_annotations, github_summary, html, json, junit};
