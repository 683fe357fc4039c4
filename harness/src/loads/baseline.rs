//! What a load has measured at a time when all was well, kept in a file, so that a later run can be held against it.

use super::series::{Course, Series, Timed};
use crate::run::profile;
use greenlight_config::thresholds::Threshold;
use greenlight_load::processors;
use greenlight_reports::{Report, canonical_json, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Version of the file.
const FORMAT: u32 = 1;

/// A baseline, as it stands in its file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    format: u32,
    /// The run that measured it.
    pub run_id: String,
    /// When that ended: RFC 3339, UTC.
    pub ended: String,
    /// `containers` or `url`.
    pub target: String,
    /// What it ran against.
    pub url: String,
    /// Version of the program that measured: another one may load in another way.
    pub tool: String,
    /// `dev` or `release`: times of the two are not comparable.
    pub profile: String,
    /// Processors of the machine that measured.
    pub processors: usize,
    samples: Vec<Recorded>,
}

/// The samples of one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recorded {
    check: String,
    metric: String,
    tags: Vec<(String, String)>,
    course: Course,
    samples: Vec<Timed>,
}

/// A baseline with the SHA-256 (hex) of its canonical JSON: half a file, or an edited one, is none.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    baseline: Baseline,
    sha256: String,
}

/// What runs are held against, and what this one measures.
#[derive(Clone, Default)]
pub struct Baselines {
    /// An earlier run, where one was named.
    pub against: Option<Arc<Baseline>>,
    recorded: Arc<Mutex<Vec<Recorded>>>,
    compared: Arc<AtomicUsize>,
}

impl Baselines {
    /// Samples held against this one.
    pub fn against(baseline: Option<Arc<Baseline>>) -> Self {
        Self { against: baseline, ..Self::default() }
    }

    /// How many comparisons with the baseline have been made.
    pub fn compared(&self) -> usize {
        self.compared.load(Ordering::Relaxed)
    }

    /// A comparison takes place, however it ends.
    pub(super) fn count(&self) {
        self.compared.fetch_add(1, Ordering::Relaxed);
    }

    /// Keeps what a check has measured; an earlier attempt of it is forgotten. So a check judges once.
    pub(super) fn record(&self, check: &str, series: &[Series], course: &Course) {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.retain(|one| one.check != check);
        recorded.extend(series.iter().map(|one| Recorded {
            check: check.to_owned(),
            metric: one.metric.to_owned(),
            tags: one.tags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            course: course.clone(),
            samples: one.samples.clone(),
        }));
    }

    /// The baseline that a run of this report is; `None` when no load has measured anything.
    pub fn of(&self, report: &Report) -> Option<Baseline> {
        let samples = self.recorded.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let header = &report.header;
        (!samples.is_empty()).then(|| Baseline {
            format: FORMAT,
            run_id: header.run_id.clone(),
            ended: header.ended.clone(),
            target: header.target.kind.clone(),
            url: header.target.url.clone(),
            tool: header.tool.version.clone(),
            profile: header.tool.profile.clone(),
            processors: processors(),
            samples,
        })
    }
}

impl Baseline {
    /// Reads the file. What was measured with another build profile or number of processors can't be compared.
    ///
    /// # Errors
    /// What is wrong and what to do, as one sentence.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let advice = "record one with --record-baseline FILE";
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read the baseline {shown}: {error}; {advice}"))?;
        let Sealed { baseline, sha256 } = serde_json::from_str(&text)
            .map_err(|error| format!("{shown} is no baseline of this version: {error}; {advice}"))?;
        if baseline.sum().as_deref() != Some(sha256.as_str()) {
            return Err(format!("the baseline {shown} was changed after it was written; {advice}"));
        }
        let (here, there) = ((profile(), processors()), (baseline.profile.as_str(), baseline.processors));
        let tool = env!("CARGO_PKG_VERSION");
        if baseline.tool != tool {
            return Err(format!(
                "the baseline {shown} was measured by version {} and this is {tool}: they may load in other ways; {advice}",
                baseline.tool
            ));
        }
        if baseline.format != FORMAT || here != there {
            return Err(format!(
                "the baseline {shown} was measured by a {} build on {} processors, and this is a {} build on {}: their times can't be compared; {advice}",
                there.0, there.1, here.0, here.1
            ));
        }
        Ok(baseline)
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let sha256 = self.sum().ok_or_else(|| std::io::Error::other("a sample that is no number"))?;
        let text = serde_json::to_string(&Sealed { baseline: self.clone(), sha256 })?;
        let name = path.file_name().ok_or_else(|| std::io::Error::other("a file without a name"))?;
        let half = path.with_file_name(format!(".{}.{}.partial", name.display(), std::process::id()));
        let whole = std::fs::write(&half, text)
            .and_then(|()| std::fs::File::open(&half)?.sync_all())
            .and_then(|()| std::fs::rename(&half, path));
        if whole.is_err() {
            let _ = std::fs::remove_file(&half);
        }
        whole
    }

    fn sum(&self) -> Option<String> {
        Some(hex(&Sha256::digest(canonical_json(self).ok()?)))
    }

    /// The samples of a check that a threshold is about.
    pub(super) fn values_of(&self, check: &str, threshold: &Threshold) -> Vec<f64> {
        let mut values = Vec::new();
        for one in self.samples.iter().filter(|one| one.check == check) {
            let tags: Vec<(&str, &str)> =
                one.tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            if threshold.is_about(&one.metric, &tags, &one.course.events()) {
                values.extend(one.course.values_in(threshold.between, &one.samples));
            }
        }
        values
    }
}
