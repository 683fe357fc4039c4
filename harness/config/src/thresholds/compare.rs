//! What samples say of a change since a baseline, and how sure that is.
//!
//! Both sides are drawn from again and again, with replacement (the percentile bootstrap of Efron, 1979): where 95 of a
//! hundred such changes are on one side of what is borne, that side it is, and otherwise nobody can tell. A change that
//! is within the noise of the samples is so never a pass and never a failure. What differs from one run to the next for
//! other reasons, as the machine's other work, is in no sample: what is borne has to leave room for it.

use super::threshold::{Aggregate, Threshold};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// How often both sides are drawn from.
const DRAWS: usize = 1000;
/// Of the draws, in hundredths, on the wrong side: what is borne before a verdict is called sure.
const DOUBT: usize = 5;
/// Of fewer on a side, draws are all alike, and nothing but chance says that they are.
const SAMPLES_MIN: usize = 30;
/// The same samples give the same answer.
const SEED: u64 = 1979;

/// What became of an aggregate since the baseline. Changes are in percent of what it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Compared {
    /// Surely not worse than is borne.
    Holds {
        /// The largest change, towards the worse, that the samples leave open.
        at_worst: f64,
    },
    /// Surely worse.
    Worse {
        /// The change itself.
        change: f64,
        /// The smallest change, towards the worse, that the samples leave open.
        at_least: f64,
    },
    /// Within the noise.
    Unclear {
        /// The smallest change that the samples leave open.
        low: f64,
        /// The largest.
        high: f64,
    },
    /// Nothing can be said.
    TooFew {
        /// How many samples it takes on each side.
        needed: usize,
    },
}

impl Threshold {
    /// Compares samples, in base units, with those of a baseline; `None` where it says nothing about one.
    pub fn compare(&self, now: &[f64], baseline: &[f64]) -> Option<Compared> {
        let borne = self.vs_baseline?;
        let needed = self.samples_needed().max(SAMPLES_MIN);
        let usable = |samples: &[f64]| samples.len() >= needed && samples.iter().all(|sample| sample.is_finite());
        if !(usable(now) && usable(baseline)) {
            return Some(Compared::TooFew { needed });
        }
        let change = |now: &[f64], baseline: &[f64]| {
            Some(relative(self.aggregate.of_share(now)?, self.aggregate.of_share(baseline)?))
        };
        let mut rng = StdRng::seed_from_u64(SEED);
        let mut draw = |samples: &[f64]| -> Vec<f64> {
            (0..samples.len()).map(|_| samples[rng.random_range(0..samples.len())]).collect()
        };
        let drawn = (0..DRAWS).map(|_| change(&draw(now), &draw(baseline))).collect::<Option<Vec<f64>>>();
        let (Some(point), Some(mut drawn)) = (change(now, baseline), drawn) else {
            return Some(Compared::TooFew { needed });
        };
        drawn.sort_by(f64::total_cmp);
        let (low, high) = (drawn[DRAWS * DOUBT / 100], drawn[DRAWS * (100 - DOUBT) / 100 - 1]);
        let upper = self.comparison.is_upper();
        let (best, worst) = if upper { (low, high) } else { (high, low) };
        let within = |change: f64| if upper { change <= borne } else { change >= borne };
        Some(match (within(best), within(worst)) {
            (_, true) => Compared::Holds { at_worst: worst },
            (false, _) => Compared::Worse { change: point, at_least: best },
            (true, false) => Compared::Unclear { low, high },
        })
    }
}

impl Aggregate {
    /// The aggregate where it needs no seconds.
    fn of_share(self, samples: &[f64]) -> Option<f64> {
        self.of(samples, 1.0, Some(super::quantity::Dimension::Share))
    }
}

/// In percent; what was nothing and is something has grown without bound.
fn relative(now: f64, baseline: f64) -> f64 {
    match (now == 0.0, baseline == 0.0) {
        (true, true) => 0.0,
        (false, true) => f64::INFINITY,
        _ => (now / baseline - 1.0) * 100.0,
    }
}
