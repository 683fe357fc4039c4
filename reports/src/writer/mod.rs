//! One function per format, from the same report to bytes.

mod json;
mod junit;

pub use json::{canonical_json, json};
pub use junit::junit;
