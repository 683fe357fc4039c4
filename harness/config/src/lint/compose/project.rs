//! A compose file as services with what they run.

use super::ports::{Port, ports_of};
use crate::lint::container::{Container, Image, flag, words_of};
use crate::lint::document::{Entry, Lines, Node};
use crate::lint::environment::Variable;

/// The whole file.
pub(crate) struct Project<'a> {
    pub(crate) services: Vec<Service<'a>>,
}

/// One service.
pub(crate) struct Service<'a> {
    pub(crate) container: Container,
    pub(crate) node: &'a Node,
    /// What is published; none if a variable fills in any of it.
    pub(crate) ports: Option<Vec<Port>>,
    pub(crate) network: Network,
}

/// Where a service's ports are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// On the machine itself.
    Host,
    /// Behind the engine's address translation: only what is published can be reached.
    Bridge,
    /// On addresses of its own (macvlan), in another container's network, or unknown.
    Other,
}

impl<'a> Project<'a> {
    pub(crate) fn of(root: &'a Node) -> Self {
        let services = root.at("services").map_or(&[][..], |entry| entry.value.entries());
        Self { services: services.iter().map(|entry| Service::of(root, entry)).collect() }
    }
}

impl<'a> Service<'a> {
    fn of(root: &'a Node, entry: &'a Entry) -> Self {
        let node = &entry.value;
        let image = node.at("image");
        let mut command = words_of(node.at("entrypoint").map(|entry| &entry.value));
        let entered = !command.is_empty();
        command.extend(words_of(node.at("command").map(|entry| &entry.value)));
        let network = network_of(root, node);
        let handed = handed(root, node, flag(&command, "config").map(|(path, _)| path));
        let more_elsewhere = entered
            || ["env_file", "extends", "build"].iter().any(|key| node.at(key).is_some())
            || (handed.is_none() && flag(&command, "config").is_some());
        let container = Container {
            name: entry.key.clone(),
            line: entry.line,
            image: Image::parse(image.and_then(|image| image.value.text()).unwrap_or_default()),
            image_line: image.map_or(entry.line, |image| image.value.line),
            variables: variables(node),
            command,
            host_network: network == Network::Host,
            handed,
            mounted: None,
            more_elsewhere,
        };
        Self { container, node, ports: ports_of(node), network }
    }

    /// Looks at the configuration that `--config` names, if a file that is known is mounted there.
    pub(crate) fn mount(&mut self, files: &[(String, String)]) {
        let Some((path, _)) = flag(&self.container.command, "config") else { return };
        let volumes = self.node.at("volumes").map_or(&[][..], |entry| entry.value.items());
        let source = volumes.iter().find_map(|item| match item.text() {
            Some(text) => {
                let mut parts = text.split(':');
                let source = parts.next()?;
                (parts.next() == Some(path)).then(|| source.to_owned())
            }
            None => {
                let named = |key: &str| item.at(key).and_then(|entry| entry.value.text());
                (named("target") == Some(path)).then(|| named("source").unwrap_or_default().to_owned())
            }
        });
        let Some(source) = source else { return };
        let source = source.trim_start_matches("./");
        if let Some((_, text)) = files.iter().find(|(file, _)| file == source) {
            self.container.mounted = Some(text.clone());
            let others = ["env_file", "extends", "build", "entrypoint"];
            self.container.more_elsewhere = others.iter().any(|key| self.node.at(key).is_some());
        }
    }

    /// The line of a key, or of the service.
    pub(crate) fn line_of(&self, path: &str) -> usize {
        self.node.at(path).map_or(self.container.line, |entry| entry.line)
    }

    /// Whether keys that are absent may still be there, from another file.
    pub(crate) fn inherits(&self) -> bool {
        self.node.at("extends").is_some()
    }
}

fn network_of(root: &Node, node: &Node) -> Network {
    match node.at("network_mode").and_then(|entry| entry.value.text()) {
        Some("host") => return Network::Host,
        Some("bridge") | None => {}
        Some(_) => return Network::Other,
    }
    let networks = node.at("networks").map(|entry| &entry.value);
    let mapped = networks.map_or(&[][..], Node::entries).iter().map(|entry| entry.key.as_str());
    let listed = networks.map_or(&[][..], Node::items).iter().filter_map(Node::text);
    let special = mapped.chain(listed).any(|name| {
        let driver = root.at("networks").and_then(|all| all.value.at(name)).and_then(|one| one.value.at("driver"));
        driver.and_then(|driver| driver.value.text()).is_some_and(|driver| driver != "bridge")
    });
    if special { Network::Other } else { Network::Bridge }
}

/// Both forms of `environment:`; what is handed through from the shell is not known, and left out.
fn variables(node: &Node) -> Vec<Variable> {
    let Some(environment) = node.at("environment").map(|entry| &entry.value) else { return Vec::new() };
    let mapped = environment.entries().iter().filter_map(|entry| {
        let value = entry.value.text()?;
        Some(Variable {
            name: entry.key.clone(),
            value: value.to_owned(),
            line: entry.line,
            lines: entry.value.lines(),
        })
    });
    let listed = environment.items().iter().filter_map(|item| {
        let (name, value) = item.text()?.split_once('=')?;
        Some(Variable { name: name.to_owned(), value: value.to_owned(), line: item.line, lines: item.lines() })
    });
    mapped.chain(listed).collect()
}

/// The inline content of the config that is mounted where the program looks.
fn handed(root: &Node, node: &Node, path: Option<&str>) -> Option<(String, Lines)> {
    let path = path?;
    let mounted = node.at("configs")?.value.items().iter().find_map(|item| match item.text() {
        Some(name) => (path.strip_prefix('/') == Some(name)).then_some(name),
        None => {
            let text = |key: &str| item.at(key).and_then(|entry| entry.value.text());
            let target =
                text("target").map_or_else(|| format!("/{}", text("source").unwrap_or_default()), str::to_owned);
            (target == path).then(|| text("source")).flatten()
        }
    })?;
    let all = root.at("configs")?.value.entries();
    let content = all.iter().find(|entry| entry.key == mounted)?.value.at("content")?;
    content.value.text().map(|text| (text.to_owned(), content.value.lines()))
}
