//! `NODE_IP` and `UDP_PORT`: what can't be read is dropped in silence.

use super::variables::Variable;
use crate::lint::facts::Facts;
use crate::lint::findings::{Findings, words};
use crate::lint::scalars::{is_template, node_ip, port_range};

pub(super) fn check(variables: &[Variable], facts: &Facts, findings: &mut Findings) {
    for variable in variables.iter().filter(|variable| !variable.value.is_empty() && !is_template(&variable.value)) {
        match variable.name.as_str() {
            "NODE_IP" => address(variable, findings),
            "UDP_PORT" => ports(variable, facts, findings),
            _ => {}
        }
    }
}

fn address(variable: &Variable, findings: &mut Findings) {
    if let Err(problem) = node_ip(&variable.value) {
        let what =
            format!("{problem}, and that is passed over in silence: the server announces an address that it guesses");
        let fix = "write one IP address, or an IPv4 and an IPv6 address with a comma between";
        findings.wrong("env_node_ip_garbage", variable.line, words(&variable.value, what, fix));
    }
}

fn ports(variable: &Variable, facts: &Facts, findings: &mut Findings) {
    match port_range(&variable.value) {
        Err(problem) => {
            let what = format!("{problem}, and that is passed over in silence: media goes to other ports");
            let fix = "write 7882, or 7882-7892";
            findings.wrong("env_udp_port_garbage", variable.line, words(&variable.value, what, fix));
        }
        Ok((start, Some(end))) => {
            let ports = end - start + 1;
            if let Some(cpus) = facts.cpus.filter(|cpus| (*cpus as u64) < u64::from(ports)) {
                let what = format!("{ports} ports are written, but only the first {cpus} are used: one for each CPU");
                let fix = "write as many ports as there are CPUs, and open just those in the firewall";
                findings.wrong("udp_port_wider_than_cpus", variable.line, words(&variable.value, what, fix));
            }
        }
        Ok((_, None)) => {}
    }
}
