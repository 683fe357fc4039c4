//! Trunks, rules and ingress of a real server, kept and brought back: from Redis, through the API, and by both.

use crate::phones::{PASSWORDS, Phones, heard, rollback};
use greenlight_clients::{Json, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

pub(super) const OPENED: [&str; 4] = ["--key", "sign.pub.pem", "--identity", "key.txt"];
const ENDED_MAX: Duration = Duration::from_secs(60);
/// All keys in which the server keeps trunks and rules.
const KEYS: [&str; 4] = ["sip_trunk", "sip_inbound_trunk", "sip_outbound_trunk", "sip_dispatch_rule"];

/// Three inbound trunks, two outbound ones, four rules and an ingress. By name, their ids.
pub(super) fn furnish(phones: &Phones) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    for (name, number) in [("berlin", "+4930100"), ("paris", "+331100"), ("rome", "+3906100")] {
        let trunk = json!({
            "name": name, "numbers": [number], "auth_username": name, "auth_password": PASSWORDS[1],
            "allowed_addresses": ["192.0.2.0/24"], "metadata": "{\"of\": \"greenlight\"}", "ringing_timeout": "30s",
            "headers": {"X-From": name}, "media_encryption": "SIP_MEDIA_ENCRYPT_ALLOW",
        });
        let made = phones.sip("CreateSIPInboundTrunk", &json!({ "trunk": trunk }));
        ids.insert(name.to_owned(), made["sip_trunk_id"].as_str().expect("an id").to_owned());
    }
    for (name, number) in [("out", "+4930900"), ("spare", "+4930901")] {
        let trunk = json!({
            "name": name, "address": "sip.example.com", "numbers": [number], "auth_password": PASSWORDS[1],
            "transport": "SIP_TRANSPORT_TCP",
        });
        let made = phones.sip("CreateSIPOutboundTrunk", &json!({ "trunk": trunk }));
        ids.insert(name.to_owned(), made["sip_trunk_id"].as_str().expect("an id").to_owned());
    }
    for (name, trunk, pin) in
        [("desk", "berlin", ""), ("shop", "paris", ""), ("hall", "rome", ""), ("hall with a pin", "rome", "4711")]
    {
        let rule = json!({
            "name": name, "trunk_ids": [ids[trunk]], "attributes": {"of": name},
            "rule": {"dispatch_rule_direct": {"room_name": "hall", "pin": pin}},
        });
        let made = phones.sip("CreateSIPDispatchRule", &json!({ "dispatch_rule": rule }));
        ids.insert(name.to_owned(), made["sip_dispatch_rule_id"].as_str().expect("an id").to_owned());
    }
    phones.ingress("CreateIngress", &ingress("camera"));
    ids
}

fn ingress(name: &str) -> Json {
    json!({"name": name, "room_name": "hall", "participant_identity": name, "input_type": "RTMP_INPUT"})
}

/// As people do it in a bad night: one changed, one removed, and the number of that given to another.
pub(super) fn change(phones: &Phones) {
    let all = phones.sip("ListSIPInboundTrunk", &json!({}));
    let id = |name: &str| {
        let found = all["items"].as_array().expect("a list").iter().find(|trunk| trunk["name"] == name);
        found.expect("a trunk of that name")["sip_trunk_id"].clone()
    };
    let update =
        json!({"sip_trunk_id": id("berlin"), "update": {"auth_password": "other", "numbers": {"set": ["+4930777"]}}});
    phones.sip("UpdateSIPInboundTrunk", &update);
    phones.sip("DeleteSIPTrunk", &json!({"sip_trunk_id": id("paris")}));
    for (name, number) in [("thief", "+331100"), ("thief of berlin", "+4930100")] {
        phones.sip("CreateSIPInboundTrunk", &json!({"trunk": {"name": name, "numbers": [number]}}));
    }
    let rule = json!({"name": "own", "rule": {"dispatch_rule_direct": {"room_name": "elsewhere"}}});
    phones.sip("CreateSIPDispatchRule", &json!({ "dispatch_rule": rule }));
    phones.ingress("CreateIngress", &ingress("another"));
}

pub(super) fn run(phones: &Phones, only: &str) -> (Option<i32>, String) {
    phones.rollback(&[&["run", "a", "--only", only], &OPENED[..]].concat())
}

