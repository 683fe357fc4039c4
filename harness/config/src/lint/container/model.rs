//! A container as both kinds of file describe it.

use super::arguments::{Word, flag, has_flag};
use super::image::{Image, Program};
use super::settings::Settings;
use crate::lint::document::Lines;
use crate::lint::environment::Variable;
use crate::lint::scalars::is_template;

/// What waits less than this for the calls on it ends them at every deploy.
pub(crate) const GRACE_S_MIN: f64 = 60.0;

/// Variables that hold a whole configuration, with the program that reads them.
const BODIES: &[(&str, Program)] = &[
    ("LIVEKIT_CONFIG", Program::LiveKitServer),
    ("SIP_CONFIG_BODY", Program::Sip),
    ("EGRESS_CONFIG_BODY", Program::Egress),
    ("INGRESS_CONFIG_BODY", Program::Ingress),
];

/// A container and what it is started with.
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) image: Image,
    pub(crate) image_line: usize,
    pub(crate) command: Vec<Word>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) host_network: bool,
    /// A configuration that stands elsewhere in this text and that the container is given.
    pub(crate) handed: Option<(String, Lines)>,
    /// The configuration that is mounted from a file of its own, judged there and looked at here.
    pub(crate) mounted: Option<String>,
    /// Whether something configures it that does not stand in this text: a file, a secret, an entry point.
    pub(crate) more_elsewhere: bool,
}

impl Container {
    pub(crate) fn program(&self) -> Program {
        self.image.program
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == name && !variable.value.is_empty())
    }

    /// The configuration that stands in this text, and where.
    pub(crate) fn config_text(&self) -> Option<(&str, Lines)> {
        let name = BODIES.iter().find(|(_, program)| *program == self.program()).map(|(name, _)| *name);
        match name.and_then(|name| self.variable(name)) {
            // A variable that is one template holds its text elsewhere.
            Some(variable) => (variable.value.contains('\n') || !is_template(&variable.value))
                .then_some((variable.value.as_str(), variable.lines)),
            None => self.handed.as_ref().map(|(text, lines)| (text.as_str(), *lines)),
        }
    }

    /// What a livekit-server in it runs with, as far as this text tells.
    pub(crate) fn settings(&self) -> Settings<'_> {
        let body = flag(&self.command, "config-body").filter(|(body, _)| !is_template(body));
        let text = self.config_text().map(|(text, _)| text).or(body.map(|(body, _)| body));
        let text = text.or(self.mounted.as_deref());
        let named = ["LIVEKIT_CONFIG", "LIVEKIT_CONFIG_FILE"].iter().any(|name| self.variable(name).is_some())
            || ["config", "config-body"].iter().any(|name| flag(&self.command, name).is_some());
        let known = !self.more_elsewhere && (text.is_some() || !named);
        Settings::new(text, known, self)
    }

    /// The word that switches the development mode on.
    pub(crate) fn dev(&self) -> Option<&Word> {
        has_flag(&self.command, "dev")
    }
}
