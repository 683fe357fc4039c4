//! The component `services`: containers of this machine's engine, and to whom the balancer gives traffic.

mod again;
mod balancer;
mod by_deploy;
mod container;
mod containers;
mod difference;
mod item;
mod part;
mod prepare;
mod put;

pub(super) use again::Again;
pub(super) use by_deploy::ByDeploy;
pub(super) use part::{Services, held};
