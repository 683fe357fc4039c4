//! Every call about SIP trunks and dispatch rules needs `sip.admin`; the grant to call is not enough.
//! Lists of trunks hold passwords in clear, and a rule sends every caller where its author likes.

use super::COMPARE_KEYS;
use greenlight_harness::clients::{Grants, SipGrant, TokenBuilder};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "auth.sip_admin_grant",
    title: "SIP trunks and rules need sip.admin",
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
    ("ListSIPTrunk", r#"{}"#, true),
    ("ListSIPInboundTrunk", r#"{}"#, true),
    ("ListSIPOutboundTrunk", r#"{}"#, true),
    ("ListSIPDispatchRule", r#"{}"#, true),
    ("CreateSIPInboundTrunk", r#"{}"#, true),
    ("CreateSIPOutboundTrunk", r#"{}"#, true),
    ("UpdateSIPInboundTrunk", r#"{"sip_trunk_id":"ST_x"}"#, true),
    ("UpdateSIPOutboundTrunk", r#"{"sip_trunk_id":"ST_x"}"#, true),
    ("GetSIPInboundTrunk", r#"{"sip_trunk_id":"ST_x"}"#, true),
    ("GetSIPOutboundTrunk", r#"{"sip_trunk_id":"ST_x"}"#, true),
    ("DeleteSIPTrunk", r#"{"sip_trunk_id":"ST_glt-nobody"}"#, true),
    ("CreateSIPDispatchRule", r#"{}"#, true),
    ("UpdateSIPDispatchRule", r#"{"sip_dispatch_rule_id":"SDR_x"}"#, true),
    ("DeleteSIPDispatchRule", r#"{"sip_dispatch_rule_id":"SDR_x"}"#, true),
];

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let sign = |grants: Grants| TokenBuilder::new(ctx.key(), grants).identity("caller").sign();
    let good = sign(Grants::from(SipGrant { admin: true, call: false }))?;
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
            "that may only call",
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
                sip: Some(SipGrant { admin: false, call: true }),
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
    pass.counted("calls_accepted", accepted, AtLeast(14.0))
}
