//! The jobs of a phase, made part by part, and what is left of them.

use super::Halt;
use super::planned::{Act, Planned, unreadable};
use super::survey::Hold;
use crate::key::Key;
use crate::plan::{Receipt, Step};
use crate::state::Change;
use crate::store::{Entries, Spill};
use crate::transfer::{Failure, Hands};
use std::collections::VecDeque;
use std::sync::Arc;

/// Keys whose sides were not what their step expected.
pub(super) struct Stale {
    pub(super) keys: Spill,
    /// In the last round what is stale has failed.
    pub(super) is_last: bool,
}

impl Stale {
    pub(super) fn new(keys: Spill, is_last: bool) -> Self {
        Self { keys, is_last }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// So many keys from this number on.
    pub(super) fn keys(&self, start: u64, most: u64) -> Result<Vec<Key>, Halt> {
        let entries = Entries::numbered(&self.keys, start..start + most).map_err(unreadable)?;
        let keys = entries.map(|entry| {
            let entry = entry.map_err(unreadable)?;
            Key::from_bytes(&entry).map_err(|error| Halt::Internal(error.to_string()))
        });
        keys.collect()
    }
}

pub(super) type Ended = (Act, Result<Receipt, Failure>);

/// What one job does.
pub(super) enum Job {
    /// Carries out a step.
    Whole(Act),
    /// Removes the objects of removals, and the old ones of moves whose copies are made.
    Removals(Vec<Act>),
}

/// How far a job takes a move in the bucket.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    First,
    Second,
}

impl Job {
    pub(super) fn steps(&self) -> usize {
        match self {
            Self::Whole(_) => 1,
            Self::Removals(acts) => acts.len(),
        }
    }

    pub(super) async fn run(self, hands: Arc<Hands>) -> (Half, Vec<Ended>) {
        match self {
            Self::Whole(act) => {
                let result = hands.carry_out(&act.step).await;
                (Half::First, vec![(act, result)])
            }
            Self::Removals(acts) => {
                let (steps, whys): (Vec<_>, Vec<_>) = acts
                    .into_iter()
                    .map(|Act { step, why }| (step, why))
                    .unzip();
                let removed = hands.remove_objects(&steps).await;
                let receipt = |step: &Step| vec![Change::Remove(ended_key(step).clone())];
                let acts = steps.into_iter().zip(whys).zip(removed);
                let ended = acts.map(|((step, why), removed)| {
                    let result = removed.map(|()| receipt(&step));
                    (Act { step, why }, result)
                });
                (Half::Second, ended.collect())
            }
        }
    }
}

/// The key that a removal, or a move, ends.
pub(super) fn ended_key(step: &Step) -> &Key {
    step.old_key().unwrap_or(step.key())
}

/// What is done of every part of a plan before anything of the next phase.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// What is recorded, makes way for directories, or creates.
    Creations,
    Deletions,
    Replacements,
}

/// The jobs of a phase, made part by part.
pub(super) struct Feed {
    pub(super) planned: Arc<Planned>,
    pub(super) hold: Hold,
    pub(super) phase: Phase,
    pub(super) next: usize,
    pub(super) jobs: VecDeque<Job>,
    /// Jobs that begin once all before them have ended.
    pub(super) after: VecDeque<Job>,
}

impl Feed {
    pub(super) fn is_over(&self) -> bool {
        self.jobs.is_empty() && self.after.is_empty() && self.next == self.planned.parts()
    }
}
