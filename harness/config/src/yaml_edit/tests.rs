//! Texts before and after, written by hand.

use super::{Edit, edit};
use crate::lint::values;

fn remove(path: &str) -> Edit {
    Edit::Remove { path: path.to_owned() }
}

fn moved(path: &str, to: &str) -> Edit {
    Edit::Move { path: path.to_owned(), to: to.to_owned() }
}

fn set(path: &str, value: &str) -> Edit {
    Edit::Set { path: path.to_owned(), value: value.to_owned() }
}

const FILE: &str = "\
# the server
port: 7880   # main

rtc:
    # media
    udp_port: 7882
    node_ip: \"10.0.0.1\" # LAN
    turn_servers:
    - host: turn.example.com
      port: 443
    # the last
prometheus_port: 6789
# keys of the application
keys:
    APIa: one
";

#[test]
fn comments_order_and_style_stay() {
    let after = edit(
        FILE,
        &[remove("rtc.turn_servers"), moved("prometheus_port", "prometheus.port"), set("rtc.node_ip", "203.0.113.7")],
    );
    let expected = "\
# the server
port: 7880   # main

rtc:
    # media
    udp_port: 7882
    node_ip: 203.0.113.7 # LAN
    # the last
# keys of the application
keys:
    APIa: one
prometheus:
  port: 6789
";
    assert_eq!(after.as_deref(), Ok(expected));
}

#[test]
fn keys_move_with_what_is_below_them() {
    let after = edit(
        FILE,
        &[moved("rtc.turn_servers", "relay.servers"), moved("rtc.udp_port", "rtc.port"), set("rtc.tcp_port", "7881")],
    );
    let expected = "\
# the server
port: 7880   # main

rtc:
    # media
    port: 7882
    node_ip: \"10.0.0.1\" # LAN
    tcp_port: 7881
    # the last
prometheus_port: 6789
# keys of the application
keys:
    APIa: one
relay:
  servers:
  - host: turn.example.com
    port: 443
";
    assert_eq!(after.as_deref(), Ok(expected));
    assert_eq!(edit("a:\r\n  b: 1\r\n  c: 2\r\n", &[remove("a.b")]).as_deref(), Ok("a:\r\n  c: 2\r\n"));
    // Of a file with both endings each line keeps its own.
    let mixed = edit("a: 1\r\nb: 2\nc: 3\r\n", &[remove("b"), set("c", "4"), set("d.e", "5")]);
    assert_eq!(mixed.as_deref(), Ok("a: 1\r\nc: 4\r\nd:\r\n  e: 5\r\n"));
    assert_eq!(edit("a: 1", &[set("b.c", "2")]).as_deref(), Ok("a: 1\nb:\n  c: 2"));
    assert_eq!(edit("", &[set("b", "2")]).as_deref(), Ok("b: 2"));
}

/// What lines do not show is left to people, and nothing is changed.
#[test]
fn what_can_not_be_done_on_lines_is_refused() {
    for (text, change) in [
        ("rtc: {udp_port: 7882, tcp_port: 7881}\n", remove("rtc.udp_port")),
        ("x: &x\n  a: 1\ny:\n  <<: *x\n  b: 2\n", remove("x.a")),
        ("list:\n- a: 1\n  b: 2\n", remove("list.0.b")),
        ("a: 1\n", remove("b.c")),
        ("a: 1\n", moved("b", "c")),
        ("a: 1\nb: 2\n", moved("a", "b")),
        ("a: 1\n", set("a", "1\né: 2")),
        ("a:\n  b: 1\n", set("a", "2")),
        ("rtc: {}\n", set("rtc.tcp_port", "7881")),
        ("a: 1\n...\n---\nb: 2\n", moved("b", "c")),
    ] {
        let refused = edit(text, std::slice::from_ref(&change));
        assert!(refused.is_err(), "{text:?} {change:?}: {refused:?}");
    }
}

/// Every key of every healthy file of the corpus that can be removed takes only itself away.
#[test]
fn every_key_of_real_files_can_be_taken_out_alone() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/healthy");
    let (mut done, mut refused) = (0, 0);
    for file in std::fs::read_dir(folder).expect("the corpus") {
        let path = file.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("text");
        let before = values(&text);
        for name in before.keys() {
            match edit(&text, &[remove(name)]) {
                Ok(after) => {
                    let lost: Vec<&String> = before.keys().filter(|key| !values(&after).contains_key(*key)).collect();
                    assert_eq!(lost, [name], "{}", path.display());
                    assert!(
                        after.lines().filter(|line| line.trim_start().starts_with('#')).count()
                            >= text.lines().filter(|line| line.trim_start().starts_with('#')).count()
                    );
                    done += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(done > 60, "{done} done, {refused} refused");
}
