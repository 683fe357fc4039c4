//! The calls of one service, each with a token that has its grant and with tokens that have every other one.

use crate::ctx::Ctx;
use crate::ensure;
use crate::prelude::COMPARE_KEYS;
use crate::verdict::Verdict;
use greenlight_clients::{Grants, SipGrant, Token, TokenBuilder, VideoGrant};
use greenlight_reports::Component;
use greenlight_reports::Limit::{AtLeast, Exactly};

/// A method, its JSON body with `ROOM` for the room, and whether the accepted call is made too: one that waits for
/// seconds, or would change something, is only made with tokens that must be refused.
pub type GrantedCall = (&'static str, &'static str, bool);

/// What to do when grants are not kept.
pub const GRANTS_CHANGED: &str =
    "something between here and the server adds or drops grants: compare with a node directly";

/// Everything but the administration of this room: without the grant, for another room, for no room by name.
pub fn not_administering(room: &str) -> Vec<(&'static str, Grants)> {
    let everything = VideoGrant::everything(room);
    let sip = Some(SipGrant { admin: true, call: true });
    let without = VideoGrant { room_admin: false, destination_room: "h".into(), ..everything.clone() };
    let another = VideoGrant { room: "another".into(), destination_room: "h".into(), ..everything.clone() };
    let nameless = VideoGrant { room: String::new(), ..everything };
    vec![
        ("without roomAdmin", Grants { video: without, sip }),
        ("that administers another room", Grants { video: another, sip }),
        ("that administers no room by name", Grants { video: nameless, sip }),
    ]
}

/// A service's calls and the grants that they need.
pub struct GrantTable<'a> {
    /// For example `RoomService`.
    pub service: &'a str,
    /// The room that bodies name.
    pub room: &'a str,
    /// The calls.
    pub calls: &'a [GrantedCall],
    /// What the calls need, and nothing else.
    pub good: Grants,
    /// What is missing, in words that follow `a token`, and everything else.
    pub bad: Vec<(&'a str, Grants)>,
}

impl GrantTable<'_> {
    /// Makes every call with every bad token, which must be 401 `unauthenticated` (livekit-server 1.13.5), and the
    /// accepted calls, of which there must be at least so many.
    ///
    /// # Errors
    /// Failed when a call is open to a bad token or closed to the good one.
    #[expect(clippy::cast_precision_loss, reason = "a table has a few rows")]
    pub async fn verdict(self, ctx: &Ctx, accepted_min: f64) -> Verdict {
        let sign = |grants: Grants| TokenBuilder::new(ctx.key(), grants).identity("caller").sign();
        // livekit-server 1.7.0 sometimes ends a connection on which it has refused something, also while the next request
        // is on its way: there each has its own.
        let entry = match ctx.is_since(1, 13) {
            true => ctx.entry().clone(),
            false => ctx.entry().through(&ctx.entry().http().fresh()?),
        };
        let good = sign(self.good)?;
        let bad: Vec<(&str, Token)> =
            self.bad.into_iter().map(|(what, grants)| Ok((what, sign(grants)?))).collect::<anyhow::Result<_>>()?;
        let (mut accepted, mut refused) = (0, 0);
        for (method, body, is_made) in self.calls {
            let path = format!("/twirp/livekit.{}/{method}", self.service);
            let body = body.replace("ROOM", self.room).into_bytes();
            for (what, token) in &bad {
                let answer = entry.post(&path, Some(token), "application/json", body.clone()).await?;
                ensure!((answer.status, answer.code().as_str()), == (401, "unauthenticated"),
                    format!("{method} is open to a token {what}"), fix = GRANTS_CHANGED);
                refused += 1;
            }
            if *is_made {
                let answer = entry.post(&path, Some(&good), "application/json", body).await?;
                ensure!(answer.status, != 401, format!("{method} is closed to a token with its grant"),
                    blame = Component::Keys, fix = COMPARE_KEYS);
                accepted += 1;
            }
        }
        let expected = Exactly((self.calls.len() * bad.len()) as f64);
        let pass = ctx.pass().counted("calls_refused", refused, expected)?;
        pass.counted("calls_accepted", accepted, AtLeast(accepted_min))
    }
}
