//! Joins and calls all the while.

use greenlight_clients::{Http, Key, Rooms, Signal, TokenBuilder, VideoGrant};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Joins and calls through the balancer, and how many of them failed.
#[derive(Default)]
pub(crate) struct Load {
    pub(crate) joins: AtomicUsize,
    pub(crate) calls: AtomicUsize,
    pub(crate) failures: std::sync::Mutex<Vec<String>>,
}

impl Load {
    fn failed(&self, what: String) {
        self.failures.lock().expect("unpoisoned").push(what);
    }

    /// 20 calls and 5 joins a second until the token is cancelled; five joins share a room, and each stays ten seconds.
    pub(crate) async fn run(self: Arc<Self>, url: String, key: Key, stop: CancellationToken) {
        let endpoint = Http::trusting("").expect("a client").endpoint(url);
        let (rooms, signal) = (Rooms::new(endpoint.clone(), key.clone()), Signal::new(endpoint));
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        let mut tasks = tokio::task::JoinSet::new();
        for tick in 0_usize.. {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => break,
            }
            let (load, rooms) = (self.clone(), rooms.clone());
            tasks.spawn(async move {
                load.calls.fetch_add(1, Ordering::Relaxed);
                match rooms.list(&[]).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(refusal)) => load.failed(format!("ListRooms: {refusal}")),
                    Err(error) => load.failed(format!("ListRooms: {error}")),
                }
            });
            if tick % 4 == 0 {
                let (load, signal, key) = (self.clone(), signal.clone(), key.clone());
                tasks.spawn(async move {
                    load.joins.fetch_add(1, Ordering::Relaxed);
                    let grant = VideoGrant::join(format!("room-{}", tick / 20));
                    let token = TokenBuilder::new(&key, grant).identity(format!("user-{tick}")).sign().expect("signed");
                    match signal.join(&token).await {
                        Ok(session) => {
                            let mut stay = tokio::time::interval(Duration::from_secs(10));
                            stay.tick().await;
                            stay.tick().await;
                            session.leave().await;
                        }
                        Err(error) => load.failed(format!("join: {error}")),
                    }
                });
            }
        }
        while tasks.join_next().await.is_some() {}
    }
}
