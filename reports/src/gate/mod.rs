//! May this artefact take production traffic? Decided from a signed report, a policy and the time of day; nothing else.

mod decide;
mod policy;
mod refusal;
mod self_test;

pub use decide::{Decision, Evidence, decide};
pub use policy::{Artefact, GateWaiver, Policy, WarningRule};
pub use refusal::Refusal;
pub use self_test::{Corruption, self_test};
