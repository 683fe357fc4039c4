//! The certificate of TURN over TLS, as far as the facts tell.

use crate::lint::findings::{Findings, words};
use crate::lint::source::Source;

const DAY_S: u64 = 86_400;
/// The server reads a certificate once, at its start; this leaves time to plan one.
const DAYS_LEFT_MIN: u64 = 21;

pub(super) fn check(source: &Source<'_>, findings: &mut Findings) {
    let (Some(path), Some(entry)) = (source.text("turn.cert_file"), source.at("turn.cert_file")) else {
        return;
    };
    let Some(certificate) = source.facts.certificates.iter().find(|certificate| certificate.path == path) else {
        return;
    };
    if !source.is_true("turn.enabled") || source.is_true("turn.external_tls") {
        return;
    }
    if let (Some(domain), Some(at)) = (source.text("turn.domain"), source.at("turn.domain"))
        && !certificate.dns_names.iter().any(|name| covers(name, domain))
    {
        let names = certificate.dns_names.join(", ");
        let what = format!("the certificate is for {names}: the server starts, and every client refuses its TURN");
        let fix = "write a name of the certificate, or get one for this name";
        findings.wrong("turn_domain_certificate", at.value.line, words(domain, what, fix));
    }
    let Some(today) = source.facts.today_unix_s else {
        return;
    };
    let left = certificate.not_after_unix_s.saturating_sub(today) / DAY_S;
    let fix = "renew it, and plan a restart: the server reads it only at its start";
    if certificate.not_after_unix_s <= today {
        let what = "the certificate has expired: the server starts, and every client refuses its TURN";
        findings.wrong("turn_certificate_expiry", entry.value.line, words(path, what, fix));
    } else if left < DAYS_LEFT_MIN {
        let what = format!("the certificate expires in {left} days");
        findings.risky("turn_certificate_expiry", entry.value.line, words(path, what, fix));
    }
}

/// Whether a certificate's name is good for a host: the same, or `*.` for its first label.
fn covers(name: &str, host: &str) -> bool {
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    let host = host.strip_suffix('.').unwrap_or(&host);
    name == host
        || name.strip_prefix("*.").is_some_and(|rest| host.split_once('.').is_some_and(|(_, tail)| tail == rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6125, section 6.4.3: the wildcard is one label, the first.
    #[test]
    fn names_of_a_certificate() {
        assert!(covers("*.example.org", "turn.example.org") && covers("TURN.example.org", "turn.Example.org."));
        assert!(!covers("*.example.org", "example.org") && !covers("*.example.org", "a.turn.example.org"));
        assert!(!covers("turn.example.org", "turn.example.com"));
    }
}
