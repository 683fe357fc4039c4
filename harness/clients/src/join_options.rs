//! How a participant joins: over which path, with which settings, anew or resuming.

use crate::proto;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use prost::Message as _;
use std::collections::BTreeMap;

/// The signal protocol that this client speaks: dual peer connection, subscriber primary.
const PROTOCOL: u32 = 17;

/// The two paths of the signal connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignalPath {
    /// `/rtc` with settings in the query: two peer connections.
    #[default]
    V0,
    /// `/rtc/v1` with a `join_request`: one peer connection.
    V1,
}

/// Settings of a join. The default is what an SDK sends on `/rtc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinOptions {
    /// The path to join over.
    pub path: SignalPath,
    /// The signal protocol to claim; above 2 the server offers the subscriber connection at once.
    pub protocol: u32,
    /// Whether the server subscribes this participant to every track.
    pub auto_subscribe: bool,
    /// Attributes beside those of the token.
    pub attributes: BTreeMap<String, String>,
    /// The sid (`PA_…`) of the session to resume; absent means a new one.
    pub resume: Option<String>,
}

impl Default for JoinOptions {
    fn default() -> Self {
        Self {
            path: SignalPath::V0,
            protocol: PROTOCOL,
            auto_subscribe: true,
            attributes: BTreeMap::new(),
            resume: None,
        }
    }
}

impl JoinOptions {
    /// The default over this path.
    pub fn over(path: SignalPath) -> Self {
        Self { path, ..Self::default() }
    }

    /// Path and query of the connection.
    pub(crate) fn target(&self) -> String {
        match self.path {
            SignalPath::V0 => format!("/rtc?{}", self.query()),
            SignalPath::V1 => format!("/rtc/v1?join_request={}", self.join_request()),
        }
    }

    /// Path and query of the request that explains a failed join.
    pub(crate) fn validation(&self) -> String {
        match self.path {
            SignalPath::V0 => format!("/rtc/validate?{}", self.query()),
            SignalPath::V1 => format!("/rtc/v1/validate?join_request={}", self.join_request()),
        }
    }

    fn query(&self) -> String {
        let mut query = format!("protocol={}&auto_subscribe={}", self.protocol, u8::from(self.auto_subscribe));
        if !self.attributes.is_empty() {
            let json = serde_json::to_vec(&self.attributes).unwrap_or_default();
            query.push_str(&format!("&attributes={}", URL_SAFE.encode(json)));
        }
        if let Some(sid) = &self.resume {
            query.push_str(&format!("&reconnect=1&sid={sid}"));
        }
        query
    }

    fn join_request(&self) -> String {
        let protocol = i32::try_from(self.protocol).unwrap_or(i32::MAX);
        let request = proto::JoinRequest {
            client_info: Some(proto::ClientInfo { protocol, ..Default::default() }),
            connection_settings: Some(proto::ConnectionSettings {
                auto_subscribe: self.auto_subscribe,
                ..Default::default()
            }),
            participant_attributes: self.attributes.clone().into_iter().collect(),
            reconnect: self.resume.is_some(),
            participant_sid: self.resume.clone().unwrap_or_default(),
            ..Default::default()
        };
        let wrapped = proto::WrappedJoinRequest { join_request: request.encode_to_vec(), ..Default::default() };
        // The server decodes base64url with padding only.
        URL_SAFE.encode(wrapped.encode_to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::{JoinOptions, SignalPath};

    #[test]
    fn a_v0_join_has_its_settings_in_the_query() {
        assert_eq!(JoinOptions::default().target(), "/rtc?protocol=17&auto_subscribe=1");
        let all = JoinOptions {
            auto_subscribe: false,
            attributes: [("a".to_owned(), "b?>".to_owned())].into(),
            resume: Some("PA_x".into()),
            ..JoinOptions::default()
        };
        let query = "protocol=17&auto_subscribe=0&attributes=eyJhIjoiYj8-In0=&reconnect=1&sid=PA_x";
        assert_eq!(all.target(), format!("/rtc?{query}"));
        assert_eq!(all.validation(), format!("/rtc/validate?{query}"));
    }

    #[test]
    fn a_v1_join_is_a_wrapped_protobuf_in_padded_base64url() {
        // By hand: 12 08 (join_request), 0a 02 18 11 (client_info.protocol 17), 12 02 08 01 (auto_subscribe).
        let options = JoinOptions::over(SignalPath::V1);
        assert_eq!(options.target(), "/rtc/v1?join_request=EggKAhgREgIIAQ==");
        assert_eq!(options.validation(), "/rtc/v1/validate?join_request=EggKAhgREgIIAQ==");
    }
}
