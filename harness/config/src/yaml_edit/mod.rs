//! Changes of a YAML file that keep its comments, its order and its style: lines are taken out, moved and put in, and the
//! result is read again and held against what was wanted.

mod apply;
mod edit;
mod lines;
#[cfg(test)]
mod tests;

pub use edit::{Edit, NotEdited, edit};
