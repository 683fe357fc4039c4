//! Calls over SIP are started with `sip.call`; the grant to manage trunks is not enough.
//! Every call costs money: an open call API is found within days and used for premium numbers.

use super::COMPARE_KEYS;
use greenlight_harness::clients::{Grants, SipGrant, TokenBuilder};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.sip_call_grant",
    title: "SIP calls need sip.call",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::GrantsIgnored, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "something between here and the server adds or drops grants: compare with a node directly";

/// Method, JSON body with `ROOM` for the room, and whether the accepted call is made too: the others wait for seconds,
/// or would change something.
const METHODS: &[(&str, &str, bool)] = &[
    ("CreateSIPParticipant", r#"{}"#, true),
    ("TransferSIPParticipant", r#"{"room_name":"ROOM","participant_identity":"x","transfer_to":"tel:+1"}"#, false),
];

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let sign = |grants: Grants| TokenBuilder::new(ctx.key(), grants).identity("caller").sign();
    let good = sign(Grants::from(SipGrant { admin: false, call: true }))?;
    let bad = [
        (
            "without a sip claim",
            sign(Grants {
                video: VideoGrant {
                    room: room.clone(),
                    room_join: true,
                    room_create: true,
                    room_list: true,
                    room_record: true,
                    room_admin: true,
                    ingress_admin: true,
                    ..Default::default()
                },
                sip: None,
            })?,
        ),
        (
            "that may only manage trunks",
            sign(Grants {
                video: VideoGrant {
                    room: room.clone(),
                    room_join: true,
                    room_create: true,
                    room_list: true,
                    room_record: true,
                    room_admin: true,
                    ingress_admin: true,
                    ..Default::default()
                },
                sip: Some(SipGrant { admin: true, call: false }),
            })?,
        ),
    ];
    let (mut accepted, mut refused) = (0, 0);
    for (method, body, calls) in METHODS {
        let path = format!("/twirp/livekit.SIP/{method}");
        let body = body.replace("ROOM", &room).into_bytes();
        for (what, token) in &bad {
            let answer = ctx.entry().post(&path, Some(token), "application/json", body.clone()).await?;
            ensure!((answer.status, answer.code().as_str()), == (401, "unauthenticated"), format!("{method} is open to a token {what}"), fix = FIX);
            refused += 1;
        }
        if *calls {
            let answer = ctx.entry().post(&path, Some(&good), "application/json", body).await?;
            ensure!(answer.status, != 401, format!("{method} is closed to a token with its grant"), blame = Component::Keys, fix = COMPARE_KEYS);
            accepted += 1;
        }
    }
    let pass = ctx.pass().counted("calls_refused", refused, Exactly((METHODS.len() * bad.len()) as f64))?;
    pass.counted("calls_accepted", accepted, AtLeast(1.0))
}
