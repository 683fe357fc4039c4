//! The codecs that a room takes.

use crate::lint::findings::{Findings, words};
use crate::lint::nearest::nearest;
use crate::lint::scalars::is_template;
use crate::lint::source::Source;

/// What 1.13.5 knows; letters' case is ignored there.
const CODECS: &[&str] = &[
    "audio/opus",
    "audio/red",
    "audio/pcmu",
    "audio/pcma",
    "audio/g722",
    "video/vp8",
    "video/vp9",
    "video/h264",
    "video/h265",
    "video/av1",
    "video/rtx",
    "video/flexfec",
    "video/flexfec-03",
    "video/ulpfec",
];

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    for item in source.items("room.enabled_codecs") {
        let Some(entry) = item.at("mime") else {
            continue;
        };
        let text = entry.value.text().unwrap_or_default();
        if is_template(text) || CODECS.contains(&text.to_ascii_lowercase().as_str()) {
            continue;
        }
        let what = "there is no such codec: the server starts, and nobody can publish with what was meant";
        let fix = nearest(text, CODECS.iter().copied())
            .map_or_else(|| format!("write one of {}", CODECS.join(", ")), |known| format!("write {known}"));
        findings.wrong("codec_unknown", entry.value.line, words(text, what, fix));
    }
}
