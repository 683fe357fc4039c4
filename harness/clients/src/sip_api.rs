//! SIP over Twirp: trunks, dispatch rules, calls.

use crate::answer::Refusal;
use crate::grants::{Grants, SipGrant, VideoGrant};
use crate::http::Endpoint;
use crate::proto;
use crate::tokens::{Key, Token};
use crate::twirp::{Rpc, Service};
use anyhow::Result;

/// SIP at one endpoint. Trunks and rules are signed with `sip.admin`, calls with `sip.call`.
///
/// A listed trunk carries its password in clear: never print one.
#[derive(Clone)]
pub struct SipApi(Service);

const ADMIN: SipGrant = SipGrant { admin: true, call: false };
const CALL: SipGrant = SipGrant { admin: false, call: true };

impl SipApi {
    /// A client for this endpoint.
    pub fn new(endpoint: Endpoint, key: Key) -> Self {
        Self(Service::new(endpoint, key, "SIP"))
    }

    /// The same client, with this token in every call instead of one made for it.
    #[must_use]
    pub fn as_token(&self, token: &Token) -> Self {
        Self(self.0.as_token(token))
    }

    /// CreateSIPInboundTrunk.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn create_inbound_trunk(&self, trunk: proto::SipInboundTrunkInfo) -> Rpc<proto::SipInboundTrunkInfo> {
        let request = proto::CreateSipInboundTrunkRequest { trunk: Some(trunk) };
        self.0.call("CreateSIPInboundTrunk", ADMIN, &request).await
    }

    /// UpdateSIPInboundTrunk.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn update_inbound_trunk(
        &self,
        request: &proto::UpdateSipInboundTrunkRequest,
    ) -> Rpc<proto::SipInboundTrunkInfo> {
        self.0.call("UpdateSIPInboundTrunk", ADMIN, request).await
    }

    /// ListSIPInboundTrunk as the request filters.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn inbound_trunks(
        &self,
        request: &proto::ListSipInboundTrunkRequest,
    ) -> Rpc<Vec<proto::SipInboundTrunkInfo>> {
        let reply: Result<proto::ListSipInboundTrunkResponse, Refusal> =
            self.0.call("ListSIPInboundTrunk", ADMIN, request).await?;
        Ok(reply.map(|list| list.items))
    }

    /// CreateSIPOutboundTrunk.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn create_outbound_trunk(&self, trunk: proto::SipOutboundTrunkInfo) -> Rpc<proto::SipOutboundTrunkInfo> {
        let request = proto::CreateSipOutboundTrunkRequest { trunk: Some(trunk) };
        self.0.call("CreateSIPOutboundTrunk", ADMIN, &request).await
    }

    /// UpdateSIPOutboundTrunk.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn update_outbound_trunk(
        &self,
        request: &proto::UpdateSipOutboundTrunkRequest,
    ) -> Rpc<proto::SipOutboundTrunkInfo> {
        self.0.call("UpdateSIPOutboundTrunk", ADMIN, request).await
    }

    /// ListSIPOutboundTrunk as the request filters.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn outbound_trunks(
        &self,
        request: &proto::ListSipOutboundTrunkRequest,
    ) -> Rpc<Vec<proto::SipOutboundTrunkInfo>> {
        let reply: Result<proto::ListSipOutboundTrunkResponse, Refusal> =
            self.0.call("ListSIPOutboundTrunk", ADMIN, request).await?;
        Ok(reply.map(|list| list.items))
    }

    /// DeleteSIPTrunk, inbound or outbound; an unknown id is a 200 too.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn delete_trunk(&self, id: &str) -> Rpc<proto::SipTrunkInfo> {
        self.0.call("DeleteSIPTrunk", ADMIN, &proto::DeleteSipTrunkRequest { sip_trunk_id: id.into() }).await
    }

    /// CreateSIPDispatchRule. A rule without trunk ids takes calls that matched no trunk.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn create_rule(&self, rule: proto::SipDispatchRuleInfo) -> Rpc<proto::SipDispatchRuleInfo> {
        let request = proto::CreateSipDispatchRuleRequest { dispatch_rule: Some(rule), ..Default::default() };
        self.0.call("CreateSIPDispatchRule", ADMIN, &request).await
    }

    /// UpdateSIPDispatchRule.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn update_rule(&self, request: &proto::UpdateSipDispatchRuleRequest) -> Rpc<proto::SipDispatchRuleInfo> {
        self.0.call("UpdateSIPDispatchRule", ADMIN, request).await
    }

    /// ListSIPDispatchRule as the request filters.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn rules(&self, request: &proto::ListSipDispatchRuleRequest) -> Rpc<Vec<proto::SipDispatchRuleInfo>> {
        let reply: Result<proto::ListSipDispatchRuleResponse, Refusal> =
            self.0.call("ListSIPDispatchRule", ADMIN, request).await?;
        Ok(reply.map(|list| list.items))
    }

    /// DeleteSIPDispatchRule; an unknown id is a 404.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn delete_rule(&self, id: &str) -> Rpc<proto::SipDispatchRuleInfo> {
        let request = proto::DeleteSipDispatchRuleRequest { sip_dispatch_rule_id: id.into() };
        self.0.call("DeleteSIPDispatchRule", ADMIN, &request).await
    }

    /// CreateSIPParticipant: calls somebody.
    ///
    /// # Errors
    /// When no answer came; with `wait_until_answered` the server may take longer than this client's 15 seconds.
    pub async fn create_participant(
        &self,
        request: &proto::CreateSipParticipantRequest,
    ) -> Rpc<proto::SipParticipantInfo> {
        self.0.call("CreateSIPParticipant", CALL, request).await
    }

    /// TransferSIPParticipant; needs admin rights over the room beside `sip.call`.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn transfer_participant(&self, request: &proto::TransferSipParticipantRequest) -> Rpc<()> {
        let grants = Grants { video: VideoGrant::admin(&request.room_name), sip: Some(CALL) };
        self.0.call("TransferSIPParticipant", grants, request).await
    }
}
