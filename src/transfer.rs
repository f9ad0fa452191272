//! Carries out steps: each ends in a receipt, or in a failure that leaves both sides as they were.
//!
//! Promises: what was read is what was sent and what is recorded (stamps are compared before and
//! after); nothing is replaced or removed that is not what the step expects; memory is bounded by
//! one budget for all bytes in flight. Never asks what should be done.

mod buffers;
mod cut;
mod download;
mod flow;
mod known;
mod moves;
mod outbox;
mod partial;
mod parts;
mod ranges;
mod removals;
mod sealed;
mod show;
mod unfinished;
mod unseal;
mod upload;

use crate::digest::MIB;
use crate::envelope::{Envelope, OpenError};
use crate::event::{Event, Sink};
use crate::key::Key;
use crate::local::{self, RecoveryRun, Root};
use crate::plan::{Loser, Receipt, Step};
use crate::remote::{self, Remote};
use crate::stamp::{LocalStamp, RemoteStamp};
use crate::state::{Change, Encoding, Modes, ReplicaId};
use crate::stop::Stop;
pub use flow::Flow;
pub use known::Known;
pub use partial::partial_path;
pub use show::SHOWN_BYTES;
use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::OwnedSemaphorePermit;
pub use unfinished::Unfinished;

/// Files up to this size travel in one request, from and to memory.
const WHOLE_BYTES: u64 = 8 * MIB;

/// Everything a step needs, shared by all steps of one map's run.
pub struct Hands {
    /// The directory.
    pub root: Root,
    /// The bucket.
    pub remote: Remote,
    /// Where displaced files of this run go.
    pub recovery: RecoveryRun,
    /// Who writes.
    pub replica: ReplicaId,
    /// Storage class for uploads.
    pub storage_class: Option<String>,
    /// Whether permission bits travel.
    pub modes: Modes,
    /// What files are put in on their way.
    pub envelope: Envelope,
    /// What is recorded, so that what did not change in a large file need not be sent.
    pub known: Known,
    /// Uploads that an earlier run has begun, and those that this one does.
    pub unfinished: Unfinished,
    /// The wish to stop.
    pub stop: Stop,
    /// Where events go.
    pub sink: Arc<Sink>,
    /// What bounds the bytes in flight.
    pub flow: Arc<Flow>,
}

/// Why a step was not done.
#[derive(Debug)]
pub enum Failure {
    /// A side is not what the step expects; what to do must be decided anew.
    Stale,
    /// The file changed while it was read.
    ChangedWhileRead,
    /// The directory.
    Local(local::Error),
    /// The bucket.
    Remote(remote::Error),
    /// The object is encrypted, and there is no identity to open it with.
    Sealed(Encoding),
    /// The object is not encrypted, though its map asks for that.
    Unencrypted(Encoding),
    /// The object is encoded in a way that is not known.
    UnknownEncoding,
    /// The object cannot be opened.
    Open(OpenError),
    /// The bytes that arrived are not the ones the bucket promised.
    Damaged {
        /// What does not fit.
        what: &'static str,
    },
    /// The upload failed too often in a row to be tried again now.
    Postponed {
        /// How often.
        failures: u32,
        /// The time until the next try, milliseconds.
        wait_ms: i64,
        /// Why it failed.
        cause: String,
    },
    /// The file that got another name could not be sent under it.
    Aside(Key, Box<Failure>),
    /// The run ends before the step could.
    Interrupted,
    /// A part of the program broke off.
    Broken(String),
}

impl Failure {
    /// Whether looking again at the key may give a step that works.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        match self {
            Self::Stale | Self::ChangedWhileRead => true,
            // A name that only differs by case may be about to go: the next round finds out.
            Self::Local(error) => matches!(
                error.kind,
                local::Kind::Stale | local::Kind::Missing | local::Kind::Alias
            ),
            Self::Remote(error) => {
                matches!(error.kind, remote::Kind::Changed | remote::Kind::NotFound)
            }
            _ => false,
        }
    }

    /// Whether no other step of the map can work either.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Remote(error) if error.is_fatal())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale => write!(f, "it changed since it was looked at"),
            Self::ChangedWhileRead => write!(f, "the file changed while it was read"),
            Self::Local(error) => error.fmt(f),
            Self::Remote(error) => error.fmt(f),
            Self::Sealed(encoding) => write!(
                f,
                "the object is {encoding}, and the map has no age identity to open it with"
            ),
            Self::Unencrypted(encoding) => write!(
                f,
                "the object is {encoding}, and the map takes encrypted objects only"
            ),
            Self::UnknownEncoding => write!(
                f,
                "the object's metadata names an encoding that this version does not know"
            ),
            Self::Open(error) => error.fmt(f),
            Self::Damaged { what } => write!(f, "the object arrived with a wrong {what}"),
            Self::Postponed {
                failures,
                wait_ms,
                cause,
            } => {
                let minutes = (wait_ms + 59_999) / 60_000;
                let unit = if minutes == 1 { "minute" } else { "minutes" };
                write!(
                    f,
                    "{cause}, {failures} times in a row; the next try is in {minutes} {unit}"
                )
            }
            Self::Aside(aside, failure) => write!(f, "{aside}: {failure}"),
            Self::Interrupted => write!(f, "the run was interrupted"),
            Self::Broken(what) => write!(f, "internal failure: {what}"),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Local(error) => error.source(),
            Self::Remote(error) => error.source(),
            Self::Open(error) => error.source(),
            Self::Aside(_, failure) => failure.source(),
            _ => None,
        }
    }
}

