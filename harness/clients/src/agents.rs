//! An agent worker: registers over `/agent`, says yes to jobs, and never does them.

use crate::grants::VideoGrant;
use crate::http::Endpoint;
use crate::proto::{self, server_message, worker_message};
use crate::token_builder::TokenBuilder;
use crate::tokens::{Key, Token};
use crate::unreachable::{Unreachable, Why};
use crate::websocket::{JOIN_TIMEOUT, JoinError, Socket, decode, next_binary, open, send};
use anyhow::{Context, Result, anyhow, bail, ensure};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant as Deadline, timeout};

/// Jobs that nobody has taken yet; no check asks for as many.
const JOBS_MAX: usize = 256;
/// A server answers a close frame at once, or it is gone.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A job that the server gave to a worker.
#[derive(Debug, Clone)]
pub struct Job {
    /// `AJ_…`.
    pub id: String,
    /// The dispatch that it belongs to (`AD_…`), or empty.
    pub dispatch_id: String,
    /// The room's name.
    pub room_name: String,
    /// The room's sid.
    pub room_sid: String,
    /// Metadata of the dispatch.
    pub metadata: String,
    /// The participant that a job of that type is about, or empty.
    pub participant: String,
    /// Joins the room as the agent.
    pub token: Token,
}

/// A registered worker. A task of its own answers availability requests and pings, also while nobody waits for a job.
/// Dropping it ends the connection.
pub struct Worker {
    id: String,
    info: proto::ServerInfo,
    jobs: mpsc::Receiver<Result<Job>>,
    commands: Option<mpsc::Sender<worker_message::Message>>,
    task: JoinHandle<()>,
}

impl Worker {
    /// Registers under this agent name for this type of jobs; an empty name takes the jobs that name no agent.
    ///
    /// # Errors
    /// [`JoinError`] tells a refusal from silence.
    pub async fn register(
        endpoint: &Endpoint,
        key: &Key,
        agent_name: &str,
        job_type: proto::JobType,
    ) -> Result<Self, JoinError> {
        let grant = VideoGrant { agent: true, ..VideoGrant::default() };
        let token = TokenBuilder::new(key, grant).sign().map_err(|error| JoinError::Protocol(error.into()))?;
        Self::register_as(endpoint, &token, agent_name, job_type).await
    }

    /// Registers with a token of the caller's making.
    ///
    /// # Errors
    /// [`JoinError`] tells a refusal from silence.
    pub async fn register_as(
        endpoint: &Endpoint,
        token: &Token,
        agent_name: &str,
        job_type: proto::JobType,
    ) -> Result<Self, JoinError> {
        let deadline = Deadline::now() + JOIN_TIMEOUT;
        let mut socket = open(endpoint, "/agent", token, deadline).await?;
        let reply = registered(&mut socket, agent_name, job_type, deadline).await.map_err(JoinError::Protocol)?;
        let reply = reply.ok_or_else(|| Unreachable { url: endpoint.ws_url(), why: Why::Timeout })?;
        let info = reply.server_info.context("the registration reply has no server_info");
        let info = info.map_err(JoinError::Protocol)?;
        tracing::info!("worker {agent_name:?} at {} -> {} on {}", endpoint.ws_url(), reply.worker_id, info.node_id);
        let (job_sender, jobs) = mpsc::channel(JOBS_MAX);
        let (commands, command_receiver) = mpsc::channel(16);
        let name = agent_name.to_owned();
        let task = tokio::spawn(async move {
            if let Err(error) = serve(socket, &name, command_receiver, &job_sender).await {
                // Nobody listens any more when the worker was dropped, and then it does not matter.
                let _ = job_sender.try_send(Err(error.context("the worker's connection ended")));
            }
        });
        Ok(Self { id: reply.worker_id, info, jobs, commands: Some(commands), task })
    }

    /// The server process that took the registration.
    pub fn info(&self) -> &proto::ServerInfo {
        &self.info
    }

