//! Sums of many files, by all processors.

use super::entry::Kind;
use super::sum::sum;
use super::walk::Found;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{available_parallelism, scope};

/// More threads than this wait for the disk.
const THREADS_MAX: usize = 8;

/// The BLAKE3 of each file among what was found, by its place there.
///
/// # Errors
/// Which file can't be read.
pub(super) fn sums(found: &[Found]) -> Result<HashMap<usize, String>, String> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<HashMap<usize, String>, String> {
        let mut done = HashMap::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = found.get(number) else { return Ok(done) };
            if matches!(one.entry.kind, Kind::File { .. }) {
                let sum = sum(&one.path).map_err(|error| format!("cannot read {}: {error}", one.path.display()))?;
                done.insert(number, sum.blake3);
            }
        }
    };
    let threads = available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS_MAX);
    scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = HashMap::new();
        for worker in workers {
            all.extend(worker.join().map_err(|_| "a thread that sums files has died".to_owned())??);
        }
        Ok(all)
    })
}
