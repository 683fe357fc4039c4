//! By way of an HTTP proxy: the deployment has a name that only the proxy can resolve, so nothing can go past it.

use crate::address::{Address, healthy, text};
use crate::balancer::Balancer;
use crate::server::Server;
use anyhow::{Context as _, Result, ensure};
use greenlight_fixtures::Engine;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::Runtime;

/// `.invalid` never resolves (RFC 2606, section 2).
const NAME: &str = "livekit.invalid";
const CREDENTIALS: &str = "runner:pa55w0rd-canary";
/// The same as RFC 7617 puts it into a header.
const BASIC: &str = "Basic cnVubmVyOnBhNTV3MHJkLWNhbmFyeQ==";

pub(crate) fn proxied(_: &Runtime, _: &Engine) -> Result<()> {
    let server = Server::start("greenlight/livekit-server:v1.13.5")?;
    let balancer = Balancer::start(&server)?;
    let proxy = Proxy::start(balancer.tls)?;
    let ca = Some(balancer.file("ca.pem"));
    let address = Address { url: format!("wss://{NAME}:443"), ca, ..server.address.clone() };
    let url = format!("http://{CREDENTIALS}@127.0.0.1:{}", proxy.port);
    // By the option, and by the variable that curl and everything else reads.
    let said = healthy(&address.run(&["--proxy", &url])?)?;
    let tunnels = proxy.tunnels.load(Ordering::Relaxed);
    ensure!(tunnels > 5, "{tunnels} tunnels");
    for part in [
        &format!("proxy    http://127.0.0.1:{}\n", proxy.port)[..],
        "media can't be sent through a proxy: run it where the servers are reached without one",
        "only the proxy knows the address of livekit.invalid:443, so nobody can say how far media has to reach",
    ] {
        ensure!(said.contains(part), "no {part:?} in:\n{said}");
    }
    ensure!(!said.contains("pa55w0rd-canary"), "the proxy's password is shown:\n{said}");
    let mut by_variable = address.command(&["--test", "auth.valid_token_accepted"])?;
    healthy(&by_variable.env("HTTPS_PROXY", &url).output()?).context("HTTPS_PROXY")?;
    // What the variable spares is asked straight, where nobody knows it.
    let mut spared = address.command(&["--test", "auth.valid_token_accepted"])?;
    let spared = spared.env("HTTPS_PROXY", &url).env("NO_PROXY", NAME).output()?;
    ensure!(spared.status.code() == Some(6), "NO_PROXY: {}:\n{}", spared.status, text(&spared));

    // What the proxy lets through and the deployment does not like is the deployment's matter.
    let asking = Proxy::start(balancer.asking)?;
    let asking = format!("http://{CREDENTIALS}@127.0.0.1:{}", asking.port);
    let refused = address.run(&["--proxy", &asking])?;
    let said = text(&refused);
    let expected = "what answers there wants a certificate of the client; show it one with --client-cert FILE";
    ensure!(refused.status.code() == Some(6) && said.contains(expected), "{}:\n{said}", refused.status);

    let wrong = format!("http://runner:another@127.0.0.1:{}", proxy.port);
    let refused = address.run(&["--proxy", &wrong])?;
    let said = text(&refused);
    let expected = format!(
        "error: the proxy http://127.0.0.1:{} wants a user and a password: http://USER:PASSWORD@host:port; see --proxy, or HTTPS_PROXY and NO_PROXY in the environment\n",
        proxy.port
    );
    ensure!(refused.status.code() == Some(6) && said.contains(&expected), "{}:\n{said}", refused.status);
    // The control: without it nobody gets there.
    let straight = address.run(&[])?;
    ensure!(straight.status.code() == Some(6), "{}:\n{}", straight.status, text(&straight));
    Ok(())
}

/// A proxy as companies have it: with a password, for one name.
struct Proxy {
    port: u16,
    tunnels: Arc<AtomicUsize>,
}

impl Proxy {
    fn start(target: u16) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let proxy = Self { port: listener.local_addr()?.port(), tunnels: Arc::default() };
        let tunnels = proxy.tunnels.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let tunnels = tunnels.clone();
                std::thread::spawn(move || serve(client, target, &tunnels));
            }
        });
        Ok(proxy)
    }
}

/// One tunnel. Whatever else is asked for is refused, for nothing of a target may be sent in clear text.
fn serve(mut client: TcpStream, target: u16, tunnels: &AtomicUsize) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let is_known = text.lines().any(|line| {
        line.split_once(": ")
            .is_some_and(|(name, value)| name.eq_ignore_ascii_case("proxy-authorization") && value == BASIC)
    });
    if !is_known {
        return client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"a\"\r\nContent-Length: 0\r\n\r\n");
    }
    if !text.starts_with(&format!("CONNECT {NAME}:443 ")) {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    }
    let mut server = TcpStream::connect(("127.0.0.1", target))?;
    tunnels.fetch_add(1, Ordering::Relaxed);
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Write)
}
