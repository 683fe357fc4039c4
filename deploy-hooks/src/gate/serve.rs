//! The gate over HTTP, for engines that do the rollout themselves. A caller says nothing about what is to be shipped: that
//! stands in the configuration, or anybody who can reach the port could ask about another build.
//!
//! Flagger's webhooks take any status below 300 for a yes; Argo Rollouts' web metrics read a field of the body. Both get
//! what they need: 200 and `"open": true`, or 403 and the reasons.

use super::command::json;
use super::evidence::{Asked, ask};
use crate::configuration;
use crate::failure::Failure;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use greenlight_reports::{Exit, Redactor};
use sha2::{Digest as _, Sha256};
use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Holds the token that callers need.
const TOKEN: &str = "GREENLIGHT_GATE_TOKEN";
/// Time for answers that are under way when it is asked to end.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// A shorter one can be guessed.
const TOKEN_BYTES_MIN: usize = 16;

struct Gate {
    /// The file, read anew for each question: a policy that was tightened holds from then on.
    config: String,
    environment: String,
    token: String,
}

/// Serves until SIGTERM or Ctrl-C.
///
/// # Errors
/// When there is no token, no such environment, or the port can't be had.
pub(crate) async fn serve(config: &str, environment: &str, address: SocketAddr) -> Result<Exit, Failure> {
    let token = std::env::var(TOKEN).unwrap_or_default();
    if token.len() < TOKEN_BYTES_MIN {
        return Err(Failure::usage(format!(
            "{TOKEN} must hold a token of at least {TOKEN_BYTES_MIN} characters; `openssl rand -hex 24` prints one"
        )));
    }
    configuration::environment(&configuration::read(config)?, environment)?;
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|error| Failure::usage(format!("cannot listen on {address}: {error}")))?;
    let address = listener.local_addr().map_err(Failure::unknown)?;
    let gate = Arc::new(Gate { config: config.to_owned(), environment: environment.to_owned(), token });
    let interrupt = crate::interrupt::on_signal()?;
    say!("gate     {environment} on http://{address}/gate");
    let asked_to_end = interrupt.clone();
    let served = axum::serve(listener, router(gate)).with_graceful_shutdown(asked_to_end.cancelled_owned());
    // Who has said half a question is not waited for.
    let patience = async {
        interrupt.cancelled().await;
        let _ = tokio::time::timeout(LAST_ANSWERS, std::future::pending::<()>()).await;
    };
    tokio::select! {
        served = served.into_future() => served.map_err(Failure::unknown)?,
        () = patience => {}
    }
    Ok(Exit::Interrupted)
}

fn router(gate: Arc<Gate>) -> Router {
    // Flagger posts, Argo gets.
    Router::new().route("/healthz", get(|| async { "ok" })).route("/gate", any(answer)).with_state(gate)
}

async fn answer(State(gate): State<Arc<Gate>>, headers: HeaderMap) -> Response {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_same(given.strip_prefix("Bearer ").unwrap_or_default(), &gate.token) {
        return (StatusCode::UNAUTHORIZED, "a bearer token is needed\n").into_response();
    }
    let asked = async {
        let deployment = configuration::read(&gate.config)?;
        let environment = deployment.environment(&gate.environment).map_err(Failure::usage)?;
        ask(&deployment, environment, None).await
    };
    match asked.await {
        Ok(Asked { decision, .. }) => {
            let status = if decision.is_open() { StatusCode::OK } else { StatusCode::FORBIDDEN };
            (status, axum::Json(json(&gate.environment, &decision))).into_response()
        }
        Err(failure) => {
            let message = Redactor::default().text(&failure.message);
            let body = serde_json::json!({ "format": 1, "open": false, "exit": failure.exit.code(), "error": message });
            (StatusCode::FORBIDDEN, axum::Json(body)).into_response()
        }
    }
}

/// Of equal hashes, not of equal beginnings: how long a comparison takes says nothing about the token.
fn is_same(given: &str, token: &str) -> bool {
    Sha256::digest(given) == Sha256::digest(token)
}
