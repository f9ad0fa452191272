//! What a run did to the disk, call by call, and from when on each of it lasts.

use super::disk::{Disk, Inode};
use super::effect::{Effect, Makes};
use super::watch::Watch;
use crate::support::trace::{self, Moment};
use std::path::Path;

/// An effect, when it was done and from when on it lasts.
#[derive(Debug, Clone)]
pub(crate) struct Op {
    pub(crate) effect: Effect,
    pub(crate) text: String,
    pub(crate) done: usize,
    pub(crate) time: f64,
    /// `None` where nothing that the run did makes it last.
    pub(crate) lasts: Option<usize>,
}

/// A recorded run.
pub(crate) struct Record {
    pub(crate) before: Disk,
    pub(crate) ops: Vec<Op>,
    /// Every moment at which the machine may stop, with its time.
    pub(crate) stops: Vec<(usize, f64)>,
    /// The disk as the ops leave it.
    pub(crate) after: Disk,
}

/// One sync, from its beginning to its end: what was done before it began lasts once it has ended.
pub(crate) struct Sync {
    pub(crate) inode: Inode,
    pub(crate) covers: Covers,
    pub(crate) begun: usize,
    pub(crate) ended: usize,
}

/// What a sync covers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Covers {
    All,
    /// Bytes and lengths, not modes and times.
    Bytes,
}

impl Record {
    /// Reads the trace of a run that began with this disk below `top`.
    pub(crate) fn read(text: &str, top: &Path, before: Disk) -> Self {
        let mut watch = Watch::new(top.to_str().expect("UTF-8"), before.clone());
        for (now, moment) in trace::read(text).into_iter().enumerate() {
            match moment {
                Moment::Begins(id, call) => watch.begins(now, id, &call),
                Moment::Ends(id, time, call) => watch.ends(now + 1, id, time, &call),
            }
        }
        let Watch {
            mut ops,
            syncs,
            stops,
            disk,
            ..
        } = watch;
        settle(&mut ops, &syncs);
        Self {
            before,
            ops,
            stops,
            after: disk,
        }
    }
}

/// Works out from when on each op lasts. From the end, so that what the end of a folder makes last
/// is known before.
fn settle(ops: &mut [Op], syncs: &[Sync]) {
    for at in (0..ops.len()).rev() {
        let done = ops[at].done;
        let synced = |inode: Inode, covers: Covers| {
            let fits = |sync: &&Sync| {
                let is_enough = covers == Covers::Bytes || sync.covers == Covers::All;
                sync.inode == inode && sync.begun >= done && is_enough
            };
            syncs.iter().filter(fits).map(|sync| sync.ended).min()
        };
        let ended = |folder: Inode| {
            let end = ops[at + 1..].iter().find(|later| later.ends(folder));
            end.and_then(|end| end.lasts)
        };
        let lasts = match &ops[at].effect {
            // A change of several folders lasts when all of them do.
            Effect::Names { entries, .. } => entries
                .iter()
                .map(|entry| {
                    let ends = [synced(entry.folder, Covers::All), ended(entry.folder)];
                    ends.into_iter().flatten().min()
                })
                .try_fold(0, |latest, lasts| Some(latest.max(lasts?))),
            Effect::Write { file, .. } | Effect::Length { file, .. } => {
                synced(*file, Covers::Bytes)
            }
            Effect::Mode { file, .. } | Effect::Time { file, .. } => synced(*file, Covers::All),
        };
        ops[at].lasts = lasts;
    }
}

impl Op {
    /// Whether it removes this folder, and with it all that was ever done in there.
    fn ends(&self, folder: Inode) -> bool {
        match &self.effect {
            Effect::Names {
                makes: Makes::NoFolder(gone),
                ..
            } => *gone == folder,
            _ => false,
        }
    }
}
