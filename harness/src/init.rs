//! What every main does first.

use crate::log::{CheckLog, CheckLogLayer};
use std::sync::Once;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::layer::SubscriberExt as _;

/// Says that the run was asked to stop. Cheap to clone.
#[derive(Clone, Default)]
pub struct Interrupt(CancellationToken);

impl Interrupt {
    /// Whether it was asked.
    pub fn is_set(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Asks it.
    pub fn set(&self) {
        self.0.cancel();
    }

    /// Waits until it is asked.
    pub async fn wait(&self) {
        self.0.cancelled().await;
    }
}

/// Installs the crypto provider, the collection of check logs and the one handler for Ctrl-C and SIGTERM.
///
/// The first signal sets the interrupt, so that everything started is removed and the report is written; a second
/// one changes nothing, since a half-removed staging helps nobody. Must be called inside a tokio runtime.
///
/// # Errors
/// When the signal handler can't be installed.
pub fn init() -> std::io::Result<Interrupt> {
    greenlight_clients::install_crypto_provider();
    // An error says that a subscriber is installed already: by a test of ours, which may.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(CheckLogLayer));
    silence_panics_of_checks();
    let interrupt = Interrupt::default();
    let setter = interrupt.clone();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut keyboard = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = keyboard.recv() => {}
            }
            if !setter.is_set() {
                eprintln!("interrupted: removing everything that was started, please wait");
            }
            setter.set();
        }
    });
    Ok(interrupt)
}

/// A panic of a check becomes its result, redacted. The default hook would print its message, with whatever is in it.
fn silence_panics_of_checks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !CheckLog::is_collecting() {
                default(panic);
            }
        }));
    });
}
