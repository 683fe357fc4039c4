//! What the generator costs and how late it is: whoever measures a target with a tired clock measures the clock.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Time between two looks at the clock.
const TICK: Duration = Duration::from_millis(5);
/// How long a thread computes before others get a turn, when the generator is to be saturated.
const SPIN: Duration = Duration::from_millis(150);
/// Ticks of `/proc/self/stat` in a second; 100 on every Linux that is in use (`getconf CLK_TCK`).
const CLOCK_TICKS: f64 = 100.0;

/// Watches the generator: its clock and what it costs from when the load begins.
pub(crate) struct Watch {
    lag_ms: Arc<Mutex<Vec<f64>>>,
    cpu_s_before: f64,
    tasks: JoinSet<()>,
}

impl Watch {
    /// Starts watching the clock.
    pub(crate) fn start() -> Self {
        let mut tasks = JoinSet::new();
        let lag_ms = Arc::new(Mutex::new(Vec::new()));
        let lags = lag_ms.clone();
        tasks.spawn(async move {
            let mut ticks = interval(TICK);
            // Each missed tick is due at its own time, and late by its own.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            loop {
                let due = ticks.tick().await;
                let late = due.elapsed().as_secs_f64() * 1e3;
                // Hundredths of a millisecond are enough.
                lags.lock().unwrap_or_else(PoisonError::into_inner).push((late * 100.0).round() / 100.0);
            }
        });
        Self { lag_ms, cpu_s_before: f64::NAN, tasks }
    }

    /// The load begins: from now on processor time counts. With `saturate` every thread of the runtime computes.
    pub(crate) fn begin(&mut self, saturate: bool) {
        self.cpu_s_before = cpu_s();
        self.lag_ms.lock().unwrap_or_else(PoisonError::into_inner).clear();
        for _ in 0..if saturate { 2 * processors() } else { 0 } {
            self.tasks.spawn(async {
                loop {
                    let until = Instant::now() + SPIN;
                    while Instant::now() < until {
                        std::hint::spin_loop();
                    }
                    tokio::task::yield_now().await;
                }
            });
        }
    }

    /// Processor seconds since the load began, and how late each tick was.
    pub(crate) fn so_far(&self) -> (f64, Vec<f64>) {
        (cpu_s() - self.cpu_s_before, self.lag_ms.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// Processors of this machine.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// Processor seconds of this process, user and system.
fn cpu_s() -> f64 {
    std::fs::read_to_string("/proc/self/stat")
        .ok()
        .and_then(|stat| ticks_of(&stat))
        .map_or(f64::NAN, |ticks| ticks / CLOCK_TICKS)
}

/// `utime` and `stime`, fields 14 and 15 (proc(5)). The name before them may hold blanks, and ends with a bracket.
fn ticks_of(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    use super::{Watch, cpu_s, ticks_of};

    #[test]
    fn the_fields_are_those_of_the_manual() {
        // The example of proc(5)'s order: pid, name, state, then numbers; utime is the 14th and stime the 15th.
        let stat = "42 (a ) name) S 4 5 6 7 8 9 10 11 12 13 140 15 16 17";
        assert_eq!(ticks_of(stat), Some(155.0));
        assert!(cpu_s() >= 0.0);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_saturated_generator_is_late_and_an_idle_one_costs_nothing() {
        let watched = async |saturate| {
            let mut watch = Watch::start();
            watch.begin(saturate);
            let _ = tokio::time::timeout(std::time::Duration::from_millis(600), std::future::pending::<()>()).await;
            watch.so_far()
        };
        let (idle_cpu, idle_lags) = watched(false).await;
        let (busy_cpu, busy_lags) = watched(true).await;
        let median = |mut lags: Vec<f64>| {
            lags.sort_by(f64::total_cmp);
            lags[lags.len() / 2]
        };
        // Others may want the same processors: what is certain is the difference.
        assert!(busy_cpu > idle_cpu + 0.1, "{idle_cpu} {busy_cpu}");
        assert!(median(busy_lags) > median(idle_lags));
    }
}
