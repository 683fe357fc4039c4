//! Which target a command line means, and where each part of it was said.

use crate::args::{Cli, Permission};
use greenlight_harness::clients::{Key, Proxy, Secret};
use greenlight_harness::config::StagingTests;
use greenlight_harness::config::{Deployment, TargetSpec};
use greenlight_harness::{Address, Allowed, NodeSpec, RemoteSpec};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

/// Where environments stand unless another file is named.
const DEPLOYMENT: &str = "config/deployment.yaml";

/// What is to be tested.
pub(crate) enum Chosen {
    /// A staging in containers, started for the run.
    Containers,
    /// A deployment at its address.
    Remote(Box<Described>),
    /// The fake in this process: asked for, or nothing else is there.
    Emulator,
    /// A staging in containers if an engine answers and has the images, and else the emulator.
    Local,
}

/// A deployment as it was described, and by whom.
pub(crate) struct Described {
    pub(crate) spec: RemoteSpec,
    /// `--url`, `LIVEKIT_URL` or the file that says it.
    pub(crate) url_from: String,
    /// The same for the key.
    pub(crate) key_from: String,
}

/// Reads the command line and the variables of the environment.
///
/// # Errors
/// What is missing or wrong, and how to say it.
pub(crate) fn choose(cli: &Cli, config: &StagingTests) -> Result<Chosen, String> {
    let given = given_url(cli)?;
    let named = |url: &str| Ok((url.to_owned(), "--target".to_owned()));
    let (url, environment) = match cli.target.as_str() {
        "containers" => return no_permissions(cli).map(|()| Chosen::Containers),
        "auto" => match given {
            Some(given) => (Ok(given), None),
            None if cli.require_containers || cli.plant.is_some() || cli.record.is_some() => {
                return no_permissions(cli).map(|()| Chosen::Containers);
            }
            None => return no_permissions(cli).map(|()| Chosen::Local),
        },
        "url" => (given.ok_or_else(|| "no URL is given: --url, or LIVEKIT_URL in the environment".to_owned()), None),
        "emulator" => return no_permissions(cli).map(|()| Chosen::Emulator),
        url if url.contains("://") => (named(url), None),
        name => {
            let (spec, file) = environment(cli, name)?;
            // A flag outweighs the file: one colour of an environment is tested so.
            let url = match &cli.url {
                Some(url) => (url.clone(), "--url".to_owned()),
                None => (spec.url.clone(), file),
            };
            (Ok(url), Some(spec))
        }
    };
    let (url, url_from) = url?;
    described(cli, config, &url, url_from, environment.unwrap_or_default())
        .map(|described| Chosen::Remote(Box::new(described)))
}

fn given_url(cli: &Cli) -> Result<Option<(String, String)>, String> {
    if let Some(url) = &cli.url {
        return Ok(Some((url.clone(), "--url".into())));
    }
    // In a pipeline that is a secret which was not passed on. Taken for none, a staging would be tested in its place.
    let is_asked = matches!(cli.target.as_str(), "auto" | "url");
    if is_asked && std::env::var_os("LIVEKIT_URL").is_some_and(|url| url.is_empty()) {
        return Err("LIVEKIT_URL is set and empty: give it the deployment's address, or unset it to test a staging (or say --target containers)".into());
    }
    Ok(variable("LIVEKIT_URL")?.map(|url| (url, "LIVEKIT_URL".into())))
}

/// A variable of the environment; one that is empty is none.
fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("{name} is not text")),
    }
}

fn no_permissions(cli: &Cli) -> Result<(), String> {
    match cli.allow.is_empty() {
        true => Ok(()),
        false => Err("--allow is for a deployment at its address; a staging in containers is ours, and everything is allowed there".into()),
    }
}

