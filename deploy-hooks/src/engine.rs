//! What a container engine says of an image. It is asked at the moment of the decision: a tag can be moved.

use crate::failure::Failure;
use bollard::Docker;
use greenlight_reports::Exit;

/// A connected engine.
pub(crate) struct Engine(Docker);

impl Engine {
    /// Connects and asks for a sign of life.
    ///
    /// # Errors
    /// When none answers.
    pub(crate) async fn connect() -> Result<Self, Failure> {
        let none = |error: bollard::errors::Error| {
            Failure::new(
                Exit::Unreachable,
                format!(
                    "no container engine answers ({error}), and it is to say what `artefact.image` is; start it, or write `artefact.image_id` instead"
                ),
            )
        };
        let docker = Docker::connect_with_defaults().map_err(none)?;
        docker.ping().await.map_err(none)?;
        Ok(Self(docker))
    }

    /// The engine's id of an image, `sha256:…`.
    ///
    /// # Errors
    /// When there is no such image.
    pub(crate) async fn image_id(&self, image: &str) -> Result<String, Failure> {
        let seen = self.0.inspect_image(image).await.map_err(|error| {
            Failure::new(
                Exit::Unreachable,
                format!("the container engine has no image {image}: {error}; pull or build it"),
            )
        })?;
        seen.id.filter(|id| !id.is_empty()).ok_or_else(|| Failure::unknown(format!("the image {image} has no id")))
    }
}
