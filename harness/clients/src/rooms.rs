//! RoomService over Twirp, in protobuf, with the status of every refusal kept.

use crate::answer::{Answer, Refusal};
use crate::grants::VideoGrant;
use crate::http::Endpoint;
use crate::proto;
use crate::tokens::{Key, Token};
use crate::twirp::{Rpc, Service};
use crate::unreachable::Unreachable;
use anyhow::Result;

/// RoomService at one endpoint, with tokens that carry just the grant each call needs.
#[derive(Clone)]
pub struct Rooms {
    service: Service,
    endpoint: Endpoint,
}

impl Rooms {
    /// A client for this endpoint.
    pub fn new(endpoint: Endpoint, key: Key) -> Self {
        Self { service: Service::new(endpoint.clone(), key, "RoomService"), endpoint }
    }

    /// The same client, with this token in every call instead of one made for it.
    #[must_use]
    pub fn as_token(&self, token: &Token) -> Self {
        Self { service: self.service.as_token(token), endpoint: self.endpoint.clone() }
    }

    /// CreateRoom; on a live name the server returns that room.
    ///
    /// # Errors
    /// When no answer came, as for every call here.
    pub async fn create(&self, request: &proto::CreateRoomRequest) -> Rpc<proto::Room> {
        let grant = VideoGrant { room_create: true, ..VideoGrant::default() };
        match &self.endpoint.http.agent {
            Some(agent) if request.agents.is_empty() => {
                let request = proto::CreateRoomRequest { agents: vec![agent.clone()], ..request.clone() };
                self.service.call("CreateRoom", grant, &request).await
            }
            _ => self.service.call("CreateRoom", grant, request).await,
        }
    }

