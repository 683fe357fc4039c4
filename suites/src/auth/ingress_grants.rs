//! Every call about ingress needs `ingressAdmin`.
//! A list of ingresses holds their stream keys: with it anybody broadcasts into the rooms.

use greenlight_harness::clients::{Grants, SipGrant};
use greenlight_harness::prelude::*;
use greenlight_harness::{GRANTS_CHANGED, GrantTable, GrantedCall};

pub(super) const CHECK: Check = Check {
    id: "auth.ingress_grants",
    title: "ingress needs ingressAdmin",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Owned],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::GrantsIgnored, Fault::RefusalsHidden],
    fix: GRANTS_CHANGED,
    source: source!(),
    run: run!(check),
};

const CALLS: &[GrantedCall] = &[
    ("CreateIngress", r#"{}"#, true),
    ("UpdateIngress", r#"{"ingress_id":"IN_x"}"#, true),
    ("ListIngress", r#"{}"#, true),
    ("DeleteIngress", r#"{"ingress_id":"IN_x"}"#, true),
];

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let everything = VideoGrant::everything(&room);
    let table = GrantTable {
        service: "Ingress",
        room: &room,
        calls: CALLS,
        good: VideoGrant { ingress_admin: true, ..Default::default() }.into(),
        bad: vec![(
            "without ingressAdmin",
            Grants {
                video: VideoGrant { ingress_admin: false, ..everything },
                sip: Some(SipGrant { admin: true, call: true }),
            },
        )],
    };
    table.verdict(ctx, 4.0).await
}
