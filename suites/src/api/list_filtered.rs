//! A list of named rooms holds exactly those that exist, whichever node is asked.
//! Applications look up one room among thousands; a node that does not list it makes them create a second one.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "api.list_filtered",
    title: "a list of named rooms holds those rooms and no others",
    tags: &["crowd"],
    blame: Component::Redis,
    needs: &[Capability::Api, Capability::TwoNodes],
    timeout: secs(60),
    lane: Lane::Shared,
    proven_by: &[Fault::NodeOnOtherRedis],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "all nodes must use one Redis: compare `redis:` in livekit.yaml";

async fn check(ctx: &Ctx) -> Verdict {
    let (one, two, never) = (ctx.name("one"), ctx.name("two"), ctx.name("never"));
    let first = &ctx.nodes()[0];
    for name in [&one, &two] {
        let request = proto::CreateRoomRequest { name: name.clone(), ..Default::default() };
        ensure_ok!(first.rooms(ctx.key()).create(&request).await?, "a room can't be created", fix = FIX);
    }
    let mut lists = 0;
    for node in ctx.nodes() {
        let rooms = node.rooms(ctx.key());
        for (asked, expected) in
            [(vec![&one, &never], vec![&one]), (vec![&two, &one], vec![&one, &two]), (vec![&never], vec![])]
        {
            let asked: Vec<&str> = asked.into_iter().map(String::as_str).collect();
            let mut expected: Vec<String> = expected.into_iter().cloned().collect();
            expected.sort();
            let found = ctx.eventually(secs(5), async || {
                let mut names: Vec<String> =
                    rooms.list(&asked).await?.unwrap_or_default().into_iter().map(|room| room.name).collect();
                names.sort();
                Ok((names == expected).then_some(()))
            });
            ensure!(found.await?.is_some(), == true,
                format!("{} does not list exactly the {} rooms that were asked for and exist", node.name, expected.len()),
                fix = FIX);
            lists += 1;
        }
    }
    ctx.pass().counted("lists", lists, AtLeast(6.0))
}
