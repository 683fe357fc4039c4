//! A container that a test has started by hand, removed when it goes.

use crate::address::{docker, text};
use anyhow::{Result, ensure};
use greenlight_verify::new_run_id;
use std::time::{Duration, Instant};

/// What does not answer by then has a reason in its log.
const LONGEST: Duration = Duration::from_secs(20);

pub(crate) struct Container {
    name: String,
}

impl Container {
    /// `docker run` with these words, and waits until it answers.
    pub(crate) fn run(what: &str, words: &[&str], answers: impl Fn() -> bool) -> Result<Self> {
        let container = Self { name: format!("glt-{what}-{}", new_run_id()) };
        let named = ["run", "-d", "--name", &container.name, "--label", "dev.greenlight.test=remote"];
        let started = docker(&[&named, words].concat())?;
        ensure!(started.status.success(), "docker run: {}", text(&started));
        let until = Instant::now() + LONGEST;
        while !answers() {
            let log = docker(&["logs", &container.name])?;
            ensure!(Instant::now() < until, "the {what} does not answer:\n{}", text(&log));
            std::thread::yield_now();
        }
        Ok(container)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = docker(&["rm", "-fv", &self.name]);
    }
}