impl From<local::Error> for Failure {
    fn from(error: local::Error) -> Self {
        Self::Local(error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<remote::Error> for Failure {
    fn from(error: remote::Error) -> Self {
        match error.kind {
            remote::Kind::Stopped => Self::Interrupted,
            _ => Self::Remote(error),
        }
    }
}

impl Hands {
    /// Carries out one step.
    ///
    /// # Errors
    /// [`Failure`]: both sides are as they were, or what changed is found by the next run.
    pub async fn carry_out(self: &Arc<Self>, step: &Step) -> Result<Receipt, Failure> {
        match step {
            Step::Adopt(_) | Step::Forget(_) => Ok(step.recorded().into_iter().collect()),
            Step::Upload {
                key,
                local,
                over,
                loser,
            } => {
                if let (Some(object), Loser::Keep) = (over, loser) {
                    self.keep_remote(key, object).await?;
                }
                let record = self.upload(key, *local, over.as_ref()).await?;
                Ok(vec![Change::Upsert(record)])
            }
            Step::Download {
                key,
                remote,
                over,
                loser,
            } => {
                let record = self.download(key, remote, *over, *loser).await?;
                Ok(vec![Change::Upsert(record)])
            }
            Step::KeepBoth {
                key,
                aside,
                local,
                remote,
            } => self.keep_both(key, aside, *local, remote).await,
            Step::DeleteLocal { key, local } => {
                // The licence to remove is that the object is gone, so look once more: a listing
                // is a moment old, and not every server's is whole.
                if self.remote.head(key).await?.is_some() {
                    return Err(Failure::Stale);
                }
                let (hands, name, local) = (Arc::clone(self), key.clone(), *local);
                blocking(move || {
                    Ok(hands
                        .root
                        .remove_to_recovery(&name, &local, &hands.recovery)?)
                })
                .await?;
                Ok(vec![Change::Remove(key.clone())])
            }
            Step::DeleteRemote { key, .. } => {
                for removed in self.remove_objects(std::slice::from_ref(step)).await {
                    removed?;
                }
                Ok(vec![Change::Remove(key.clone())])
            }
            Step::MoveRemote {
                to,
                local,
                source,
                class,
            } => {
                self.copy_renamed(to, *local, source, class.as_deref())
                    .await
            }
            Step::MoveLocal {
                to,
                local,
                remote,
                source,
            } => self.rename_moved(to, *local, remote, source).await,
        }
    }

    async fn keep_remote(&self, key: &Key, stamp: &RemoteStamp) -> Result<(), Failure> {
        let kept = self
            .remote
            .keep_loser(key, stamp, self.recovery.name())
            .await?;
        (self.sink)(Event::KeptRemote {
            key,
            stamp,
            place: &kept.to_string(),
        });
        Ok(())
    }

    async fn keep_both(
        self: &Arc<Self>,
        key: &Key,
        aside: &Key,
        local: LocalStamp,
        remote: &RemoteStamp,
    ) -> Result<Receipt, Failure> {
        // What can fail for long comes first, so that the name is empty for a moment only: a run
        // that finds it empty would take the file for deleted.
        let fetched = self.fetch(key, remote, Some(local)).await?;
        let (hands, from, to) = (Arc::clone(self), key.clone(), aside.clone());
        let object = remote.clone();
        let (theirs, renamed) = blocking(move || {
            let renamed = hands.root.rename(&from, &to, &local)?;
            match hands.finish(from.clone(), object, fetched, None, Loser::Discard) {
                Ok(theirs) => Ok((theirs, renamed)),
                Err(failure) => {
                    // Where the name is taken by now, both files stay, under two names.
                    let _ = hands.root.rename(&to, &from, &renamed);
                    Err(failure)
                }
            }
        })
        .await?;
        let mut receipt = vec![Change::Upsert(theirs)];
        match self.upload(aside, renamed, None).await {
            Ok(ours) => receipt.push(Change::Upsert(ours)),
            // The step is about another key, so to look at that one again would hide this.
            Err(failure) if failure.is_stale() => {
                return Err(Failure::Aside(aside.clone(), Box::new(failure)));
            }
            Err(failure) => return Err(failure),
        }
        Ok(receipt)
    }

    /// Waits until `bytes` more may be in flight, and go.
    async fn reserve(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Failure> {
        let permit = self.hold(bytes).await?;
        self.flow.pass(bytes, &self.stop).await?;
        Ok(permit)
    }

    /// Waits until `bytes` more may be held, of which nobody knows yet whether they will go.
    async fn hold(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Failure> {
        let turn = Arc::clone(&self.flow.budget).acquire_many_owned(self.flow.permits(bytes));
        match self.stop.race(turn).await {
            Some(Ok(permit)) => Ok(permit),
            Some(Err(_)) | None => Err(Failure::Interrupted),
        }
    }
}

/// Whether a step sends a file in parts.
#[must_use]
pub fn goes_in_parts(step: &Step) -> bool {
    match step {
        Step::Upload { local, .. } | Step::KeepBoth { local, .. } => local.size_bytes > WHOLE_BYTES,
        _ => false,
    }
}

/// A failure of the system while bytes of a file moved.
fn io_failed(operation: &'static str, key: &Key, error: std::io::Error) -> Failure {
    let kind = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => local::Kind::NoSpace,
        _ => local::Kind::Io(error),
    };
    Failure::Local(local::Error {
        operation,
        path: key.to_string(),
        kind,
    })
}

/// Runs blocking work where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Failure::Broken(error.to_string())),
    }
}

/// The time, nanoseconds since the epoch.
pub(crate) fn now_ns() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_nanos()).ok())
        .unwrap_or(0)
}
