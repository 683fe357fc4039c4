//! Values of LiveKit's Helm charts, alone or below another chart: the programs' configurations, and what the charts do with
//! them.

mod block;
mod charts;
mod defaults;
mod judge;

pub(crate) use block::block;
pub(crate) use charts::{Chart, charts, is_chart_like};
pub(crate) use judge::check;
