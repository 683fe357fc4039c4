//! A session on one node, past the balancer: what that node tells those who join.

use crate::ctx::Ctx;
use crate::target::NodeTarget;
use crate::verdict::Halt;
use greenlight_clients::Session;

impl Ctx {
    /// Joins a room of this check's own that is pinned to the node, at the node.
    ///
    /// # Errors
    /// Errored when the node refuses the room or the join, or another one serves it.
    pub async fn session_on(&self, node: &NodeTarget) -> Result<Session, Halt> {
        let id = node.identity(self.key()).await?.node_id;
        let room = self.name(&node.name);
        if let Err(refusal) = node.rooms(self.key()).create_on(&room, &id).await? {
            return Err(Halt::Errored(format!("{} refuses a room: {refusal}", node.name)));
        }
        let session = node.signal().join(&self.join_token(&room, "caller").sign()?).await?;
        if session.node_id() != id {
            return Err(Halt::Errored(format!("a room pinned to {} is served by {}", node.name, session.node_id())));
        }
        Ok(session)
    }
}
