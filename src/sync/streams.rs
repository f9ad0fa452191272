//! Streams from the readers of a side to the join: batches through a channel, so far ahead and no
//! farther.

use super::join::Broken;
use tokio::sync::mpsc;

/// Entries that travel together from a reader to the join.
const BATCH: usize = 512;
/// Batches a reader may be ahead.
const AHEAD: usize = 16;

/// A batch on its way, or the word that all is read. A channel that closes without that word broke.
type Message<T> = Option<Result<Vec<T>, Broken>>;

/// The reader's end.
#[derive(Debug)]
pub struct Sender<T>(mpsc::Sender<Message<T>>);

/// The join's end: what comes, one by one.
#[derive(Debug)]
pub struct Received<T> {
    channel: mpsc::Receiver<Message<T>>,
    batch: std::vec::IntoIter<T>,
    what: &'static str,
    ended: bool,
}

/// A stream of what `what` reads.
#[must_use]
pub fn stream<T>(what: &'static str) -> (Sender<T>, Received<T>) {
    let (sender, channel) = mpsc::channel(AHEAD);
    let received = Received {
        channel,
        batch: Vec::new().into_iter(),
        what,
        ended: false,
    };
    (Sender(sender), received)
}

/// Nobody listens any more, since the join has failed, or is done, for a reason of its own.
#[derive(Debug)]
pub struct Unheard;

impl<T> Sender<T> {
    /// Sends a batch; `None` says that there is no more.
    ///
    /// # Errors
    /// [`Unheard`].
    pub(super) async fn send(&self, batch: Message<T>) -> Result<(), Unheard> {
        self.0.send(batch).await.map_err(|_| Unheard)
    }

    /// Sends all entries and the word that this was all, or the error at which they end. Blocks.
    ///
    /// # Errors
    /// [`Unheard`].
    pub fn send_all(
        &self,
        entries: &mut impl Iterator<Item = Result<T, Broken>>,
    ) -> Result<(), Unheard> {
        let send = |message| self.0.blocking_send(message).map_err(|_| Unheard);
        loop {
            let batch: Result<Vec<T>, Broken> = entries.by_ref().take(BATCH).collect();
            let is_last = !matches!(&batch, Ok(batch) if batch.len() == BATCH);
            let is_broken = batch.is_err();
            send(Some(batch))?;
            if is_broken {
                return Ok(());
            }
            if is_last {
                return send(None);
            }
        }
    }
}

impl<T> Iterator for Received<T> {
    type Item = Result<T, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.batch.next() {
                return Some(Ok(item));
            }
            if self.ended {
                return None;
            }
            match self.channel.blocking_recv() {
                Some(Some(Ok(batch))) => self.batch = batch.into_iter(),
                Some(Some(Err(broken))) => {
                    self.ended = true;
                    return Some(Err(broken));
                }
                Some(None) => self.ended = true,
                None => {
                    self.ended = true;
                    return Some(Err(Broken::Lost(self.what)));
                }
            }
        }
    }
}
