//! Ctrl-C and SIGTERM: asked once, everything that is under way is ended in order.

use crate::failure::Failure;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that the first of the two signals cancels.
///
/// # Errors
/// When the handlers can't be installed.
pub(crate) fn on_signal() -> Result<CancellationToken, Failure> {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    let install = |kind| signal(kind).map_err(|error| Failure::unknown(format!("cannot wait for signals: {error}")));
    let (mut terminate, mut keyboard) = (install(SignalKind::terminate())?, install(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = keyboard.recv() => {}
        }
        cancelled.cancel();
    });
    Ok(token)
}
