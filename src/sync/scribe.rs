//! Writes receipts to the journal, in batches, on a thread of its own; where there is no journal,
//! only makes durable what they speak of.
//!
//! Promises the order that makes a crash harmless: files and their directories are durable before
//! the receipt that speaks of them is written.

use super::sides::lock;
use super::{Halt, Recorded};
use crate::local::Root;
use crate::plan::Receipt;
use crate::state::{Change, MapId};
use crate::store::Store;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Receipts that may wait for the scribe.
const WAITING: usize = 1024;
/// How long the scribe gathers receipts before it makes them durable together.
const GATHERING: Duration = Duration::from_millis(200);

/// What the scribe is handed.
enum Word {
    /// What a finished step changes.
    Receipt(Receipt),
    /// A wish to hear when all before it is durable.
    Settle(oneshot::Sender<()>),
}

/// The writing end.
pub(super) struct Scribe {
    sender: mpsc::Sender<Word>,
    thread: JoinHandle<(Recorded, Result<(), Halt>)>,
}

impl Scribe {
    pub(super) fn start(map: MapId, root: Root, store: Option<Arc<Mutex<Store>>>) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let thread = tokio::task::spawn_blocking(move || {
            let mut written = Recorded::Nothing;
            let result = write_all(receiver, map, &root, store.as_deref(), &mut written);
            (written, result)
        });
        Self { sender, thread }
    }

    /// Hands over what a finished step changes. Fails once the journal cannot be written.
    pub(super) async fn write(&self, receipt: Receipt) -> Result<(), ()> {
        let word = Word::Receipt(receipt);
        self.sender.send(word).await.map_err(|_| ())
    }

    /// Waits until all that was handed over is durable. Fails once the journal cannot be written.
    pub(super) async fn settle(&self) -> Result<(), ()> {
        let (sender, settled) = oneshot::channel();
        let word = Word::Settle(sender);
        self.sender.send(word).await.map_err(|_| ())?;
        settled.await.map_err(|_| ())
    }

    /// Waits until all is durable; says whether the journal has anything.
    pub(super) async fn finish(self) -> (Recorded, Result<(), Halt>) {
        drop(self.sender);
        match self.thread.await {
            Ok(ended) => ended,
            Err(error) => (Recorded::Nothing, Err(Halt::Internal(error.to_string()))),
        }
    }
}

/// Gathers what comes within [`GATHERING`], until there is no more to come or somebody waits.
fn gather(receiver: &mut mpsc::Receiver<Word>, batch: &mut Vec<Word>) {
    let is_waited_for = |batch: &[Word]| batch.iter().any(|word| matches!(word, Word::Settle(_)));
    if is_waited_for(batch) {
        return;
    }
    Handle::current().block_on(async {
        let gathering = async {
            while batch.len() < WAITING
                && let Some(word) = receiver.recv().await
            {
                batch.push(word);
                if matches!(batch.last(), Some(Word::Settle(_))) {
                    break;
                }
            }
        };
        // Whatever the time was up for is in the batch or still in the channel.
        let _ = tokio::time::timeout(GATHERING, gathering).await;
    });
}

fn write_all(
    mut receiver: mpsc::Receiver<Word>,
    map: MapId,
    root: &Root,
    store: Option<&Mutex<Store>>,
    written: &mut Recorded,
) -> Result<(), Halt> {
    let mut batch = Vec::new();
    while receiver.blocking_recv_many(&mut batch, WAITING) > 0 {
        gather(&mut receiver, &mut batch);
        let mut changes: Vec<Change> = Vec::new();
        let mut waiting = Vec::new();
        for word in batch.drain(..) {
            match word {
                Word::Receipt(receipt) => changes.extend(receipt),
                Word::Settle(sender) => waiting.push(sender),
            }
        }
        root.sync_directories().map_err(Halt::Root)?;
        let mut store = store.map(lock);
        if let Some(store) = &mut store
            && !changes.is_empty()
        {
            store.journal(map, &changes).map_err(Halt::Store)?;
            *written = Recorded::Something;
        }
        let unsynced = store.and_then(|store| store.unsynced());
        // Without the lock: whoever appends need not wait for the disk.
        if let Some(unsynced) = unsynced {
            unsynced.sync().map_err(Halt::Store)?;
        }
        for sender in waiting {
            // Whoever no longer waits need not hear of it.
            let _ = sender.send(());
        }
    }
    root.sync_directories().map_err(Halt::Root)
}
