//! Which charts a text has values for, and whose program each of them runs.

use crate::lint::container::{Image, Program};
use crate::lint::document::{Entry, Node};
use crate::lint::known::Keys;

/// Where a chart has its program's configuration, and the image that it runs unless told otherwise.
const SECTIONS: [(&str, Program, &str); 4] = [
    ("livekit", Program::LiveKitServer, "livekit/livekit-server"),
    ("egress", Program::Egress, "livekit/egress"),
    ("ingress", Program::Ingress, "livekit/ingress"),
    ("sip", Program::Sip, "livekit/sip"),
];
/// What beside them says that a map is the values of a chart, and no configuration of somebody's application.
const OF_CHARTS: [&str; 9] = [
    "replicaCount",
    "image",
    "terminationGracePeriodSeconds",
    "storeKeysInSecret",
    "loadBalancer",
    "podHostNetwork",
    "autoscaling",
    "nodeSelector",
    "serviceMonitor",
];

/// The values of one chart.
pub(crate) struct Chart<'a> {
    /// Its key in the values of the chart above it, else its section.
    pub(crate) name: &'a str,
    pub(crate) program: Program,
    /// Everything that the chart is given.
    pub(crate) values: &'a Node,
    /// The section that becomes the program's configuration.
    pub(crate) config: &'a Entry,
    default_image: &'static str,
}

impl Chart<'_> {
    /// The image; without a tag where the chart's own version decides.
    pub(crate) fn image(&self) -> Image {
        let text = |path: &str| self.values.at(path).and_then(|entry| entry.value.text());
        let repository = text("image.repository").unwrap_or(self.default_image);
        match text("image.tag").filter(|tag| !tag.is_empty()) {
            Some(tag) => Image::parse(&format!("{repository}:{tag}")),
            None => Image::parse(repository),
        }
    }
}

/// Every chart of LiveKit's that a text has values for.
pub(crate) fn charts(root: &Node) -> Vec<Chart<'_>> {
    let below = root.entries().iter().flat_map(|entry| of(&entry.value, Some(&entry.key)));
    of(root, None).into_iter().chain(below).collect()
}

/// Whether a chart's own settings stand beside a section of LiveKit's, here or one level below.
pub(crate) fn is_chart_like(root: &Node) -> bool {
    charts(root).iter().any(|chart| chart.values.entries().iter().any(|entry| OF_CHARTS.contains(&entry.key.as_str())))
}

fn of<'a>(values: &'a Node, name: Option<&'a str>) -> Vec<Chart<'a>> {
    let sections = SECTIONS.iter().filter_map(|(section, program, default_image)| {
        let config = values.entries().iter().find(|entry| entry.key == *section)?;
        let ours = match program {
            Program::LiveKitServer => is_of_server(&config.value),
            // A chart of the server has an `ingress` of its own, which is another thing.
            _ => ["ws_url", "api_key"].iter().any(|key| config.value.entries().iter().any(|entry| entry.key == *key)),
        };
        let default_image = *default_image;
        ours.then(|| Chart { name: name.unwrap_or(&config.key), program: *program, values, config, default_image })
    });
    sections.collect()
}

/// At least half of the keys are livekit-server's.
fn is_of_server(config: &Node) -> bool {
    let keys = Keys::of_server();
    let known = config.entries().iter().filter(|entry| keys.kind(&entry.key).is_some()).count();
    known > 0 && known * 2 >= config.entries().len()
}
