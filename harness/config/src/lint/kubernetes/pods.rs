//! What a pod of LiveKit needs of its machine: time to stop, the machine's network, the cluster's names.

use super::manifests::{Manifests, Member, Pod, text};
use crate::lint::container::{GRACE_S_MIN, Program, has_flag};
use crate::lint::findings::{Findings, words};

pub(super) fn check(pod: &Pod<'_>, manifests: &Manifests<'_>, findings: &mut Findings) {
    if let Some(member) = pod.members.iter().find(|member| member.container.program().is_livekit()) {
        grace(pod, member, findings);
    }
    for member in pod.members.iter().filter(|member| member.container.program() == Program::LiveKitServer) {
        media(pod, member, manifests, findings);
        names(pod, member, findings);
        strict(pod, member, findings);
    }
}

fn grace(pod: &Pod<'_>, member: &Member<'_>, findings: &mut Findings) {
    let entry = pod.spec.at("terminationGracePeriodSeconds");
    let seconds = entry.map_or(Some(30), |entry| entry.value.integer());
    if seconds.is_some_and(|seconds| (seconds as f64) < GRACE_S_MIN) {
        let (found, line) = match entry {
            Some(entry) => (entry.value.text().unwrap_or_default(), entry.value.line),
            None => ("no terminationGracePeriodSeconds, so 30", member.container.line),
        };
        let what = "at an update or a drain of the machine the pod is asked to end, waits for its calls, and is killed \
                    when this time is over: whoever is on a call loses it";
        let fix = "write terminationGracePeriodSeconds: with the longest call that may be waited for, such as 18000 (5 \
                   hours)";
        findings.risky("stop_grace_short", line, words(found, what, fix));
    }
}

fn media(pod: &Pod<'_>, member: &Member<'_>, manifests: &Manifests<'_>, findings: &mut Findings) {
    let udp = |port: &&crate::lint::document::Node| text(port, "protocol") == Some("UDP");
    let ports = |node: &'_ crate::lint::document::Node, path: &str, wanted: &str| {
        let items = node.at(path).map_or(&[][..], |entry| entry.value.items());
        items.iter().filter(udp).any(|port| wanted.is_empty() || port.at(wanted).is_some())
    };
    let outside = manifests.of_kind("Service").any(|service| {
        matches!(text(service, "spec.type"), Some("LoadBalancer" | "NodePort")) && ports(service, "spec.ports", "")
    });
    // A second network (Multus) gives the pod an address of its own.
    let annotations = ["metadata.annotations", "spec.template.metadata.annotations"].map(|path| pod.object.at(path));
    let second = annotations
        .iter()
        .flatten()
        .flat_map(|entry| entry.value.entries())
        .any(|entry| entry.key.ends_with("/networks"));
    if pod.is_true("hostNetwork") || ports(member.node, "ports", "hostPort") || outside || second {
        return;
    }
    let what = "in the pod network no client reaches its media: joins succeed, and neither sound nor picture comes in";
    let fix =
        "write hostNetwork: true (with dnsPolicy: ClusterFirstWithHostNet), or hostPort: at the UDP port of media";
    let found = format!("{}: neither hostNetwork nor hostPort", member.container.name);
    findings.risky("media_not_on_host", member.container.line, words(found, what, fix));
}

fn names(pod: &Pod<'_>, member: &Member<'_>, findings: &mut Findings) {
    let policy = text(pod.spec, "dnsPolicy").unwrap_or("ClusterFirst");
    if !pod.is_true("hostNetwork") || policy != "ClusterFirst" {
        return;
    }
    let Some((address, _)) = member.container.settings().redis() else { return };
    let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
    let of_cluster = (!host.contains('.') && host != "localhost" && !host.contains(':'))
        || host.split('.').any(|part| part == "svc");
    if of_cluster {
        let what = format!(
            "with hostNetwork a pod asks the machine's name server unless told otherwise: {host} is not found, and the \
             server ends with exit status 0"
        );
        let line = pod.spec.at("hostNetwork").map_or(member.container.line, |entry| entry.line);
        let fix = "write dnsPolicy: ClusterFirstWithHostNet beside hostNetwork";
        findings.wrong("host_network_dns", line, words("hostNetwork without a dnsPolicy", what, fix));
    }
}

fn strict(pod: &Pod<'_>, member: &Member<'_>, findings: &mut Findings) {
    // The chart needs the flag, since it puts keys of its own into the file.
    let labels = pod.object.at("metadata.labels").map_or(&[][..], |entry| entry.value.entries());
    let of_chart = labels.iter().any(|entry| {
        entry.key == "helm.sh/chart" && entry.value.text().is_some_and(|text| text.starts_with("livekit-server"))
    });
    if let Some(word) = has_flag(&member.container.command, "disable-strict-config").filter(|_| !of_chart) {
        let what =
            "a misspelt key of the configuration is ignored in silence, where the server would say its name and end";
        let fix = "remove the flag, which only the chart livekit-server needs";
        findings.risky("strict_config_off", word.line, words(&word.text, what, fix));
    }
}
