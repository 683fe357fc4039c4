//! Good deploys, under load.

use crate::load::Load;
use crate::world::{World, docker, done};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio_util::sync::CancellationToken;

/// The first deploy, then two more with traffic on all the while.
pub(super) fn moves() {
    let world = &World::start();
    let (code, said) = world.deploy();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(world.there(), (vec!["blue".to_owned()], "blue".to_owned()));
    // Both lines are told where the colour is; at the first deploy there is no other one.
    let [blue, green] = world.urls.clone();
    assert_eq!(world.read("told"), format!("blue {blue} {blue} -\n").repeat(2));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (load, stop) = (Arc::new(Load::default()), CancellationToken::new());
    let url = format!("http://127.0.0.1:{}", world.balancer);
    greenlight_clients::install_crypto_provider();
    let running = runtime.spawn(load.clone().run(url, world.key.clone(), stop.clone()));
    let rounds: usize = std::env::var("GREENLIGHT_TEST_DEPLOYS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    for round in 0..rounds {
        let colour = ["green", "blue"][round % 2];
        let (code, said) = world.deploy();
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(world.there(), (vec![colour.to_owned()], colour.to_owned()), "{said}");
    }
    let told = world.read("told");
    let told: Vec<&str> = told.lines().skip(2).take(2).collect();
    assert_eq!(told, [format!("green {green} {green} {blue}"), format!("green {green} {green} -")]);
    stop.cancel();
    runtime.block_on(running).expect("the load ended");
    let (joins, calls) = (load.joins.load(Ordering::Relaxed), load.calls.load(Ordering::Relaxed));
    let failures = load.failures.lock().expect("unpoisoned").clone();
    eprintln!("{} of {joins} joins and {calls} calls failed over {rounds} deploys: {failures:?}", failures.len());
    assert!(joins >= rounds * 20 && calls >= rounds * 80, "{joins} joins and {calls} calls are no load");
    assert!(failures.is_empty(), "{} of {joins} joins and {calls} calls failed: {failures:?}", failures.len());
    // A reload keeps the colour. It is tried without load: HAProxy then closes idle connections under its clients' feet,
    // which is no matter of a deploy.
    let haproxy = format!("{}-haproxy", world.name);
    done(&["kill", "--signal", "USR2", &haproxy]);
    let workers = || String::from_utf8_lossy(&docker(&["logs", &haproxy]).stderr).matches("New worker").count();
    assert!((0..500).any(|_| workers() > 1), "the balancer did not reload");
    let (colour, idle) = [("blue", "green"), ("green", "blue")][rounds % 2];
    let (_, said) = world.greenlight(&["deploy", "--dry-run"]);
    assert!(said.contains(&format!("{colour} -> {idle}")), "after a reload {colour} has no traffic any more: {said}");
}
