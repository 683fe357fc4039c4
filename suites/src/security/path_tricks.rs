//! However a path is spelt, the API gives nothing without a token.
//! Rules of a proxy and routes of a server that read a path differently leave a way in between them.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.path_tricks",
    title: "no spelling of a path gets around authorization",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api, Capability::Attack],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::AnythingAccepted, Fault::RefusalsHidden],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "let no rule of a proxy add tokens or decide by path who may pass";

const SPELLINGS: &[&str] = &[
    "/twirp/livekit.RoomService/ListRooms",
    "//twirp/livekit.RoomService/ListRooms",
    "/twirp//livekit.RoomService/ListRooms",
    "/./twirp/livekit.RoomService/ListRooms",
    "/twirp/../twirp/livekit.RoomService/ListRooms",
    "/rtc/validate/../../twirp/livekit.RoomService/ListRooms",
    "/rtc/..%2ftwirp/livekit.RoomService/ListRooms",
    "/%74wirp/livekit.RoomService/ListRooms",
    "/twirp/livekit.RoomService/%4cistRooms",
    "/TWIRP/livekit.RoomService/ListRooms",
    "/twirp/livekit.RoomService/ListRooms/",
    "/twirp/livekit.RoomService/ListRooms;x",
    "/twirp/livekit.RoomService/ListRooms%00",
];

async fn check(ctx: &Ctx) -> Verdict {
    let request = |path: &str, more: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\n{more}Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
        )
    };
    let token = ctx.token(VideoGrant { room_list: true, ..Default::default() }).sign()?;
    let header = format!("Authorization: Bearer {}\r\n", token.expose());
    let good = ctx.entry().exchange_raw(request(SPELLINGS[0], &header).as_bytes(), secs(5)).await?;
    ensure!(good.statuses(), == [200], "a token that may list rooms is refused", blame = Component::Keys, fix = COMPARE_KEYS);
    let mut refused = 0;
    for path in SPELLINGS {
        let answer = ctx.entry().exchange_raw(request(path, "").as_bytes(), secs(5)).await?;
        let told = answer.text.contains("\"rooms\"") || answer.statuses().iter().any(|status| *status < 300);
        ensure!((answer.statuses().len(), told), == (1, false), format!("{path} lists rooms without a token"), fix = FIX);
        refused += 1;
    }
    ctx.pass().counted("spellings", refused, Exactly(SPELLINGS.len() as f64))
}
