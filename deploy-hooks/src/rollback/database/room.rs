//! Room on the volume of the database itself.

use super::tools::Tools;
use crate::failure::Failure;
use std::path::Path;
use std::process::{Command, Stdio};

/// Free space there, in times of what comes.
const SPACE: u64 = 2;

/// Refuses where there is no room for what comes; where that can't be found out, it is said.
///
/// # Errors
/// [`Failure`] of usage: there is not enough.
pub(super) fn room(tools: &Tools, bytes: u64) -> Result<(), Failure> {
    match free(tools) {
        Err(why) => say!("NOT SEEN  how much room the volume of the database has: {why}"),
        Ok((folder, free)) if free < bytes.saturating_mul(SPACE) => {
            return Err(Failure::usage(format!(
                "{folder} {} has {free} bytes free, and a second database of {bytes} bytes wants {SPACE} times as much; make room there",
                tools.place()
            )));
        }
        Ok(_) => {}
    }
    Ok(())
}

/// The folder of the server's data, and what is free there.
fn free(tools: &Tools) -> Result<(String, u64), String> {
    let spec = tools.spec();
    let near = |host: &String| host.starts_with('/') || ["localhost", "127.0.0.1", "::1"].contains(&host.as_str());
    if !spec.host.as_ref().is_none_or(near) {
        return Err("it is on another machine than its tools".to_owned());
    }
    let folder = tools.tell("SHOW data_directory")?;
    let free = match &spec.container {
        Some(container) => {
            let output = Command::new("docker")
                .args(["exec", container, "df", "-Pk", &folder])
                .stdin(Stdio::null())
                .output()
                .map_err(|error| error.to_string())?;
            // A head, then: device, blocks, used, available.
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let available = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
            available.ok_or_else(|| format!("df in container {container} says {text:?}"))?.saturating_mul(1024)
        }
        None => {
            let seen = rustix::fs::statvfs(Path::new(&folder)).map_err(|error| format!("{folder}: {error}"))?;
            seen.f_bavail.saturating_mul(seen.f_frsize)
        }
    };
    Ok((folder, free))
}
