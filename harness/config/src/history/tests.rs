//! The shipped history against what was read by eye in the archives and what the binaries print.

use super::{Applies, Change, History, Severity, Version, What};
use std::collections::{BTreeMap, BTreeSet};

const OLD: Version = Version::new(1, 7, 0);
const NEW: Version = Version::new(1, 13, 5);
const NEXT: Version = Version::new(1, 13, 6);

fn changes(from: Version, to: Version) -> Vec<Change> {
    History::shipped().changes(from, to).unwrap()
}

/// What becomes of one key, with its sources as they are shown.
fn change(path: &str) -> Vec<(What, Vec<String>)> {
    let about = changes(OLD, NEW).into_iter().filter(|change| change.path == path);
    about.map(|change| (change.what, change.sources.iter().map(ToString::to_string).collect())).collect()
}

/// Words by lines: a name, and the kind of what it holds.
fn pairs(data: &'static str) -> BTreeMap<&'static str, &'static str> {
    let lines = data.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| (line.split(' ').next().unwrap(), line.split(' ').nth(1).unwrap())).collect()
}

/// The `.keys` file was made by Go's reflection over the same type, and shares no code with what reads the sources.
#[test]
fn keys_and_kinds_are_those_that_reflection_finds() {
    let keys = History::shipped().keys(&NEW).unwrap();
    let read: BTreeMap<_, _> = keys.iter().map(|(path, fact)| (path.as_str(), fact.kind.as_str())).collect();
    assert_eq!(read, pairs(include_str!("../../data/livekit-server-1.13.5.keys")));
    assert_eq!(History::shipped().versions().collect::<Vec<_>>(), [OLD, NEW]);
}

/// The `.env` file was made of what the binary prints.
#[test]
fn variables_are_those_that_the_binary_prints() {
    let (old, new) = (History::shipped().variables(&OLD).unwrap(), History::shipped().variables(&NEW).unwrap());
    let read: BTreeMap<_, _> = new.iter().map(|variable| (variable.name.as_str(), variable.kind.as_str())).collect();
    assert_eq!(read, pairs(include_str!("../../data/livekit-server-1.13.5.env")));
    // Counted in the output of `livekit-server help-verbose` of both; two flags of 1.13.5 share a name.
    assert_eq!((old.len(), new.len()), (130, 271));
    // That of 1.7.0 shows no variable beside any flag of yes or no.
    assert!(old.iter().all(|variable| variable.kind != "bool"));
}

#[test]
fn defaults_and_places_are_those_in_the_archives() {
    let server = |line: u32| format!("livekit-server v1.13.5 pkg/config/config.go:{line}");
    let older = |line: u32| format!("livekit-server v1.7.0 pkg/config/config.go:{line}");
    let agent = |line: u32| format!("livekit-server v1.13.5 pkg/agent/config.go:{line}");
    let webhook =
        |line: u32| format!("protocol v1.50.5-0.20260728075222-28e604c046c6 webhook/resource_url_notifier.go:{line}");
    for (version, path, default, at, declared) in [
        (NEW, "port", "7880", server(454), server(58)),
        (NEW, "room.empty_timeout", "300", server(500), server(214)),
        (NEW, "signal_relay.retry_timeout", "7.5s", server(532), server(276)),
        (NEW, "agents.target_load", "0.7", agent(3), agent(8)),
        (NEW, "webhook.resource_url_notifier.max_depth", "200", webhook(55), webhook(50)),
        (OLD, "limit.max_metadata_size", "64000", older(509), older(306)),
    ] {
        let fact = &History::shipped().keys(&version).unwrap()[path];
        let found =
            (fact.default.as_deref(), fact.default_source.as_ref().unwrap().to_string(), fact.source.to_string());
        assert_eq!(found, (Some(default), at, declared), "{path}");
    }
    // Code decides about it and no literal, so nothing is said.
    assert_eq!(History::shipped().keys(&NEW).unwrap()["turn.relay_range_start"].default, None);
}

#[test]
fn a_change_names_both_places() {
    let older = |line: u32| format!("livekit-server v1.7.0 pkg/config/config.go:{line}");
    let newer = |line: u32| format!("livekit-server v1.13.5 pkg/config/config.go:{line}");
    let text = |text: &str| Some(text.to_owned());
    let limit = What::Default { from: text("64000"), to: text("524288") };
    assert_eq!(change("limit.max_metadata_size"), [(limit, vec![older(509), newer(507)])]);
    assert_eq!(change("rtc.strict_acks"), [(What::Default { from: text("true"), to: None }, vec![older(358)])]);
    let kind = What::Kind { from: "string".to_owned(), to: "node_ip".to_owned() };
    let transport = [
        "mediatransportutil v0.0.0-20240622055623-ce8d272f389e pkg/rtcconfig/config.go:47".to_owned(),
        "mediatransportutil v0.0.0-20260608063931-a3417d38cda0 pkg/rtcconfig/config.go:50".to_owned(),
    ];
    assert_eq!(change("rtc.node_ip"), [(kind, transport.to_vec())]);
    assert_eq!(change("rtc.turn_servers[].secret"), [(What::Added, vec![newer(173)])]);
    assert_eq!(change("port"), []);
}

