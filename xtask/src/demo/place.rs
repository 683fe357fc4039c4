//! Where a demo lies, what it is called, and its ports.

use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};

/// Below what systems give to outgoing connections: green's ports are bound at a deploy, and must be free then too.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// One demo. Its folder is absolute: containers bear it as their label.
#[derive(Debug)]
pub(super) struct Place {
    /// With its files.
    pub(super) folder: PathBuf,
    /// Of the network; names of containers begin so.
    pub(super) name: String,
    /// Of this machine.
    pub(super) ports: Ports,
    /// The half of the API key that is no name.
    pub(super) secret: String,
}

/// Ports of 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    /// Of the balancer.
    pub(super) clients: u16,
    /// Of its runtime API.
    pub(super) runtime_api: u16,
    /// HTTP, media over TCP and media over UDP of blue.
    pub(super) blue: [u16; 3],
    /// The same of green.
    pub(super) green: [u16; 3],
}

/// The repository.
pub(super) fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().with_context(|| format!("finding {}", root.display()))
}

impl Place {
    /// One that there is not yet.
    pub(super) fn new(folder: PathBuf) -> Result<Self> {
        let letters: String = random::<5>()?.iter().map(|byte| char::from(b'a' + byte % 26)).collect();
        let secret = random::<24>()?.iter().map(|byte| format!("{byte:02x}")).collect();
        let [clients, runtime_api, a, b, c, d, e, f] = free_ports()?;
        let ports = Ports { clients, runtime_api, blue: [a, b, c], green: [d, e, f] };
        Ok(Self { folder, name: format!("demo-{letters}"), ports, secret })
    }

    /// One of its files.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Writes one of its files, for its owner's eyes only if there is a key in it.
    pub(super) fn put(&self, file: &str, text: &str) -> Result<()> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.path(file);
        let mode = if text.contains(&self.secret) { 0o600 } else { 0o644 };
        let mut options = fs::OpenOptions::new();
        let opened = options.write(true).create_new(true).mode(mode).open(&path);
        let written = opened.and_then(|mut opened| opened.write_all(text.as_bytes()));
        written.with_context(|| format!("writing {}", path.display()))
    }
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.context("reading /dev/urandom")?;
    Ok(bytes)
}

/// Each another one, free for TCP and UDP at this moment.
fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let begin = usize::from(u16::from_be_bytes(random()?));
    let free = |port: &u16| {
        let address = ("127.0.0.1", *port);
        TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok()
    };
    let found: Vec<u16> = PORTS.cycle().skip(begin).take(PORTS.len()).filter(free).take(N).collect();
    ensure!(found.len() == N, "fewer than {N} ports between {} and {} are free", PORTS.start, PORTS.end);
    found.try_into().map_err(|_| anyhow::anyhow!("no ports"))
}
