//! One receiver with what is needed to reach it, and a bounded number of tries.

use super::email::Mailer;
use super::http::{Hook, Style};
use super::notice::Notice;
use greenlight_config::Sink;
use reqwest::Url;
use std::fmt::Display;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

const TRIES: u32 = 3;
const TRY_MAX: Duration = Duration::from_secs(3);
/// Before the second try; before the third it is twice that.
const BACKOFF: Duration = Duration::from_millis(250);
/// For all tries to one receiver.
const TOTAL_MAX: Duration = Duration::from_secs(10);

/// Why a try did not succeed.
#[derive(Debug)]
pub(super) enum Refused {
    /// It may succeed when tried again.
    Later(String),
    /// It will not.
    Forever(String),
}

impl Refused {
    pub(super) fn later(error: impl Display) -> Self {
        Self::Later(error.to_string())
    }

    pub(super) fn forever(error: impl Display) -> Self {
        Self::Forever(error.to_string())
    }
}

/// One receiver.
pub(super) struct Sender {
    /// What tells it from the others, without secrets.
    pub name: String,
    /// What is missing is said when something is to be sent: a deploy does not fail over it.
    means: Result<Means, String>,
}

enum Means {
    Hook(Hook),
    Mail(Box<Mailer>),
}

impl Sender {
    /// Looks up what the environment holds for it.
    pub(super) fn of(sink: &Sink) -> Self {
        let (name, means) = match sink {
            Sink::Slack(slack) => {
                let hook = variable(&slack.url_env).and_then(|url| Hook::new(url, Style::Slack));
                (format!("slack {}", slack.url_env), hook.map(Means::Hook))
            }
            Sink::Webhook(webhook) => {
                let place = webhook.url.as_ref().or(webhook.url_env.as_ref()).cloned().unwrap_or_default();
                let url = webhook.url_env.as_deref().map_or_else(|| Ok(place.clone()), variable);
                let hook = url.and_then(|url| Hook::new(url, Style::Signed(variable(&webhook.secret_env)?)));
                (format!("webhook {place}"), hook.map(Means::Hook))
            }
            Sink::Email(mail) => {
                let mailer = Mailer::new(mail).map(|mailer| Means::Mail(Box::new(mailer)));
                (format!("email {}", mail.to.join(", ")), mailer)
            }
        };
        Self { name, means }
    }

    /// Sends it, with up to three tries in up to ten seconds.
    ///
    /// # Errors
    /// Why it was not sent.
    pub(super) async fn send(&self, notice: &Notice) -> Result<(), String> {
        let means = self.means.as_ref().map_err(Clone::clone)?;
        let sent = timeout(TOTAL_MAX, tries(means, notice)).await;
        sent.unwrap_or_else(|_| Err(format!("no answer within {} s", TOTAL_MAX.as_secs())))
    }
}

async fn tries(means: &Means, notice: &Notice) -> Result<(), String> {
    let mut backoff = BACKOFF;
    let mut number = 1;
    loop {
        let sent = async {
            match means {
                Means::Hook(hook) => hook.send(notice).await,
                Means::Mail(mailer) => mailer.send(notice).await,
            }
        };
        let sent = timeout(TRY_MAX, sent).await;
        match sent.unwrap_or_else(|_| Err(Refused::Later(format!("no answer within {} s", TRY_MAX.as_secs())))) {
            Ok(()) => return Ok(()),
            Err(Refused::Forever(problem)) => return Err(problem),
            Err(Refused::Later(problem)) if number == TRIES => return Err(format!("{problem} ({TRIES} tries)")),
            Err(Refused::Later(_)) => {}
        }
        // A receiver that is overwhelmed is left alone for a moment: there is nothing to wait for but time.
        sleep_until(Instant::now() + backoff).await;
        backoff *= 2;
        number += 1;
    }
}

/// Whether what is sent there never leaves this machine.
pub(super) fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// The value of a variable that deployment.yaml names.
///
/// # Errors
/// When there is none.
pub(super) fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).ok_or_else(|| {
        format!("the environment variable {name} is not set; `notifications` in deployment.yaml names it")
    })
}
