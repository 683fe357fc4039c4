//! `greenlight migrate` on containers: a staging and a production are moved from livekit-server 1.7.0 with a configuration of
//! its time to 1.13.5. In production with a fault in the deploy, with one after it, and without.

use crate::bad_builds::suites;
use crate::deployed::{Deployed, ENV, NEW, OLD, State};
use crate::staging;
use greenlight_clients::json;

/// A row that was written while it was under way.
const ROW: &str = "INSERT INTO shop.calls (room) VALUES ('in the window')";
const ROWS_OF_THE_WINDOW: &str = "SELECT count(*) FROM shop.calls WHERE room = 'in the window'";

/// Both beside each other: most of it is waiting for the checks of what serves.
pub(crate) fn migrates() {
    suites();
    // One after the other: a port that is free is free only until somebody else takes it.
    let (production, staging) = (Deployed::start("production"), Deployed::start("staging"));
    let ended = std::thread::scope(|scope| {
        let beside = scope.spawn(|| staging::migrates(&staging));
        in_production(&production);
        beside.join()
    });
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

fn in_production(production: &Deployed) {
    let (files, state) = (production.files(), production.state());
    assert_eq!((state.durable.len(), state.trunks.len()), (3, 3), "{state:?}");
    production.accepts("before");
    let world = &production.world;

    // Nothing rehearsed: nothing is begun.
    let (code, said) = production.greenlight(&["migrate", "production"]);
    assert!(code == Some(5) && said.contains("no point that production could go back to was rehearsed"), "{said}");
    let keys = ["--key", "pub.pem", "--identity", "key.txt"];
    for line in [&["rollback", "create", "a"][..], &[&["rollback", "rehearse", "a"][..], &keys].concat()] {
        let (code, said) = production.greenlight(&[line, &["--environment", "production"]].concat());
        assert_eq!(code, Some(0), "{line:?}: {said}");
    }
    let is_old = |when: &str| {
        assert_eq!((world.there().0, production.image("blue")), (vec!["blue".to_owned()], OLD.to_owned()), "{when}");
        assert_eq!(production.files_again(), files, "{when}");
        production.accepts(when);
    };

    let good = world.read("deployment.yaml");
    in_the_deploy(production, &state, &is_old);
    world.put("deployment.yaml", &good);
    after_the_deploy(production, &state, &is_old);
    world.put("deployment.yaml", &good);

    let (code, said) = production.greenlight(&["migrate", "production"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((world.there().0, production.image("green")), (vec!["green".to_owned()], NEW.to_owned()));
    // The key has its new place, and the variable its new name.
    let (config, env) = (world.read("disk/ops/livekit.yaml"), world.read(ENV));
    assert!(config.contains("    stream_allocator:\n      probe_mode: padding\n"), "{config}");
    assert_eq!(env, "NODE_IP=127.0.0.1\n");
    assert_eq!(production.state(), state, "after the migration");
    production.accepts("after the migration");
    let verdict = said.lines().find(|line| line.starts_with("PASSED ")).unwrap_or_default();
    eprintln!("  {verdict}");
}

/// Nobody has said that writes may be lost: what the application and the operator write while it is under way is there
/// afterwards.
fn in_the_deploy(production: &Deployed, state: &State, is_old: &dyn Fn(&str)) {
    let trunk = json!({"trunk": {"name": "in the window", "numbers": ["+4999"]}});
    let script =
        ["set -e\n", &production.statement(ROW), &production.call("CreateSIPInboundTrunk", &trunk), "exit 1\n"];
    let line = production.script("fails", &script.concat());
    let text = production.world.read("deployment.yaml");
    let before = text.lines().find(|line| line.starts_with("        verify: ")).expect("a line").to_owned();
    production.world.put("deployment.yaml", &text.replace(&before, &format!("        verify: {line}")));
    let (code, said) = production.greenlight(&["migrate", "production"]);
    assert_eq!(code, Some(7), "{said}");
    for part in
        ["greenlight deploy ended with 7", "recovered, says greenlight-verify", "left alone      database, redis, sip;"]
    {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    is_old("after a fault in the deploy");
    assert_eq!(production.postgres.sql("application", ROWS_OF_THE_WINDOW), "1", "a write was lost: {said}");
    let all = production.sip("ListSIPInboundTrunk", &json!({}));
    let id = all["items"].as_array().expect("a list").iter().find(|one| one["name"] == "in the window");
    let id = id.expect("a trunk was lost")["sip_trunk_id"].clone();
    production.sip("DeleteSIPTrunk", &json!({ "sip_trunk_id": id }));
    production.postgres.sql("application", "DELETE FROM shop.calls WHERE room = 'in the window'");
    assert_eq!(&production.state(), state, "after a fault in the deploy");
}

/// The new build has the traffic, and its application has changed the database. Somebody has said that it may come back.
fn after_the_deploy(production: &Deployed, state: &State, is_old: &dyn Fn(&str)) {
    let world = &production.world;
    let seen = production.postgres.seen();
    let fails = ["set -e\n", &production.statement(ROW), &production.statement("DROP TABLE shop.days"), "exit 1\n"];
    let validate = production.script("fails", &fails.concat());
    let back = production.gives_back();
    // Without `target:` the whole suite is not waited for; the smoke set is the operator's line then.
    let smoke = format!(
        "LIVEKIT_URL=ws://127.0.0.1:{} exec {} --target url --tag smoke --out {}\n",
        world.balancer,
        suites().display(),
        world.path("smoke").display()
    );
    let recovered = production.script("recovered", &smoke);
    let good = world.read("deployment.yaml");
    let target = good.lines().find(|line| line.starts_with("    target: ")).expect("a line");
    let text =
        good.replace(&format!("{target}\n"), "").replace("      sip: true\n", &format!("      verify: {recovered}\n"));
    let more = format!("      engine: false\n      database: true\n      validate: {validate}\n      back: {back}\n");
    world.put("deployment.yaml", &text.replace("      engine: false\n", &more));
    let (code, said) = production.greenlight(&["migrate", "production"]);
    assert!(code == Some(2) && said.contains("what is written to it after migrate-"), "{said}");
    is_old("nobody has said that writes may be lost");
    assert_eq!(production.postgres.seen(), seen);
    let (code, said) = production.greenlight(&["migrate", "production", "--yes"]);
    assert_eq!(code, Some(7), "{said}");
    for part in ["running sh ", "restored database", "recovered, says recovered", "left alone      redis;"] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    is_old("after a fault in the validation");
    assert_eq!(production.postgres.seen(), seen, "after a fault in the validation");
    assert_eq!(&production.state(), state, "after a fault in the validation");

    // It could not be written down that all is back, and people go on writing: what they write is not taken again.
    let journal = world.read("records/production/migrate/journal.jsonl");
    let is_kept = |line: &&str| !line.contains("\"record\":\"back\"") && !line.contains("\"record\":\"ended\"");
    let cut: Vec<&str> = journal.lines().filter(is_kept).collect();
    assert_eq!(cut.len() + 2, journal.lines().count(), "{journal}");
    world.put("records/production/migrate/journal.jsonl", &(cut.join("\n") + "\n"));
    production.postgres.sql("application", ROW);
    let (code, said) = production.greenlight(&["migrate", "resume", "production"]);
    assert!(code == Some(8) && said.contains("would be lost if it came back again"), "{said}");
    world.put("deployment.yaml", &world.read("deployment.yaml").replace("      database: true\n", ""));
    let (code, said) = production.greenlight(&["migrate", "resume", "production"]);
    assert_eq!(code, Some(7), "{said}");
    is_old("after the way back was gone again");
    assert_eq!(production.postgres.sql("application", ROWS_OF_THE_WINDOW), "1", "a write was lost: {said}");
    production.postgres.sql("application", "DELETE FROM shop.calls WHERE room = 'in the window'");
}
