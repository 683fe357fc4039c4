//! What a threshold says of samples. Pure: samples and seconds in, judgement out.

use super::threshold::{Aggregate, Threshold};

/// What a threshold says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Judged {
    /// The value is within the bound.
    Holds {
        /// The aggregate, in base units.
        value: f64,
        /// Whether it is beyond `warn`.
        warned: bool,
    },
    /// The value is beyond the bound.
    Breached {
        /// The aggregate, in base units.
        value: f64,
    },
    /// Nothing can be said.
    TooFew {
        /// How many samples it takes.
        needed: usize,
    },
}

impl Threshold {
    /// Judges samples in base units (milliseconds, percent, MiB; 1 or 0 for events) that were taken in `seconds`. A
    /// sample that is no finite number makes the whole of no use.
    pub fn judge(&self, samples: &[f64], seconds: f64) -> Judged {
        let needed = self.samples_needed();
        let value = match samples.len() < needed || samples.iter().any(|sample| !sample.is_finite()) {
            true => None,
            false => self.aggregate.of(samples, seconds, self.metric.kind.of_rate()),
        };
        let Some(value) = value else { return Judged::TooFew { needed } };
        match self.comparison.holds(value, self.bound.in_base()) {
            false => Judged::Breached { value },
            true => {
                let quiet = self.warn.is_none_or(|warn| self.comparison.holds(value, warn.in_base()));
                Judged::Holds { value, warned: !quiet }
            }
        }
    }
}

impl Threshold {
    /// The fewest samples of which it says something.
    pub(super) fn samples_needed(&self) -> usize {
        self.samples_min.unwrap_or(1).max(self.aggregate.samples_min())
    }
}

impl Aggregate {
    /// The fewest samples of which one lies beyond the percentile: below that it is the maximum under another name.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 10^6")]
    fn samples_min(self) -> usize {
        match self {
            Self::Percentile(share) => (100.0 / (100.0 - share)).ceil().clamp(1.0, 1e6) as usize,
            Self::Count => 0,
            _ => 1,
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "numbers of samples are far below 2^52"
    )]
    pub(super) fn of(self, samples: &[f64], seconds: f64, rate: Option<super::quantity::Dimension>) -> Option<f64> {
        let n = samples.len() as f64;
        let sum: f64 = samples.iter().sum();
        let value = match self {
            Self::Percentile(share) => {
                let mut sorted = samples.to_vec();
                sorted.sort_by(f64::total_cmp);
                let rank = (share / 100.0 * n).ceil() as usize;
                sorted.get(rank.clamp(1, sorted.len()) - 1).copied()?
            }
            Self::Avg => sum / n,
            Self::Min => samples.iter().copied().reduce(f64::min)?,
            Self::Max => samples.iter().copied().reduce(f64::max)?,
            Self::Rate if rate == Some(super::quantity::Dimension::Share) => sum / n * 100.0,
            Self::Rate => sum / seconds,
            Self::Count => n,
        };
        value.is_finite().then_some(value)
    }
}