/// Nothing of ours is left in Redis or beside the journal.
pub(super) fn is_clean(phones: &Phones) {
    assert_eq!(phones.redis_cli(&["KEYS", "greenlight:*"]), "(empty array)");
    let names: Vec<String> = fs::read_dir(phones.path("points"))
        .expect("a store")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("sip-") || name == "restore.json")
        .collect();
    assert_eq!(names, [""; 0]);
}

/// The keys come back bit by bit, and the rest of what is in Redis is not touched.
pub(super) fn from_redis() {
    let phones = Phones::start();
    furnish(&phones);
    assert_eq!(phones.counted(), [3, 2, 4]);
    let kept = phones.durable();
    let names: Vec<&str> = kept.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "ingress",
            "room_{ingress}:hall",
            "sip_dispatch_rule",
            "sip_inbound_trunk",
            "sip_outbound_trunk",
            "{ingress}_stream_key"
        ]
    );
    let said = phones.point("a", "redis,sip");
    // Fields and members by hand: 3 + 2 + 4 of trunks and rules, and 1 + 1 + 1 of the ingress.
    assert!(said.contains("kept     redis: 12 entries,") && said.contains("kept     sip: 9 entries,"), "{said}");
    change(&phones);
    assert_eq!(phones.counted(), [4, 2, 5]);
    let (nodes, changed) = (phones.nodes(), phones.durable());
    // A rehearsal puts it together beside what is there, and takes it away again.
    let (code, said) = phones.rollback(&[&["rehearse", "a"], &OPENED[..], &["--sign-key", "sign.pem"]].concat());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("rehearsal passed") && said.contains("redis 0.") && said.contains("sip 0."), "{said}");
    assert_eq!(phones.durable(), changed);
    is_clean(&phones);
    let (code, said) = run(&phones, "redis");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("restored redis") && said.contains("recovered, says own"), "{said}");
    assert_eq!((phones.durable(), phones.counted()), (kept.clone(), [3, 2, 4]));
    assert_eq!(phones.nodes(), nodes);
    is_clean(&phones);
    // The same from nothing, with both: the API has nothing left to do, so every id is what it was.
    phones.redis_cli(&[&["DEL"], &KEYS[..], &["ingress"]].concat());
    assert_eq!(phones.counted(), [0, 0, 0]);
    let (code, said) = run(&phones, "redis,sip");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 inbound trunks, 2 outbound trunks, 4 dispatch rules"), "{said}");
    assert_eq!((phones.durable(), phones.counted()), (kept, [3, 2, 4]));
    is_clean(&phones);
    let (code, shown) = phones.rollback(&[&["show", "a"], &OPENED[..]].concat());
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("sip_inbound_trunk  3 entries") && shown.contains("\"berlin\"  +4930100"), "{shown}");
}

/// Through the API alone: ids stay where the trunk is still there, and rules follow those that were made again.
pub(super) fn from_the_api() {
    let phones = Phones::start();
    let ids = furnish(&phones);
    phones.point("a", "sip");
    let kept = phones.content();
    change(&phones);
    assert_ne!(phones.content(), kept);
    let (code, said) = run(&phones, "sip");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((phones.content(), phones.counted()), (kept.clone(), [3, 2, 4]));
    let id_of = |kind: &str, field: &str, name: &str| {
        let all = phones.sip(kind, &json!({}));
        let found = all["items"].as_array().expect("a list").iter().find(|one| one["name"] == name).cloned();
        found.expect("one of that name")[field].as_str().expect("an id").to_owned()
    };
    let trunk = |name: &str| id_of("ListSIPInboundTrunk", "sip_trunk_id", name);
    assert_eq!((trunk("berlin"), trunk("rome")), (ids["berlin"].clone(), ids["rome"].clone()));
    assert_ne!(trunk("paris"), ids["paris"], "it was deleted, and the server gives ids itself");
    assert_eq!(id_of("ListSIPDispatchRule", "sip_dispatch_rule_id", "shop"), ids["shop"]);
    is_clean(&phones);
    // Two numbers have changed places.
    for (name, number) in [("berlin", "+0"), ("rome", "+4930100"), ("berlin", "+3906100")] {
        let update = json!({"sip_trunk_id": trunk(name), "update": {"numbers": {"set": [number]}}});
        phones.sip("UpdateSIPInboundTrunk", &update);
    }
    // Two PINs of one trunk, too: here the server refuses either change before the other.
    for (name, pin) in [("hall", "99"), ("hall with a pin", ""), ("hall", "4711")] {
        let id = id_of("ListSIPDispatchRule", "sip_dispatch_rule_id", name);
        let rule = json!({"dispatch_rule_direct": {"room_name": "hall", "pin": pin}});
        phones.sip("UpdateSIPDispatchRule", &json!({"sip_dispatch_rule_id": id, "update": {"rule": rule}}));
    }
    let (before, changed) = ([trunk("berlin"), trunk("rome")], phones.content());
    let (code, said) = run(&phones, "sip");
    assert_eq!(code, Some(0), "{said}");
    assert_ne!(changed, kept);
    assert_eq!((phones.content(), [trunk("berlin"), trunk("rome")]), (kept.clone(), before));
    is_clean(&phones);
    // Everything is gone: all of it is made again, and rules find their trunks.
    phones.redis_cli(&[&["DEL"], &KEYS[..]].concat());
    assert_eq!(run(&phones, "sip").0, Some(0));
    assert_eq!((phones.content(), phones.counted()), (kept, [3, 2, 4]));
    is_clean(&phones);
}

