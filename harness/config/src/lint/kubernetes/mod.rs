//! Manifests of Kubernetes, rendered: what hurts a deployment of LiveKit, and nothing else.

mod config_maps;
mod judge;
mod manifests;
mod pods;
mod probes;
mod service_links;

pub(crate) use judge::check;
pub(crate) use manifests::Manifests;
