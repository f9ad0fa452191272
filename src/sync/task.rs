//! What a map's run is asked for.

use super::{Generation, Trust};
use crate::event::Sink;
use crate::guard::Limit;
use crate::local::OwnFiles;
use crate::state::{Bucket, DirMap, ReplicaId};
use crate::stop::Stop;
use std::sync::Arc;

/// Whether anything is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Things are done.
    Apply,
    /// Things are only planned.
    DryRun,
}

/// Whether safety stops are heeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// They are.
    Heeded,
    /// They are let pass this once.
    Forced,
}

/// Which objects are packed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reencode {
    /// Those that are uploaded anyway.
    #[default]
    Changed,
    /// All that are packed in another way than their map asks for.
    All,
}

/// What all maps of a run share.
#[derive(Clone)]
pub struct Terms {
    /// Who writes.
    pub replica: ReplicaId,
    /// When the run began, milliseconds since the epoch.
    pub now_ms: i64,
    /// Which generation of the state file the records are from.
    pub generation: Generation,
    /// Whether anything is changed.
    pub mode: Mode,
    /// Whether recorded stamps are believed.
    pub trust: Trust,
    /// Whether safety stops are heeded.
    pub safety: Safety,
    /// How many removals are allowed.
    pub limit: Limit,
    /// The command that prints the passphrase of an identity file; it comes from the command line
    /// alone, so that no state file can start a program.
    pub passphrase_command: Option<String>,
    /// Which objects are packed anew.
    pub reencode: Reencode,
    /// Steps at a time; `None` to adapt to the work.
    pub jobs: Option<usize>,
    /// The program's own files, which are no part of any map.
    pub own: OwnFiles,
    /// The wish to stop.
    pub stop: Stop,
    /// Where events go.
    pub sink: Arc<Sink>,
}

/// One map to be synced.
pub struct Task {
    /// Its position in the state file.
    pub index: usize,
    /// Its bucket's settings.
    pub bucket: Bucket,
    /// Its own.
    pub map: DirMap,
    /// What all maps share.
    pub terms: Terms,
}