/// `kill -9` at many moments of a run, then `resume` or `abort`: all old or all new.
pub(super) fn killed_while_restoring() {
    let phones = Phones::start();
    furnish(&phones);
    phones.point("a", "redis,sip");
    let kept = (phones.durable(), phones.content());
    let begun = Instant::now();
    assert_eq!(run(&phones, "redis,sip").0, Some(0));
    let whole = begun.elapsed();
    for only in ["redis,sip", "sip", "redis"] {
        let mut ended = BTreeMap::new();
        for turn in 0..12_u32 {
            assert_eq!(run(&phones, "redis").0, Some(0));
            change(&phones);
            let changed = (phones.durable(), phones.content());
            let arguments = rollback(&[&["run", "a", "--only", only], &OPENED[..]].concat::<&str>());
            let mut command = phones.command(&arguments);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
            match turn {
                // As soon as the first call that changes a trunk is announced, and when the first has been made.
                0 | 1 if only != "redis" => until(&mut child, || phones.path("points/sip-exchange").exists()),
                0 | 1 => until(&mut child, || journal(&phones).contains("exchanging")),
                2 | 3 => until(&mut child, || phones.counted() != [4, 2, 5]),
                turn => {
                    let at = Instant::now() + whole * turn / 12;
                    until(&mut child, || Instant::now() >= at);
                }
            }
            child.kill().expect("killed");
            child.wait().expect("ended");
            // The line that says whether it has recovered may go on, and holds the lock until it has ended.
            fs::File::open(phones.path("points/.lock")).expect("a lock").lock().expect("let go");
            nothing_to_read(&phones);
            let way = if turn % 2 == 0 { "resume" } else { "abort" };
            let left = journal(&phones);
            let cut_short = !left.is_empty();
            if cut_short {
                let (code, said) = phones.rollback(&[way, "--identity", "key.txt"]);
                assert_eq!(code, Some(0), "{only}, turn {turn}, {way}: {said}");
            }
            let now = (phones.durable(), phones.content());
            let is = |wanted: &(BTreeMap<String, Vec<String>>, Vec<String>)| match only {
                "sip" => now.1 == wanted.1,
                _ => now == *wanted,
            };
            let state = if is(&kept) { "new" } else { "old" };
            assert!(is(&kept) || is(&changed), "{only}, turn {turn}, {way}: neither old nor new: {now:#?}");
            if left.contains("exchanging") {
                assert_eq!(state, if way == "resume" { "new" } else { "old" }, "{only}, turn {turn}, {way}");
            }
            is_clean(&phones);
            *ended
                .entry(if cut_short { format!("{way} {state}") } else { format!("no journal {state}") })
                .or_insert(0) += 1;
        }
        eprintln!("  {only}: 12 kills over {} ms: {ended:?}", whole.as_millis());
        assert!(ended.contains_key("resume new") && ended.contains_key("abort old"), "{only}: {ended:?}");
    }
}

fn journal(phones: &Phones) -> String {
    fs::read_to_string(phones.path("points/restore.json")).unwrap_or_default()
}

fn until(child: &mut Child, is: impl Fn() -> bool) {
    let end = Instant::now() + ENDED_MAX;
    while !is() && child.try_wait().expect("its status").is_none() {
        assert!(Instant::now() < end, "the moment does not come");
        std::thread::park_timeout(Duration::from_micros(200));
    }
}

