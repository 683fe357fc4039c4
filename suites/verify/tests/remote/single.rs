//! One server without anything beside it, of this year's version and of an old one; and two runs at once.

use crate::address::{Address, healthy, text};
use crate::server::Server;
use anyhow::{Context as _, Result, ensure};
use greenlight_fixtures::Engine;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;
use tokio::runtime::Runtime;

pub(crate) fn single_node(_: &Runtime, _: &Engine) -> Result<()> {
    let server = Server::start("greenlight/livekit-server:v1.13.5")?;
    let said = healthy(&server.address.run(&[])?)?;
    ensure!(said.contains("the server has no Redis"), "{said}");
    one_run_at_a_time(&server.address)
}

pub(crate) fn old_server(_: &Runtime, _: &Engine) -> Result<()> {
    let server = Server::start("greenlight/livekit-server:v1.7.0")?;
    let said = healthy(&server.address.run(&[])?)?;
    ensure!(said.contains("livekit-server 1.7.0"), "{said}");
    Ok(())
}

/// A second run is refused by name; what a killed one has left is removed by the next one, as soon as its room has ended.
fn one_run_at_a_time(address: &Address) -> Result<()> {
    let (mut first, run_id) = begun(address)?;
    let second = address.run(&["--tag", "smoke"])?;
    let said = text(&second);
    ensure!(
        second.status.code() == Some(2) && said.contains(&format!("its room glt-{run_id}-lease-0")),
        "{}:\n{said}",
        second.status
    );
    // A control: it goes on undisturbed.
    ensure!(first.try_wait()?.is_none(), "the first run has ended");
    first.kill()?;
    first.wait()?;
    let until = std::time::Instant::now() + Duration::from_secs(90);
    loop {
        let next = address.run(&["--test", "auth.valid_token_accepted"])?;
        match next.status.code() {
            Some(0) => return Ok(()),
            Some(2) => {
                ensure!(std::time::Instant::now() < until, "the killed run is never forgotten:\n{}", text(&next))
            }
            _ => anyhow::bail!("{}:\n{}", next.status, text(&next)),
        }
    }
}

/// A run that is under way: it waits for a server that says nothing for a minute.
fn begun(address: &Address) -> Result<(Child, String)> {
    let mut command = address.command(&["--test", "signal.join_without_media_ends"])?;
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut stderr = BufReader::new(child.stderr.take().context("no standard error")?);
    let mut line = String::new();
    while !line.starts_with("run ") {
        line.clear();
        ensure!(stderr.read_line(&mut line)? > 0, "it ended before it began");
    }
    Ok((child, line.split_whitespace().nth(1).unwrap_or_default().to_owned()))
}
