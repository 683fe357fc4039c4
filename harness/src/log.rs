//! One log per attempt at a check: what its clients saw, collected from their tracing events.

use std::fmt::{self, Write as _};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer};

/// An attempt that logs more than this is cut at the end; the report shortens further.
const BYTES_MAX: usize = 1 << 20;

tokio::task_local! {
    static LOG: CheckLog;
}

/// The lines of one attempt so far.
#[derive(Clone)]
pub(crate) struct CheckLog {
    started: Instant,
    text: Arc<Mutex<String>>,
}

impl CheckLog {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), text: Arc::default() }
    }

    /// Runs the future with this log as the place where events of our crates go.
    pub(crate) fn collect<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        LOG.scope(self.clone(), future)
    }

    /// Whether the caller runs inside an attempt.
    pub(crate) fn is_collecting() -> bool {
        LOG.try_with(|_| ()).is_ok()
    }

    pub(crate) fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn line(&self, line: &str) {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        if text.len() + line.len() < BYTES_MAX {
            let _ = writeln!(text, "{:>6} ms  {line}", self.started.elapsed().as_millis());
        }
    }
}

/// Sends events of our own crates to the log of the attempt that they belong to.
pub(crate) struct CheckLogLayer;

impl<S: tracing::Subscriber> Layer<S> for CheckLogLayer {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if !event.metadata().target().starts_with("greenlight") {
            return;
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        // Outside an attempt (a staging that starts, say) there is no log to write to.
        let _ = LOG.try_with(|log| log.line(&message.0));
    }
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}
