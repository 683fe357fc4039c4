//! The task beside: it tells, while whoever has something to tell goes on.

use super::memory::Memory;
use super::notice::Notice;
use super::sender::Sender;
use crate::audit;
use crate::process::secrets_of_the_environment;
use greenlight_config::Deployment;
use greenlight_reports::Redactor;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// A deploy has two things to tell; a watch that is faster than its receivers skips.
const QUEUE_MAX: usize = 8;
/// At the end. Each receiver has ten seconds for each of two notices, and there are files to write.
const FINISH_MAX: Duration = Duration::from_secs(25);

/// Tells the receivers of one environment. Without any it does nothing, and leaves nothing.
pub(crate) struct Notifier {
    beside: Option<(mpsc::Sender<Notice>, JoinHandle<()>)>,
}

impl Notifier {
    /// Starts the task. A receiver that can't be reached fails nothing; that is said when something is to be sent.
    pub(crate) fn start(deployment: &Deployment, environment: &str) -> Self {
        if deployment.notifications.is_empty() {
            return Self { beside: None };
        }
        let state = deployment.path(&deployment.state);
        let senders = deployment.notifications.iter().map(Sender::of).map(|sender| (sender.name.clone(), sender));
        let worker = Worker {
            environment: environment.to_owned(),
            memory: Memory::of(state.join(environment)),
            audit: state.join("audit.jsonl"),
            senders: senders.map(|(name, sender)| (name, Arc::new(sender))).collect(),
            redactor: secrets_of_the_environment(),
            unwritten: BTreeMap::new(),
        };
        let (queue, notices) = mpsc::channel(QUEUE_MAX);
        Self { beside: Some((queue, tokio::spawn(worker.run(notices)))) }
    }

    /// Has it told, without waiting.
    pub(crate) fn tell(&self, notice: Notice) {
        if let Some((queue, _)) = &self.beside
            && let Err(error) = queue.try_send(notice)
        {
            say!("notify   not sent: {error}");
        }
    }

    /// Waits until all is told, as long as that can take.
    pub(crate) async fn finish(self) {
        let Some((queue, worker)) = self.beside else { return };
        drop(queue);
        if timeout(FINISH_MAX, worker).await.is_err() {
            say!("notify   not everything was sent within {} s", FINISH_MAX.as_secs());
        }
    }
}

struct Worker {
    environment: String,
    memory: Memory,
    audit: PathBuf,
    senders: BTreeMap<String, Arc<Sender>>,
    redactor: Redactor,
    /// Keys of subjects that could not be written down: a full disk must not make a message of every turn of a watch.
    unwritten: BTreeMap<String, String>,
}

impl Worker {
    async fn run(mut self, mut notices: mpsc::Receiver<Notice>) {
        while let Some(notice) = notices.recv().await {
            let notice = notice.clean(&self.redactor);
            self.tell(notice).await;
        }
    }

    async fn tell(&mut self, notice: Notice) {
        let everybody: BTreeSet<String> = self.senders.keys().cloned().collect();
        let receivers = match self.memory.note(&notice, &everybody).await {
            Ok(receivers) => receivers,
            Err(error) => {
                self.say(&format!("cannot remember what was sent: {error}"));
                let known = self.unwritten.insert(notice.what.clone(), notice.key());
                if known == Some(notice.key()) { BTreeSet::new() } else { everybody }
            }
        };
        let notice = Arc::new(notice);
        let mut sending = JoinSet::new();
        for (name, sender) in self.senders.iter().filter(|(name, _)| receivers.contains(*name)) {
            let (name, sender, notice) = (name.clone(), sender.clone(), notice.clone());
            sending.spawn(async move { (name, sender.send(&notice).await) });
        }
        while let Some(sent) = sending.join_next().await {
            match sent {
                Ok((name, Ok(()))) => {
                    if let Err(error) = self.memory.delivered(&notice, &name).await {
                        self.say(&format!("cannot remember what was sent: {error}"));
                    }
                }
                Ok((name, Err(problem))) => self.failed(&notice, &name, &problem).await,
                Err(error) => self.say(&error.to_string()),
            }
        }
    }

    async fn failed(&self, notice: &Notice, name: &str, problem: &str) {
        let text = self.redactor.text(&format!("not sent to {name}: {}: {problem}", notice.headline()));
        self.say(&text);
        // A watch tries again at each turn: one line of the log is enough.
        if self.memory.complain(notice, name).await.unwrap_or(false)
            && let Err(failure) = audit::append(&self.audit, &self.environment, "notify", &text)
        {
            self.say(&failure.message);
        }
    }

    fn say(&self, text: &str) {
        say!("notify   {}", self.redactor.text(text));
    }
}