    /// The worker's id at that server (`AW_…`).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The next job assigned to this worker, or none if the time is up.
    ///
    /// # Errors
    /// When the connection ended.
    pub async fn next_job(&mut self, within: Duration) -> Result<Option<Job>> {
        match timeout(within, self.jobs.recv()).await {
            Err(_) => Ok(None),
            Ok(Some(job)) => job.map(Some),
            Ok(None) => bail!("the worker's connection has ended"),
        }
    }

    /// Sends any message: a job's status, the worker's load.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send(&self, message: worker_message::Message) -> Result<()> {
        let commands = self.commands.as_ref().context("the worker is closed")?;
        commands.send(message).await.map_err(|_| anyhow!("the worker's connection has ended"))
    }

    /// Ends the registration. What goes wrong here no longer matters to the caller.
    pub async fn close(mut self) {
        self.commands = None;
        let _ = timeout(CLOSE_TIMEOUT, &mut self.task).await;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn registered(
    socket: &mut Socket,
    agent_name: &str,
    job_type: proto::JobType,
    deadline: Deadline,
) -> Result<Option<proto::RegisterWorkerResponse>> {
    let register = proto::RegisterWorkerRequest {
        r#type: job_type.into(),
        agent_name: agent_name.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        ..Default::default()
    };
    tell(socket, worker_message::Message::Register(register)).await?;
    while let Some(bytes) = next_binary(socket, deadline).await? {
        if let Some(server_message::Message::Register(reply)) = decode::<proto::ServerMessage>(&bytes)?.message {
            return Ok(Some(reply));
        }
    }
    Ok(None)
}

/// Answers the server until the worker is closed.
async fn serve(
    mut socket: Socket,
    agent_name: &str,
    mut commands: mpsc::Receiver<worker_message::Message>,
    jobs: &mpsc::Sender<Result<Job>>,
) -> Result<()> {
    // The server pings the WebSocket every ten seconds; the pong goes out when the socket is read again, which it
    // always is. A read that lasts this long is only started anew.
    const READ: Duration = Duration::from_secs(60);
    loop {
        let bytes = tokio::select! {
            command = commands.recv() => match command {
                Some(message) => {
                    tell(&mut socket, message).await?;
                    continue;
                }
                None => {
                    let _ = timeout(CLOSE_TIMEOUT, socket.close()).await;
                    return Ok(());
                }
            },
            bytes = next_binary(&mut socket, Deadline::now() + READ) => bytes?,
        };
        let Some(bytes) = bytes else {
            continue;
        };
        match decode::<proto::ServerMessage>(&bytes)?.message {
            Some(server_message::Message::Availability(request)) => {
                let job = request.job.unwrap_or_default();
                tell(&mut socket, worker_message::Message::Availability(available(agent_name, job.id))).await?;
            }
            Some(server_message::Message::Assignment(assignment)) => {
                let taken = jobs.try_send(Ok(job_of(assignment)?));
                ensure!(taken.is_ok(), "{JOBS_MAX} jobs were assigned, and nobody took one");
            }
            _ => {}
        }
    }
}

fn available(agent_name: &str, job_id: String) -> proto::AvailabilityResponse {
    proto::AvailabilityResponse {
        participant_identity: format!("agent-{job_id}"),
        participant_name: agent_name.into(),
        job_id,
        available: true,
        ..Default::default()
    }
}

fn job_of(assignment: proto::JobAssignment) -> Result<Job> {
    let job = assignment.job.context("an assignment without a job")?;
    let room = job.room.context("a job without a room")?;
    Ok(Job {
        id: job.id,
        dispatch_id: job.dispatch_id,
        room_name: room.name,
        room_sid: room.sid,
        metadata: job.metadata,
        participant: job.participant.map(|participant| participant.identity).unwrap_or_default(),
        token: Token::from_compact(assignment.token),
    })
}

async fn tell(socket: &mut Socket, message: worker_message::Message) -> Result<()> {
    send(socket, &proto::WorkerMessage { message: Some(message) }).await
}
