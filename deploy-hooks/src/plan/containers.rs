//! Containers of a deployment that run on this machine's engine.

use super::document::Component;
use super::versions::{program, tag, word};
use crate::engine::Engine;

/// One container, as far as a plan is concerned: nothing in it changes while it runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Running {
    pub(super) name: String,
    pub(super) image: String,
}

/// Every running container of a program that belongs to LiveKit, by name; why not, when no engine answers.
pub(super) async fn look() -> Result<Vec<Running>, String> {
    let engine = Engine::connect().await.map_err(|failure| failure.message)?;
    let mut running: Vec<Running> = engine
        .running()
        .await
        .map_err(|failure| failure.message)?
        .into_iter()
        .map(|(name, image)| Running { name, image })
        .filter(|running| program(&running.image).is_some())
        .collect();
    running.sort();
    Ok(running)
}

/// As part of a plan.
pub(super) fn components(running: &[Running]) -> Vec<Component> {
    let component = |running: &Running| {
        Some(Component {
            name: running.name.clone(),
            program: word(program(&running.image)?).to_owned(),
            image: Some(running.image.clone()),
            version: tag(&running.image),
            seen: "container".to_owned(),
        })
    };
    running.iter().filter_map(component).collect()
}
