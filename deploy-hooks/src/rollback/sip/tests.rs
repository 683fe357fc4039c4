//! Trunks and rules held against each other, without a server.

use super::difference::Difference;
use super::held::{Held, Kind, compared};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn trunk(id: &str, number: &str) -> Value {
    json!({"sip_trunk_id": id, "name": number, "numbers": [number], "auth_password": "s3cret", "created_at": id})
}

fn rule(id: &str, trunk: &str) -> Value {
    json!({"sip_dispatch_rule_id": id, "trunk_ids": [trunk], "name": "to the room"})
}

/// By hand: of five trunks one is the same, one has another number, one was made anew under another id, one is gone, and one
/// is nobody's.
#[test]
fn what_is_to_be_done_is_told_by_id_and_else_by_everything_but_the_id() {
    let kept = [trunk("ST_a", "+1"), trunk("ST_b", "+2"), trunk("ST_c", "+3"), trunk("ST_d", "+4")];
    let mut b = trunk("ST_b", "+9");
    b["name"] = json!("+2");
    let there = [trunk("ST_a", "+1"), b, trunk("ST_x", "+3"), trunk("ST_y", "+5")];
    let found = Difference::between(Kind::Inbound, &kept, &there, &BTreeMap::new());
    assert_eq!(found.surplus, ["ST_y"]);
    assert_eq!(found.changed, [("ST_b".to_owned(), kept[1].clone())]);
    assert_eq!(found.missing, [kept[3].clone()]);
    assert_eq!(found.ids["ST_c"], "ST_x");
    let said = found.said(Kind::Inbound);
    assert_eq!(said, "inbound trunk ST_d missing; inbound trunk ST_b not as it was kept; inbound trunk ST_y too much");
    assert!(Difference::between(Kind::Inbound, &kept, &kept, &BTreeMap::new()).is_none());
}

#[test]
fn a_rule_follows_its_trunk_to_the_new_id() {
    let ids = BTreeMap::from([("ST_c".to_owned(), "ST_x".to_owned())]);
    let found = Difference::between(Kind::Rule, &[rule("SDR_a", "ST_c")], &[rule("SDR_a", "ST_x")], &ids);
    assert!(found.is_none());
    let found = Difference::between(Kind::Rule, &[rule("SDR_a", "ST_c")], &[rule("SDR_a", "ST_c")], &ids);
    assert_eq!(found.changed, [("SDR_a".to_owned(), rule("SDR_a", "ST_x"))]);
}

/// Servers say fields that older ones do not know, and write the old field for encryption into the new one.
#[test]
fn what_is_not_set_is_the_same_as_what_is_not_said() {
    let none = BTreeMap::new();
    let old = json!({"sip_trunk_id": "ST_a", "numbers": ["+1"], "media_encryption": "SIP_MEDIA_ENCRYPT_ALLOW"});
    let new = json!({
        "sip_trunk_id": "ST_b", "numbers": ["+1"], "headers": {}, "krisp_enabled": false, "ringing_timeout": null,
        "include_headers": "SIP_NO_HEADERS",
        "media_encryption": "SIP_MEDIA_ENCRYPT_ALLOW",
        "media": {"only_listed_codecs": false, "codecs": [], "encryption": "SIP_MEDIA_ENCRYPT_ALLOW"},
    });
    assert_eq!(compared(Kind::Inbound, &old, &none), compared(Kind::Inbound, &new, &none));
    for (field, value) in
        [("ringing_timeout", json!("30s")), ("headers", json!({"X-A": "b"})), ("krisp_enabled", json!(true))]
    {
        let mut other = new.clone();
        other[field] = value;
        assert_ne!(compared(Kind::Inbound, &old, &none), compared(Kind::Inbound, &other, &none), "{field}");
    }
}

#[test]
fn a_trunk_of_the_old_kind_is_left_to_redis() {
    let held = Held {
        inbound: vec![trunk("ST_a", "+1"), trunk("ST_old", "+2")],
        outbound: vec![trunk("ST_old", "+2")],
        rules: vec![],
    };
    let (held, double) = held.without_double();
    assert_eq!((held.counted(), double), ([1, 0, 0], vec!["ST_old".to_owned()]));
}
