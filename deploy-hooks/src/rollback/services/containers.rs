//! The engine's containers: looked at whole, made again, stopped, started and renamed. By their ids, since names move.

use super::container::Container;
use super::item::Restart;
use super::put::{BYTES_MAX, Put, named};
use crate::engine::{Engine, is_missing, said};
use crate::failure::Failure;
use bollard::errors::Error;
use bollard::models::{
    ContainerInspectResponse, ContainerUpdateBody, HealthStatusEnum, NetworkConnectRequest, RestartPolicy,
    RestartPolicyNameEnum,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, DownloadFromContainerOptionsBuilder, KillContainerOptionsBuilder,
    RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use futures_util::TryStreamExt as _;
use greenlight_reports::Exit;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// After SIGKILL nothing runs any more.
const KILLED_MAX: Duration = Duration::from_secs(20);
const START_MAX: Duration = Duration::from_secs(60);
/// Whoever can't start ends sooner.
const STEADY: Duration = Duration::from_secs(1);

/// A connected engine.
pub(super) struct Containers(Engine);

/// A container as it is.
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) container: Container,
    /// What it has written itself, or was put into it and is too large: it is not kept.
    pub(super) left_out: Vec<String>,
}

impl Containers {
    /// Connects.
    ///
    /// # Errors
    /// [`Failure`] when no engine answers.
    pub(super) async fn connect() -> Result<Self, Failure> {
        let none = |error: Error| {
            let message = format!("no container engine answers ({error}), and `services` are its containers; start it");
            Failure::new(Exit::Unreachable, message)
        };
        Engine::reach().await.map(Self).map_err(none)
    }

    /// The engine's id of an image, if it has it.
    ///
    /// # Errors
    /// [`Failure`] when there is none of that name.
    pub(super) async fn image_id(&self, image: &str) -> Result<String, Failure> {
        self.0.image_id(image).await
    }

    /// Whether there is such a network.
    ///
    /// # Errors
    /// [`Failure`] when there is none.
    pub(super) async fn has_network(&self, name: &str) -> Result<(), Failure> {
        let seen = self.0.docker().inspect_network(name, None).await;
        seen.map(drop).map_err(|error| {
            let message =
                format!("the container engine has no network {name}: {error}; `docker network create {name}`");
            Failure::new(Exit::Unreachable, message)
        })
    }

