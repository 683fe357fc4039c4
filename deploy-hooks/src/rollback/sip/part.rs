//! How trunks and rules are kept, and what comes back.

use super::super::archive::{Opened, end_part};
use super::super::exchange::Exchange;
use super::super::part::{Kept, Part};
use super::super::site::Site;
use super::super::writer::Writer;
use super::api::Api;
use super::exchange::Trunks;
use super::held::{Held, Kind};
use crate::failure::Failure;
use serde_json::Value;
use std::collections::BTreeMap;

/// As it stands in the manifest.
const NAME: &str = "sip";

/// Inbound trunks, outbound trunks and dispatch rules.
pub(in super::super) struct Sip<'a> {
    pub(in super::super) site: &'a Site,
}

impl Part for Sip<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn estimate(&self) -> Result<u64, Failure> {
        let held = list(self.site)?;
        Ok(serde_json::to_vec(&held).map_err(Failure::unknown)?.len() as u64)
    }

    fn keep(&self, archive: &mut Writer) -> Result<Kept, Failure> {
        let (held, double) = list(self.site)?.without_double();
        let left = |id: String| {
            format!(
                "trunk {id}: it is inbound and outbound, as only CreateSIPTrunk of old servers made them; the component redis keeps it"
            )
        };
        let kept = Kept {
            entries: held.counted().iter().sum(),
            plain_bytes: serde_json::to_vec(&held).map_err(Failure::unknown)?.len() as u64,
            passed_over: double.into_iter().map(left).collect(),
            ..Kept::default()
        };
        end_part(archive, NAME, BTreeMap::new(), &held)
            .map_err(|error| Failure::unknown(format!("cannot write the archive: {error}")))?;
        Ok(kept)
    }

    fn exchange(&self, opened: &Opened<'_>, _: &str) -> Result<Exchange, Failure> {
        let kept = read(opened).map_err(Failure::refused)?;
        // It answers, and the key may ask.
        list(self.site)?;
        Ok(Exchange::Sip(Trunks::new(kept.counted())))
    }
}

fn list(site: &Site) -> Result<Held, Failure> {
    let api = Api::of(site)?;
    site.wait(api.list())
}

/// What was kept.
///
/// # Errors
/// What is wrong with the archive.
pub(super) fn read(opened: &Opened<'_>) -> Result<Held, String> {
    opened.part(NAME, |_, _| Ok(()))
}

/// What is in an archive, a line each, without passwords.
///
/// # Errors
/// What is wrong with it.
pub(in super::super) fn held(opened: &Opened<'_>) -> Result<Vec<String>, String> {
    let held = read(opened)?;
    let texts = |value: &Value| {
        let texts: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        texts.join(", ")
    };
    let line = |kind: Kind, one: &Value| {
        let of = if kind == Kind::Rule { "trunk_ids" } else { "numbers" };
        let name = one["name"].as_str().unwrap_or_default();
        format!("{} {} {name:?}  {}", kind.name(), kind.id_of(one), texts(&one[of]))
    };
    let kinds = [Kind::Inbound, Kind::Outbound, Kind::Rule];
    Ok(kinds.iter().flat_map(|kind| held.of(*kind).iter().map(|one| line(*kind, one))).collect())
}
