//! Looks at this machine. Nothing is changed, and every program that is asked has a bound.

use super::configuration;
use super::facts::{Environment, Facts, Image, Verifier};
use crate::beside::Beside;
use bollard::Docker;
use greenlight_config::StagingTests;
use reqwest::Url;
use rustix::process::{Resource, getrlimit, getuid};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// To print a version, or for the engine to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
const MIB: u64 = 1 << 20;

/// Everything, side by side.
pub(super) async fn look(folder: &Path) -> Facts {
    let compiler = std::env::var("CC").ok().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "cc".into());
    let (verifier, rustc, cc, docker, go, debootstrap, redis_cli, openssl, (engine, images)) = tokio::join!(
        verifier(),
        says("rustc", "--version"),
        says(&compiler, "--version"),
        says("docker", "--version"),
        says("go", "version"),
        says("debootstrap", "--version"),
        says("redis-cli", "--version"),
        says("openssl", "version"),
        engine(folder),
    );
    Facts {
        verifier,
        rustc,
        cc,
        docker,
        engine,
        images,
        go,
        debootstrap: debootstrap.is_some(),
        root: getuid().is_root(),
        redis_cli: redis_cli.is_some(),
        openssl: openssl.is_some(),
        open_files: getrlimit(Resource::Nofile).current,
        disk_mib: rustix::fs::statvfs(".").ok().map(|seen| seen.f_bavail.saturating_mul(seen.f_frsize) / MIB),
        memory_mib: std::fs::read_to_string("/proc/meminfo").ok().as_deref().and_then(available_mib),
        configuration: configuration::look(folder),
        environment: environment(|name| std::env::var(name).ok()),
    }
}

async fn verifier() -> Verifier {
    match Beside::find().await {
        Ok(_) => Verifier::Here,
        Err(_) if !Beside::is_there() => Verifier::Missing,
        Err(failure) => Verifier::Unusable(failure.message),
    }
}

/// The first line that a program prints when it is asked for its version.
async fn says(program: &str, argument: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.arg(argument).stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(ANSWER_MAX, command.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().next().unwrap_or(program).trim().to_owned();
    output.status.success().then_some(first)
}

async fn engine(folder: &Path) -> (Result<String, String>, Vec<Image>) {
    let asked = timeout(ANSWER_MAX, async {
        let docker = Docker::connect_with_defaults()?;
        let version = docker.version().await?.version.unwrap_or_default();
        Ok::<_, bollard::errors::Error>((docker, version))
    });
    let (docker, version) = match asked.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return (Err(error.to_string()), Vec::new()),
        Err(_) => return (Err(format!("no answer within {} s", ANSWER_MAX.as_secs())), Vec::new()),
    };
    let wanted = folder.join("staging_tests.yaml");
    let wanted = wanted.to_str().and_then(|file| StagingTests::read(file).ok());
    // One that is there and can't be read is said elsewhere.
    let Some(wanted) = wanted.or_else(|| StagingTests::shipped().ok()) else { return (Ok(version), Vec::new()) };
    let mut images = Vec::new();
    for (_, choice) in wanted.images.all() {
        images.push(Image {
            official: choice.official.clone(),
            local: choice.local.clone(),
            has_official: has(&docker, &choice.official).await,
            has_local: has(&docker, &choice.local).await,
        });
    }
    (Ok(version), images)
}

async fn has(docker: &Docker, image: &str) -> bool {
    timeout(ANSWER_MAX, docker.inspect_image(image)).await.is_ok_and(|seen| seen.is_ok())
}

/// Linux's own estimate of what can be had without swapping.
pub(super) fn available_mib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib / 1024)
}

/// An empty variable is none, as for LiveKit's own tools.
pub(super) fn environment(variable: impl Fn(&str) -> Option<String>) -> Environment {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    Environment {
        url: set("LIVEKIT_URL").map(|url| address(&url)),
        api_key: set("LIVEKIT_API_KEY").is_some(),
        api_secret: set("LIVEKIT_API_SECRET").is_some(),
    }
}

/// Without user, password and query: they may be secret.
fn address(given: &str) -> Result<String, String> {
    let url = Url::parse(given.trim()).map_err(|error| format!("is no address ({error})"))?;
    let scheme = url.scheme();
    if !matches!(scheme, "ws" | "wss" | "http" | "https") {
        return Err(format!("begins with {scheme}: and must begin with wss:, ws:, https: or http:"));
    }
    let host = url.host_str().ok_or("names no host")?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(format!("{scheme}://{host}{port}{}", url.path().trim_end_matches('/')))
}
