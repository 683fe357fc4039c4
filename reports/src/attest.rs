//! The signature on a report: a DSSE envelope around an in-toto Statement, twice: once with the test-result predicate
//! that others read, once with ours. Both payloads are a function of the report, so that they can be made again and
//! compared byte by byte.

use crate::keys::{Signer, Verifier};
use crate::seal::{Unsealed, hex, open};
use crate::writer::{canonical_json, json};
use crate::{Outcome, Report, RunVerdict};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json as value};
use sha2::{Digest, Sha256};

/// in-toto attestation framework, envelope layer.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";
/// What the test-result predicate has no field for.
const VERIFICATION: &str = "urn:x-greenlight:verification:1";

/// Why nobody may act on a report.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Untrusted {
    /// The report is not whole.
    #[error(transparent)]
    Unsealed(#[from] Unsealed),
    /// There is no attestation.
    #[error("the report is not signed")]
    Unsigned,
    /// The attestation is no bundle of two DSSE envelopes.
    #[error("the attestation can't be read: {0}")]
    Malformed(String),
    /// No signature in it verifies under a known key.
    #[error("no signature verifies under a key that is pinned here; it names {0}")]
    UnknownKey(String),
    /// It is a good signature, on something else.
    #[error("the signature is on another report")]
    OtherReport,
}

/// One DSSE envelope.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<SignatureOf>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureOf {
    keyid: String,
    sig: String,
}

/// Signs a report: two envelopes, one JSON line each, as in-toto bundles are.
///
/// # Errors
/// When the report has no JSON form.
pub fn attest(report: &Report, signer: &Signer) -> serde_json::Result<Vec<u8>> {
    let mut bundle = String::new();
    for payload in statements(report)? {
        let signature = signer.sign(&pre_authentication(PAYLOAD_TYPE, payload.as_bytes()));
        let envelope = Envelope {
            payload: STANDARD.encode(&payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: vec![SignatureOf { keyid: signer.verifier().id(), sig: STANDARD.encode(signature) }],
        };
        bundle.push_str(&canonical_json(&envelope)?);
        bundle.push('\n');
    }
    Ok(bundle.into_bytes())
}

/// Opens a report whose attestation verifies under one of the keys, and says which key that was.
///
/// # Errors
/// [`Untrusted`]; there is no partial result.
pub fn open_signed(report: &[u8], attestation: &[u8], keys: &[Verifier]) -> Result<(Report, String), Untrusted> {
    let opened = open(report)?;
    let malformed = |error: &dyn std::fmt::Display| Untrusted::Malformed(error.to_string());
    let text = std::str::from_utf8(attestation).map_err(|error| malformed(&error))?;
    let expected = statements(&opened).map_err(|error| malformed(&error))?;
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() != expected.len() {
        return Err(malformed(&format!("{} envelopes instead of {}", lines.len(), expected.len())));
    }
    let mut signed_by: Option<Vec<String>> = None;
    for (line, expected) in lines.into_iter().zip(expected) {
        let envelope: Envelope = serde_json::from_str(line).map_err(|error| malformed(&error))?;
        let payload = STANDARD.decode(&envelope.payload).map_err(|error| malformed(&error))?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(malformed(&format!("payload type {:?}", envelope.payload_type)));
        }
        let mut by = verified(&envelope, &payload, keys)?;
        if payload != expected.as_bytes() {
            return Err(Untrusted::OtherReport);
        }
        // Only who has signed both statements has signed the report.
        by.retain(|key| signed_by.as_ref().is_none_or(|before| before.contains(key)));
        signed_by = Some(by);
    }
    match signed_by.and_then(|by| by.into_iter().next()) {
        Some(key) => Ok((opened, key)),
        None => Err(Untrusted::OtherReport),
    }
}

