//! Services that are told over TLS: a certificate of an authority that this machine trusts, and those that are refused.
//!
//! The authority is trusted as an operator would have it trusted: in the system's roots, which `SSL_CERT_FILE` names.

use crate::notify::{CANARIES, deploying, told};
use crate::sinks::{Answers, HttpSink, SmtpSink};
use crate::world::Ended;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::<String>::new()).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed")
}

/// What a server of this name shows, valid until that year.
fn shown(authority: &Authority, name: &str, until: i32) -> Arc<ServerConfig> {
    let mut params = CertificateParams::new([name.to_owned()]).expect("parameters");
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 1, 1));
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, authority).expect("signed").pem();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("a key");
    let config =
        ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    Arc::new(config.expect("versions").with_no_client_auth().with_single_cert(chain, key).expect("they fit"))
}

/// A deploy that tells a Slack-like webhook, a signed one and a mail server, on a machine that trusts this authority.
fn deploy(authority: &Authority, hook_port: u16, mail_port: u16) -> Ended {
    let world = told(&format!(
        "  - slack: {{url_env: SLACK_URL}}
  - webhook: {{url: 'https://localhost:{hook_port}/hook', secret_env: HOOK_SECRET}}
  - email: {{host: localhost, port: {mail_port}, tls: starttls, from: g@example.com, to: [ops@example.com], user_env: MAIL_USER, password_env: MAIL_PASSWORD}}
"
    ));
    world.put("roots.pem", &authority.pem());
    let mut command = deploying(&world, &format!("https://localhost:{hook_port}/services/{}", CANARIES[0]));
    trusting(&mut command, &world.path("roots.pem"));
    Ended::of(&command.output().expect("it runs"))
}

fn trusting(command: &mut std::process::Command, roots: &Path) {
    command.env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
}

#[test]
fn services_with_a_certificate_of_a_trusted_authority_are_told() {
    let authority = authority("ours");
    let hook = HttpSink::start(Answers::With(200));
    let smtp = SmtpSink::with_starttls(shown(&authority, "localhost", 2100));
    let ended = deploy(&authority, hook.over_tls(shown(&authority, "localhost", 2100)), smtp.port);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.said.contains("not sent"), "{}", ended.said);
    assert_eq!(hook.got().len(), 4, "two by Slack's way and two signed");
    let mails = smtp.mails();
    assert_eq!(mails.len(), 2);
    // The sink logs nobody in before STARTTLS, so the password has come over TLS.
    assert_eq!(mails[1].login, Some(("greenlight".to_owned(), CANARIES[2].to_owned())));
}

/// Words of RFC 5280's checks as rustls says them: issuer, name, time.
#[test]
fn a_certificate_that_proves_nothing_is_refused_before_anything_is_said() {
    let (trusted, stranger) = (authority("ours"), authority("somebody else"));
    for (shown, words) in [
        (shown(&stranger, "localhost", 2100), "UnknownIssuer"),
        (shown(&trusted, "chat.example.com", 2100), "certificate not valid for name"),
        (shown(&trusted, "localhost", 2021), "certificate expired"),
    ] {
        let (hook, smtp) = (HttpSink::start(Answers::With(200)), SmtpSink::with_starttls(shown.clone()));
        let ended = deploy(&trusted, hook.over_tls(shown), smtp.port);
        assert_eq!(ended.code, Some(0), "a deploy does not fail over it: {ended:?}");
        for receiver in ["slack SLACK_URL", "webhook https://localhost:", "email ops@example.com"] {
            let line = |line: &&str| line.contains(&format!("not sent to {receiver}")) && line.contains(words);
            assert!(ended.said.lines().any(|it| line(&it)), "nothing of {receiver} and {words:?} in: {}", ended.said);
        }
        assert!(hook.got().is_empty() && smtp.mails().is_empty(), "{words}");
    }
}

/// Somebody on the way can take STARTTLS out of what a mail server offers: then nobody logs in.
#[test]
fn a_mail_server_that_offers_no_tls_gets_no_password() {
    let authority = authority("ours");
    let hook = HttpSink::start(Answers::With(200));
    let smtp = SmtpSink::start();
    let ended = deploy(&authority, hook.over_tls(shown(&authority, "localhost", 2100)), smtp.port);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.said.contains("not sent to email ops@example.com"), "{}", ended.said);
    assert_eq!((hook.got().len(), smtp.mails().len()), (4, 0));
}