/// Whatever a killed process has left in the store: no password of a trunk is in it, and nobody else may read it.
fn nothing_to_read(phones: &Phones) {
    for entry in fs::read_dir(phones.path("points")).expect("a store").flatten() {
        let Ok(bytes) = fs::read(entry.path()) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        assert!(!PASSWORDS.iter().any(|secret| text.contains(secret)), "{:?}", entry.path());
        if entry.file_name().to_string_lossy().ends_with(".age") {
            assert_eq!(entry.metadata().expect("there").permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        }
    }
}

/// Every Redis that can't do it says so in one paragraph, and nothing is changed.
pub(super) fn refused() {
    let phones = Phones::start();
    furnish(&phones);
    phones.point("a", "redis,sip");
    change(&phones);
    let there = (phones.durable(), phones.redis_cli(&["DBSIZE"]));
    let password = PASSWORDS[0];
    for (user, but) in
        [("rename", "-rename"), ("write", "-hset"), ("read", "-hgetall"), ("mark", "-set"), ("scan", "-scan")]
    {
        phones.redis_cli(&["ACL", "SETUSER", user, "on", &format!(">{password}"), "~*", "&*", "+@all", but]);
    }
    phones.redis_cli(&["ACL", "SETUSER", "keys", "on", &format!(">{password}"), "~sip_*", "+@all"]);
    let of = |user: &str, password: &str, port: u16| format!("redis://{user}:{password}@127.0.0.1:{port}/0");
    let own = phones.redis;
    let [nobody] = crate::world::ports();
    let mut cases = vec![
        ("a wrong password", of("", "wrong", own), 2, "name the user and the password"),
        ("no password", format!("redis://127.0.0.1:{own}/0"), 2, "name the user and the password"),
        ("nobody there", of("", password, nobody), 6, "can't be reached"),
        ("no URL", "http://x".to_owned(), 2, "holds no URL of Redis"),
        ("RENAME is denied", of("rename", password, own), 2, "must be allowed to use"),
        ("HSET is denied", of("write", password, own), 2, "must be allowed to use"),
        ("SET is denied", of("mark", password, own), 2, "must be allowed to use"),
        ("SCAN is denied", of("scan", password, own), 2, "must be allowed to use"),
        ("our keys are denied", of("keys", password, own), 2, "must be allowed to use"),
    ];
    let replica =
        phones.another_redis(&["--replicaof", "{redis}", "6379", "--masterauth", password, "--requirepass", ""]);
    let at = format!("redis://127.0.0.1:{replica}/0");
    cases.push(("a replica", at, 2, "it is a replica of Redis"));
    let see = |cases: &[(&str, String, i32, &str)]| {
        for (what, url, exit, wanted) in cases {
            let arguments = rollback(&[&["run", "a", "--only", "redis"], &OPENED[..]].concat());
            let output = phones.command(&arguments).env("REDIS_URL", url).output().expect("it runs");
            let (code, said) = heard(&output);
            eprintln!("  {what:<20} exit {code:?}: {}", said.trim());
            assert_eq!(code, Some(*exit), "{what}: {said}");
            assert!(said.contains(wanted) && said.contains("nothing was changed"), "{what}: {said}");
            assert_eq!(said.trim().lines().count(), 2, "one paragraph and the status: {said}");
            assert_eq!((phones.durable(), phones.redis_cli(&["DBSIZE"])), there, "{what}");
        }
    };
    see(&cases);
    let cluster = phones.another_redis(&["--cluster-enabled", "yes"]);
    see(&[("a cluster", format!("redis://127.0.0.1:{cluster}/0"), 2, "it is a cluster of Redis")]);
    phones.redis_cli(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    see(&[("too few replicas", phones.url(), 3, "NOREPLICAS")]);
    phones.redis_cli(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    // Reading is denied when a point is made, too.
    let create = [
        "create",
        "b",
        "--only",
        "redis",
        "--recipient",
        "age15letucc8fgq974gaq25axlnz8z00qz9krkq7qa6gjhrefnawac0suv9dqq",
    ];
    let arguments = rollback(&[&create[..], &["--sign-key", "sign.pem"]].concat());
    let output = phones.command(&arguments).env("REDIS_URL", of("read", password, own)).output().expect("it runs");
    let (code, said) = heard(&output);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("must be allowed to use") && !phones.path("points/b").exists(), "{said}");
    is_clean(&phones);
}
