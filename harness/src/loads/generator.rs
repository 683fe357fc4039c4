//! Load for checks: the generator is judged before anything that it measured.

use super::judge::judge;
use super::series::{Course, Series};
use crate::ctx::Ctx;
use crate::verdict::Halt;
use greenlight_config::thresholds::Threshold;
use greenlight_load::{Job, LoadRun, Scenario};
use greenlight_reports::Component;

/// A request that left later than this, with nothing of the target to wait for, was late by the generator's fault.
const LATE_MS: f64 = 50.0;

/// Tries of a load whose generator does not keep up.
const TRIES_MAX: usize = 3;

impl Ctx {
    /// A load through the balancer on rooms of this check; users and timetable have to be set.
    pub fn load_of(&self, scenario: Scenario, rooms: usize) -> Job {
        let rooms = (0..rooms).map(|room| self.name(&format!("room-{room}"))).collect();
        let mut job = Job::new(self.entry(), self.key(), scenario, rooms);
        job.saturate = self.target().saturated_generator;
        job
    }

    /// Runs a load to its end. One whose generator did not keep up has said nothing about the target and is run again,
    /// three times in all: another program may have taken the machine for a moment.
    ///
    /// # Errors
    /// Errored, and never failed, when the generator is not to be believed: saturated, late, or ended early.
    pub async fn load(&self, job: &Job) -> Result<LoadRun, Halt> {
        Ok(self.load_while(job, || std::future::ready(Ok(()))).await?.0)
    }

    /// The same, with something done to the target meanwhile, at every try.
    ///
    /// # Errors
    /// As [`Ctx::load`], and when it could not be done.
    pub async fn load_while<T, F>(&self, job: &Job, meanwhile: impl Fn() -> F) -> Result<(LoadRun, T), Halt>
    where
        F: Future<Output = Result<T, Halt>>,
    {
        let mut tries = 1;
        loop {
            let (run, done) = tokio::join!(greenlight_load::run(job), meanwhile());
            let (run, done) = (run?, done?);
            let ended = &run.ended;
            tracing::info!(
                "{job:?}: {} operations in {:.2} s, generator {:.3} s of processor time, lag p99 {:.1} ms, cut off: {}",
                run.samples.len(),
                ended.wall_s,
                ended.cpu_s,
                percentile(&ended.lag_ms, 99),
                ended.cut_off
            );
            match honest(&self.target().thresholds, &run) {
                Ok(()) => return Ok((run, done)),
                Err(halt) if tries >= TRIES_MAX => return Err(halt),
                Err(halt) => tracing::warn!("try {tries} says nothing: {halt:?}"),
            }
            tries += 1;
        }
    }
}

/// Whether the generator may be believed: its processor time, its clock, and requests that it sent late by itself.
pub(super) fn honest(thresholds: &[Threshold], run: &LoadRun) -> Result<(), Halt> {
    let ended = &run.ended;
    #[expect(clippy::cast_precision_loss, reason = "a number of processors")]
    let cpu = ended.cpu_s / ended.wall_s / ended.processors as f64 * 100.0;
    let late = run.samples.iter().map(|sample| if sample.late_ms > LATE_MS { 1.0 } else { 0.0 }).collect();
    let series = [("generator_cpu", vec![cpu]), ("generator_lag_ms", ended.lag_ms.clone()), ("generator_late", late)]
        .map(|(metric, values)| Series::whole(metric, &[], values));
    match judge(thresholds, None, &series, &Course::whole(ended.wall_s), "", |_| Some(Component::Runner), "") {
        Ok(_) => Ok(()),
        Err(Halt::Failed { found, expected, .. }) => {
            let lag = percentile(&ended.lag_ms, 99);
            Err(Halt::Errored(format!(
                "the load generator is saturated and measures itself (blame: {}): {found}, wanted {expected}; its processor time {cpu:.0} % of the machine, its clock late by {lag:.0} ms (p99)",
                Component::Runner
            )))
        }
        Err(other) => Err(other),
    }
}

fn percentile(values: &[f64], share: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len() * share / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}
