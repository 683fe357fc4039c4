//! Contestants who take turns at the same work.

use super::measure::{Cost, Line, run};
use super::stats::{abba, median, spread};
use anyhow::{Context as _, Result};

/// Somebody who does the work.
pub(super) struct Contestant {
    pub(super) name: &'static str,
    pub(super) version: String,
    pub(super) line: Line,
}

/// What each cost, round by round, in the order of the contestants.
pub(super) struct Outcome(pub(super) Vec<Vec<Cost>>);

/// Lets everybody do the work once unmeasured, so that files are read and connections have been made, and then round by
/// round.
pub(super) fn contest(contestants: &[Contestant], rounds: usize, warm: bool) -> Result<Outcome> {
    let mut costs = vec![Vec::new(); contestants.len()];
    if warm {
        for contestant in contestants {
            run(&contestant.line).with_context(|| contestant.name)?;
        }
    }
    for (round, order) in abba(contestants.len(), rounds).into_iter().enumerate() {
        for index in order {
            let contestant = &contestants[index];
            let cost = run(&contestant.line).with_context(|| contestant.name)?;
            eprintln!(
                "bench    round {} {:<28} {:>8.3} s of processor, {:>8.3} s",
                round + 1,
                contestant.name,
                cost.cpu_s,
                cost.wall_s
            );
            costs[index].push(cost);
        }
    }
    Ok(Outcome(costs))
}

impl Outcome {
    fn values(&self, index: usize, value: impl Fn(&Cost) -> f64) -> Vec<f64> {
        self.0[index].iter().map(value).collect()
    }

    /// Median and spread of the processor seconds.
    pub(super) fn cpu_s(&self, index: usize) -> (f64, f64) {
        let values = self.values(index, |cost| cost.cpu_s);
        (median(&values), spread(&values))
    }

    /// Median of the seconds that passed.
    pub(super) fn wall_s(&self, index: usize) -> f64 {
        median(&self.values(index, |cost| cost.wall_s))
    }
}
