//! AgentDispatchService: which agents a room is given.

use crate::answer::Refusal;
use crate::grants::VideoGrant;
use crate::http::Endpoint;
use crate::proto;
use crate::tokens::{Key, Token};
use crate::twirp::{Rpc, Service};
use anyhow::Result;

/// AgentDispatchService at one endpoint; each call is signed with admin rights over its room.
#[derive(Clone)]
pub struct Dispatches(Service);

impl Dispatches {
    /// A client for this endpoint.
    pub fn new(endpoint: Endpoint, key: Key) -> Self {
        Self(Service::new(endpoint, key, "AgentDispatchService"))
    }

    /// The same client, with this token in every call instead of one made for it.
    #[must_use]
    pub fn as_token(&self, token: &Token) -> Self {
        Self(self.0.as_token(token))
    }

    /// CreateDispatch; the room is created if it is not there.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn create(&self, request: &proto::CreateAgentDispatchRequest) -> Rpc<proto::AgentDispatch> {
        self.0.call("CreateDispatch", VideoGrant::admin(&request.room), request).await
    }

    /// DeleteDispatch.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn delete(&self, room: &str, dispatch_id: &str) -> Rpc<proto::AgentDispatch> {
        let request = proto::DeleteAgentDispatchRequest { dispatch_id: dispatch_id.into(), room: room.into() };
        self.0.call("DeleteDispatch", VideoGrant::admin(room), &request).await
    }

    /// ListDispatch, all of a room's; a room that is not there is a 503 after three seconds.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn list(&self, room: &str) -> Rpc<Vec<proto::AgentDispatch>> {
        let request = proto::ListAgentDispatchRequest { room: room.into(), ..Default::default() };
        let reply: Result<proto::ListAgentDispatchResponse, Refusal> =
            self.0.call("ListDispatch", VideoGrant::admin(room), &request).await?;
        Ok(reply.map(|list| list.agent_dispatches))
    }
}
