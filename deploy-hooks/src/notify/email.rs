//! Mails.

use super::notice::Notice;
use super::sender::{Refused, is_local, variable};
use greenlight_config::{EmailSink, MailTls};
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use reqwest::Url;
use std::time::Duration;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// For one command; a whole try has a bound of its own.
const COMMAND_MAX: Duration = Duration::from_secs(3);

/// A mail server, a sender and receivers.
pub(super) struct Mailer {
    transport: Transport,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mailer {
    /// As deployment.yaml says.
    ///
    /// # Errors
    /// What is missing or wrong; nothing secret is repeated.
    pub(super) fn new(sink: &EmailSink) -> Result<Self, String> {
        greenlight_clients::install_crypto_provider();
        let mailbox = |text: &String| text.parse().map_err(|error| format!("{text:?} is no mail address: {error}"));
        let to = sink.to.iter().map(mailbox).collect::<Result<_, String>>()?;
        Ok(Self { transport: transport(sink)?, from: mailbox(&sink.from)?, to })
    }

    /// One try.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) async fn send(&self, notice: &Notice) -> Result<(), Refused> {
        let mut message = Message::builder().from(self.from.clone()).header(ContentType::TEXT_PLAIN);
        for receiver in &self.to {
            message = message.to(receiver.clone());
        }
        let message = message
            .subject(format!("[greenlight] {}", notice.headline()))
            .body(text(notice))
            .map_err(Refused::forever)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(Refused::forever(error)),
            Err(error) => Err(Refused::later(error)),
        }
    }
}

fn text(notice: &Notice) -> String {
    format!(
        "environment  {}\nwhat         {}\nstate        {}\nid           {}\nat           {}\n\n{}\n",
        notice.environment, notice.what, notice.state, notice.id, notice.at, notice.summary
    )
}

fn transport(sink: &EmailSink) -> Result<Transport, String> {
    let builder = match (&sink.smtp_url_env, &sink.host) {
        (Some(name), _) => {
            let url = variable(name)?;
            refuse_in_clear(name, &url)?;
            // Its own words may hold a part of the address.
            Transport::from_url(&url)
                .map_err(|_| format!("{name} holds no address as smtps://user:password@host:465"))?
        }
        (None, Some(host)) => {
            let parameters =
                || TlsParameters::new(host.clone()).map_err(|error| format!("no TLS for the mail server: {error}"));
            let (tls, port) = match sink.tls {
                MailTls::Wrapped => (Tls::Wrapper(parameters()?), 465),
                MailTls::Starttls => (Tls::Required(parameters()?), 587),
                MailTls::None => (Tls::None, 25),
            };
            Transport::builder_dangerous(host).tls(tls).port(sink.port.unwrap_or(port))
        }
        (None, None) => return Err("it has neither `host` nor `smtp_url_env`".to_owned()),
    };
    let builder = builder.timeout(Some(COMMAND_MAX));
    Ok(match (&sink.user_env, &sink.password_env) {
        (Some(user), Some(password)) => {
            builder.credentials(Credentials::new(variable(user)?, variable(password)?)).build()
        }
        _ => builder.build(),
    })
}

/// A password must not go out over a connection that nobody protects.
fn refuse_in_clear(name: &str, text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|error| format!("{name} holds no URL: {error}"))?;
    let required = url.query_pairs().any(|(key, value)| key == "tls" && value == "required");
    match url.scheme() == "smtps" || required || is_local(&url) || url.password().is_none() {
        true => Ok(()),
        false => Err(format!("{name}: the password would travel in clear; use smtps://, or add ?tls=required")),
    }
}
