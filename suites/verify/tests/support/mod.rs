//! What tests on containers have in common.

mod cases;

pub(crate) use cases::{Case, run_cases};
