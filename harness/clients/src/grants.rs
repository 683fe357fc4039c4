//! What a token allows: LiveKit's `video` and `sip` claims.

use serde::Serialize;

/// LiveKit's `video` claim; absent fields are left out of the token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VideoGrant {
    /// The room that joining and administration are limited to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// May join that room.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub room_join: bool,
    /// May create and delete rooms.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub room_create: bool,
    /// May list rooms.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub room_list: bool,
    /// May start, list and stop egress.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub room_record: bool,
    /// May administer that room.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub room_admin: bool,
    /// May manage every ingress.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ingress_admin: bool,
    /// May publish tracks; absent means yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_publish: Option<bool>,
    /// May subscribe to tracks; absent means yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_subscribe: Option<bool>,
    /// May send data; absent means as `can_publish` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_publish_data: Option<bool>,
    /// May publish these sources only (`camera`, `microphone`, `screen_share`, `screen_share_audio`); empty means any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub can_publish_sources: Vec<String>,
    /// May change its own metadata, name and attributes; absent means no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_update_own_metadata: Option<bool>,
    /// May subscribe to other participants' metrics; absent means no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_subscribe_metrics: Option<bool>,
    /// May manage an agent's session; absent means no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_manage_agent_session: Option<bool>,
    /// Is not shown to other participants.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// Is a recorder: the room shows that it is being recorded.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recorder: bool,
    /// May register as an agent worker.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub agent: bool,
    /// The room that participants may be forwarded or moved to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub destination_room: String,
}

impl VideoGrant {
    /// May join this room, with everything that joining brings by default.
    pub fn join(room: impl Into<String>) -> Self {
        Self { room: room.into(), room_join: true, ..Self::default() }
    }

    /// May make every call of the API, in this room as far as rooms go.
    pub fn everything(room: impl Into<String>) -> Self {
        Self {
            room_join: true,
            room_create: true,
            room_list: true,
            room_record: true,
            ingress_admin: true,
            ..Self::admin(room)
        }
    }

    /// May administer this room.
    pub fn admin(room: impl Into<String>) -> Self {
        Self { room: room.into(), room_admin: true, ..Self::default() }
    }
}

/// LiveKit's `sip` claim.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SipGrant {
    /// May manage trunks and dispatch rules.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
    /// May start and transfer calls.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub call: bool,
}

/// What one call needs in its token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// The `video` claim.
    pub video: VideoGrant,
    /// The `sip` claim; absent leaves the claim out.
    pub sip: Option<SipGrant>,
}

impl From<VideoGrant> for Grants {
    fn from(video: VideoGrant) -> Self {
        Self { video, sip: None }
    }
}

impl From<SipGrant> for Grants {
    fn from(sip: SipGrant) -> Self {
        Self { video: VideoGrant::default(), sip: Some(sip) }
    }
}

#[cfg(test)]
mod tests {
    use super::{SipGrant, VideoGrant};

    #[test]
    fn every_grant_has_livekits_name() {
        // Names from `auth/grants.go` of livekit/protocol v1.50.
        let all = VideoGrant {
            room: "r".into(),
            room_join: true,
            room_create: true,
            room_list: true,
            room_record: true,
            room_admin: true,
            ingress_admin: true,
            can_publish: Some(false),
            can_subscribe: Some(true),
            can_publish_data: Some(false),
            can_publish_sources: vec!["camera".into()],
            can_update_own_metadata: Some(true),
            can_subscribe_metrics: Some(true),
            can_manage_agent_session: Some(true),
            hidden: true,
            recorder: true,
            agent: true,
            destination_room: "d".into(),
        };
        let expected = r#"{"room":"r","roomJoin":true,"roomCreate":true,"roomList":true,"roomRecord":true,"roomAdmin":true,"ingressAdmin":true,"canPublish":false,"canSubscribe":true,"canPublishData":false,"canPublishSources":["camera"],"canUpdateOwnMetadata":true,"canSubscribeMetrics":true,"canManageAgentSession":true,"hidden":true,"recorder":true,"agent":true,"destinationRoom":"d"}"#;
        assert_eq!(serde_json::to_string(&all).expect("json"), expected);
        assert_eq!(serde_json::to_string(&VideoGrant::default()).expect("json"), "{}");
        let sip = SipGrant { admin: true, call: true };
        assert_eq!(serde_json::to_string(&sip).expect("json"), r#"{"admin":true,"call":true}"#);
    }
}
