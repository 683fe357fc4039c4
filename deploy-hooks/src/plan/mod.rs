//! `greenlight plan`: what is there, what another version of livekit-server changes or refuses, and the steps to it.

mod analyse;
mod apply;
mod backup;
mod clients;
mod command;
mod containers;
mod corrections;
mod document;
mod generate;
mod inputs;
mod jwt;
mod looked;
mod manifests;
mod markdown;
mod risks;
mod sip;
mod standing;
mod steps;
mod versions;
mod workers;

pub(crate) use command::{ApplyArgs, GenerateArgs, LookArgs, PlanCommand, SeeArgs, run};
pub(crate) use document::Severity;
pub(crate) use standing::{BetweenArgs, Standing, StandingRisk, standing};