    async fn inspect(&self, container: &str) -> Result<Option<ContainerInspectResponse>, Failure> {
        match self.0.docker().inspect_container(container, None).await {
            Ok(seen) => Ok(Some(seen)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(said(container, &error)),
        }
    }

    /// Everything about a container of this name or id; nothing when there is none.
    ///
    /// # Errors
    /// [`Failure`] when the engine fails.
    pub(super) async fn seen(&self, name: &str) -> Result<Option<Seen>, Failure> {
        let Some(inspected) = self.inspect(name).await? else { return Ok(None) };
        let id = inspected.id.clone().unwrap_or_default();
        let config = inspected.config.as_ref();
        let line = |part: Option<&Vec<String>>| part.cloned().unwrap_or_default();
        let arguments = [
            line(config.and_then(|config| config.entrypoint.as_ref())),
            line(config.and_then(|config| config.cmd.as_ref())),
        ];
        let named = named(&arguments.concat());
        let changed = self.0.docker().container_changes(&id).await.map_err(|error| said(name, &error))?;
        let (mut files, mut left_out) = (Vec::new(), Vec::new());
        for change in changed.unwrap_or_default() {
            if !named.contains(&change.path) {
                continue;
            }
            match self.file(&id, &change.path).await? {
                Some(file) => files.push(file),
                None => {
                    left_out.push(format!("{} in {name}: it is no file, or larger than {BYTES_MAX} bytes", change.path))
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Some(Seen { id, container: Container::of(inspected, files)?, left_out }))
    }

    async fn file(&self, id: &str, path: &str) -> Result<Option<Put>, Failure> {
        let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
        let mut stream = Box::pin(self.0.docker().download_from_container(id, Some(options)));
        let mut archive = Vec::new();
        while let Some(piece) = match stream.try_next().await {
            Err(error) if is_missing(&error) => return Ok(None),
            other => other.map_err(|error| said(id, &error))?,
        } {
            archive.extend_from_slice(&piece);
            if archive.len() as u64 > BYTES_MAX {
                return Ok(None);
            }
        }
        Put::unpacked(path, &archive)
    }

    /// Name and whether it runs; nothing when there is none.
    ///
    /// # Errors
    /// [`Failure`] when the engine fails.
    pub(super) async fn state(&self, id: &str) -> Result<Option<(String, bool)>, Failure> {
        Ok(self.inspect(id).await?.map(|seen| {
            let name = seen.name.unwrap_or_default().trim_start_matches('/').to_owned();
            (name, seen.state.and_then(|state| state.running).unwrap_or_default())
        }))
    }

    /// Makes it under a name, complete, and does not start it. Returns its id.
    ///
    /// # Errors
    /// [`Failure`] when the engine refuses.
    pub(super) async fn make(&self, container: &Container, name: &str) -> Result<String, Failure> {
        let failed = |error: Error| said(name, &error);
        // By its tag where that still means the same, so that it is seen where it came from.
        let tagged = self.image_id(&container.image).await.is_ok_and(|id| id == container.image_id);
        let image = if tagged { &container.image } else { &container.image_id };
        let (body, networks) = container.body(image)?;
        let docker = self.0.docker();
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        let id = docker.create_container(Some(options), body).await.map_err(failed)?.id;
        for (network, endpoint) in networks {
            let wanted = NetworkConnectRequest { container: id.clone(), endpoint_config: Some(endpoint) };
            docker.connect_network(&network, wanted).await.map_err(failed)?;
        }
        for file in &container.files {
            let options = UploadToContainerOptionsBuilder::new().path("/").build();
            let put = docker.upload_to_container(&id, Some(options), bollard::body_full(file.packed()?.into())).await;
            put.map_err(failed)?;
        }
        Ok(id)
    }

    /// Lets it end, and ends it when it has not within `bound`. Returns whether it had to be killed: then it still had calls.
    ///
    /// # Errors
    /// [`Failure`] when the engine fails, or it does not end.
    pub(super) async fn stop(&self, id: &str, bound: Duration) -> Result<bool, Failure> {
        self.0.terminate_once(id).await?;
        if self.ended(id, bound).await? {
            return Ok(false);
        }
        let options = KillContainerOptionsBuilder::new().signal("SIGKILL").build();
        match self.0.docker().kill_container(id, Some(options)).await {
            // 409: it has ended meanwhile.
            Ok(()) | Err(Error::DockerResponseServerError { status_code: 409, .. }) => {}
            Err(error) => return Err(said(id, &error)),
        }
        match self.ended(id, KILLED_MAX).await? {
            true => Ok(true),
            false => Err(Failure::unknown(format!("the container {id} was killed and still runs"))),
        }
    }

    async fn ended(&self, id: &str, bound: Duration) -> Result<bool, Failure> {
        let end = Instant::now() + bound;
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            ticks.tick().await;
            if !self.0.is_running(id).await? {
                return Ok(true);
            }
            if Instant::now() >= end {
                return Ok(false);
            }
        }
    }

    /// Starts it, and looks until it runs for a while, or says of itself that it is healthy.
    ///
    /// # Errors
    /// [`Failure`] when it does not.
    pub(super) async fn start(&self, id: &str, name: &str) -> Result<(), Failure> {
        self.0.docker().start_container(id, None).await.map_err(|error| said(name, &error))?;
        let (begun, mut ticks) = (Instant::now(), tokio::time::interval(LOOK_EVERY));
        loop {
            ticks.tick().await;
            let state = self.inspect(id).await?.and_then(|seen| seen.state).unwrap_or_default();
            // A start that failed ends with status 0 (livekit-server 1.13.5).
            if !state.running.unwrap_or_default() || state.restarting.unwrap_or_default() {
                return Err(Failure::red(format!("{name} has ended; `docker logs {id}` says why")));
            }
            match state.health.and_then(|health| health.status) {
                Some(HealthStatusEnum::HEALTHY) => return Ok(()),
                Some(HealthStatusEnum::STARTING | HealthStatusEnum::UNHEALTHY) if begun.elapsed() >= START_MAX => {
                    return Err(Failure::red(format!("{name} is not healthy after {} s", START_MAX.as_secs())));
                }
                Some(HealthStatusEnum::STARTING | HealthStatusEnum::UNHEALTHY) => {}
                _ if begun.elapsed() >= STEADY => return Ok(()),
                _ => {}
            }
        }
    }

    /// Gives it another name.
    ///
    /// # Errors
    /// [`Failure`] when the engine refuses.
    pub(super) async fn rename(&self, id: &str, name: &str) -> Result<(), Failure> {
        let options = RenameContainerOptionsBuilder::new().name(name).build();
        self.0.docker().rename_container(id, options).await.map_err(|error| said(name, &error))
    }

    /// When the engine starts it by itself; without a policy never.
    ///
    /// # Errors
    /// [`Failure`] when the engine refuses.
    pub(super) async fn set_restart(&self, id: &str, restart: Option<Restart>) -> Result<(), Failure> {
        let (name, count) = restart.unwrap_or((RestartPolicyNameEnum::NO, 0));
        let policy = RestartPolicy { name: Some(name), maximum_retry_count: Some(count) };
        let body = ContainerUpdateBody { restart_policy: Some(policy), ..Default::default() };
        self.0.docker().update_container(id, body).await.map_err(|error| said(id, &error))
    }

    /// Removes it, running or not; one that there is not is no matter. Volumes stay, but those that only it has had.
    ///
    /// # Errors
    /// [`Failure`] when the engine fails.
    pub(super) async fn remove(&self, container: &str, with_volumes: bool) -> Result<(), Failure> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(with_volumes).build();
        match self.0.docker().remove_container(container, Some(options)).await {
            Err(error) if !is_missing(&error) => Err(said(container, &error)),
            _ => Ok(()),
        }
    }
}