fn environment(cli: &Cli, name: &str) -> Result<(TargetSpec, String), String> {
    let file = cli.deployment.as_deref().unwrap_or(DEPLOYMENT);
    if !Path::new(file).exists() {
        return Err(format!(
            "no target {name:?}: it is neither `auto`, `containers`, `emulator`, `url` nor a URL, and there is no {file} that could name it as an environment"
        ));
    }
    let deployment = Deployment::read(file).map_err(|error| error.to_string())?;
    let spec = deployment.environment(name)?.target.clone();
    let mut spec = spec.ok_or_else(|| {
        format!(
            "environment {name:?} in {file} has no `target:`, so nobody knows where it is; give it one with a `url:`"
        )
    })?;
    spec.ca = spec.ca.map(|ca| deployment.path(&ca));
    Ok((spec, format!("{file}, environment {name}")))
}

fn described(
    cli: &Cli,
    config: &StagingTests,
    url: &str,
    url_from: String,
    from_file: TargetSpec,
) -> Result<Described, String> {
    let address = Address::parse(url).map_err(|error| format!("{url_from}: {error}"))?;
    let (key, key_from) = match &cli.api_key {
        Some(key) => (key.clone(), "--api-key".to_owned()),
        None => (required(&from_file.key_env, "an API key", "--api-key KEY")?, from_file.key_env.clone()),
    };
    let secret = match &cli.api_secret {
        Some(secret) => secret.clone(),
        None => required(&from_file.secret_env, "the API key's secret", "--api-secret SECRET")?,
    };
    // What is loaded and changed is what the file describes, and nothing that happens to stand in a shell.
    let is_described = !cli.allow.is_empty();
    if is_described && !cli.nodes.is_empty() {
        return Err("--node can't be given with --allow; write the nodes under `target:` of the environment".into());
    }
    let optional = |name: Option<&str>, default: &str| match name {
        None if is_described => Ok(None),
        name => variable(name.unwrap_or(default)).map(|url| url.map(Secret::new)),
    };
    let read = |file: &Path, what: &str| {
        fs::read_to_string(file).map_err(|error| format!("cannot read {what} {}: {error}", file.display()))
    };
    let ca = cli.ca.as_ref().or(from_file.ca.as_ref());
    let mut nodes = Vec::new();
    for node in &from_file.nodes {
        nodes.push(node_spec(&node.name, &node.url, node.metrics.as_deref())?);
    }
    for node in &cli.nodes {
        nodes.push(read_node(node)?);
    }
    if let Some(twice) =
        nodes.iter().enumerate().find(|(index, node)| nodes.iter().take(*index).any(|other| other.name == node.name))
    {
        return Err(format!("two nodes are called {:?}; give each --node a name of its own", twice.1.name));
    }
    let proxy = proxy(cli, &address)?;
    let spec = RemoteSpec {
        allowed: permissions(cli, &address, from_file.owned && is_of(&address, &from_file))?,
        key: Key { id: key, secret: Secret::new(secret) },
        ca_pem: ca.map(|file| certificates(file, read(file, "the CA certificates")?)).transpose()?,
        client_pem: cli
            .client_cert
            .as_deref()
            .map(|file| read(file, "the client certificate"))
            .transpose()?
            .map(Secret::new),
        proxy,
        nodes,
        redis: optional(from_file.redis_env.as_deref(), "GREENLIGHT_REDIS_URL")?,
        database: optional(from_file.database_env.as_deref(), "GREENLIGHT_DATABASE_URL")?,
        sip_edge: cli.sip_edge.or(from_file.sip_edge),
        limits: config.limits,
        thresholds: config.thresholds.clone().into(),
        address,
    };
    Ok(Described { spec, url_from, key_from })
}

