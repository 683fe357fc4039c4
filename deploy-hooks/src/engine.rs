//! The container engine: what an image is at the moment of the decision (a tag can be moved), and the containers of the
//! driver `docker`.

use crate::failure::Failure;
use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig, PortBinding, RestartPolicy, RestartPolicyNameEnum};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, KillContainerOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
    UploadToContainerOptionsBuilder,
};
use futures_util::TryStreamExt as _;
use greenlight_config::Ports;
use greenlight_reports::Exit;
use std::collections::HashMap;
use std::net::IpAddr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Where livekit-server finds its configuration.
const CONFIG: &str = "/livekit.yaml";
/// The label in which an image says its version, as the OCI image specification has it.
const VERSION: &str = "org.opencontainers.image.version";
/// What livekit-server says when it was asked to end, and waits for its calls (1.13.5).
const DRAINING: &str = "exit requested";

/// A connected engine.
pub(crate) struct Engine(Docker);

/// A container of the media server.
pub(crate) struct Wanted {
    /// Its name.
    pub(crate) name: String,
    /// The image.
    pub(crate) image: String,
    /// The engine's network.
    pub(crate) network: String,
    /// Where its ports are published.
    pub(crate) bind: IpAddr,
    /// Which.
    pub(crate) ports: Ports,
    /// Its configuration.
    pub(crate) config: String,
    /// As `NAME=value`.
    pub(crate) environment: Vec<String>,
}

impl Engine {
    /// Connects and asks for a sign of life.
    ///
    /// # Errors
    /// When none answers.
    pub(crate) async fn connect() -> Result<Self, Failure> {
        let none = |error: Error| {
            Failure::new(
                Exit::Unreachable,
                format!(
                    "no container engine answers ({error}), and it is to say what `artefact.image` is; start it, or write `artefact.image_id` instead"
                ),
            )
        };
        Self::reach().await.map_err(none)
    }

    /// The same, and what the engine is wanted for says whoever wants it.
    ///
    /// # Errors
    /// When none answers.
    pub(crate) async fn reach() -> Result<Self, Error> {
        let docker = Docker::connect_with_defaults()?;
        docker.ping().await?;
        Ok(Self(docker))
    }

    /// The engine's own interface.
    pub(crate) fn docker(&self) -> &Docker {
        &self.0
    }

    /// Every running container: its name, its image as it was named, and the version that the image says it has.
    ///
    /// # Errors
    /// When the engine does not say.
    pub(crate) async fn running(&self) -> Result<Vec<(String, String, Option<String>)>, Failure> {
        let listed = self.0.list_containers(None::<bollard::query_parameters::ListContainersOptions>).await;
        let listed = listed
            .map_err(|error| Failure::unknown(format!("the container engine does not list its containers: {error}")))?;
        let one = |container: bollard::models::ContainerSummary| {
            let name = container.names?.first()?.trim_start_matches('/').to_owned();
            let version = container.labels.and_then(|mut labels| labels.remove(VERSION));
            Some((name, container.image?, version))
        };
        Ok(listed.into_iter().filter_map(one).collect())
    }

    /// The engine's id of an image, `sha256:…`.
    ///
    /// # Errors
    /// When there is no such image.
    pub(crate) async fn image_id(&self, image: &str) -> Result<String, Failure> {
        let seen = self.0.inspect_image(image).await.map_err(|error| {
            Failure::new(
                Exit::Unreachable,
                format!("the container engine has no image {image}: {error}; pull or build it"),
            )
        })?;
        seen.id.filter(|id| !id.is_empty()).ok_or_else(|| Failure::unknown(format!("the image {image} has no id")))
    }

    /// The id of the image of which a container was made.
    ///
    /// # Errors
    /// When there is no such container.
    pub(crate) async fn image_of(&self, container: &str) -> Result<String, Failure> {
        let seen = self.0.inspect_container(container, None).await.map_err(|error| said(container, &error))?;
        seen.image.ok_or_else(|| Failure::unknown(format!("{container} has no image")))
    }

    /// Whether it runs; one that there is not does not.
    ///
    /// # Errors
    /// When the engine fails.
    pub(crate) async fn is_running(&self, container: &str) -> Result<bool, Failure> {
        match self.0.inspect_container(container, None).await {
            Ok(seen) => Ok(seen.state.and_then(|state| state.running).unwrap_or_default()),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(said(container, &error)),
        }
    }

