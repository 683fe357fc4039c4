//! Objects and their pods, with what the containers run.

use crate::lint::container::{Container, Image, flag, words_of};
use crate::lint::document::{Lines, Node};
use crate::lint::environment::Variable;

/// All objects of a text; those of a `List` one by one.
pub(crate) struct Manifests<'a> {
    objects: Vec<&'a Node>,
}

/// The pod that an object starts.
pub(crate) struct Pod<'a> {
    pub(crate) object: &'a Node,
    pub(crate) spec: &'a Node,
    pub(crate) members: Vec<Member<'a>>,
}

/// A container of a pod.
pub(crate) struct Member<'a> {
    pub(crate) container: Container,
    pub(crate) node: &'a Node,
}

/// The text of an entry that is a scalar.
pub(crate) fn text<'a>(node: &'a Node, path: &str) -> Option<&'a str> {
    node.at(path).and_then(|entry| entry.value.text())
}

impl<'a> Manifests<'a> {
    pub(crate) fn of(roots: &'a [Node]) -> Self {
        let objects = roots.iter().flat_map(|root| match text(root, "kind") {
            Some("List") => root.at("items").map_or(&[][..], |items| items.value.items()).iter().collect(),
            _ => vec![root],
        });
        Self { objects: objects.collect() }
    }

    pub(crate) fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &'a Node> + '_ {
        self.objects.iter().copied().filter(move |object| text(object, "kind") == Some(kind))
    }

    pub(crate) fn pods(&self) -> impl Iterator<Item = Pod<'a>> + '_ {
        self.objects.iter().filter_map(|object| {
            let spec = match text(object, "kind")? {
                "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => object.at("spec.template.spec")?,
                "Pod" => object.at("spec")?,
                _ => return None,
            };
            let containers = spec.value.at("containers").map_or(&[][..], |entry| entry.value.items());
            let members = containers.iter().map(|node| self.member(object, &spec.value, node)).collect();
            Some(Pod { object, spec: &spec.value, members })
        })
    }

    fn member(&self, object: &Node, pod: &Node, node: &'a Node) -> Member<'a> {
        let image = node.at("image");
        let mut command = words_of(node.at("command").map(|entry| &entry.value));
        command.extend(words_of(node.at("args").map(|entry| &entry.value)));
        let environment = node.at("env").map_or(&[][..], |entry| entry.value.items());
        let by_reference = environment.iter().find_map(|item| self.referenced(item));
        let handed = by_reference.or_else(|| {
            let (path, _) = flag(&command, "config")?;
            self.mounted(pod, node, path)
        });
        let unknown = node.at("envFrom").is_some() || environment.iter().any(|item| item.at("valueFrom").is_some());
        let container = Container {
            name: format!(
                "{}/{}",
                text(object, "metadata.name").unwrap_or_default(),
                text(node, "name").unwrap_or_default()
            ),
            line: node.line,
            image: Image::parse(image.and_then(|image| image.value.text()).unwrap_or_default()),
            image_line: image.map_or(node.line, |image| image.value.line),
            variables: environment.iter().filter_map(variable).collect(),
            command,
            host_network: pod.at("hostNetwork").is_some_and(|entry| entry.value.is_true()),
            more_elsewhere: unknown && handed.is_none(),
            handed,
            mounted: None,
        };
        Member { container, node }
    }

    /// The text behind a variable whose value is a key of a ConfigMap of this file.
    fn referenced(&self, item: &Node) -> Option<(String, Lines)> {
        let body = ["LIVEKIT_CONFIG", "SIP_CONFIG_BODY", "EGRESS_CONFIG_BODY", "INGRESS_CONFIG_BODY"];
        if !text(item, "name").is_some_and(|name| body.contains(&name)) {
            return None;
        }
        let reference = &item.at("valueFrom.configMapKeyRef")?.value;
        self.config_map(text(reference, "name")?, text(reference, "key")?)
    }

    /// The text that a ConfigMap of this file puts at a path of the container.
    fn mounted(&self, pod: &Node, node: &Node, path: &str) -> Option<(String, Lines)> {
        node.at("volumeMounts")?.value.items().iter().find_map(|mount| {
            let (name, at) = (text(mount, "name")?, text(mount, "mountPath")?);
            let volumes = pod.at("volumes")?.value.items();
            let volume = volumes.iter().find(|volume| text(volume, "name") == Some(name))?;
            let map = text(volume, "configMap.name")?;
            match text(mount, "subPath") {
                Some(key) if at == path => self.config_map(map, key),
                Some(_) => None,
                None => self.config_map(map, path.strip_prefix(at)?.trim_start_matches('/')),
            }
        })
    }

    fn config_map(&self, name: &str, key: &str) -> Option<(String, Lines)> {
        let map = self.of_kind("ConfigMap").find(|map| text(map, "metadata.name") == Some(name))?;
        // The key has a dot, which a path would split.
        let entry = map.at("data")?.value.entries().iter().find(|entry| entry.key == key)?;
        entry.value.text().map(|text| (text.to_owned(), entry.value.lines()))
    }
}

impl Pod<'_> {
    pub(crate) fn is_true(&self, path: &str) -> bool {
        self.spec.at(path).is_some_and(|entry| entry.value.is_true())
    }
}

fn variable(item: &Node) -> Option<Variable> {
    let (name, value) = (item.at("name")?, item.at("value")?);
    Some(Variable {
        name: name.value.text()?.to_owned(),
        value: value.value.text()?.to_owned(),
        line: name.line,
        lines: value.value.lines(),
    })
}
