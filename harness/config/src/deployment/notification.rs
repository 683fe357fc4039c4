//! Who is told when an environment changes. Secrets, and addresses that are secrets, never stand in the file: it names the
//! environment variables that hold them.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// One receiver of notifications.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sink {
    /// An incoming webhook of Slack, or of what understands the same (Mattermost, Rocket.Chat).
    Slack(SlackSink),
    /// JSON to any address, signed.
    Webhook(WebhookSink),
    /// A mail.
    Email(EmailSink),
}

/// An incoming webhook. Whoever knows its address may write there: the address is a secret.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackSink {
    /// The variable with the address. An error of the parser would show the lines around it: what is missing is found later.
    #[serde(default)]
    pub url_env: String,
    /// Refused without being shown.
    #[serde(default)]
    url: Option<IgnoredAny>,
}

/// JSON by POST, with an HMAC by which the receiver knows whose it is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSink {
    /// The address, if it is no secret. Either this or `url_env`.
    pub url: Option<String>,
    /// The variable with the address.
    pub url_env: Option<String>,
    /// The variable with the key of the HMAC.
    #[serde(default)]
    pub secret_env: String,
    /// Refused without being shown.
    #[serde(default)]
    secret: Option<IgnoredAny>,
}

/// A mail to some people.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailSink {
    /// The variable with the server's address, user and password in one, as `smtps://user:password@host:465` or
    /// `smtp://user:password@host:587?tls=required`. Either this or `host`.
    pub smtp_url_env: Option<String>,
    /// The server.
    pub host: Option<String>,
    /// Its port. Without it 465 with `tls: wrapped`, 587 with `tls: starttls`, 25 with `tls: none`.
    pub port: Option<u16>,
    /// How the connection to `host` is protected. Without it `starttls`.
    #[serde(default)]
    pub tls: MailTls,
    /// The sender, as `greenlight@example.com` or `Greenlight <greenlight@example.com>`.
    pub from: String,
    /// The receivers.
    pub to: Vec<String>,
    /// The variable with the user's name. Without it nobody logs in.
    pub user_env: Option<String>,
    /// The variable with the password.
    pub password_env: Option<String>,
    /// Refused without being shown.
    #[serde(default)]
    password: Option<IgnoredAny>,
    /// Refused without being shown.
    #[serde(default)]
    smtp_url: Option<IgnoredAny>,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// It begins in clear and must be upgraded (RFC 3207).
    #[default]
    Starttls,
    /// TLS from its first byte (RFC 8314).
    Wrapped,
    /// Not at all; with a password to this machine only.
    None,
}

impl Sink {
    /// The variables whose values are secrets.
    pub fn secret_variables(&self) -> impl Iterator<Item = &str> {
        let names = match self {
            Self::Slack(sink) => [Some(&sink.url_env), None],
            Self::Webhook(sink) => [sink.url_env.as_ref(), Some(&sink.secret_env)],
            // A user's name is none, and may be a word that stands in every line.
            Self::Email(sink) => [sink.smtp_url_env.as_ref(), sink.password_env.as_ref()],
        };
        names.into_iter().flatten().map(String::as_str)
    }

    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = match self {
            Self::Slack(sink) => inside("slack.url", sink.url, "url_env").into_iter().collect(),
            Self::Webhook(sink) => sink.problems(),
            Self::Email(sink) => sink.problems(),
        };
        if self.secret_variables().any(str::is_empty) {
            problems.push("it needs `url_env` (slack) or `secret_env` (webhook): the name of a variable".to_owned());
        }
        // The value is not shown: it may be what should stand in the environment.
        let user = match self {
            Self::Email(sink) => sink.user_env.as_deref(),
            Self::Slack(_) | Self::Webhook(_) => None,
        };
        if !self.secret_variables().chain(user).all(is_variable) {
            problems.push(
                "a key that ends in `_env` holds the name of an environment variable, as SLACK_URL, not its value"
                    .to_owned(),
            );
        }
        problems
    }
}

impl WebhookSink {
    fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = inside("webhook.secret", self.secret, "secret_env").into_iter().collect();
        match (&self.url, &self.url_env) {
            (Some(_), Some(_)) | (None, None) => {
                problems.push("webhook: give it either `url` or `url_env`".to_owned());
            }
            (Some(url), None) if !url.starts_with("https://") && !url.starts_with("http://") => {
                problems.push("webhook.url must begin with https:// or http://".to_owned());
            }
            (Some(url), None) if url.contains(['@', '?', '#']) => {
                problems.push("webhook.url holds a user or a query, which may be secret; use `url_env`".to_owned());
            }
            _ => {}
        }
        problems
    }
}

impl EmailSink {
    fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = inside("email.password", self.password, "password_env").into_iter().collect();
        problems.extend(inside("email.smtp_url", self.smtp_url, "smtp_url_env"));
        if self.smtp_url_env.is_some() == self.host.is_some() {
            problems.push("email: give it either `host` or `smtp_url_env`".to_owned());
        }
        let beside = self.port.is_some() || self.user_env.is_some() || self.tls != MailTls::default();
        if self.smtp_url_env.is_some() && beside {
            problems.push("email: with `smtp_url_env`, port, TLS, user and password stand in that address".to_owned());
        }
        if self.user_env.is_some() != self.password_env.is_some() {
            problems.push("email: `user_env` and `password_env` go together; write both or none".to_owned());
        }
        let local = self.host.as_deref().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "::1"));
        if self.tls == MailTls::None && self.password_env.is_some() && !local {
            problems.push("email: with `tls: none` the password would travel in clear; use starttls".to_owned());
        }
        if self.to.is_empty() {
            problems.push("email.to names nobody; write an address".to_owned());
        }
        for address in self.to.iter().chain([&self.from]).filter(|address| !is_address(address)) {
            problems.push(format!("email: {address:?} is no address, as name@example.com"));
        }
        problems
    }
}

