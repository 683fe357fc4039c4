//! The hands of a deploy. Whatever they are, each call must succeed without doing anything if it was done already: after a
//! crash nobody knows.

use super::phase::Colour;
use crate::failure::Failure;
use std::future::Future;

/// What can be done to an environment.
pub(crate) trait Driver {
    /// Who gets new traffic.
    fn active(&self) -> impl Future<Output = Result<Option<Colour>, Failure>>;

    /// Starts a colour, without traffic.
    fn start(&self, colour: Colour) -> impl Future<Output = Result<(), Failure>>;

    /// What it runs, one a line: `image_id sha256:…`.
    fn identify(&self, colour: Colour) -> impl Future<Output = Result<Vec<String>, Failure>>;

    /// Proves that it works.
    fn verify(&self, colour: Colour) -> impl Future<Output = Result<(), Failure>>;

    /// Gives it new traffic.
    fn switch(&self, colour: Colour) -> impl Future<Output = Result<(), Failure>>;

    /// Watches it while it has the traffic.
    fn watch(&self, colour: Colour) -> impl Future<Output = Result<(), Failure>>;

    /// Lets its calls end.
    fn drain(&self, colour: Colour) -> impl Future<Output = Result<(), Failure>>;

    /// Removes what is left of it.
    fn remove(&self, colour: Colour) -> impl Future<Output = Result<(), Failure>>;

    /// The operator's checks before anything moves.
    fn before(&self) -> impl Future<Output = Result<(), Failure>>;

    /// Asks the gate, and returns what it lets through, as [`Driver::identify`] must find it.
    fn gate(&self) -> impl Future<Output = Result<Vec<String>, Failure>>;
}
