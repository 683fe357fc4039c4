//! What of Redis is compared and written, without one.

use super::keys::{All, Held, Value, differences};
use std::collections::{BTreeMap, BTreeSet};

fn hash(pairs: &[(&str, &str)]) -> Held {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Held { value: Value::Hash(pairs.collect()), lives_ms: None }
}

/// What is written are the bytes and not their base64: `c2VjcmV0` is "secret" (RFC 4648).
#[test]
fn bytes_are_written_in_commands_of_a_bounded_length() {
    let packed = |held: &Held| -> Vec<String> {
        let commands = held.written("k").expect("base64");
        commands.iter().map(|c| String::from_utf8_lossy(&c.get_packed_command()).replace("\r\n", " ")).collect()
    };
    assert_eq!(packed(&hash(&[("YQ==", "c2VjcmV0")])), ["*4 $4 HSET $1 k $1 a $6 secret "]);
    let members = Value::Set(BTreeSet::from(["YQ==".to_owned(), "Yg==".to_owned()]));
    let set = Held { value: members, lives_ms: Some(7) };
    assert_eq!(packed(&set), ["*4 $4 SADD $1 k $1 a $1 b ", "*3 $7 PEXPIRE $1 k $1 7 "]);
    let many: BTreeMap<String, String> =
        (10_000..11_001).map(|number| (format!("a{number}aa"), String::new())).collect();
    let sizes: Vec<usize> = Held { value: Value::Hash(many), lives_ms: None }
        .written("k")
        .expect("base64")
        .iter()
        .map(|command| command.args_iter().count())
        .collect();
    assert_eq!(sizes, [1002, 1002, 4]);
    assert!(hash(&[("?", "c2VjcmV0")]).written("k").is_err());
}

#[test]
fn what_differs_is_named_and_not_shown() {
    let kept = All::from([("a".to_owned(), hash(&[("YQ==", "c2VjcmV0")])), ("b".to_owned(), hash(&[]))]);
    let there = All::from([("a".to_owned(), hash(&[("YQ==", "b3RoZXI=")])), ("c".to_owned(), hash(&[]))]);
    assert_eq!(differences(&kept, &kept), [""; 0]);
    assert_eq!(differences(&kept, &there), ["a is not as it was kept", "b is missing", "c was not kept and is there"]);
}
