//! Trunks and rules as the API lists them, and the doors that they leave open. Requirement 3.1.

use super::document::{InboundTrunk, OutboundTrunk, Risk, Rule, Severity, Sip};
use super::inputs::{Kind, Read};
use crate::failure::Failure;
use greenlight_clients::{SipApi, proto};
use greenlight_config::lint::{FileKind, values};
use greenlight_reports::Exit;

/// What the API has answered.
#[derive(Debug, Default)]
pub(super) struct Exported {
    pub(super) inbound: Vec<proto::SipInboundTrunkInfo>,
    pub(super) outbound: Vec<proto::SipOutboundTrunkInfo>,
    pub(super) rules: Vec<proto::SipDispatchRuleInfo>,
}

/// Asks for everything that there is.
///
/// # Errors
/// [`Failure`]: nobody answers, or the key may not ask.
pub(super) async fn export(api: &SipApi) -> Result<Exported, Failure> {
    let unreachable = |error| Failure::new(Exit::Unreachable, format!("the deployment does not answer: {error:#}"));
    let refused = |refusal| {
        Failure::usage(format!(
            "the deployment does not list its trunks ({refusal:?}); LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be a key of it"
        ))
    };
    Ok(Exported {
        inbound: api.inbound_trunks(&Default::default()).await.map_err(unreachable)?.map_err(refused)?,
        outbound: api.outbound_trunks(&Default::default()).await.map_err(unreachable)?.map_err(refused)?,
        rules: api.rules(&Default::default()).await.map_err(unreachable)?.map_err(refused)?,
    })
}

/// What a plan says of it, without passwords and PINs.
#[expect(
    deprecated,
    reason = "servers up to 1.13.5 answer with media_encryption where newer ones have media.encryption"
)]
pub(super) fn section(exported: Option<&Exported>, files: &[Read]) -> Sip {
    let mut sip = Sip { codecs: codecs(files), seen: exported.is_some(), ..Sip::default() };
    let Some(exported) = exported else { return sip };
    sip.inbound = exported
        .inbound
        .iter()
        .map(|trunk| InboundTrunk {
            name: trunk.name.clone(),
            id: trunk.sip_trunk_id.clone(),
            numbers: trunk.numbers.clone(),
            allowed_addresses: trunk.allowed_addresses.clone(),
            allowed_numbers: trunk.allowed_numbers.clone(),
            user: trunk.auth_username.clone(),
            password_set: !trunk.auth_password.is_empty(),
            encryption: encryption(trunk.media.as_ref(), trunk.media_encryption),
            codecs: of_trunk(trunk.media.as_ref()),
        })
        .collect();
    sip.outbound = exported
        .outbound
        .iter()
        .map(|trunk| OutboundTrunk {
            name: trunk.name.clone(),
            id: trunk.sip_trunk_id.clone(),
            address: trunk.address.clone(),
            transport: word(proto::SipTransport::try_from(trunk.transport).map(|one| one.as_str_name())),
            numbers: trunk.numbers.clone(),
            user: trunk.auth_username.clone(),
            password_set: !trunk.auth_password.is_empty(),
            encryption: encryption(trunk.media.as_ref(), trunk.media_encryption),
            codecs: of_trunk(trunk.media.as_ref()),
        })
        .collect();
    sip.rules = exported
        .rules
        .iter()
        .map(|rule| {
            let (kind, room, pin) = rooms(rule);
            Rule {
                name: rule.name.clone(),
                id: rule.sip_dispatch_rule_id.clone(),
                trunks: rule.trunk_ids.clone(),
                numbers: rule.numbers.clone(),
                inbound_numbers: rule.inbound_numbers.clone(),
                kind: kind.to_owned(),
                room: room.to_owned(),
                pin_set: !pin.is_empty(),
            }
        })
        .collect();
    sip.inbound.sort();
    sip.outbound.sort();
    sip.rules.sort();
    sip
}

/// The kind of a rule, its room or how rooms begin, and its PIN.
fn rooms(rule: &proto::SipDispatchRuleInfo) -> (&'static str, &str, &str) {
    use proto::sip_dispatch_rule::Rule;
    match rule.rule.as_ref().and_then(|rule| rule.rule.as_ref()) {
        Some(Rule::DispatchRuleDirect(direct)) => ("direct", &direct.room_name, &direct.pin),
        Some(Rule::DispatchRuleIndividual(one)) => ("individual", &one.room_prefix, &one.pin),
        Some(Rule::DispatchRuleCallee(callee)) => ("callee", &callee.room_prefix, &callee.pin),
        None => ("none", "", ""),
    }
}

/// Where newer servers have it, else where older ones do.
fn encryption(media: Option<&proto::SipMediaConfig>, older: i32) -> String {
    let number = media.and_then(|media| media.encryption).unwrap_or(older);
    word(proto::SipMediaEncryption::try_from(number).map(|one| one.as_str_name()))
}

/// The codecs that a trunk names.
fn of_trunk(media: Option<&proto::SipMediaConfig>) -> Vec<String> {
    let codecs = media.map(|media| media.codecs.as_slice()).unwrap_or_default();
    codecs.iter().map(|codec| format!("{}/{}", codec.name, codec.rate)).collect()
}

/// The last word of a name of the protocol, such as `SIP_TRANSPORT_UDP`.
fn word<E>(name: Result<&str, E>) -> String {
    name.map_or("unknown", |name| name.rsplit('_').next().unwrap_or(name)).to_lowercase()
}