#[test]
fn a_section_that_is_gone_stands_for_what_is_below_it() {
    let removed = |from, to| -> Vec<String> {
        let changes = changes(from, to).into_iter();
        changes.filter(|change| change.what == What::Removed).map(|change| change.path).collect()
    };
    // The real 1.13.5, given everything that 1.7.0 takes there, refuses these ten fields and no other.
    assert_eq!(
        removed(OLD, NEW),
        [
            "rtc.congestion_control.channel_observer_non_probe_config",
            "rtc.congestion_control.channel_observer_probe_config",
            "rtc.congestion_control.disable_etimation_unmanaged_tracks",
            "rtc.congestion_control.expected_usage_threshold",
            "rtc.congestion_control.min_channel_capacity",
            "rtc.congestion_control.nack_ratio_attenuator",
            "rtc.congestion_control.probe_config",
            "rtc.congestion_control.probe_mode",
            "rtc.congestion_control.send_side_bandwidth_estimation",
            "video.stream_tracker",
        ]
    );
    let back = removed(NEW, OLD);
    assert!(back.contains(&"trace".to_owned()) && !back.contains(&"trace.jaeger_url".to_owned()));
    assert!(back.contains(&"turn.deny_peer_cidrs".to_owned()) && !back.contains(&"turn.deny_peer_cidrs[]".to_owned()));
}

#[test]
fn of_a_version_that_nobody_has_read_nothing_is_said() {
    let between = Version::new(1, 9, 0);
    let error = History::shipped().changes(OLD, between).unwrap_err();
    assert_eq!(error.to_string(), "the keys of livekit-server 1.9.0 are not known; known are 1.7.0, 1.13.5");
    assert!(History::shipped().variables_lost(between, NEW).is_err());
    assert!(History::shipped().keys(&between).is_none());
}

#[test]
fn every_removed_key_has_a_successor_of_its_kind_or_is_known_to_have_none() {
    let (old, new) = (History::shipped().keys(&OLD).unwrap(), History::shipped().keys(&NEW).unwrap());
    let (mut none, mut other_default, mut successors) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (path, was) in old.iter().filter(|(path, _)| !new.contains_key(*path)) {
        match History::shipped().moved_to(path) {
            Some(moved) => {
                let is = &new[&moved.to];
                assert_eq!(was.kind, is.kind, "{path} to {}", moved.to);
                assert!(!old.contains_key(&moved.to) && successors.insert(moved.to.clone()), "{path} to {}", moved.to);
                if was.default != is.default {
                    other_default.push((path.as_str(), was.default.as_deref(), is.default.as_deref()));
                }
            }
            None if was.kind == "section" => {}
            None => none.push(path.as_str()),
        }
    }
    let probe = "rtc.congestion_control.probe_config";
    assert_eq!(none, ["duration_overflow_factor", "settle_wait", "trend_wait"].map(|name| format!("{probe}.{name}")));
    // The same meaning and unit, and so the same default but for what somebody decided anew or wrote down first.
    assert_eq!(
        other_default,
        [
            ("rtc.congestion_control.disable_etimation_unmanaged_tracks", None, Some("false")),
            ("rtc.congestion_control.min_channel_capacity", None, Some("0")),
            ("rtc.congestion_control.probe_config.settle_wait_max", Some("10s"), Some("5s")),
            ("rtc.congestion_control.send_side_bandwidth_estimation", None, Some("false")),
        ]
    );
    let moved = History::shipped().moved_to("video.stream_tracker.video.frame_tracker.*.min_fps").unwrap();
    assert_eq!(moved.to, "video.stream_tracker_manager.video.frame_tracker.*.min_fps");
    assert_eq!(moved.uses.to_string(), "livekit-server v1.13.5 pkg/sfu/streamtrackermanager.go:155");
    for path in ["video.stream_tracker_manager", "video.stream_trackers", "port"] {
        assert_eq!(History::shipped().moved_to(path), None, "{path}");
    }
}