fn inside(key: &str, value: Option<IgnoredAny>, instead: &str) -> Option<String> {
    value.map(|_| format!("{key}: a secret does not stand in this file; write `{instead}: NAME_OF_A_VARIABLE`"))
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_address(text: &str) -> bool {
    let bare = text.trim_end_matches('>').rsplit('<').next().unwrap_or_default();
    !text.contains(char::is_control)
        && bare.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && !bare.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::{MailTls, Sink};
    use crate::Deployment;

    const REST: &str = "format: 1
keys: [greenlight.pub.pem]
state: state
environments:
  staging:
    gate: {report: report.json, required: [api.a], age_max_s: 3600}
    artefact: {image: livekit/livekit-server:v1.13.5}
notifications:
";

    fn read(sinks: &str) -> Result<Vec<Sink>, String> {
        let read = Deployment::parse("deployment.yaml", &format!("{REST}{sinks}"));
        read.map(|deployment| deployment.notifications).map_err(|error| error.to_string())
    }

    #[test]
    fn good_sinks_are_read_with_their_defaults() {
        let sinks = read(
            "  - slack: {url_env: SLACK_URL}
  - webhook: {url: 'https://example.com/hook', secret_env: HOOK_SECRET}
  - email: {host: mail.example.com, from: a@example.com, to: ['Ops <ops@example.com>'], user_env: U, password_env: P}
",
        )
        .expect("good");
        let names: Vec<Vec<&str>> = sinks.iter().map(|sink| sink.secret_variables().collect()).collect();
        assert_eq!(names, [vec!["SLACK_URL"], vec!["HOOK_SECRET"], vec!["P"]]);
        assert!(matches!(&sinks[2], Sink::Email(mail) if mail.tls == MailTls::Starttls && mail.port.is_none()));
        assert_eq!(read("  []\n"), Ok(vec![]));
    }

    /// A secret that stands in the file by mistake is not carried into a log by the error about it.
    #[test]
    fn secrets_in_the_file_are_refused_and_not_repeated() {
        for (sink, problem) in [
            ("slack: {url_env: A, url: 'https://hooks.slack.com/T0CANARY'}", "slack.url: a secret does not stand"),
            ("slack: {url: 'https://hooks.slack.com/T0CANARY'}", "slack.url: a secret does not stand"),
            ("slack: {url_env: 'https://hooks.slack.com/T0CANARY'}", "the name of an environment variable"),
            ("webhook: {url: 'https://e.com', secret_env: A, secret: T0CANARY}", "webhook.secret: a secret"),
            ("webhook: {url: 'https://u:T0CANARY@e.com', secret_env: A}", "holds a user or a query"),
            ("webhook: {url: 'https://e.com/?key=T0CANARY', secret_env: A}", "holds a user or a query"),
            ("email: {smtp_url: 'smtps://a:T0CANARY@e.com', from: a@e.com, to: [b@e.com]}", "email.smtp_url: a secret"),
            (
                "email: {host: e.com, from: a@e.com, to: [b@e.com], user_env: U, password: T0CANARY, password_env: P}",
                "email.password: a secret",
            ),
        ] {
            let error = read(&format!("  - {sink}\n")).expect_err(sink);
            assert!(error.contains(problem), "no {problem:?} in: {error}");
            assert!(!error.contains("T0CANARY"), "{error}");
            assert!(error.contains("notifications[0]"), "{error}");
        }
    }

    #[test]
    fn what_could_not_be_sent_is_refused() {
        for (sink, problem) in [
            ("webhook: {secret_env: A}", "either `url` or `url_env`"),
            ("webhook: {url: 'https://e.com', url_env: B, secret_env: A}", "either `url` or `url_env`"),
            ("webhook: {url: e.com, secret_env: A}", "must begin with https://"),
            ("webhook: {url: 'https://e.com'}", "needs `url_env` (slack) or `secret_env` (webhook)"),
            ("email: {from: a@e.com, to: [b@e.com]}", "either `host` or `smtp_url_env`"),
            ("email: {host: e.com, from: a@e.com, to: []}", "email.to names nobody"),
            ("email: {host: e.com, from: nobody, to: [b@e.com]}", "\"nobody\" is no address"),
            ("email: {host: e.com, from: a@e.com, to: [\"b@e.com\\nBcc: c@e.com\"]}", "is no address"),
            ("email: {host: e.com, from: a@e.com, to: [b@e.com], user_env: U}", "go together"),
            ("email: {smtp_url_env: S, port: 25, from: a@e.com, to: [b@e.com]}", "stand in that address"),
            (
                "email: {host: e.com, tls: none, from: a@e.com, to: [b@e.com], user_env: U, password_env: P}",
                "would travel in clear",
            ),
            ("pager: {url_env: A}", "pager"),
        ] {
            let error = read(&format!("  - {sink}\n")).expect_err(sink);
            assert!(error.contains(problem), "no {problem:?} in: {error}");
        }
    }
}