    /// CreateRoom, pinned to a node: that node has the room, whichever is asked.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn create_on(&self, room: &str, node_id: &str) -> Rpc<proto::Room> {
        let request = proto::CreateRoomRequest { name: room.into(), node_id: node_id.into(), ..Default::default() };
        self.create(&request).await
    }

    /// DeleteRoom.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn delete(&self, room: &str) -> Rpc<proto::DeleteRoomResponse> {
        let grant = VideoGrant { room_create: true, ..VideoGrant::default() };
        self.service.call("DeleteRoom", grant, &proto::DeleteRoomRequest { room: room.into() }).await
    }

    /// Removes a room, and says whether it is gone.
    ///
    /// A node that stores a room in the moment in which it closes puts back a record that belongs to no node (1.13.5,
    /// `Room.changeUpdateWorker` beside `Room.Close`). DeleteRoom answers it with 500, "could not find object", until
    /// CreateRoom has given it a node again.
    pub async fn remove(&self, room: &str) -> bool {
        if matches!(self.delete(room).await, Ok(Ok(_))) {
            return true;
        }
        // Refused with 404, it was removed by somebody else, or the name was for something else than a room.
        match self.list(&[room]).await {
            Ok(Ok(list)) if list.is_empty() => return true,
            Ok(Ok(_)) => {}
            _ => return false,
        }
        // Its name and nothing else: the record says which agents it calls. Asked for agents, 1.13.5 crashes where no internal
        // record is left.
        let request = proto::CreateRoomRequest { name: room.into(), ..Default::default() };
        let grant = VideoGrant { room_create: true, ..VideoGrant::default() };
        let again: Rpc<proto::Room> = self.service.call("CreateRoom", grant, &request).await;
        matches!(again, Ok(Ok(_))) && matches!(self.delete(room).await, Ok(Ok(_)))
    }

    /// ListRooms, all of them or those named.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn list(&self, names: &[&str]) -> Rpc<Vec<proto::Room>> {
        let grant = VideoGrant { room_list: true, ..VideoGrant::default() };
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let reply: Result<proto::ListRoomsResponse, Refusal> =
            self.service.call("ListRooms", grant, &proto::ListRoomsRequest { names }).await?;
        Ok(reply.map(|list| list.rooms))
    }

    /// ListParticipants.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn participants(&self, room: &str) -> Rpc<Vec<proto::ParticipantInfo>> {
        let request = proto::ListParticipantsRequest { room: room.into() };
        let reply: Result<proto::ListParticipantsResponse, Refusal> =
            self.service.call("ListParticipants", VideoGrant::admin(room), &request).await?;
        Ok(reply.map(|list| list.participants))
    }

    /// ListParticipants with a token of the caller's making.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn participants_as(&self, token: &Token, room: &str) -> Rpc<Vec<proto::ParticipantInfo>> {
        self.as_token(token).participants(room).await
    }

    /// GetParticipant; one who is not there is a 404.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn participant(&self, room: &str, identity: &str) -> Rpc<proto::ParticipantInfo> {
        self.service.call("GetParticipant", VideoGrant::admin(room), &one(room, identity)).await
    }

    /// RemoveParticipant.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn remove_participant(&self, room: &str, identity: &str) -> Rpc<proto::RemoveParticipantResponse> {
        self.service.call("RemoveParticipant", VideoGrant::admin(room), &one(room, identity)).await
    }

    /// MutePublishedTrack.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn mute(&self, request: &proto::MuteRoomTrackRequest) -> Rpc<proto::MuteRoomTrackResponse> {
        self.service.call("MutePublishedTrack", VideoGrant::admin(&request.room), request).await
    }

    /// MutePublishedTrack for a participant's track, by its sid.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn mute_track(
        &self,
        room: &str,
        identity: &str,
        track_sid: &str,
        muted: bool,
    ) -> Rpc<proto::MuteRoomTrackResponse> {
        let (room, identity, track_sid) = (room.into(), identity.into(), track_sid.into());
        self.mute(&proto::MuteRoomTrackRequest { room, identity, track_sid, muted }).await
    }

    /// UpdateParticipant: metadata, name, attributes, permissions.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn update_participant(&self, request: &proto::UpdateParticipantRequest) -> Rpc<proto::ParticipantInfo> {
        self.service.call("UpdateParticipant", VideoGrant::admin(&request.room), request).await
    }

    /// UpdateSubscriptions.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn update_subscriptions(
        &self,
        request: &proto::UpdateSubscriptionsRequest,
    ) -> Rpc<proto::UpdateSubscriptionsResponse> {
        self.service.call("UpdateSubscriptions", VideoGrant::admin(&request.room), request).await
    }

    /// UpdateRoomMetadata.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn update_metadata(&self, room: &str, metadata: &str) -> Rpc<proto::Room> {
        let request = proto::UpdateRoomMetadataRequest { room: room.into(), metadata: metadata.into() };
        self.service.call("UpdateRoomMetadata", VideoGrant::admin(room), &request).await
    }

    /// SendData to everybody in the room, reliably.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn send_data(&self, room: &str, data: &[u8]) -> Rpc<proto::SendDataResponse> {
        let request = proto::SendDataRequest { room: room.into(), data: data.to_vec(), ..Default::default() };
        self.send_data_request(&request).await
    }

    /// SendData with destinations, topic and kind as the request says.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn send_data_request(&self, request: &proto::SendDataRequest) -> Rpc<proto::SendDataResponse> {
        self.service.call("SendData", VideoGrant::admin(&request.room), request).await
    }

    /// ForwardParticipant; an open-source server answers that it is not implemented.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn forward_participant(
        &self,
        request: &proto::ForwardParticipantRequest,
    ) -> Rpc<proto::ForwardParticipantResponse> {
        self.service.call("ForwardParticipant", to(&request.room, &request.destination_room), request).await
    }

    /// MoveParticipant; an open-source server answers that it is not implemented.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn move_participant(
        &self,
        request: &proto::MoveParticipantRequest,
    ) -> Rpc<proto::MoveParticipantResponse> {
        self.service.call("MoveParticipant", to(&request.room, &request.destination_room), request).await
    }

    /// PerformRpc on a participant.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn perform_rpc(&self, request: &proto::PerformRpcRequest) -> Rpc<proto::PerformRpcResponse> {
        self.service.call("PerformRpc", VideoGrant::admin(&request.room), request).await
    }

    /// Posts a body as it is to a path under `/twirp/`, with a token that may create and list rooms.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn raw(&self, path: &str, content_type: &str, body: &str) -> Result<Answer> {
        let token =
            self.service.twirp.token(VideoGrant { room_create: true, room_list: true, ..VideoGrant::default() })?;
        Ok(self.endpoint.post(&format!("/twirp/{path}"), Some(&token), content_type, body.into()).await?)
    }

    /// ListRooms in JSON with a token of the caller's making.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn list_as(&self, token: &Token) -> Result<Answer, Unreachable> {
        self.service.twirp.call_json("RoomService", "ListRooms", token, &serde_json::json!({})).await
    }
}

fn one(room: &str, identity: &str) -> proto::RoomParticipantIdentity {
    proto::RoomParticipantIdentity { room: room.into(), identity: identity.into(), ..Default::default() }
}

fn to(room: &str, destination: &str) -> VideoGrant {
    VideoGrant { destination_room: destination.into(), ..VideoGrant::admin(room) }
}
