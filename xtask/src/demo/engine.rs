//! The demo's containers, through the docker client.

use super::place::Place;
use crate::docker::docker;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// Its value is the demo's folder, so that two checkouts on one engine don't touch each other's.
const LABEL: &str = "dev.greenlight.demo";
/// The server; deployment.yaml names it too.
pub(super) const SERVER: &str = "greenlight/livekit-server:v1.13.5";
const REDIS: &str = "greenlight/redis:7.0";
const HAPROXY: &str = "greenlight/haproxy:2.6";

/// What is missing before anything is started.
pub(super) fn is_ready() -> Result<()> {
    docker(&["version", "--format", "{{.Server.Version}}"])
        .context("no Docker engine answers; start one (for example `systemctl start docker` or `dockerd &`) and see `docker info`")?;
    for image in [SERVER, REDIS, HAPROXY] {
        docker(&["image", "inspect", "--format", "{{.Id}}", image])
            .with_context(|| format!("the image {image} is not here; `cargo xtask images` builds it"))?;
    }
    Ok(())
}

/// The network, in which the parts find each other by name.
pub(super) fn network(place: &Place) -> Result<()> {
    docker(&["network", "create", "--label", &label(&place.folder), &place.name]).map(drop)
}

/// Redis, without a file to keep anything in.
pub(super) fn redis(place: &Place) -> Result<()> {
    create(place, "redis", &[], &[REDIS, "redis-server", "--save", "", "--protected-mode", "no"])?;
    start(place, "redis")
}

/// Whether Redis answers.
pub(super) fn redis_answers(place: &Place) -> Result<()> {
    docker(&["exec", &format!("{}-redis", place.name), "redis-cli", "ping"]).map(drop)
}

/// Blue, as `greenlight deploy` would have made it.
pub(super) fn blue(place: &Place) -> Result<()> {
    let [http, tcp, udp] = place.ports.blue;
    let published = [format!("{http}:7880"), format!("{tcp}:{tcp}"), format!("{udp}:{udp}/udp")];
    create(place, "blue", &published, &[SERVER, "--config", "/livekit.yaml"])?;
    copy(place, "blue.yaml", "blue", "/livekit.yaml")?;
    start(place, "blue")
}

/// The balancer, with its state where a deploy writes it.
pub(super) fn haproxy(place: &Place) -> Result<()> {
    let published = [format!("{}:8080", place.ports.clients), format!("{}:9999", place.ports.runtime_api)];
    let state = format!("{}:/state", place.path("haproxy").display());
    create(place, "haproxy", &published, &["-v", &state, HAPROXY, "haproxy", "-W", "-db", "-f", "/haproxy.cfg"])?;
    copy(place, "haproxy.cfg", "haproxy", "/haproxy.cfg")?;
    start(place, "haproxy")
}

/// What a container said last, for the message when it did not do what it should.
pub(super) fn last_words(place: &Place, part: &str) -> String {
    let name = format!("{}-{part}", place.name);
    let said = Command::new("docker").args(["logs", "--tail", "5", &name]).output();
    said.map(|said| String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()).unwrap_or_default()
}

/// What there is of the demo of this folder: containers, then networks.
pub(super) fn there(folder: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let ours = format!("label={}", label(folder));
    let names = |arguments: &[&str]| -> Result<Vec<String>> {
        Ok(docker(arguments)?.split_whitespace().map(str::to_owned).collect())
    };
    let mut containers = names(&["ps", "-a", "--filter", &ours, "--format", "{{.Names}}"])?;
    let networks = names(&["network", "ls", "--filter", &ours, "--format", "{{.Name}}"])?;
    for network in &networks {
        // A colour that a deploy has made bears no label of ours; it is in our network and has its name.
        for colour in ["blue", "green"] {
            let (inside, named) = (format!("network={network}"), format!("name=^/{network}-{colour}$"));
            let made = names(&["ps", "-a", "--filter", &inside, "--filter", &named, "--format", "{{.Names}}"])?;
            containers.extend(made);
        }
    }
    containers.sort();
    containers.dedup();
    Ok((containers, networks))
}

/// Removes exactly what [`there`] finds, and says how many.
pub(super) fn remove(folder: &Path) -> Result<(usize, usize)> {
    let (containers, networks) = there(folder)?;
    for container in &containers {
        docker(&["rm", "-f", "-v", container])?;
    }
    for network in &networks {
        docker(&["network", "rm", network])?;
    }
    Ok((containers.len(), networks.len()))
}

fn label(folder: &Path) -> String {
    format!("{LABEL}={}", folder.display())
}

fn create(place: &Place, part: &str, published: &[String], rest: &[&str]) -> Result<()> {
    let (name, label) = (format!("{}-{part}", place.name), label(&place.folder));
    let ports: Vec<String> = published.iter().map(|port| format!("--publish=127.0.0.1:{port}")).collect();
    let mut arguments = vec!["create", "--name", &name, "--network", &place.name, "--label", &label];
    arguments.extend(ports.iter().map(String::as_str));
    arguments.extend(rest);
    docker(&arguments).map(drop)
}

fn copy(place: &Place, file: &str, part: &str, to: &str) -> Result<()> {
    let from = place.path(file).display().to_string();
    docker(&["cp", &from, &format!("{}-{part}:{to}", place.name)]).map(drop)
}

fn start(place: &Place, part: &str) -> Result<()> {
    docker(&["start", &format!("{}-{part}", place.name)]).map(drop)
}
