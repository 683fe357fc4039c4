//! The linter of LiveKit's configuration: mistakes that the server accepts in silence, or ends on with exit status 0.
//! Pure: text and facts in, findings out. What is known, and from where, stands in `rules`.

mod compose;
mod container;
mod document;
mod environment;
mod facts;
mod finding;
mod findings;
mod helm;
mod inside;
mod kind_of;
mod known;
mod kubernetes;
mod livekit;
mod nearest;
mod parse;
mod proxy;
mod rules;
mod run;
mod scalars;
mod shape;
mod shared;
mod sip;
mod source;
mod types;
mod values;

pub(crate) use document::{Node, Value};
pub(crate) use nearest::nearest;
pub(crate) use parse::parse;
pub(crate) use scalars::is_template;

pub use facts::{CertificateFacts, Facts};
pub use finding::{FileKind, Finding, Level};
pub use inside::{Inside, Program, image, inside};
pub use kind_of::kind_of;
pub use livekit::SECRET_CHARACTERS_MIN;
pub use rules::{RULES, Rule};
pub use run::lint;
pub use shape::SIP_NAMES;
pub use values::{Shape, keys_of, leaves, values};
