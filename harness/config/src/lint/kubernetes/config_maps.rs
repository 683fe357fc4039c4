//! Configurations that stand in ConfigMaps and Secrets.

use std::path::Path;

use super::manifests::{Manifests, text};
use crate::lint::container::{inner, text_check};
use crate::lint::facts::Facts;
use crate::lint::finding::FileKind;
use crate::lint::findings::Findings;
use crate::lint::kind_of::kind_of;

pub(super) fn check(manifests: &Manifests<'_>, facts: &Facts, findings: &mut Findings) {
    for (kind, section) in [("ConfigMap", "data"), ("Secret", "stringData")] {
        for object in manifests.of_kind(kind) {
            let named = text(object, "metadata.name").unwrap_or_default();
            for entry in object.at(section).map_or(&[][..], |section| section.value.entries()) {
                let Some(body) = entry.value.text() else { continue };
                // Charts call every configuration config.yaml; whose it is, the object's name tells.
                let path = Path::new(named).join(&entry.key);
                let kind_inside = kind_of(&path, body);
                let Some(inside @ (FileKind::LivekitYaml | FileKind::SipYaml)) = kind_inside else { continue };
                match kind {
                    "Secret" => findings.nested(inner(inside, body, facts), entry.value.lines()),
                    _ => text_check(inside, body, entry.value.lines(), facts, findings),
                }
            }
        }
    }
}
