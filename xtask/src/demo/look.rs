//! Waiting for what was started: a condition, looked at again and again within a bound.

use anyhow::{Context, Result, bail};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(100);
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// Each of the parts is there within a second.
const BOUND: Duration = Duration::from_secs(30);

/// Looks until it is so.
pub(super) fn until(what: &str, mut look: impl FnMut() -> Result<()>) -> Result<()> {
    let end = Instant::now() + BOUND;
    loop {
        match look() {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() >= end => {
                return Err(error.context(format!("{what}: not within {} s", BOUND.as_secs())));
            }
            Err(_) => std::thread::park_timeout(EVERY),
        }
    }
}

/// Whether `/` on this port is 200, which livekit-server says only while it reaches Redis.
pub(super) fn serves(port: u16) -> Result<()> {
    let answer = ask(port, &format!("GET / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n"))?;
    let line = answer.lines().next().unwrap_or("an empty answer");
    if !line.starts_with("HTTP/1.1 200") {
        bail!("127.0.0.1:{port} answers {line:?}");
    }
    Ok(())
}

/// One command of HAProxy's runtime API; it is silent when it has done what it was told.
pub(super) fn says(port: u16, command: &str) -> Result<String> {
    let answer = ask(port, &format!("{command}\n"))?;
    if command.starts_with("set ") && !answer.trim().is_empty() {
        bail!("the balancer says {:?} to {command:?}", answer.trim());
    }
    Ok(answer)
}

/// Says something on a connection and reads until the other side closes it.
fn ask(port: u16, question: &str) -> Result<String> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.write_all(question.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    asked().with_context(|| format!("asking {address}"))
}
