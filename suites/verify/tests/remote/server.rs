//! One server in a container, as somebody starts it by hand.

use crate::address::Address;
use crate::container::Container;
use anyhow::{Context as _, Result};
use greenlight_harness::clients::{Key, Secret};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// One server in a container, without anything beside it.
pub(crate) struct Server {
    _container: Container,
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
        let key = Key { id: "APIsingle".into(), secret: Secret::new("single-secret-of-40-characters-0000000000") };
        let (http, tcp, udp) = (free_port()?, free_port()?, free_port()?);
        let config = format!(
            "port: 7880\nrtc: {{tcp_port: {tcp}, udp_port: {udp}, node_ip: 127.0.0.1, use_external_ip: false}}\nkeys: {{{}: {}}}\n{lines}",
            key.id,
            key.secret.expose()
        );
        let published =
            [format!("127.0.0.1:{http}:7880"), format!("127.0.0.1:{tcp}:{tcp}"), format!("127.0.0.1:{udp}:{udp}/udp")];
        let config = format!("LIVEKIT_CONFIG={config}");
        let [signal, rtc_tcp, rtc_udp] = &published;
        let words = ["--memory", "512m", "-p", signal, "-p", rtc_tcp, "-p", rtc_udp, "-e", &config, image];
        let container = Container::run("server", &words, || says_200(http).unwrap_or(false))?;
        let address = Address { url: format!("ws://127.0.0.1:{http}"), key, ca: None };
        Ok(Self { _container: container, address, port: http })
    }
}

fn says_200(port: u16) -> Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut said = String::new();
    stream.read_to_string(&mut said)?;
    Ok(said.contains(" 200 "))
}

/// A port that is free at this moment.
pub(crate) fn free_port() -> Result<u16> {
    // Below those that Linux draws for the near end of connections: a server listens on its media port inside, too.
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut drawn = (0..200).map(|_| rand::random_range(12_000..32_000));
    drawn.find(free).context("no port of 127.0.0.1 is free")
}
