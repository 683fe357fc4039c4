//! Proxies in front of LiveKit: whether WebSockets pass, for how long they may be silent, and which paths arrive.

mod blocks;
mod caddy;
mod haproxy;
mod nginx;

pub(crate) use caddy::check as caddy;
pub(crate) use haproxy::check as haproxy;
pub(crate) use nginx::check as nginx;
