//! A phone call that no bridge can make is refused with 503 after a second.
//! Callers hear silence for as long as the application waits; it can only say so if it is told soon and in the right words.

use greenlight_harness::clients::{SipGrant, json};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.sip_participant_without_bridge",
    title: "a phone call without a bridge is refused soon",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::SipApi, Capability::Owned],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::CallRefusalMasked],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "ask a node directly; 500 here means that the server has no Redis, 404 that something does not know the path";

async fn check(ctx: &Ctx) -> Verdict {
    let caller = SipGrant { admin: false, call: true };
    let room = ctx.name("room");
    let call = |number: &str| {
        json!({"room_name": room, "participant_identity": "phone", "sip_number": "+15550001", "sip_call_to": number,
            "trunk": {"hostname": "sip.invalid:5060"}})
    };
    // The control: what is wrong with a request is said at once.
    let nobody = ctx.twirp().ask_json("SIP", "CreateSIPParticipant", caller, &call("")).await?;
    ensure!(nobody.status, == 400, "a call to nobody is not refused for that", fix = FIX);
    let started = Instant::now();
    let answer = ctx.twirp().ask_json("SIP", "CreateSIPParticipant", caller, &call("+15550002")).await?;
    let waited_s = started.elapsed().as_secs_f64();
    if answer.status == 200 {
        skip!("this target has a SIP bridge");
    }
    ensure!((answer.status, answer.code().as_str()), == (503, "unavailable"), "a call that nobody makes is answered wrongly", fix = FIX);
    ctx.pass().measured("refused_after_s", waited_s, AtMost(5.0), 1)
}