    /// Makes the container run. One of the same name, image and configuration that runs is kept, and any other replaced.
    ///
    /// # Errors
    /// When the engine refuses.
    pub(crate) async fn run(&self, wanted: &Wanted) -> Result<(), Failure> {
        let name = &wanted.name;
        if self.is_running(name).await? && self.image_of(name).await? == self.image_id(&wanted.image).await? {
            return Ok(());
        }
        self.remove(name).await?;
        let inside = |port: u16, protocol: &str| format!("{port}/{protocol}");
        let published = |port: u16| {
            Some(vec![PortBinding { host_ip: Some(wanted.bind.to_string()), host_port: Some(port.to_string()) }])
        };
        let Ports { http, rtc_tcp, rtc_udp } = wanted.ports;
        let ports: HashMap<String, Option<Vec<PortBinding>>> = [
            (inside(7880, "tcp"), published(http)),
            (inside(rtc_tcp, "tcp"), published(rtc_tcp)),
            (inside(rtc_udp, "udp"), published(rtc_udp)),
        ]
        .into();
        let body = ContainerCreateBody {
            image: Some(wanted.image.clone()),
            cmd: Some(["--config", CONFIG].map(str::to_owned).into()),
            env: Some(wanted.environment.clone()),
            exposed_ports: Some(ports.keys().cloned().collect()),
            host_config: Some(HostConfig {
                network_mode: Some(wanted.network.clone()),
                port_bindings: Some(ports),
                // A node that has drained ends with 0 and stays so; one that crashes comes back.
                restart_policy: Some(RestartPolicy {
                    name: Some(RestartPolicyNameEnum::ON_FAILURE),
                    maximum_retry_count: Some(5),
                }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        self.0.create_container(Some(options), body).await.map_err(|error| said(name, &error))?;
        self.put_config(name, &wanted.config).await?;
        self.0.start_container(name, None).await.map_err(|error| said(name, &error))
    }

    async fn put_config(&self, container: &str, text: &str) -> Result<(), Failure> {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        let mut archive = tar::Builder::new(Vec::new());
        let packed = archive.append_data(&mut header, CONFIG.trim_start_matches('/'), text.as_bytes());
        packed.map_err(Failure::unknown)?;
        let bytes = archive.into_inner().map_err(Failure::unknown)?;
        let options = UploadToContainerOptionsBuilder::new().path("/").build();
        let put = self.0.upload_to_container(container, Some(options), bollard::body_full(bytes.into())).await;
        put.map_err(|error| said(container, &error))
    }

    /// SIGTERM, or what the image ends by, unless the server's log says that it had one: a second would end its calls.
    ///
    /// # Errors
    /// When the engine fails.
    pub(crate) async fn terminate_once(&self, container: &str) -> Result<(), Failure> {
        if !self.is_running(container).await? || self.is_draining(container).await? {
            return Ok(());
        }
        let seen = self.0.inspect_container(container, None).await.map_err(|error| said(container, &error))?;
        let signal = seen.config.and_then(|config| config.stop_signal).unwrap_or_else(|| "SIGTERM".to_owned());
        let options = KillContainerOptionsBuilder::new().signal(&signal).build();
        self.0.kill_container(container, Some(options)).await.map_err(|error| said(container, &error))
    }

    /// Whether the server's log says that it was asked to end since it was started. One that is started again has what it
    /// said before in its log still.
    async fn is_draining(&self, container: &str) -> Result<bool, Failure> {
        let seen = self.0.inspect_container(container, None).await.map_err(|error| said(container, &error))?;
        let started = seen.state.and_then(|state| state.started_at).unwrap_or_default();
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).timestamps(true).build();
        let frames: Vec<LogOutput> =
            self.0.logs(container, Some(options)).try_collect().await.map_err(|error| said(container, &error))?;
        Ok(frames.iter().any(|frame| is_drain_since(&frame.to_string(), &started)))
    }

    /// Removes it, running or not; one that there is not is no matter.
    ///
    /// # Errors
    /// When the engine fails.
    pub(crate) async fn remove(&self, container: &str) -> Result<(), Failure> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        match self.0.remove_container(container, Some(options)).await {
            Err(error) if !is_missing(&error) => Err(said(container, &error)),
            _ => Ok(()),
        }
    }
}

/// Whether there is no such thing.
pub(crate) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}

/// What the engine says of a container.
pub(crate) fn said(container: &str, error: &Error) -> Failure {
    Failure::unknown(format!("the container engine on {container}: {error}"))
}

/// Whether a line of a log, which begins with its time, is from after a moment and says that the server drains.
fn is_drain_since(line: &str, moment: &str) -> bool {
    let time = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let at = line.split_once(' ').and_then(|(at, _)| time(at));
    // A time that can't be read is taken for one of now: a second signal would end calls.
    line.contains(DRAINING) && at.zip(time(moment)).is_none_or(|(at, moment)| at >= moment)
}

#[cfg(test)]
mod tests {
    use super::is_drain_since;

    /// A line of livekit-server 1.13.5, as the engine shows it with its time.
    #[test]
    fn what_was_said_before_the_last_start_is_no_drain() {
        let line = "2026-11-28T16:50:01.123456789Z 2026-11-28T16:50:01.123Z\tINFO\tlivekit\tserver/main.go:317\texit requested, shutting down";
        assert!(is_drain_since(line, "2026-11-28T16:50:00.5Z"));
        assert!(!is_drain_since(line, "2026-11-28T16:50:02Z"));
        assert!(is_drain_since(line, "never"));
        assert!(!is_drain_since("2026-11-28T16:50:01Z INFO started", "2026-11-28T16:50:00Z"));
    }
}
