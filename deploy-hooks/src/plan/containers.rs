//! Containers of a deployment that run on this machine's engine.

use super::document::Component;
use super::versions::{program, tag, word};
use crate::engine::Engine;
use greenlight_config::history::Version;

/// One container, as far as a plan is concerned: nothing in it changes while it runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Running {
    pub(super) name: String,
    pub(super) image: String,
    /// What the image says of itself, where its name says nothing.
    pub(super) version: Option<String>,
}

/// Every running container of a program that belongs to LiveKit, by name; why not, when no engine answers.
pub(super) async fn look() -> Result<Vec<Running>, String> {
    let engine = Engine::connect().await.map_err(|failure| failure.message)?;
    let mut running: Vec<Running> = engine
        .running()
        .await
        .map_err(|failure| failure.message)?
        .into_iter()
        .map(|(name, image, label)| Running { name, version: tag(&image).or(label.as_deref().and_then(plain)), image })
        .filter(|running| program(&running.image).is_some())
        .collect();
    running.sort();
    Ok(running)
}

/// A version as tags and labels write it, with or without a leading `v`.
fn plain(label: &str) -> Option<String> {
    label.trim_start_matches('v').parse::<Version>().ok().map(|version| version.to_string())
}

/// As part of a plan.
pub(super) fn components(running: &[Running]) -> Vec<Component> {
    let component = |running: &Running| {
        Some(Component {
            name: running.name.clone(),
            program: word(program(&running.image)?).to_owned(),
            image: Some(running.image.clone()),
            version: running.version.clone(),
            seen: "container".to_owned(),
        })
    };
    running.iter().filter_map(component).collect()
}