/// The HTTP proxy that is named, or else the one of the environment; none to this machine itself, and none in clear text: of
/// what a proxy forwards, nobody can say who has said it.
fn proxy(cli: &Cli, address: &Address) -> Result<Proxy, String> {
    let named = cli.proxy.as_deref().filter(|url| !url.is_empty());
    let proxy = match named {
        Some(_) if !address.is_tls() => {
            return Err(format!(
                "--proxy can't be used for {address}: in clear text a proxy changes what it forwards, and its answers would be taken for the deployment's; name a wss:// address, or go there without the proxy"
            ));
        }
        Some(url) => Proxy::at(url).map_err(|error| format!("--proxy: {error}"))?,
        None if address.is_loopback() || !address.is_tls() => Proxy::none(),
        None => Proxy::of_environment(address.base())?,
    };
    if let (true, Some(place)) = (cli.allow.contains(&Permission::Load), proxy.place()) {
        return Err(format!(
            "--allow load through the proxy {place} would measure the proxy; run it where the servers are reached without one (NO_PROXY names them)"
        ));
    }
    Ok(proxy)
}

/// Text with at least one certificate in PEM (RFC 7468): a key or a DER file here would trust nobody, in silence.
fn certificates(file: &Path, text: String) -> Result<String, String> {
    match text.contains("-----BEGIN CERTIFICATE-----") {
        true => Ok(text),
        false => Err(format!(
            "there is no certificate in {}; it must hold `-----BEGIN CERTIFICATE-----` (of a DER file, `openssl x509 -inform der -in FILE` makes one)",
            file.display()
        )),
    }
}

fn required(name: &str, what: &str, flag: &str) -> Result<String, String> {
    variable(name)?
        .ok_or_else(|| format!("{what} is missing: set {name} (or {flag}, which everybody on this machine can see)"))
}

/// `NAME=URL` or `NAME=URL,METRICS_URL`.
fn read_node(text: &str) -> Result<NodeSpec, String> {
    let shaped = || format!("--node {text:?}: write NAME=URL, or NAME=URL,METRICS_URL");
    let (name, urls) = text.split_once('=').ok_or_else(shaped)?;
    let (url, metrics) = urls.split_once(',').map_or((urls, None), |(url, metrics)| (url, Some(metrics)));
    if name.is_empty() {
        return Err(shaped());
    }
    node_spec(name, url, metrics)
}

fn node_spec(name: &str, url: &str, metrics: Option<&str>) -> Result<NodeSpec, String> {
    let parse = |url: &str| Address::parse(url).map_err(|error| format!("node {name}: {error}"));
    Ok(NodeSpec { name: name.to_owned(), address: parse(url)?, metrics: metrics.map(parse).transpose()? })
}

/// Whether an address is one that the file names for this environment. What the file says of a deployment is not said of
/// another one that a flag names.
fn is_of(address: &Address, environment: &TargetSpec) -> bool {
    let named = std::iter::once(&environment.url).chain(environment.nodes.iter().map(|node| &node.url));
    named.filter_map(|url| Address::parse(url).ok()).any(|known| known.is_at(address))
}

/// What may be done, only where somebody has written down that the deployment serves nobody else.
fn permissions(cli: &Cli, address: &Address, owned: bool) -> Result<Allowed, String> {
    let asked = |permission| cli.allow.contains(&permission);
    let allowed =
        Allowed { load: asked(Permission::Load), attack: asked(Permission::Attack), drill: asked(Permission::Drill) };
    if cli.allow.is_empty() {
        return Ok(allowed);
    }
    if address.is_livekit_cloud() {
        return Err(format!(
            "{address} is LiveKit Cloud, which is never loaded, attacked or changed; leave --allow out"
        ));
    }
    if !owned {
        return Err(format!(
            "--allow needs a deployment of your own that serves nobody else: write `owned: true` under `target:` of an environment in {DEPLOYMENT}, and name that environment with --target; with --url, the address has to be the environment's own or that of one of its nodes"
        ));
    }
    Ok(allowed)
}

/// One set of ports as a person reads it, for `--sip-edge`.
pub(crate) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("{text:?} is no address and port, such as 203.0.113.7:5060"))
}
