//! A staging by its address: two nodes behind a balancer with TLS, of which a user tells more or less.

use crate::address::{Address, docker, healthy, text};
use crate::observer::observed;
use anyhow::{Context as _, Result, ensure};
use greenlight_fixtures::{Engine, Staging, find};
use greenlight_harness::clients::{Rooms, Worker, proto};
use greenlight_harness::config::StagingTests;
use greenlight_harness::{Interrupt, Target};
use greenlight_verify::new_run_id;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::Runtime;

pub(crate) fn staging(runtime: &Runtime, engine: &Engine) -> Result<()> {
    let run_id = new_run_id();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("remote-staging-{run_id}"));
    let config = StagingTests::shipped()?;
    let interrupt = Interrupt::default();
    let starting = Staging::start(engine, &run_id, &config, &folder, &interrupt);
    let mut staging = runtime.block_on(starting).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, staging.target().entry.http().ca_pem())?;
    let seen = looked_at(runtime, &mut staging, ca);
    runtime.block_on(staging.stop())?;
    seen.with_context(|| format!("container logs: {}", folder.display()))?;
    Ok(std::fs::remove_dir_all(&folder)?)
}

fn looked_at(runtime: &Runtime, staging: &mut Staging, ca: PathBuf) -> Result<()> {
    let target = staging.target().clone();
    let address = Address { url: target.entry.ws_url(), key: target.key.clone(), ca: Some(ca) };
    let redis = redis_of(staging.run_id())?;
    without_node(runtime, &target, &address, &redis).context("a room whose record is left and belongs to no node")?;
    url_and_key_only(runtime, &target, &address, &redis)
        .context("URL and key only, two nodes hidden behind the balancer")?;
    everything_given(&target, &address, &redis).context("with nodes, metrics, Redis, database and SIP edge given")?;
    managed_redis(&address, &redis).context("a Redis that denies CONFIG and PUBSUB")?;
    other_secret(&address).context("another secret, and an unknown key")?;
    let lie = find("expired_tokens_accepted").context("no such fault")?;
    let planted = runtime.block_on(lie.plant(staging))?;
    let red = address.run(&["--test", "auth.expired_token_refused"])?;
    runtime.block_on(planted.undo(staging))?;
    let said = text(&red);
    ensure!(
        red.status.code() == Some(1) && said.contains("FAILED   auth.expired_token_refused"),
        "{}:\n{said}",
        red.status
    );
    Ok(())
}

/// The promise of the safe mode, kept by its word: few rooms and participants, all by their names, nobody's agents.
fn url_and_key_only(runtime: &Runtime, target: &Target, address: &Address, redis: &str) -> Result<()> {
    // An agent of the application: it has no name, so every room calls it that does not forbid it.
    let mut agents = Vec::new();
    for node in &target.nodes {
        agents.push(runtime.block_on(Worker::register(&node.endpoint, &target.key, "", proto::JobType::JtRoom))?);
    }
    let (output, seen) = observed(redis, || address.run(&[]))?;
    let said = healthy(&output)?;
    let run_id = said.split("rooms glt-").nth(1).and_then(|rest| rest.get(..5)).context("no run id")?.to_owned();
    seen.within(&run_id)?;
    for line in
        ["mode     SAFE: at most 4 rooms", "not seen ", "the addresses of two nodes: name two nodes with --node"]
    {
        ensure!(said.contains(line), "no {line:?} in:\n{said}");
    }
    ensure!(!said.contains(address.key.secret.expose()), "the secret is shown");
    for agent in &mut agents {
        let job = runtime.block_on(agent.next_job(Duration::from_millis(1)))?;
        ensure!(
            job.is_none(),
            "an agent of the application was called into {}",
            job.map(|job| job.room_name).unwrap_or_default()
        );
    }
    // The control: such an agent is called by a room that does not forbid it.
    let rooms = Rooms::new(target.entry.clone(), target.key.clone());
    let mut called = false;
    for attempt in 0..20 {
        let name = format!("app-{attempt}");
        let request = proto::CreateRoomRequest { name: name.clone(), ..Default::default() };
        runtime.block_on(rooms.create(&request))?.map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        for agent in &mut agents {
            called |= runtime.block_on(agent.next_job(Duration::from_millis(500)))?.is_some();
        }
        runtime.block_on(rooms.delete(&name))?.map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        if called {
            return Ok(());
        }
    }
    anyhow::bail!("the control: no room calls an agent without a name")
}

