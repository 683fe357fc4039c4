//! The static target, a process of its own.

use super::machine::cpu_s_of;
use anyhow::{Context as _, Result};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// It serves until it is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
}

impl Server {
    /// Starts it, on this processor alone if one is named.
    pub(super) fn start(program: &str, processor: Option<usize>) -> Result<Self> {
        let mut command = match processor {
            None => Command::new(program),
            Some(number) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &number.to_string(), program]);
                command
            }
        };
        command.arg("serve").stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("starting the static target")?;
        let mut url = String::new();
        // taskset becomes the program, so this is the target's own id and output.
        BufReader::new(child.stderr.take().context("no output")?).read_line(&mut url)?;
        Ok(Self { child, url: url.trim().to_owned() })
    }

    /// Processor seconds so far.
    pub(super) fn cpu_s(&self) -> f64 {
        cpu_s_of(self.child.id()).unwrap_or(f64::NAN)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its standard input; a target that hangs is ended all the same.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
