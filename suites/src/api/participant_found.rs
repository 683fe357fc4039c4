//! A participant is listed and found by identity, and one who is not there is 404.
//! Moderation starts with finding somebody: what the list shows, the single look-up must find.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.participant_found",
    title: "a participant is found by identity, and nobody else is",
    tags: &[],
    blame: Component::Balancer,
    needs: &[Capability::Api],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::SeldomCallsBlocked],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "403 comes from a proxy with a list of allowed calls: every path under /twirp must pass";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let token = ctx.join_token(&room, "guest").name("A guest").metadata("m").attribute("role", "tester").sign()?;
    let guest = ensure_joined!(ctx.signal().join(&token).await, "a join is refused", fix = FIX);
    let rooms = ctx.rooms();
    let listed = ctx.eventually(secs(5), async || {
        let present = rooms.participants(&room).await?.unwrap_or_default();
        Ok(present.into_iter().find(|participant| participant.identity == "guest"))
    });
    let Some(listed) = listed.await? else {
        return Err(failed("who is in the room is not listed", "nobody", "guest", FIX, None));
    };
    let found = ensure_ok!(rooms.participant(&room, "guest").await?, "who is listed is not found", fix = FIX);
    ensure!((&found.sid, &found.name, &found.metadata), == (&listed.sid, &"A guest".to_owned(), &"m".to_owned()),
        "who is found is not who is listed", fix = FIX);
    ensure!(found.attributes.get("role").map(String::as_str), == Some("tester"), "the participant's attributes are lost", fix = FIX);
    for nobody in ["nobody", "Guest", ""] {
        let answer = rooms.participant(&room, nobody).await?.map(drop).map_err(|refusal| refusal.said());
        ensure!(answer, == Err((404, "not_found".to_owned())), format!("{nobody:?} is found, and nobody is there"), fix = FIX);
    }
    guest.leave().await;
    ctx.pass().counted("look_ups", 4, Exactly(4.0))
}
