//! Removing objects, one by one or many with one request.
//!
//! Promises what every removal does: the file is gone when it is looked at once more, and only the
//! expected object goes.

use super::{Failure, Hands, blocking};
use crate::key::Key;
use crate::plan::{Loser, Step};
use crate::stamp::RemoteStamp;
use std::sync::Arc;

/// An object that is to go.
#[derive(Debug, Clone)]
struct Removal {
    key: Key,
    remote: RemoteStamp,
    loser: Loser,
}

impl Removal {
    /// What a step removes from the bucket, of a move its second half.
    fn of(step: &Step) -> Option<Self> {
        let (key, remote, loser) = match step {
            Step::DeleteRemote { key, remote, loser } => (key, remote, *loser),
            Step::MoveRemote { source, .. } => (&source.key, &source.remote, Loser::Discard),
            _ => return None,
        };
        Some(Self {
            key: key.clone(),
            remote: remote.clone(),
            loser,
        })
    }
}

impl Hands {
    /// Whether the objects of many steps can go with one request.
    #[must_use]
    pub fn removes_many(&self) -> bool {
        self.remote.capabilities().batch_delete_if_match
    }

    /// Removes the objects of `steps`: of a removal its own, of a move the old one. The answers are
    /// in the order of the steps, all of which must be such.
    pub async fn remove_objects(self: &Arc<Self>, steps: &[Step]) -> Vec<Result<(), Failure>> {
        let removals: Vec<_> = steps.iter().filter_map(Removal::of).collect();
        let mut answers = self.licences(&removals).await;
        let mut many = Vec::new();
        for (at, (removal, answer)) in removals.into_iter().zip(&mut answers).enumerate() {
            // Nothing goes before it is kept, where it is to be.
            if answer.is_ok() && removal.loser == Loser::Keep {
                *answer = self.keep_remote(&removal.key, &removal.remote).await;
            }
            if answer.is_ok() {
                many.push((at, removal));
            }
        }
        let objects: Vec<_> = many
            .iter()
            .map(|(_, one)| (one.key.clone(), one.remote.etag.clone()))
            .collect();
        let told = self.remote.delete_many(&objects).await;
        for ((at, _), told) in many.into_iter().zip(told) {
            answers[at] = told.map(drop).map_err(Failure::from);
        }
        answers
    }

    /// The licence to remove is that the file is gone, so look once more.
    async fn licences(self: &Arc<Self>, removals: &[Removal]) -> Vec<Result<(), Failure>> {
        let hands = Arc::clone(self);
        let names: Vec<Key> = removals.iter().map(|one| one.key.clone()).collect();
        let looked = blocking(move || {
            let look = |name| match hands.root.stat_spelled(name) {
                Ok(None) => Ok(()),
                Ok(Some(_)) => Err(Failure::Stale),
                Err(error) => Err(Failure::Local(error)),
            };
            Ok(names.iter().map(look).collect())
        });
        looked.await.unwrap_or_else(|failure| {
            let broken = || Err(Failure::Broken(failure.to_string()));
            removals.iter().map(|_| broken()).collect()
        })
    }
}
