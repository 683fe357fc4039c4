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

/// What a plan says of it, without passwords.
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
            password_set: !trunk.auth_password.is_empty(),
        })
        .collect();
    sip.outbound = exported
        .outbound
        .iter()
        .map(|trunk| OutboundTrunk {
            name: trunk.name.clone(),
            id: trunk.sip_trunk_id.clone(),
            address: trunk.address.clone(),
            numbers: trunk.numbers.clone(),
            password_set: !trunk.auth_password.is_empty(),
        })
        .collect();
    sip.rules = exported
        .rules
        .iter()
        .map(|rule| Rule {
            name: rule.name.clone(),
            id: rule.sip_dispatch_rule_id.clone(),
            trunks: rule.trunk_ids.clone(),
            inbound_numbers: rule.inbound_numbers.clone(),
        })
        .collect();
    sip.inbound.sort();
    sip.outbound.sort();
    sip.rules.sort();
    sip
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
                    ..Default::default()
                },
                proto::SipInboundTrunkInfo {
                    sip_trunk_id: "ST_a".into(),
                    numbers: vec!["+15550001".into()],
                    ..Default::default()
                },
            ],
            outbound: vec![],
            rules: vec![proto::SipDispatchRuleInfo {
                sip_dispatch_rule_id: "SDR_a".into(),
                inbound_numbers: vec!["15550002".into()],
                ..Default::default()
            }],
        };
        let sip = section(Some(&exported), &[]);
        assert!(!format!("{sip:?}").contains("s3cret"));
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
