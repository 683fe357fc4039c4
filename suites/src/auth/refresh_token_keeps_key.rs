//! A token that the server renews during a call names the key of the token it renews, and is accepted.
//! A server with several keys renews with any of them: take one out, and callers whose tokens were renewed with it are
//! thrown out.

use greenlight_harness::clients::proto::signal_response;
use greenlight_harness::clients::{Token, claims_of};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.refresh_token_keeps_key",
    title: "a renewed token is signed with the same key",
    tags: &[],
    blame: Component::Keys,
    needs: &[Capability::Api],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::ManyKeys],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "keep one key per server; to rotate, add the new one, move every issuer, and wait out the longest call before taking the old one away";

const TRIES: usize = 5;

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "caller").sign()?;
    let joined = ctx.signal().join(&token).await;
    let mut session = ensure_joined!(joined, "a valid token is refused", fix = COMPARE_KEYS);
    let mut renewed = 0;
    for index in 0..TRIES {
        // The server renews the token of whoever is given another name.
        let request = proto::UpdateParticipantRequest {
            room: room.clone(),
            identity: "caller".into(),
            name: format!("caller {index}"),
            ..Default::default()
        };
        let rooms = ctx.rooms();
        let updated = ctx.eventually(secs(5), async || Ok(rooms.update_participant(&request).await?.ok())).await?;
        ensure!(updated.is_some(), == true, "a participant can't be renamed", blame = Component::LivekitServer, fix = "read the node's log");
        let refresh = session.until(secs(5), |message| match message {
            signal_response::Message::RefreshToken(token) => Some(Token::from_compact(token.clone())),
            _ => None,
        });
        let Some(refresh) = refresh.await? else {
            return Err(failed(
                "no renewed token comes",
                "nothing in 5 s",
                "a RefreshToken",
                "read the node's log",
                Some(Component::LivekitServer),
            ));
        };
        let issuer = claims_of(refresh.expose())?["iss"].as_str().unwrap_or_default().to_owned();
        ensure!(issuer, == ctx.key().id, "a renewed token is signed with another key", fix = FIX);
        ensure!(ctx.signal().validate(&refresh).await?.status, == 200, "a renewed token is refused", fix = FIX);
        renewed += 1;
    }
    session.leave().await;
    ctx.pass().counted("tokens_renewed", renewed, Exactly(TRIES as f64))
}
