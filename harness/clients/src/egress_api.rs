//! Egress: recordings and streams out of a room.

use crate::answer::Refusal;
use crate::grants::VideoGrant;
use crate::http::Endpoint;
use crate::proto;
use crate::tokens::{Key, Token};
use crate::twirp::{Rpc, Service};
use anyhow::Result;

/// Egress at one endpoint; each call is signed with the right to record.
#[derive(Clone)]
pub struct EgressApi(Service);

impl EgressApi {
    /// A client for this endpoint.
    pub fn new(endpoint: Endpoint, key: Key) -> Self {
        Self(Service::new(endpoint, key, "Egress"))
    }

    /// The same client, with this token in every call instead of one made for it.
    #[must_use]
    pub fn as_token(&self, token: &Token) -> Self {
        Self(self.0.as_token(token))
    }

    /// ListEgress as the request filters.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn list(&self, request: &proto::ListEgressRequest) -> Rpc<Vec<proto::EgressInfo>> {
        let reply: Result<proto::ListEgressResponse, Refusal> = self.0.call("ListEgress", record(), request).await?;
        Ok(reply.map(|list| list.items))
    }

    /// StartEgress, the second version of the call.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn start(&self, request: &proto::StartEgressRequest) -> Rpc<proto::EgressInfo> {
        self.0.call("StartEgress", record(), request).await
    }

    /// StartRoomCompositeEgress.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn start_room_composite(&self, request: &proto::RoomCompositeEgressRequest) -> Rpc<proto::EgressInfo> {
        self.0.call("StartRoomCompositeEgress", record(), request).await
    }

    /// StopEgress.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn stop(&self, egress_id: &str) -> Rpc<proto::EgressInfo> {
        self.0.call("StopEgress", record(), &proto::StopEgressRequest { egress_id: egress_id.into() }).await
    }
}

fn record() -> VideoGrant {
    VideoGrant { room_record: true, ..VideoGrant::default() }
}
