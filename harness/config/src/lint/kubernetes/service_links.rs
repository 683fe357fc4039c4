//! Variables that Kubernetes sets for Services, and that livekit-server takes for its own.

use super::manifests::{Manifests, Pod, text};
use crate::lint::container::Program;
use crate::lint::findings::{Findings, words};
use crate::lint::known::server_environment;

pub(super) fn check(pod: &Pod<'_>, manifests: &Manifests<'_>, findings: &mut Findings) {
    let linked = pod.spec.at("enableServiceLinks").is_none_or(|entry| entry.value.is_true());
    let server = pod.members.iter().find(|member| member.container.program() == Program::LiveKitServer);
    let Some(server) = server.filter(|_| linked) else { return };
    let known = server_environment();
    let namespace = text(pod.object, "metadata.namespace");
    for service in manifests.of_kind("Service").filter(|service| text(service, "metadata.namespace") == namespace) {
        let Some(name) = service.at("metadata.name") else { continue };
        let Some(written) = name.value.text() else { continue };
        let variable = format!("{}_PORT", written.to_ascii_uppercase().replace('-', "_"));
        // A headless Service has no address, and sets nothing.
        let headless = text(service, "spec.clusterIP") == Some("None");
        if !headless && known.contains_key(variable.as_str()) && server.container.variable(&variable).is_none() {
            let what = format!(
                "for a Service of this name Kubernetes sets {variable} to tcp://…, which the server can't read as a port: \
                 it ends with exit status 0"
            );
            let fix = "rename the Service, such as livekit-server, or write enableServiceLinks: false in the pod";
            findings.wrong("service_link", name.line, words(written, what, fix));
        }
    }
}
