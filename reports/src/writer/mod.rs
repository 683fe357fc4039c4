//! One function per format, from the same report to bytes.

mod blame;
mod ctrf;
mod github;
mod html;
mod json;
mod junit;
mod moment;
mod suites;

#[cfg(test)]
mod foreign;
#[cfg(test)]
mod schema;

pub use ctrf::ctrf;
pub use github::{SUMMARY_BYTES_MAX, github_annotations, github_summary};
pub use html::html;
pub use json::{canonical_json, json};
pub use junit::junit;
