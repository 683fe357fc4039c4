//! The signal connection: `/rtc/validate`, joining and resuming, and the identity that `/agent` reveals.

use crate::agents::Worker;
use crate::answer::Answer;
use crate::http::Endpoint;
use crate::join_options::{JoinOptions, SignalPath};
use crate::proto::{self, signal_response};
use crate::session::{Session, next_message};
use crate::tokens::{Key, Token};
use crate::unreachable::{Unreachable, Why};
use crate::websocket::{JOIN_TIMEOUT, JoinError, open};
use anyhow::anyhow;
use std::time::Instant;
use tokio::time::Instant as Deadline;

/// Signalling at one endpoint.
#[derive(Clone)]
pub struct Signal {
    endpoint: Endpoint,
}

impl Signal {
    /// A client for this endpoint.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    /// `GET /rtc/validate` with the token in the header, as SDKs ask after a failed join.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn validate(&self, token: &Token) -> Result<Answer, Unreachable> {
        self.endpoint.get("/rtc/validate", Some(token)).await
    }

    /// The same with the token as `?access_token=`, the form that browsers use.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn validate_by_query(&self, token: &Token) -> Result<Answer, Unreachable> {
        self.endpoint.get(&format!("/rtc/validate?access_token={}", token.expose()), None).await
    }

    /// The same for a join with these options, on `/rtc/validate` or `/rtc/v1/validate`.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn validate_with(&self, token: &Token, options: &JoinOptions) -> Result<Answer, Unreachable> {
        self.endpoint.get(&options.validation(), Some(token)).await
    }

    /// Joins over `/rtc` and waits for the JoinResponse.
    ///
    /// # Errors
    /// [`JoinError`] tells a refusal from silence.
    pub async fn join(&self, token: &Token) -> Result<Session, JoinError> {
        self.join_with(token, &JoinOptions::default()).await
    }

    /// Joins over `/rtc/v1` and waits for the JoinResponse.
    ///
    /// # Errors
    /// [`JoinError`] tells a refusal from silence.
    pub async fn join_v1(&self, token: &Token) -> Result<Session, JoinError> {
        self.join_with(token, &JoinOptions::over(SignalPath::V1)).await
    }

    /// Resumes the session of this participant sid over `/rtc`, and waits for the ReconnectResponse.
    ///
    /// A server keeps a participant without signal connection only if its media was connected once. So 1.13.5 answers
    /// the resume of a participant without media only as long as its old connection is still open.
    ///
    /// # Errors
    /// [`JoinError::Left`] with STATE_MISMATCH when the server has no such participant any more.
    pub async fn resume(&self, token: &Token, participant_sid: &str) -> Result<Session, JoinError> {
        let options = JoinOptions { resume: Some(participant_sid.into()), ..JoinOptions::default() };
        self.join_with(token, &options).await
    }

    /// Joins or resumes as the options say. A resume that the server answers with a JoinResponse is a session too:
    /// it has no [`Session::reconnected`].
    ///
    /// # Errors
    /// [`JoinError`] tells a refusal from silence.
    pub async fn join_with(&self, token: &Token, options: &JoinOptions) -> Result<Session, JoinError> {
        let started = Instant::now();
        let result = self.join_untold(token, options).await;
        let target = options.target();
        let url = format!("{}{}", self.endpoint.ws_url(), target.split('?').next().unwrap_or_default());
        let said = match &result {
            Ok(session) if session.reconnected().is_some() => format!("resumed on {}", session.node_id()),
            Ok(session) => format!("room {} on {}", session.room_sid(), session.node_id()),
            Err(error) => error.to_string(),
        };
        tracing::info!("join {url} -> {said} in {} ms", started.elapsed().as_millis());
        result
    }

    async fn join_untold(&self, token: &Token, options: &JoinOptions) -> Result<Session, JoinError> {
        let deadline = Deadline::now() + JOIN_TIMEOUT;
        let mut socket = open(&self.endpoint, &options.target(), token, deadline).await?;
        let first = next_message(&mut socket, deadline).await.map_err(JoinError::Protocol)?;
        match first {
            Some(signal_response::Message::Join(join)) => Ok(Session::joined(join, socket)),
            Some(signal_response::Message::Reconnect(reply)) if options.resume.is_some() => {
                Ok(Session::resumed(reply, options.resume.clone().unwrap_or_default(), socket))
            }
            Some(signal_response::Message::Leave(leave)) => Err(JoinError::Left(Box::new(leave))),
            Some(other) => {
                // The name alone: a message may carry a token.
                let shown = format!("{other:?}");
                let name = shown.split('(').next().unwrap_or_default();
                Err(JoinError::Protocol(anyhow!("its first message is {name} and not a JoinResponse")))
            }
            None => Err(Unreachable { url: self.endpoint.ws_url(), why: Why::Timeout }.into()),
        }
    }

    /// Which server process answers at this endpoint: the reply to a worker registration names the node that was
    /// reached, where a JoinResponse names the one that has the room. The worker takes no jobs: it is named, and
    /// gone at once.
    ///
    /// # Errors
    /// When no answer came, or one without an identity.
    pub async fn server_info(&self, key: &Key) -> Result<proto::ServerInfo, JoinError> {
        let worker = Worker::register(&self.endpoint, key, "glt-identity", proto::JobType::JtRoom).await?;
        let info = worker.info().clone();
        worker.close().await;
        Ok(info)
    }
}
