//! Ingress: streams into a room.

use crate::answer::Refusal;
use crate::grants::VideoGrant;
use crate::http::Endpoint;
use crate::proto;
use crate::tokens::{Key, Token};
use crate::twirp::{Rpc, Service};
use anyhow::Result;

/// Ingress at one endpoint; each call is signed with the right to manage ingress.
#[derive(Clone)]
pub struct IngressApi(Service);

impl IngressApi {
    /// A client for this endpoint.
    pub fn new(endpoint: Endpoint, key: Key) -> Self {
        Self(Service::new(endpoint, key, "Ingress"))
    }

    /// The same client, with this token in every call instead of one made for it.
    #[must_use]
    pub fn as_token(&self, token: &Token) -> Self {
        Self(self.0.as_token(token))
    }

    /// CreateIngress.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn create(&self, request: &proto::CreateIngressRequest) -> Rpc<proto::IngressInfo> {
        self.0.call("CreateIngress", admin(), request).await
    }

    /// UpdateIngress.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn update(&self, request: &proto::UpdateIngressRequest) -> Rpc<proto::IngressInfo> {
        self.0.call("UpdateIngress", admin(), request).await
    }

    /// ListIngress as the request filters.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn list(&self, request: &proto::ListIngressRequest) -> Rpc<Vec<proto::IngressInfo>> {
        let reply: Result<proto::ListIngressResponse, Refusal> = self.0.call("ListIngress", admin(), request).await?;
        Ok(reply.map(|list| list.items))
    }

    /// DeleteIngress.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn delete(&self, ingress_id: &str) -> Rpc<proto::IngressInfo> {
        self.0.call("DeleteIngress", admin(), &proto::DeleteIngressRequest { ingress_id: ingress_id.into() }).await
    }
}

fn admin() -> VideoGrant {
    VideoGrant { ingress_admin: true, ..VideoGrant::default() }
}
