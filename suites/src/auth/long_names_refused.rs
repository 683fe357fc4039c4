//! Identities and room names of 256 bytes are taken, and longer ones are refused before anything is stored.
//! Names go into Redis, logs and webhooks; without a limit one token fills them.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.long_names_refused",
    title: "identities and rooms beyond 256 bytes are refused",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::LongNamesAllowed, Fault::BadRequestsHidden, Fault::RoomSwapped],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "look at `limit:` in livekit.yaml: max_participant_identity_length and max_room_name_length are 256 by default";

async fn check(ctx: &Ctx) -> Verdict {
    let (long, longer) = ("x".repeat(256), "x".repeat(257));
    for (what, token) in [("identity", ctx.join_token("room", &long)), ("room name", ctx.join_token(&long, "caller"))] {
        let answer = ctx.signal().validate(&token.sign()?).await?;
        if answer.status == 400 {
            let refused = format!("a {what} of 256 bytes is refused");
            return Err(failed(refused, answer.body.trim(), "200", FIX, Some(Component::Configuration)));
        }
        ensure!(answer.status, == 200, "a valid token is refused", blame = Component::Keys, fix = COMPARE_KEYS);
    }
    let mut refused = 0;
    let tokens =
        [("participant identity", ctx.join_token("room", &longer)), ("room name", ctx.join_token(&longer, "caller"))];
    for (what, token) in tokens {
        let answer = ctx.signal().validate(&token.sign()?).await?;
        let expected = format!("{what} length exceeds limits: max length 256");
        ensure!((answer.status, answer.body.trim()), == (400, expected.as_str()), format!("a {what} of 257 bytes is accepted"), fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(2.0))
}
