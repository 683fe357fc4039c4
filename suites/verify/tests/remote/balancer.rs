//! Behind a HAProxy as other people set it up: it says its own date and name, speaks HTTP/2, and wants a certificate.

use crate::address::{Address, healthy, text};
use crate::container::Container;
use crate::server::{Server, free_port};
use anyhow::{Context as _, Result, ensure};
use greenlight_fixtures::Engine;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

pub(crate) fn own_date_and_mtls(_: &Runtime, _: &Engine) -> Result<()> {
    let server = Server::start("greenlight/livekit-server:v1.13.5")?;
    let balancer = Balancer::start(&server)?;
    let own_date = Address { url: format!("ws://127.0.0.1:{}", balancer.plain), ..server.address.clone() };
    healthy(&own_date.run(&[])?).context("a balancer with a date and a name of its own")?;

    if let Some(port) = balancer.by_ipv6 {
        let by_ipv6 = Address { url: format!("ws://[::1]:{port}"), ..server.address.clone() };
        healthy(&by_ipv6.run(&["--tag", "smoke"])?).context("by IPv6")?;
    }

    let asked = Address {
        url: format!("wss://127.0.0.1:{}", balancer.asking),
        ca: Some(balancer.file("ca.pem")),
        ..server.address.clone()
    };
    let client = balancer.file("client.pem");
    let client = ["--client-cert", client.to_str().context("a path of letters")?];
    let said = healthy(&asked.run(&client)?).context("a balancer that wants a certificate")?;
    ensure!(said.contains("passed   infrastructure.tls_chain"), "{said}");
    let without = asked.run(&[])?;
    let said = text(&without);
    let expected = "what answers there wants a certificate of the client; show it one with --client-cert FILE: certificate and key in PEM, signed by whom it trusts\n";
    ensure!(without.status.code() == Some(6) && said.contains(expected), "{}:\n{said}", without.status);
    let strange = balancer.file("strange.pem");
    let other = asked.run(&["--client-cert", strange.to_str().context("a path of letters")?])?;
    let said = text(&other);
    ensure!(other.status.code() == Some(6) && said.contains(expected), "a stranger's: {}:\n{said}", other.status);
    Ok(())
}

/// HAProxy on this machine's own addresses.
pub(crate) struct Balancer {
    _container: Container,
    folder: tempfile::TempDir,
    plain: u16,
    /// With TLS.
    pub(crate) tls: u16,
    /// With TLS, and it wants a certificate of the client.
    pub(crate) asking: u16,
    /// None where this machine has no IPv6.
    by_ipv6: Option<u16>,
}

impl Balancer {
    pub(crate) fn start(server: &Server) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        write_certificates(folder.path())?;
        let (plain, tls, asking) = (free_port()?, free_port()?, free_port()?);
        let by_ipv6 = TcpListener::bind("[::1]:0").and_then(|free| Ok(free.local_addr()?.port())).ok();
        let also = by_ipv6.map(|port| format!("  bind [::1]:{port}\n")).unwrap_or_default();
        let config = format!(
            "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n  timeout tunnel 1h\n\
             frontend plain\n  bind 127.0.0.1:{plain}\n{also}  http-response set-header Date \"%[date,http_date]\"\n  \
             http-response set-header Server nginx\n  http-response set-header Via \"1.1 edge\"\n  default_backend nodes\n\
             frontend tls\n  bind 127.0.0.1:{tls} ssl crt /site/site.pem\n  default_backend nodes\n\
             frontend asking\n  bind 127.0.0.1:{asking} ssl crt /site/site.pem ca-file /site/ca.pem verify required alpn h2,http/1.1\n  \
             default_backend nodes\n\
             backend nodes\n  server a 127.0.0.1:{}\n",
            server.port
        );
        fs::write(folder.path().join("haproxy.cfg"), config)?;
        let mount = format!("{}:/site:ro", folder.path().display());
        let program = ["greenlight/haproxy:2.6", "haproxy", "-W", "-db", "-f", "/site/haproxy.cfg"];
        let words = [&["--network", "host", "-v", &mount][..], &program].concat();
        let container = Container::run("balancer", &words, || TcpStream::connect(("127.0.0.1", asking)).is_ok())?;
        Ok(Self { _container: container, folder, plain, tls, asking, by_ipv6 })
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// `ca.pem`, and chain with key of the site, of a client that it trusts and of one that it does not.
fn write_certificates(folder: &Path) -> Result<()> {
    let (ours, strangers) = (authority("ours")?, authority("a stranger")?);
    fs::write(folder.join("ca.pem"), ours.pem())?;
    let server = ExtendedKeyUsagePurpose::ServerAuth;
    fs::write(folder.join("site.pem"), leaf(&ours, &["127.0.0.1", "livekit.invalid"], server)?)?;
    for (file, issuer) in [("client.pem", &ours), ("strange.pem", &strangers)] {
        fs::write(folder.join(file), leaf(issuer, &["client.example.com"], ExtendedKeyUsagePurpose::ClientAuth)?)?;
    }
    Ok(())
}

fn authority(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    // Whoever has the name of his issuer has signed himself, to OpenSSL.
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn leaf(
    issuer: &CertifiedIssuer<'static, KeyPair>,
    names: &[&str],
    purpose: ExtendedKeyUsagePurpose,
) -> Result<String> {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or_default());
    params.extended_key_usages = vec![purpose];
    let now = time::OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - time::Duration::days(1), now + time::Duration::days(60));
    let key = KeyPair::generate()?;
    Ok(params.signed_by(&key, issuer)?.pem() + &key.serialize_pem())
}
