//! Events: what a run tells about itself while it works, as data. Whoever shows them decides how.

use crate::guard::Held;
use crate::key::Key;
use crate::plan::{Fold, Obstacle, Step};
use crate::reconcile::{Settlement, Why};
use crate::stamp::RemoteStamp;
use std::sync::Arc;

/// Something worth telling.
#[derive(Debug)]
pub enum Event<'a> {
    /// The maps that a run is about to sync, in the order of the state file.
    Maps(&'a [String]),
    /// A map's run begins.
    Begun {
        /// The map's name.
        map: &'a str,
        /// Its directory.
        path: &'a str,
        /// Its prefix, as a URI.
        uri: &'a str,
    },
    /// More of the two sides was read; told in batches.
    Read {
        /// Files found since the last word.
        files: u64,
        /// Objects listed since the last word.
        objects: u64,
    },
    /// Both sides were read and a plan was made.
    Planned {
        /// Steps that move or remove something.
        steps: usize,
        /// Bytes to transfer, as far as known.
        bytes: u64,
    },
    /// A step that a run would do and a dry run does not; they come in the order of execution.
    Would(&'a Step, Why),
    /// A step is done.
    Done(&'a Step, Why),
    /// What a run's moves come to, where a dry run tells only what would be.
    WouldMove(&'a Fold, Why),
    /// What a run's moves came to.
    HasMoved(&'a Fold, Why),
    /// A step, or a look at a key, failed; the record stays as it was.
    Failed {
        /// Which key.
        key: &'a Key,
        /// Why.
        cause: &'a (dyn std::error::Error + 'static),
    },
    /// A key is left alone although its sides are not equal.
    Skipped {
        /// Which key.
        key: &'a Key,
        /// Why.
        obstacle: &'a Obstacle,
    },
    /// Something on one side has no place on the other, or cannot be read.
    Hidden {
        /// Its name as shown.
        name: &'a str,
        /// Why.
        why: &'a str,
    },
    /// A rule settled a conflict.
    Settled {
        /// Which key.
        key: &'a Key,
        /// How.
        settlement: Settlement,
    },
    /// An object's bytes were kept aside.
    KeptRemote {
        /// Which key.
        key: &'a Key,
        /// What it was.
        stamp: &'a RemoteStamp,
        /// Where it is now.
        place: &'a str,
    },
    /// Removals on one side are held back.
    Guarded(Held),
    /// Something a person should know once.
    Notice(&'a str),
    /// Bytes crossed the network.
    Moved {
        /// How many.
        bytes: u64,
    },
    /// A map's run is over; nothing of it follows.
    Over,
}

/// Where events of one map go. Called from any thread.
pub type Sink = dyn Fn(Event<'_>) + Send + Sync;

/// Where events of a run go, each with the name of the map that it is about; `None` if it is about
/// the run as a whole. Called from any thread; events of several maps come in any order.
pub type RunSink = dyn Fn(Option<&str>, Event<'_>) + Send + Sync;

/// The sink of one map's events.
#[must_use]
pub fn sink_of(run: &Arc<RunSink>, map: &str) -> Arc<Sink> {
    let (run, map) = (Arc::clone(run), map.to_owned());
    Arc::new(move |event: Event<'_>| run(Some(&map), event))
}

/// What one map's run did, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Files scanned.
    pub scanned: u64,
    /// Objects listed.
    pub listed: u64,
    /// Keys whose stamps on both sides are the recorded ones.
    pub unchanged_by_state: u64,
    /// Keys that a look found equal.
    pub unchanged_by_content: u64,
    /// Files sent.
    pub uploaded: u64,
    /// Bytes sent.
    pub uploaded_bytes: u64,
    /// Objects fetched.
    pub downloaded: u64,
    /// Bytes fetched.
    pub downloaded_bytes: u64,
    /// Files removed.
    pub deleted_local: u64,
    /// Objects removed.
    pub deleted_remote: u64,
    /// Files or objects renamed.
    pub moved: u64,
    /// Records dropped because both sides are without the file.
    pub forgotten: u64,
    /// Conflicts that a rule settled.
    pub conflicts: u64,
    /// Keys and names left alone.
    pub skipped: u64,
    /// Of those, keys whose objects lie in an archive.
    pub archived: u64,
    /// Bytes of those objects.
    pub archived_bytes: u64,
    /// Of those left alone, keys in a conflict that waits for a person.
    pub undecided: u64,
    /// Keys that failed.
    pub failed: u64,
    /// Ignored keys with a record, frozen.
    pub ignored: u64,
}

impl Counts {
    /// Counts a finished step.
    pub fn add_step(&mut self, step: &Step) {
        match step {
            Step::Upload { local, .. } => {
                self.uploaded += 1;
                self.uploaded_bytes += local.size_bytes;
            }
            Step::Download { remote, .. } => {
                self.downloaded += 1;
                self.downloaded_bytes += remote.size_bytes;
            }
            Step::KeepBoth { local, remote, .. } => {
                self.uploaded += 1;
                self.uploaded_bytes += local.size_bytes;
                self.downloaded += 1;
                self.downloaded_bytes += remote.size_bytes;
            }
            Step::DeleteLocal { .. } => self.deleted_local += 1,
            Step::DeleteRemote { .. } => self.deleted_remote += 1,
            Step::MoveLocal { .. } | Step::MoveRemote { .. } => self.moved += 1,
            Step::Adopt(_) => self.unchanged_by_content += 1,
            Step::Forget(_) => self.forgotten += 1,
        }
    }

    /// Counts a key that is left alone.
    pub fn add_skipped(&mut self, obstacle: &Obstacle) {
        self.skipped += 1;
        match obstacle {
            Obstacle::Archived { size_bytes } => {
                self.archived += 1;
                self.archived_bytes += size_bytes;
            }
            Obstacle::Undecided => self.undecided += 1,
            _ => {}
        }
    }

    /// Adds another map's counts.
    pub fn add(&mut self, other: &Self) {
        for ((_, mine), (_, theirs)) in self.fields_mut().into_iter().zip(other.fields()) {
            *mine += theirs;
        }
    }

    /// Adds to the count of this name, as [`Counts::fields`] has it; to none where there is no such.
    pub fn add_named(&mut self, name: &str, more: u64) {
        for (_, count) in self
            .fields_mut()
            .into_iter()
            .filter(|(known, _)| *known == name)
        {
            *count = count.saturating_add(more);
        }
    }

    /// Every count with its name, in the order of reports.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, u64); 19] {
        let mut copy = *self;
        copy.fields_mut().map(|(name, count)| (name, *count))
    }

    fn fields_mut(&mut self) -> [(&'static str, &mut u64); 19] {
        [
            ("scanned", &mut self.scanned),
            ("listed", &mut self.listed),
            ("unchanged_by_state", &mut self.unchanged_by_state),
            ("unchanged_by_content", &mut self.unchanged_by_content),
            ("uploaded", &mut self.uploaded),
            ("uploaded_bytes", &mut self.uploaded_bytes),
            ("downloaded", &mut self.downloaded),
            ("downloaded_bytes", &mut self.downloaded_bytes),
            ("deleted_local", &mut self.deleted_local),
            ("deleted_remote", &mut self.deleted_remote),
            ("moved", &mut self.moved),
            ("forgotten", &mut self.forgotten),
            ("conflicts", &mut self.conflicts),
            ("skipped", &mut self.skipped),
            ("archived", &mut self.archived),
            ("archived_bytes", &mut self.archived_bytes),
            ("undecided", &mut self.undecided),
            ("failed", &mut self.failed),
            ("ignored", &mut self.ignored),
        ]
    }
}