/// The ids of the pinned keys under which signatures of the envelope verify. What the envelope says of its key is not
/// believed: every pinned key is tried.
fn verified(envelope: &Envelope, payload: &[u8], keys: &[Verifier]) -> Result<Vec<String>, Untrusted> {
    /// More than any release has signers.
    const SIGNATURES_MAX: usize = 16;
    let message = pre_authentication(&envelope.payload_type, payload);
    let signatures = || envelope.signatures.iter().take(SIGNATURES_MAX);
    let bytes: Vec<_> = signatures().filter_map(|signature| STANDARD.decode(&signature.sig).ok()).collect();
    let by: Vec<String> = keys
        .iter()
        .filter(|key| bytes.iter().any(|signature| key.verifies(&message, signature)))
        .map(Verifier::id)
        .collect();
    if !by.is_empty() {
        return Ok(by);
    }
    let named: Vec<String> = signatures().map(|signature| crate::printable(&signature.keyid).into_owned()).collect();
    Err(Untrusted::UnknownKey(if named.is_empty() { "none".to_owned() } else { named.join(", ") }))
}

/// DSSE v1.0.0, protocol: what is signed is type and body with their lengths.
pub(crate) fn pre_authentication(payload_type: &str, body: &[u8]) -> Vec<u8> {
    let mut message = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), body.len()).into_bytes();
    message.extend_from_slice(body);
    message
}

fn statements(report: &Report) -> serde_json::Result<[String; 2]> {
    let subject = subjects(report)?;
    let statement = |predicate_type: &str, predicate: Value| {
        canonical_json(&value!({
            "_type": STATEMENT, "subject": subject, "predicateType": predicate_type, "predicate": predicate,
        }))
    };
    Ok([statement(TEST_RESULT, test_result(report))?, statement(VERIFICATION, verification(report))?])
}

/// What was tested, and the report itself.
fn subjects(report: &Report) -> serde_json::Result<Vec<Value>> {
    let digest = |name: &str, sha256: &str| value!({ "name": name, "digest": { "sha256": sha256 } });
    let mut subjects = vec![digest("report.json", &hex(&Sha256::digest(json(report)?)))];
    for image in &report.subject.before.images {
        let id = image.id.strip_prefix("sha256:").unwrap_or(&image.id);
        subjects.push(digest(&image.name, id));
        if let Some(program) = &image.program_sha256 {
            subjects.push(digest(&format!("{} livekit-server", image.name), program));
        }
    }
    for node in &report.subject.before.nodes {
        if let Some(config) = &node.config_sha256 {
            subjects.push(digest(&format!("{} livekit.yaml (normalised)", node.name), config));
        }
    }
    Ok(subjects)
}

/// in-toto attestation, predicate test-result v0.1.
fn test_result(report: &Report) -> Value {
    let ids = |outcome| -> Vec<&str> {
        report.results.iter().filter(|result| result.outcome == outcome).map(|result| result.id.as_str()).collect()
    };
    let result = match report.verdict {
        RunVerdict::Passed if report.counts.warned == 0 => "PASSED",
        RunVerdict::Passed => "WARNED",
        RunVerdict::Failed | RunVerdict::Inconclusive | RunVerdict::Incomplete => "FAILED",
    };
    value!({
        "result": result,
        "configuration": [{ "name": "plan", "digest": { "sha256": report.plan.sha256 } }],
        "passedTests": ids(Outcome::Passed),
        "warnedTests": ids(Outcome::Warned),
        "failedTests": ids(Outcome::Failed),
    })
}

fn verification(report: &Report) -> Value {
    let ids = |outcome| -> Vec<&str> {
        report.results.iter().filter(|result| result.outcome == outcome).map(|result| result.id.as_str()).collect()
    };
    value!({
        "runId": report.header.run_id,
        "started": report.header.started,
        "ended": report.header.ended,
        "tool": report.header.tool,
        "target": report.header.target,
        "interrupted": report.header.interrupted,
        "verdict": report.verdict,
        "counts": report.counts,
        "seal": report.seal.sha256,
        "skipped": ids(Outcome::Skipped),
        "errored": ids(Outcome::Errored),
        "notRun": ids(Outcome::NotRun),
    })
}

