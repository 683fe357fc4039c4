//! Nobody publishes over WHIP without a token that may join.
//! An open WHIP endpoint lets strangers publish into calls, and every stream costs money.

use greenlight_harness::clients::Token;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.whip_needs_token",
    title: "WHIP needs a token that may join",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Since(1, 10), Capability::Whip],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::AnythingAccepted, Fault::GrantsIgnored, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "compare with a node directly; a proxy must not add tokens to /whip";

const OFFER: &[u8] = b"x";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let post =
        async |token: Option<&Token>| ctx.entry().post("/whip/v1", token, "application/sdp", OFFER.to_vec()).await;
    let good = ctx.join_token(&room, "publisher").sign()?;
    // The positive control gets as far as the offer, which is none.
    let understood = post(Some(&good)).await?;
    ensure!(understood.body.contains("ice-ufrag"), == true, "a token that may join is refused over WHIP", blame = Component::Keys, fix = COMPARE_KEYS);
    let nothing = ctx.token(VideoGrant { room, ..Default::default() }).identity("publisher").sign()?;
    let mut refused = 0;
    for (what, token) in [("without a token", None), ("without the grant to join", Some(&nothing))] {
        let answer = post(token).await?;
        ensure!(answer.status, == 401, format!("somebody {what} may publish over WHIP"), fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("refusals", refused, Exactly(2.0))
}
