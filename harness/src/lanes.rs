//! Who may run beside whom.

use crate::check::{Check, Lane};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, Semaphore, SemaphorePermit};

/// Has more than one room, or more than two participants, at a time.
const CROWD: &str = "crowd";
/// Checks that run side by side on a target that is not ours. None but a crowd has more than one room and two
/// participants, and a crowd has two and three: so there are never more than two rooms and four participants.
const WIDTH: u32 = 2;

/// Shared checks run together, an exclusive one alone. Fair: whoever asks first goes first.
#[derive(Default)]
pub(crate) struct Lanes {
    lock: RwLock<()>,
    narrow: Option<Semaphore>,
}

/// Held while a check runs.
pub(crate) enum Turn<'a> {
    Shared(
        #[expect(dead_code, reason = "held, not read")] RwLockReadGuard<'a, ()>,
        #[expect(dead_code, reason = "held, not read")] Option<SemaphorePermit<'a>>,
    ),
    Exclusive(#[expect(dead_code, reason = "held, not read")] RwLockWriteGuard<'a, ()>),
}

impl Lanes {
    /// Lanes on which never more than two rooms and four participants are at a time.
    pub(crate) fn narrow() -> Self {
        Self { lock: RwLock::default(), narrow: Some(Semaphore::new(WIDTH as usize)) }
    }

    pub(crate) async fn enter(&self, check: &Check) -> Turn<'_> {
        match check.lane {
            Lane::Shared => {
                let lock = self.lock.read().await;
                let share = if check.tags.contains(&CROWD) { WIDTH } else { 1 };
                // It is never closed.
                let permit = match &self.narrow {
                    Some(narrow) => narrow.acquire_many(share).await.ok(),
                    None => None,
                };
                Turn::Shared(lock, permit)
            }
            Lane::Exclusive => Turn::Exclusive(self.lock.write().await),
        }
    }
}