#[cfg(test)]
mod tests {
    use super::{Untrusted, attest, open_signed, pre_authentication};
    use crate::seal::tests::{passed, report, result};
    use crate::{Outcome, Signer, json};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn signer(seed: u8) -> Signer {
        Signer::from_seed([seed; 32])
    }

    /// The example of the DSSE specification (protocol.md, test vectors).
    #[test]
    fn what_is_signed_is_the_specifications() {
        assert_eq!(
            pre_authentication("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn a_signed_report_is_opened_under_its_key_only() {
        let report = report(vec![passed("a.b"), result("a.c", Outcome::Warned)]);
        let (bytes, attestation) = (json(&report).expect("json"), attest(&report, &signer(1)).expect("signed"));
        let pinned = [signer(2).verifier(), signer(1).verifier()];
        let opened = open_signed(&bytes, &attestation, &pinned);
        assert_eq!(opened, Ok((report, signer(1).verifier().id())));
        let other = open_signed(&bytes, &attestation, &pinned[..1]);
        assert_eq!(other, Err(Untrusted::UnknownKey(signer(1).verifier().id())));
        assert!(matches!(open_signed(&bytes, &attestation, &[]), Err(Untrusted::UnknownKey(_))));
        assert!(matches!(open_signed(&bytes, b"", &pinned), Err(Untrusted::Malformed(_))));
    }

    #[test]
    fn a_signature_is_for_one_report() {
        let (one, other) = (report(vec![passed("a.b")]), report(vec![passed("a.c")]));
        let attestation = attest(&other, &signer(1)).expect("signed");
        let opened = open_signed(&json(&one).expect("json"), &attestation, &[signer(1).verifier()]);
        assert_eq!(opened, Err(Untrusted::OtherReport));
    }

    #[test]
    fn every_flipped_bit_of_an_attestation_is_refused() {
        let report = report(vec![passed("a.b")]);
        let (bytes, attestation) = (json(&report).expect("json"), attest(&report, &signer(1)).expect("signed"));
        let key_id = signer(1).verifier().id();
        let said: Vec<usize> = String::from_utf8_lossy(&attestation).match_indices(&key_id).map(|(at, _)| at).collect();
        for index in 0..attestation.len() - 1 {
            // The name of the key is a hint (DSSE): what it says is not believed, so a change of it changes nothing.
            if said.iter().any(|at| (*at..at + key_id.len()).contains(&index)) {
                continue;
            }
            let mut flipped = attestation.clone();
            flipped[index] ^= 1;
            assert!(open_signed(&bytes, &flipped, &[signer(1).verifier()]).is_err(), "byte {index}");
        }
    }

    /// Field names and values of in-toto's Statement v1 and test-result v0.1, read by a parser of JSON alone.
    #[test]
    fn strangers_can_read_the_statement() {
        let report = report(vec![passed("a.b"), result("a.c", Outcome::Failed), result("a.d", Outcome::Warned)]);
        let attestation = attest(&report, &signer(1)).expect("signed");
        let first = attestation.split(|byte| *byte == b'\n').next().expect("a line");
        let envelope: serde_json::Value = serde_json::from_slice(first).expect("json");
        assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
        let payload = STANDARD.decode(envelope["payload"].as_str().expect("text")).expect("base64");
        let statement: serde_json::Value = serde_json::from_slice(&payload).expect("json");
        assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
        assert_eq!(statement["predicateType"], "https://in-toto.io/attestation/test-result/v0.1");
        assert_eq!(statement["predicate"]["result"], "FAILED");
        assert_eq!(statement["predicate"]["passedTests"], serde_json::json!(["a.b"]));
        assert_eq!(statement["predicate"]["failedTests"], serde_json::json!(["a.c"]));
        assert_eq!(statement["predicate"]["warnedTests"], serde_json::json!(["a.d"]));
        let image = &statement["subject"][1];
        assert_eq!(image["name"], "greenlight/livekit-server:v1.13.5");
        assert_eq!(image["digest"]["sha256"], "1d".repeat(32));
    }
}
