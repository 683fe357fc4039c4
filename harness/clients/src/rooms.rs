//! RoomService over Twirp, in protobuf, with the status of every refusal kept.

use crate::answer::{Answer, Refusal};
use crate::http::Endpoint;
use crate::proto;
use crate::tokens::{Key, Token, TokenBuilder, VideoGrant};
use crate::unreachable::Unreachable;
use anyhow::{Context, Result};
use prost::Message;

/// What an RPC gave: the message, or the server's refusal. No answer at all is the outer error.
pub type Rpc<T> = Result<Result<T, Refusal>>;

/// RoomService at one endpoint, with tokens that carry just the grant each call needs.
#[derive(Clone)]
pub struct Rooms {
    endpoint: Endpoint,
    key: Key,
}

impl Rooms {
    /// A client for this endpoint.
    pub fn new(endpoint: Endpoint, key: Key) -> Self {
        Self { endpoint, key }
    }

    /// CreateRoom; on a live name the server returns that room.
    ///
    /// # Errors
    /// When no answer came, as for every call here.
    pub async fn create(&self, request: &proto::CreateRoomRequest) -> Rpc<proto::Room> {
        let grant = VideoGrant { room_create: true, ..VideoGrant::default() };
        self.call("CreateRoom", grant, request).await
    }

    /// DeleteRoom.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn delete(&self, room: &str) -> Rpc<proto::DeleteRoomResponse> {
        let grant = VideoGrant { room_create: true, ..VideoGrant::default() };
        self.call("DeleteRoom", grant, &proto::DeleteRoomRequest { room: room.into() }).await
    }

    /// ListRooms, all of them or those named.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn list(&self, names: &[&str]) -> Rpc<Vec<proto::Room>> {
        let grant = VideoGrant { room_list: true, ..VideoGrant::default() };
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let reply: Result<proto::ListRoomsResponse, Refusal> =
            self.call("ListRooms", grant, &proto::ListRoomsRequest { names }).await?;
        Ok(reply.map(|list| list.rooms))
    }

    /// ListParticipants.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn participants(&self, room: &str) -> Rpc<Vec<proto::ParticipantInfo>> {
        self.participants_as(&TokenBuilder::new(&self.key, self.admin(room)).sign()?, room).await
    }

    /// ListParticipants with a token of the caller's making.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn participants_as(&self, token: &Token, room: &str) -> Rpc<Vec<proto::ParticipantInfo>> {
        let request = proto::ListParticipantsRequest { room: room.into() };
        let reply: Result<proto::ListParticipantsResponse, Refusal> =
            self.call_as("ListParticipants", token, &request).await?;
        Ok(reply.map(|list| list.participants))
    }

    /// UpdateRoomMetadata.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn update_metadata(&self, room: &str, metadata: &str) -> Rpc<proto::Room> {
        let request = proto::UpdateRoomMetadataRequest { room: room.into(), metadata: metadata.into() };
        self.call("UpdateRoomMetadata", self.admin(room), &request).await
    }

    /// SendData to everybody in the room, reliably.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn send_data(&self, room: &str, data: &[u8]) -> Rpc<proto::SendDataResponse> {
        let request = proto::SendDataRequest { room: room.into(), data: data.to_vec(), ..Default::default() };
        self.call("SendData", self.admin(room), &request).await
    }

    /// Posts a body as it is to a path under `/twirp/`, with a token that may create and list rooms.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn raw(&self, path: &str, content_type: &str, body: &str) -> Result<Answer> {
        let grant = VideoGrant { room_create: true, room_list: true, ..VideoGrant::default() };
        let token = TokenBuilder::new(&self.key, grant).sign()?;
        Ok(self.endpoint.post(&format!("/twirp/{path}"), Some(&token), content_type, body.into()).await?)
    }

    /// ListRooms with a token of the caller's making.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn list_as(&self, token: &Token) -> Result<Answer, Unreachable> {
        self.endpoint
            .post("/twirp/livekit.RoomService/ListRooms", Some(token), "application/json", b"{}".to_vec())
            .await
    }

    fn admin(&self, room: &str) -> VideoGrant {
        VideoGrant { room: room.into(), room_admin: true, ..VideoGrant::default() }
    }

    async fn call<T: Message + Default>(&self, method: &str, grant: VideoGrant, request: &impl Message) -> Rpc<T> {
        self.call_as(method, &TokenBuilder::new(&self.key, grant).sign()?, request).await
    }

    async fn call_as<T: Message + Default>(&self, method: &str, token: &Token, request: &impl Message) -> Rpc<T> {
        let path = format!("/twirp/livekit.RoomService/{method}");
        let headers = [("content-type", "application/protobuf")];
        let (answer, bytes) =
            self.endpoint.request_bytes("POST", &path, Some(token), &headers, request.encode_to_vec()).await?;
        if answer.status != 200 {
            return Ok(Err(Refusal(answer)));
        }
        let message = T::decode(bytes.as_slice()).with_context(|| format!("decoding the answer of {method}"))?;
        Ok(Ok(message))
    }
}
