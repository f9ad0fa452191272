//! Writes receipts to the journal, in batches, on a thread of its own; where there is no journal,
//! only makes durable what they speak of.
//!
//! Promises the order that makes a crash harmless: files and their directories are durable before
//! the receipt that speaks of them is written.

use super::Halt;
use super::sides::lock;
use crate::key::Key;
use crate::local::Root;
use crate::plan::Receipt;
use crate::state::{Change, MapId};
use crate::store::Store;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Receipts that may wait for the scribe.
const WAITING: usize = 1024;
/// How long the scribe gathers receipts before it makes them durable together.
const GATHERING: Duration = Duration::from_millis(200);

type Changes = BTreeMap<Key, Change>;

/// The writing end.
pub(super) struct Scribe {
    sender: mpsc::Sender<Receipt>,
    thread: JoinHandle<(Changes, Result<(), Halt>)>,
}

impl Scribe {
    pub(super) fn start(map: MapId, root: Root, store: Option<Arc<Mutex<Store>>>) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let thread = tokio::task::spawn_blocking(move || {
            let mut written = Changes::new();
            let result = write_all(receiver, map, &root, store.as_deref(), &mut written);
            (written, result)
        });
        Self { sender, thread }
    }

    /// Hands over what a finished step changes. Fails once the journal cannot be written.
    pub(super) async fn write(&self, receipt: Receipt) -> Result<(), ()> {
        self.sender.send(receipt).await.map_err(|_| ())
    }

    /// Waits until all is durable; gives every change in the journal, whatever came after it, for
    /// the commit that drops the journal must have them all.
    pub(super) async fn finish(self) -> (Changes, Result<(), Halt>) {
        drop(self.sender);
        match self.thread.await {
            Ok(ended) => ended,
            Err(error) => (Changes::new(), Err(Halt::Internal(error.to_string()))),
        }
    }
}

/// Gathers what comes within [`GATHERING`], or until there is no more to come.
fn gather(receiver: &mut mpsc::Receiver<Receipt>, batch: &mut Vec<Receipt>) {
    Handle::current().block_on(async {
        let gathering = async {
            while batch.len() < WAITING
                && let Some(receipt) = receiver.recv().await
            {
                batch.push(receipt);
            }
        };
        // Whatever the time was up for is in the batch or still in the channel.
        let _ = tokio::time::timeout(GATHERING, gathering).await;
    });
}

fn write_all(
    mut receiver: mpsc::Receiver<Receipt>,
    map: MapId,
    root: &Root,
    store: Option<&Mutex<Store>>,
    written: &mut Changes,
) -> Result<(), Halt> {
    let mut batch = Vec::new();
    while receiver.blocking_recv_many(&mut batch, WAITING) > 0 {
        gather(&mut receiver, &mut batch);
        let changes: Vec<Change> = batch.drain(..).flatten().collect();
        root.sync_directories().map_err(Halt::Root)?;
        let mut store = store.map(lock);
        if let Some(store) = &mut store {
            store.journal(map, &changes).map_err(Halt::Store)?;
        }
        // What the journal has, the commit must have, even where it cannot be made to last now.
        written.extend(
            changes
                .into_iter()
                .map(|change| (change.key().clone(), change)),
        );
        if let Some(store) = &mut store {
            store.sync_journal().map_err(Halt::Store)?;
        }
    }
    root.sync_directories().map_err(Halt::Root)
}
