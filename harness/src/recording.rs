//! What checks send and what comes back, one list per check; and which checks a recording lets run.

use crate::check::Check;
use crate::target::Target;
use greenlight_clients::{Endpoint, Recorder, WireEvent};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Says why what a check sent is not what was recorded of it; none when it is.
pub type Judge = Box<dyn Fn(&str, &[WireEvent]) -> Option<String> + Send + Sync>;

/// Is told of everything that the clients of checks send. Without one a run tells nobody, and nothing is different.
#[derive(Default)]
pub struct Recording {
    /// Checks that are not run, by id, with the reason.
    left_out: BTreeMap<String, String>,
    judge: Option<Judge>,
    events: Mutex<BTreeMap<&'static str, Vec<WireEvent>>>,
}

impl Recording {
    /// One that leaves these checks out, and of the others those that send what the judge does not know.
    pub fn judged(left_out: BTreeMap<String, String>, judge: Judge) -> Self {
        Self { left_out, judge: Some(judge), ..Self::default() }
    }

    /// Everything so far, by check, in the order in which it ended.
    pub fn take(&self) -> BTreeMap<&'static str, Vec<WireEvent>> {
        std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why a check is not run.
    pub(crate) fn leaves_out(&self, check: &Check) -> Option<&String> {
        self.left_out.get(check.id)
    }

    /// Why what a check has sent makes its result worthless.
    pub(crate) fn objection(&self, check: &Check) -> Option<String> {
        let judge = self.judge.as_ref()?;
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        judge(check.id, events.get(check.id).map_or(&[], Vec::as_slice))
    }

    /// The target, with clients that tell what this check sends. An earlier attempt of it is forgotten.
    pub(crate) fn tapped(self: &Arc<Self>, target: &Target, check: &'static Check) -> Target {
        let mut target = target.clone();
        self.events.lock().unwrap_or_else(PoisonError::into_inner).insert(check.id, vec![]);
        let recording = self.clone();
        let recorder = Recorder::new(move |event| {
            let mut events = recording.events.lock().unwrap_or_else(PoisonError::into_inner);
            events.entry(check.id).or_default().push(event);
        });
        let tap = |endpoint: &mut Endpoint| {
            *endpoint = endpoint.through(&endpoint.http().clone().recorded_by(recorder.clone()));
        };
        tap(&mut target.entry);
        for node in &mut target.nodes {
            tap(&mut node.endpoint);
            node.metrics.as_mut().map(tap);
        }
        target
    }
}
