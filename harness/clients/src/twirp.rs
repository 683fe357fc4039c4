//! Twirp calls, in protobuf and in JSON, with the status of every refusal kept.

use crate::answer::{Answer, Refusal};
use crate::grants::Grants;
use crate::http::Endpoint;
use crate::token_builder::TokenBuilder;
use crate::tokens::{Key, Token};
use crate::unreachable::Unreachable;
use anyhow::{Context, Result};
use prost::Message;

/// What an RPC gave: the message, or the server's refusal. No answer at all is the outer error.
pub type Rpc<T> = Result<Result<T, Refusal>>;

/// Any method of any service at one endpoint.
#[derive(Clone)]
pub struct Twirp {
    endpoint: Endpoint,
    key: Key,
}

impl Twirp {
    /// A client for this endpoint; the key signs what [`Self::token`] makes.
    pub fn new(endpoint: Endpoint, key: Key) -> Self {
        Self { endpoint, key }
    }

    /// A good token of this client's key.
    ///
    /// # Errors
    /// When the claims can't be encoded.
    pub fn token(&self, grants: impl Into<Grants>) -> Result<Token> {
        Ok(TokenBuilder::new(&self.key, grants).sign()?)
    }

    /// Calls `livekit.<service>/<method>` in protobuf. `service` has no prefix: `RoomService`, `SIP`.
    ///
    /// # Errors
    /// When no answer came, or a 200 whose body is not the message.
    pub async fn call<T: Message + Default>(
        &self,
        service: &str,
        method: &str,
        token: &Token,
        request: &impl Message,
    ) -> Rpc<T> {
        let headers = [("content-type", "application/protobuf")];
        let body = request.encode_to_vec();
        let (answer, bytes) =
            self.endpoint.request_bytes("POST", &path(service, method), Some(token), &headers, body).await?;
        if answer.status != 200 {
            return Ok(Err(Refusal(answer)));
        }
        let message = T::decode(bytes.as_slice()).with_context(|| format!("decoding the answer of {method}"))?;
        Ok(Ok(message))
    }

    /// Calls it in JSON and gives the answer as it is.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn call_json(
        &self,
        service: &str,
        method: &str,
        token: &Token,
        request: &serde_json::Value,
    ) -> Result<Answer, Unreachable> {
        let body = request.to_string().into_bytes();
        self.endpoint.post(&path(service, method), Some(token), "application/json", body).await
    }

    /// The same with a token made for these grants.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn ask_json(
        &self,
        service: &str,
        method: &str,
        grants: impl Into<Grants>,
        request: &serde_json::Value,
    ) -> Result<Answer> {
        Ok(self.call_json(service, method, &self.token(grants)?, request).await?)
    }
}

fn path(service: &str, method: &str) -> String {
    format!("/twirp/livekit.{service}/{method}")
}

/// One service, whose calls are signed with just the grant each needs, or all with a token of the caller's making.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) twirp: Twirp,
    name: &'static str,
    token: Option<Token>,
}

impl Service {
    pub(crate) fn new(endpoint: Endpoint, key: Key, name: &'static str) -> Self {
        Self { twirp: Twirp::new(endpoint, key), name, token: None }
    }

    pub(crate) fn as_token(&self, token: &Token) -> Self {
        Self { token: Some(token.clone()), ..self.clone() }
    }

    pub(crate) async fn call<T: Message + Default>(
        &self,
        method: &str,
        grants: impl Into<Grants>,
        request: &impl Message,
    ) -> Rpc<T> {
        let token = match &self.token {
            Some(token) => token.clone(),
            None => self.twirp.token(grants)?,
        };
        self.twirp.call(self.name, method, &token, request).await
    }
}
