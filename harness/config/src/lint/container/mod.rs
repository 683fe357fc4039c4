//! What a compose file and a manifest of Kubernetes both say of a container, and the rules that hold in both.

mod arguments;
mod image;
mod model;
mod rules;
mod settings;

pub(crate) use arguments::{flag, has_flag, words_of};
pub(crate) use image::Image;
pub(crate) use model::{Container, GRACE_S_MIN};
pub(crate) use rules::{check, inner, text_check};
pub(crate) use settings::Settings;

pub use image::Program;
