//! The driver that the configuration names.

use super::command_driver::CommandDriver;
use super::docker_driver::DockerDriver;
use super::driver::Driver;
use super::phase::Colour;
use crate::failure::Failure;

/// One of the two.
pub(crate) enum AnyDriver<'a> {
    /// The operator's command lines.
    Command(CommandDriver<'a>),
    /// Containers of this machine's engine.
    Docker(DockerDriver<'a>),
}

impl Driver for AnyDriver<'_> {
    async fn active(&self) -> Result<Option<Colour>, Failure> {
        match self {
            Self::Command(driver) => driver.active().await,
            Self::Docker(driver) => driver.active().await,
        }
    }

    async fn start(&self, colour: Colour) -> Result<(), Failure> {
        match self {
            Self::Command(driver) => driver.start(colour).await,
            Self::Docker(driver) => driver.start(colour).await,
        }
    }

    async fn identify(&self, colour: Colour) -> Result<Vec<String>, Failure> {
        match self {
            Self::Command(driver) => driver.identify(colour).await,
            Self::Docker(driver) => driver.identify(colour).await,
        }
    }

    async fn verify(&self, colour: Colour) -> Result<(), Failure> {
        match self {
            Self::Command(driver) => driver.verify(colour).await,
            Self::Docker(driver) => driver.verify(colour).await,
        }
    }

    async fn switch(&self, colour: Colour) -> Result<(), Failure> {
        match self {
            Self::Command(driver) => driver.switch(colour).await,
            Self::Docker(driver) => driver.switch(colour).await,
        }
    }

    async fn watch(&self, colour: Colour) -> Result<(), Failure> {
        match self {
            Self::Command(driver) => driver.watch(colour).await,
            Self::Docker(driver) => driver.watch(colour).await,
        }
    }

    async fn drain(&self, colour: Colour) -> Result<(), Failure> {
        match self {
            Self::Command(driver) => driver.drain(colour).await,
            Self::Docker(driver) => driver.drain(colour).await,
        }
    }

    async fn remove(&self, colour: Colour) -> Result<(), Failure> {
        match self {
            Self::Command(driver) => driver.remove(colour).await,
            Self::Docker(driver) => driver.remove(colour).await,
        }
    }

    async fn before(&self) -> Result<(), Failure> {
        match self {
            Self::Command(driver) => driver.before().await,
            Self::Docker(driver) => driver.before().await,
        }
    }

    async fn gate(&self) -> Result<Vec<String>, Failure> {
        match self {
            Self::Command(driver) => driver.gate().await,
            Self::Docker(driver) => driver.gate().await,
        }
    }
}
