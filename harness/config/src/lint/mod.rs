//! The linter of LiveKit's configuration: mistakes that the server accepts in silence, or ends on with exit status 0.
//! Pure: text and facts in, findings out. What is known, and from where, stands in `rules`.

mod compose;
mod container;
mod document;
mod environment;
mod facts;
mod finding;
mod findings;
mod known;
mod livekit;
mod nearest;
mod parse;
mod rules;
mod run;
mod scalars;
mod shape;
mod shared;
mod sip;
mod source;
mod types;
mod values;

pub(crate) use nearest::nearest;
pub(crate) use scalars::is_template;

pub use container::Program;
pub use facts::{CertificateFacts, Facts};
pub use finding::{FileKind, Finding, Level};
pub use rules::{RULES, Rule};
pub use run::lint;
pub use values::{Shape, keys_of, leaves, values};
