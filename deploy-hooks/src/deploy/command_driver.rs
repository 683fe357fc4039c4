//! The driver whose hands are the operator's own command lines.

use super::driver::Driver;
use super::hands::{Hands, urls_of};
use super::phase::Colour;
use crate::failure::Failure;
use greenlight_config::{Lines, Step, Urls};

/// One deploy's hands.
pub(crate) struct CommandDriver<'a> {
    /// What all drivers have.
    pub(crate) hands: Hands<'a>,
    /// The command lines.
    pub(crate) lines: &'a Lines,
}

impl CommandDriver<'_> {
    async fn do_it(&self, step: &Step, colour: Colour) -> Result<(), Failure> {
        self.hands.line(step, Some(colour), &[]).await.map(drop)
    }

    /// Where the colour and the other one are, if deployment.yaml says so.
    async fn told(&self, colour: Colour) -> Vec<(&'static str, String)> {
        let Some(Urls { blue, green }) = self.lines.urls.clone() else { return Vec::new() };
        let active = self.active().await.is_ok_and(|active| active == Some(colour.other()));
        match colour {
            Colour::Blue => urls_of(blue, green, active),
            Colour::Green => urls_of(green, blue, active),
        }
    }
}

impl Driver for CommandDriver<'_> {
    async fn active(&self) -> Result<Option<Colour>, Failure> {
        let said = self.hands.line(&self.lines.active, None, &[]).await?;
        Colour::parse(&said).map_err(|error| Failure::usage(format!("driver.command.active: {error}")))
    }

    async fn start(&self, colour: Colour) -> Result<(), Failure> {
        self.do_it(&self.lines.start, colour).await
    }

    async fn identify(&self, colour: Colour) -> Result<Vec<String>, Failure> {
        let said = self.hands.line(&self.lines.identify, Some(colour), &[]).await?;
        Ok(said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect())
    }

    async fn verify(&self, colour: Colour) -> Result<(), Failure> {
        self.hands.line(&self.lines.verify, Some(colour), &self.told(colour).await).await.map(drop)
    }

    async fn switch(&self, colour: Colour) -> Result<(), Failure> {
        self.do_it(&self.lines.switch, colour).await
    }

    async fn watch(&self, colour: Colour) -> Result<(), Failure> {
        self.hands.soak(&self.lines.watch, colour, &self.told(colour).await).await
    }

    async fn drain(&self, colour: Colour) -> Result<(), Failure> {
        self.do_it(&self.lines.drain, colour).await
    }

    async fn remove(&self, colour: Colour) -> Result<(), Failure> {
        self.do_it(&self.lines.remove, colour).await
    }

    async fn before(&self) -> Result<(), Failure> {
        self.hands.before().await
    }

    async fn gate(&self) -> Result<Vec<String>, Failure> {
        self.hands.gate().await
    }
}