/// As `sip.yaml` switches them.
fn codecs(files: &[Read]) -> Vec<String> {
    let of_the_bridge = files.iter().filter(|read| read.kind == Kind::Linted(FileKind::SipYaml));
    let mut codecs: Vec<String> = of_the_bridge
        .flat_map(|read| values(&read.text))
        .filter_map(|(path, value)| Some(format!("{}: {value}", path.strip_prefix("codecs.")?)))
        .collect();
    codecs.sort();
    codecs.dedup();
    codecs
}

/// Doors that stand open.
pub(super) fn risks(sip: &Sip) -> Vec<Risk> {
    let risk = |severity, rule: &str, at: String, found: &str, what: &str, fix: &str| Risk {
        severity,
        rule: rule.to_owned(),
        at,
        found: found.to_owned(),
        what: what.to_owned(),
        fix: fix.to_owned(),
        source: "seen on livekit-sip 1.10.0".to_owned(),
        step: "sip".to_owned(),
        found_by: "greenlight validate --category sip --level config --url URL".to_owned(),
    };
    let rules = sip.rules.iter().filter(|rule| rule.trunks.is_empty()).map(|rule| {
        risk(
            Severity::High,
            "sip_rule_without_trunk",
            format!("dispatch rule {}", rule.id),
            "no trunk_ids",
            "it also takes calls that matched no trunk: whoever reaches the bridge's port gets into its room, without credentials",
            "name the trunks in trunk_ids",
        )
    });
    let trunks =
        sip.inbound.iter().filter(|trunk| trunk.allowed_addresses.is_empty() && !trunk.password_set).map(|trunk| {
            risk(
                Severity::Medium,
                "sip_trunk_for_anybody",
                format!("inbound trunk {}", trunk.id),
                "neither allowed_addresses nor a password",
                "whoever knows the number and reaches the bridge's port can call in",
                "write the provider's networks into allowed_addresses, or set auth_username and auth_password",
            )
        });
    let plain = |number: &&String| number.starts_with(|c: char| c.is_ascii_digit());
    let numbers = sip.rules.iter().filter_map(|rule| {
        let number = rule.inbound_numbers.iter().find(plain)?;
        Some(risk(
            Severity::Medium,
            "sip_number_without_plus",
            format!("dispatch rule {}", rule.id),
            number,
            "a rule's numbers are compared as they are written: a caller who is announced with + does not match, and the call rings into silence",
            "write the number as the provider announces it, mostly with +",
        ))
    });
    rules.chain(trunks).chain(numbers).collect()
}

#[cfg(test)]
mod tests {
    use super::{Exported, proto, risks, section};

    #[test]
    fn open_doors_are_seen_and_passwords_are_not() {
        let exported = Exported {
            inbound: vec![
                proto::SipInboundTrunkInfo {
                    sip_trunk_id: "ST_b".into(),
                    auth_password: "s3cret".into(),
                    auth_username: "office".into(),
                    allowed_numbers: vec!["+15550009".into()],
                    media: Some(proto::SipMediaConfig {
                        codecs: vec![proto::SipCodec { name: "PCMA".into(), rate: 8000 }],
                        encryption: Some(proto::SipMediaEncryption::SipMediaEncryptRequire as i32),
                        ..Default::default()
                    }),
                    ..Default::default()
                },
                proto::SipInboundTrunkInfo {
                    sip_trunk_id: "ST_a".into(),
                    numbers: vec!["+15550001".into()],
                    ..Default::default()
                },
            ],
            outbound: vec![proto::SipOutboundTrunkInfo {
                sip_trunk_id: "ST_c".into(),
                address: "sip.example.com".into(),
                transport: proto::SipTransport::Tls as i32,
                ..Default::default()
            }],
            rules: vec![proto::SipDispatchRuleInfo {
                sip_dispatch_rule_id: "SDR_a".into(),
                inbound_numbers: vec!["15550002".into()],
                rule: Some(proto::SipDispatchRule {
                    rule: Some(proto::sip_dispatch_rule::Rule::DispatchRuleIndividual(
                        proto::SipDispatchRuleIndividual {
                            room_prefix: "call-".into(),
                            pin: "s3cret".into(),
                            ..Default::default()
                        },
                    )),
                }),
                ..Default::default()
            }],
        };
        let sip = section(Some(&exported), &[]);
        assert!(!format!("{sip:?}").contains("s3cret"));
        let (trunk, plain, out, rule) = (&sip.inbound[1], &sip.inbound[0], &sip.outbound[0], &sip.rules[0]);
        assert_eq!((trunk.id.as_str(), trunk.user.as_str(), trunk.password_set), ("ST_b", "office", true));
        assert_eq!((trunk.encryption.as_str(), trunk.codecs.as_slice()), ("require", &["PCMA/8000".to_owned()][..]));
        assert_eq!((plain.encryption.as_str(), trunk.allowed_numbers.len()), ("disable", 1));
        assert_eq!((out.transport.as_str(), out.encryption.as_str()), ("tls", "disable"));
        assert_eq!((rule.kind.as_str(), rule.room.as_str(), rule.pin_set), ("individual", "call-", true));
        let seen: Vec<String> = risks(&sip).iter().map(|risk| format!("{} {}", risk.rule, risk.at)).collect();
        assert_eq!(
            seen,
            [
                "sip_rule_without_trunk dispatch rule SDR_a",
                "sip_trunk_for_anybody inbound trunk ST_a",
                "sip_number_without_plus dispatch rule SDR_a",
            ]
        );
        assert!(!section(None, &[]).seen);
    }
}
