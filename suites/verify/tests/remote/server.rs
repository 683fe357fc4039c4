//! One server in a container, as somebody starts it by hand.

use crate::address::{Address, docker, text};
use anyhow::{Context as _, Result, ensure};
use greenlight_harness::clients::{Key, Secret};
use greenlight_verify::new_run_id;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// One server in a container, without anything beside it.
pub(crate) struct Server {
    name: String,
    pub(crate) address: Address,
    /// Where it is published on 127.0.0.1.
    pub(crate) port: u16,
}

impl Server {
    pub(crate) fn start(image: &str) -> Result<Self> {
        Self::start_with(image, "")
    }

    /// With these lines behind its livekit.yaml.
    pub(crate) fn start_with(image: &str, lines: &str) -> Result<Self> {
        let name = format!("glt-single-{}", new_run_id());
        let key = Key { id: "APIsingle".into(), secret: Secret::new("single-secret-of-40-characters-0000000000") };
        let (http, tcp, udp) = (free_port()?, free_port()?, free_port()?);
        let config = format!(
            "port: 7880\nrtc: {{tcp_port: {tcp}, udp_port: {udp}, node_ip: 127.0.0.1, use_external_ip: false}}\nkeys: {{{}: {}}}\n{lines}",
            key.id,
            key.secret.expose()
        );
        let started = docker(&[
            "run",
            "-d",
            "--name",
            &name,
            "--label",
            "dev.greenlight.test=remote",
            "--memory",
            "512m",
            "-p",
            &format!("127.0.0.1:{http}:7880"),
            "-p",
            &format!("127.0.0.1:{tcp}:{tcp}"),
            "-p",
            &format!("127.0.0.1:{udp}:{udp}/udp"),
            "-e",
            &format!("LIVEKIT_CONFIG={config}"),
            image,
        ])?;
        ensure!(started.status.success(), "docker run: {}", text(&started));
        let server =
            Self { name, address: Address { url: format!("ws://127.0.0.1:{http}"), key, ca: None }, port: http };
        server.wait(http)?;
        Ok(server)
    }

    fn wait(&self, port: u16) -> Result<()> {
        let until = std::time::Instant::now() + Duration::from_secs(20);
        loop {
            let answers = || -> Result<bool> {
                let mut stream = TcpStream::connect(("127.0.0.1", port))?;
                stream.set_read_timeout(Some(Duration::from_secs(2)))?;
                stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
                let mut said = String::new();
                stream.read_to_string(&mut said)?;
                Ok(said.contains(" 200 "))
            };
            if answers().unwrap_or(false) {
                return Ok(());
            }
            let log = docker(&["logs", &self.name])?;
            ensure!(std::time::Instant::now() < until, "the server does not answer:\n{}", text(&log));
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = docker(&["rm", "-fv", &self.name]);
    }
}

/// A port that is free at this moment.
pub(crate) fn free_port() -> Result<u16> {
    // Below those that Linux draws for the near end of connections: a server listens on its media port inside, too.
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut drawn = (0..200).map(|_| rand::random_range(12_000..32_000));
    drawn.find(free).context("no port of 127.0.0.1 is free")
}
