//! No answer to an accepted token repeats it, neither in its body nor in a header.
//! Whatever an answer holds is cached, logged and shown; a token in it opens the room to who reads that.

use greenlight_harness::clients::{JoinOptions, SignalPath};
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.accepted_token_not_echoed",
    title: "answers to an accepted token do not repeat it",
    tags: &["security"],
    blame: Component::LivekitServer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::TokenEchoed],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "find the proxy that copies request headers or queries into answers";

async fn check(ctx: &Ctx) -> Verdict {
    let room = ctx.name("room");
    let join = ctx.join_token(&room, "caller").sign()?;
    let list = ctx.token(VideoGrant { room_list: true, ..Default::default() }).sign()?;
    let mut answers = vec![
        ("/rtc/validate", &join, ctx.signal().validate(&join).await?),
        ("/rtc/validate with the token in the query", &join, ctx.signal().validate_by_query(&join).await?),
        ("/", &join, ctx.entry().get("/", Some(&join)).await?),
        ("ListRooms", &list, ctx.rooms().list_as(&list).await?),
    ];
    if ctx.is_since(1, 10) {
        let over_v1 = ctx.signal().validate_with(&join, &JoinOptions::over(SignalPath::V1)).await?;
        answers.push(("/rtc/v1/validate", &join, over_v1));
    }
    let expected = answers.len();
    let mut looked_at = 0;
    for (what, token, answer) in answers {
        ensure!(answer.status, == 200, format!("a valid token is refused at {what}"), blame = Component::Keys, fix = COMPARE_KEYS);
        let mut texts = answer.headers.iter().map(|(_, value)| value).chain([&answer.body]);
        if let Some(text) = texts.find(|text| text.contains(token.expose())) {
            let found = text.trim().replace(token.expose(), "<the token>");
            return Err(failed(
                format!("the answer of {what} repeats the token"),
                found,
                "an answer without it",
                FIX,
                None,
            ));
        }
        looked_at += 1;
    }
    ctx.pass().counted("answers", looked_at, Exactly(expected as f64))
}