fn everything_given(target: &Target, address: &Address, redis: &str) -> Result<()> {
    let mut arguments = Vec::new();
    for node in &target.nodes {
        let metrics = node.metrics.as_ref().context("no metrics")?;
        arguments.extend(["--node".to_owned(), format!("{}={},{}", node.name, node.endpoint.url(), metrics.url())]);
    }
    arguments.extend(["--sip-edge".to_owned(), target.sip_edge.context("no edge")?.to_string()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (output, seen) = observed(redis, || {
        let mut command = address.command(&arguments)?;
        Ok(command.env("GREENLIGHT_REDIS_URL", format!("redis://{redis}")).output()?)
    })?;
    let said = healthy(&output)?;
    let run_id = said.split("rooms glt-").nth(1).and_then(|rest| rest.get(..5)).context("no run id")?.to_owned();
    seen.within(&run_id)?;
    ensure!(!said.contains("name two nodes with --node"), "the nodes are given, and not seen:\n{said}");
    Ok(())
}

/// As cloud providers sell it.
fn managed_redis(address: &Address, place: &str) -> Result<()> {
    let mut redis = TcpStream::connect(place)?;
    redis.write_all(b"ACL SETUSER managed on >pass ~* &* +@all -config -pubsub -acl -slowlog -client|list\r\n")?;
    let mut reply = [0; 5];
    redis.read_exact(&mut reply)?;
    ensure!(&reply == b"+OK\r\n", "Redis says {:?}", String::from_utf8_lossy(&reply));
    let mut command = address.command(&["--suite", "infrastructure"])?;
    let output = command.env("GREENLIGHT_REDIS_URL", format!("redis://managed:pass@{place}")).output()?;
    let said = healthy(&output)?;
    ensure!(said.contains("its Redis denies what this check asks: NoPerm: this user has no permissions to run the 'slowlog|get' command"), "what could not be asked is not said:\n{said}");
    Ok(())
}

/// What is left when a node stores a room while it closes: listed for ever, and DeleteRoom can't remove it.
fn without_node(runtime: &Runtime, target: &Target, address: &Address, place: &str) -> Result<()> {
    const ROOM: &str = "glt-aaaaa-signal.join_on_each_node-by-2";
    let rooms = Rooms::new(target.entry.clone(), target.key.clone());
    let mut redis = TcpStream::connect(place)?;
    let mut said = |command: &str, reply: &[u8]| -> Result<()> {
        redis.write_all(format!("{command}\r\n").as_bytes())?;
        let mut bytes = vec![0; reply.len()];
        redis.read_exact(&mut bytes)?;
        ensure!(bytes == reply, "Redis says {:?}", String::from_utf8_lossy(&bytes));
        Ok(())
    };
    let copy = |from: &str, to: &str| {
        let hashes = ["rooms", "room_internal"].map(|hash| {
            format!("redis.call('HSET', '{to}{hash}', '{ROOM}', redis.call('HGET', '{from}{hash}', '{ROOM}'))")
        });
        format!("EVAL \"{} return 1\" 0", hashes.join(" "))
    };
    let request = proto::CreateRoomRequest { name: ROOM.to_owned(), ..Default::default() };
    runtime.block_on(rooms.create(&request))?.map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    said(&copy("", "kept_"), b":1\r\n")?;
    runtime.block_on(rooms.delete(ROOM))?.map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    said(&copy("kept_", ""), b":1\r\n")?;
    said("DEL kept_rooms kept_room_internal", b":2\r\n")?;
    // The control: the server itself can't remove it.
    let refused = runtime.block_on(rooms.delete(ROOM))?.map(drop).map_err(|refusal| refusal.to_string());
    ensure!(
        refused.as_ref().is_err_and(|refusal| refusal.contains("could not find object")),
        "DeleteRoom says {refused:?}"
    );
    let output = address.run(&["--test", "auth.valid_token_accepted"])?;
    let text = healthy(&output)?;
    ensure!(text.contains(&format!("swept    {ROOM}, which")), "not swept:\n{text}");
    let left = runtime.block_on(rooms.list(&[ROOM]))?.map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    ensure!(left.is_empty(), "{ROOM} is still listed");
    Ok(())
}

fn other_secret(address: &Address) -> Result<()> {
    let mut command = address.command(&[])?;
    let output = command.env("LIVEKIT_API_SECRET", "another-secret-of-another-environment-000").output()?;
    let said = text(&output);
    ensure!(
        output.status.code() == Some(2) && said.contains("has another secret for it"),
        "{}:\n{said}",
        output.status
    );
    let mut command = address.command(&[])?;
    let output = command.env("LIVEKIT_API_KEY", "APIofAnother").output()?;
    let said = text(&output);
    let expected = "error: the target does not know this API key: compare LIVEKIT_API_KEY with `keys:` in its livekit.yaml; the key may be that of another environment\n";
    ensure!(output.status.code() == Some(2) && said.contains(expected), "{}:\n{said}", output.status);
    Ok(())
}

/// Host and port of the staging's Redis, as the engine has published it.
fn redis_of(run_id: &str) -> Result<String> {
    let label = format!("label=dev.greenlight.run={run_id}");
    let listed = docker(&["ps", "--filter", &label, "--format", "{{.Names}}"])?;
    let names = String::from_utf8(listed.stdout)?;
    let name = names.lines().find(|name| name.ends_with("redis")).context("no Redis container")?;
    let port = docker(&["port", name, "6379/tcp"])?;
    Ok(String::from_utf8(port.stdout)?.lines().next().context("Redis is not published")?.to_owned())
}