#[test]
fn variables_that_are_ignored_and_what_has_their_meaning() {
    let lost = |from, to| -> BTreeMap<String, Option<String>> {
        let lost = History::shipped().variables_lost(from, to).unwrap().into_iter();
        lost.map(|variable| (variable.name, variable.replacement)).collect()
    };
    let up = lost(OLD, NEW);
    assert_eq!(up["LIVEKIT_RTC_NODE_IP"].as_deref(), Some("NODE_IP"));
    assert_eq!(
        up["LIVEKIT_RTC_CONGESTION_CONTROL_PROBE_CONFIG_MIN_BPS"].as_deref(),
        Some("LIVEKIT_RTC_CONGESTION_CONTROL_STREAM_ALLOCATOR_PROBE_MIN_BPS")
    );
    assert_eq!(up["LIVEKIT_RTC_CONGESTION_CONTROL_PROBE_CONFIG_TREND_WAIT"], None);
    // 1.7.0 does not read it either, so nothing is lost.
    assert!(!up.contains_key("LIVEKIT_RTC_UDP_PORT") && up.len() == 37);
    let back = lost(NEW, OLD);
    assert_eq!((&back["LIVEKIT_DEVELOPMENT"], &back["LIVEKIT_RTC_NODE_IP_IPV4"]), (&None, &None));
    assert!(!back.contains_key("NODE_IP"));
}

#[test]
fn the_changelog_between_two_versions() {
    let newest: Vec<_> = History::shipped().entries(Version::new(1, 13, 4), NEW).collect();
    // Six added, seven changed, four fixed.
    assert_eq!(newest.len(), 17);
    let first = (newest[0].section.as_str(), newest[0].text.as_str(), newest[0].source.to_string());
    let text = "add mock for testing region pins with API (#4691)";
    assert_eq!(first, ("Added", text, "livekit-server v1.13.5 CHANGELOG.md:9".to_owned()));
    assert_eq!(newest[16].source.to_string(), "livekit-server v1.13.5 CHANGELOG.md:31");
    let all: Vec<_> = History::shipped().entries(OLD, NEW).collect();
    let between = History::shipped().entries(OLD, Version::new(1, 13, 4)).count();
    assert_eq!(all.len(), between + 17);
    assert!(all.iter().all(|entry| OLD < entry.version && entry.version <= NEW && !entry.text.is_empty()));
    let notices: BTreeSet<_> =
        all.iter().filter(|entry| entry.section == "Notice").map(|entry| entry.version).collect();
    assert!(notices.contains(&Version::new(1, 12, 0)) && notices.contains(&Version::new(1, 13, 0)));
}

#[test]
fn what_was_measured_holds_from_its_version_on() {
    let ids = |from, to| -> Vec<&str> { History::shipped().measured(from, to).map(|row| row.id.as_str()).collect() };
    assert!(ids(NEW, NEXT).contains(&"prometheus_needs_both") && !ids(NEW, NEXT).contains(&"turn_private_peers"));
    assert!(ids(OLD, NEW).contains(&"turn_private_peers") && !ids(OLD, NEW).contains(&"prometheus_needs_both"));
    assert_eq!(ids(NEXT, NEXT), [""; 0]);
    let rows: Vec<_> = History::shipped().measured(OLD, Version::new(9, 0, 0)).collect();
    assert!(rows.len() >= 20 && rows.is_sorted_by_key(|row| row.since));
    assert_eq!(rows.iter().map(|row| &row.id).collect::<BTreeSet<_>>().len(), rows.len());
    let exit = rows.iter().find(|row| row.id == "exit_status_of_failed_start").unwrap();
    assert_eq!(
        (exit.since, exit.severity, &exit.applies),
        (Version::new(1, 13, 10), Severity::Medium, &Applies::Always)
    );
    for row in rows {
        for text in [&row.id, &row.what, &row.fix, &row.source] {
            assert!(!text.trim().is_empty(), "{}", row.id);
        }
    }
}

/// A key or variable that no version knows would make a fact that concerns nobody.
#[test]
fn whom_a_fact_concerns_is_named_as_the_servers_name_it() {
    let history = History::shipped();
    let variables = |version| history.variables(version).unwrap().iter().map(|variable| variable.name.as_str());
    let known: BTreeSet<&str> = [OLD, NEW]
        .iter()
        .flat_map(|version| history.keys(version).unwrap().keys().map(String::as_str).chain(variables(version)))
        .collect();
    for row in history.measured(OLD, Version::new(9, 0, 0)) {
        if let Applies::To(names) = &row.applies {
            // A list of webhook urls is a key; variables reach scalars only.
            let unknown: Vec<_> = names.iter().filter(|name| !known.contains(name.as_str())).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", row.id);
            assert!(
                row.applies.concerns(names.iter().map(String::as_str)) && !row.applies.concerns(["port"].into_iter())
            );
        }
    }
    assert!(Applies::Always.concerns(std::iter::empty()));
    for wrong in ["[]", "3", "\"never\"", "[1]"] {
        assert!(serde_json::from_str::<Applies>(wrong).is_err(), "{wrong}");
    }
}
