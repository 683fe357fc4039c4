//! Who may run beside whom.

use crate::check::Lane;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Shared checks run together, an exclusive one alone. Fair: whoever asks first goes first.
#[derive(Default)]
pub(crate) struct Lanes(RwLock<()>);

/// Held while a check runs.
pub(crate) enum Turn<'a> {
    Shared(#[expect(dead_code, reason = "held, not read")] RwLockReadGuard<'a, ()>),
    Exclusive(#[expect(dead_code, reason = "held, not read")] RwLockWriteGuard<'a, ()>),
}

impl Lanes {
    pub(crate) async fn enter(&self, lane: Lane) -> Turn<'_> {
        match lane {
            Lane::Shared => Turn::Shared(self.0.read().await),
            Lane::Exclusive => Turn::Exclusive(self.0.write().await),
        }
    }
}
