//! The API of the environment's target.

use super::super::site::Site;
use super::held::{Held, Kind};
use crate::failure::Failure;
use crate::files::read_text;
use greenlight_clients::{Http, Key, Refusal, Secret, SipGrant, Twirp, install_crypto_provider, system_roots};
use greenlight_reports::Exit;
use serde_json::{Value, json};
use std::time::Duration;

/// Each call only reads or writes Redis.
const ANSWER_MAX: Duration = Duration::from_secs(15);
const CA_BYTES_MAX: u64 = 4 << 20;

/// A client that may list and change trunks and rules.
pub(super) struct Api(Twirp);

impl Api {
    /// Of the environment. Nothing is asked yet.
    ///
    /// # Errors
    /// [`Failure`] of usage: what it takes is not there.
    pub(super) fn of(site: &Site) -> Result<Self, Failure> {
        let Some(target) = site.environment().and_then(|environment| environment.target.as_ref()) else {
            return Err(Failure::usage(
                "nothing says where the API is; write `target: {url: …}` into the environment, and name that with --environment",
            ));
        };
        let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (Some(id), Some(secret)) = (given(&target.key_env), given(&target.secret_env)) else {
            return Err(Failure::usage(format!(
                "trunks are read with a key of the deployment; set {} and {}",
                target.key_env, target.secret_env
            )));
        };
        let http = match target.url.split_once("://") {
            Some(("ws" | "http", rest)) => format!("http://{rest}"),
            Some(("wss" | "https", rest)) => format!("https://{rest}"),
            _ => {
                return Err(Failure::usage(format!(
                    "target.url {:?} is no address of a deployment; write wss://livekit.example.com",
                    target.url
                )));
            }
        };
        install_crypto_provider();
        let own = target.ca.as_ref().map(|file| {
            let file = site.path(file);
            read_text(&file, CA_BYTES_MAX).map_err(|error| {
                Failure::usage(format!("cannot read {}: {error}; target.ca is a PEM file", file.display()))
            })
        });
        let roots = system_roots(own.transpose()?.as_deref()).map_err(Failure::usage)?;
        let client = Http::trusting(&roots).and_then(|client| client.within(ANSWER_MAX)).map_err(Failure::usage)?;
        Ok(Self(Twirp::new(client.endpoint(http.trim_end_matches('/')), Key { id, secret: Secret::new(secret) })))
    }

    /// Everything that there is.
    ///
    /// # Errors
    /// [`Failure`]: nobody answers, or the key may not ask.
    pub(super) async fn list(&self) -> Result<Held, Failure> {
        let mut held = Held::default();
        for (kind, to) in
            [(Kind::Inbound, &mut held.inbound), (Kind::Outbound, &mut held.outbound), (Kind::Rule, &mut held.rules)]
        {
            let listed = self.ask(kind, "List", &json!({})).await.map_err(|what| {
                Failure::new(Exit::Unreachable, format!("the deployment does not answer: {what}; look at target.url"))
            })?;
            let mut listed = listed.map_err(|refusal| {
                Failure::usage(format!(
                    "the deployment does not list its trunks ({refusal}); key_env and secret_env must name a key of it, and it must have a Redis"
                ))
            })?;
            *to = match listed["items"].take() {
                Value::Array(items) => items,
                _ => vec![],
            };
        }
        Ok(held)
    }

    /// Calls the method of a kind.
    ///
    /// # Errors
    /// No answer came. Within: what was answered instead.
    pub(super) async fn ask(&self, kind: Kind, verb: &str, request: &Value) -> Result<Result<Value, Refusal>, String> {
        const ADMIN: SipGrant = SipGrant { admin: true, call: false };
        let answer = self.0.ask_json("SIP", &kind.method(verb), ADMIN, request).await;
        let answer = answer.map_err(|error| format!("{error:#}"))?;
        match answer.status {
            200 => serde_json::from_str(&answer.body)
                .map(Ok)
                .map_err(|_| format!("{} was answered with no JSON", kind.method(verb))),
            _ => Ok(Err(Refusal(answer))),
        }
    }
}
