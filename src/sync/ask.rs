//! Conflicts that a policy leaves to a person: put to whoever answers, one by one.
//!
//! Nothing is done while a question is open. The answer goes the way of the policies, under the same
//! conditions: if a side changes meanwhile its step is stale, and the conflict is put anew.

use super::Mode;
use crate::draft::{Decided, Outcome};
use crate::key::Key;
use crate::plan::{Item, Readability};
use crate::reconcile::Settlement;
use crate::stamp::{LocalStamp, RemoteStamp};
use crate::transfer::{Failure, Hands, SHOWN_BYTES};
use std::sync::Arc;

/// One side of a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// The file's length in bytes.
    pub size_bytes: u64,
    /// When it was modified, nanoseconds since the epoch.
    pub mtime_ns: i64,
}

/// A conflict, as it is put to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The map's name.
    pub map: String,
    /// Which key.
    pub key: Key,
    /// The file.
    pub local: Version,
    /// The object.
    pub remote: Version,
}

/// What a person says of a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It ends so.
    Settle(Settlement),
    /// Both versions are to be shown first.
    Show,
}

/// What two versions hold; of a conflict the file first, then what the object holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// Their bytes.
    Whole([Vec<u8>; 2]),
    /// Their BLAKE3, where they are too large to be shown.
    Digests([[u8; 32]; 2]),
}

/// Whoever answers. Called where it may block; gives [`Settlement::Leave`] once the run is to end.
pub trait Person: Send + Sync {
    /// Says what becomes of a conflict.
    fn rule(&self, dispute: &Dispute) -> Ruling;

    /// Looks at both versions, or learns why they cannot be had.
    fn look(&self, dispute: &Dispute, contents: Result<Contents, Failure>);
}

impl super::Sync<'_> {
    /// Puts what was left undecided to a person, if one is there to answer.
    pub(super) async fn ask(&self, decided: &mut Vec<Decided>) {
        let terms = &self.task.terms;
        let Some(person) = terms.person.clone() else {
            return;
        };
        let undecided = Outcome::Conflict(Settlement::Leave);
        for one in decided.iter_mut().filter(|one| one.outcome == undecided) {
            if terms.mode == Mode::DryRun || terms.stop.is_wished() {
                break;
            }
            // Of what cannot be read no version can be chosen.
            if one.item.readability == Readability::Readable
                && let Some(settlement) = self.put(&person, &one.item).await
            {
                one.outcome = Outcome::Conflict(settlement);
            }
        }
        if terms.stop.is_wished() {
            decided.retain(|one| one.outcome != undecided);
        }
    }

    /// Puts one conflict, until it is settled; `None` where that cannot be.
    async fn put(&self, person: &Arc<dyn Person>, item: &Item) -> Option<Settlement> {
        let (local, remote) = (item.local?, item.remote.as_ref()?);
        let dispute = self.dispute(&item.key, local, remote).await;
        loop {
            let (asked, about) = (Arc::clone(person), dispute.clone());
            let answering = tokio::task::spawn_blocking(move || asked.rule(&about));
            match answering.await.ok()? {
                Ruling::Settle(settlement) => return Some(settlement),
                Ruling::Show => {
                    let shown = contents(&self.hands, &dispute, local, remote).await;
                    let (asked, about) = (Arc::clone(person), dispute.clone());
                    let looking = tokio::task::spawn_blocking(move || asked.look(&about, shown));
                    looking.await.ok()?;
                }
            }
        }
    }

    /// What is told of the two. An object that does not tell of its file is told of as listed.
    async fn dispute(&self, key: &Key, local: LocalStamp, remote: &RemoteStamp) -> Dispute {
        let head = self.hands.remote.head(key).await.ok().flatten();
        let head = head.filter(|head| head.stamp.is_same_object(remote));
        let told = head.map(|head| head.told);
        let told = told.as_ref();
        Dispute {
            map: self.task.map.name.clone(),
            key: key.clone(),
            local: Version {
                size_bytes: local.size_bytes,
                mtime_ns: local.mtime_ns,
            },
            remote: Version {
                size_bytes: told
                    .and_then(|told| told.plain_size_bytes)
                    .unwrap_or(remote.size_bytes),
                mtime_ns: told
                    .and_then(|told| told.mtime_ns)
                    .unwrap_or_else(|| remote.modified_ms.saturating_mul(1_000_000)),
            },
        }
    }
}

/// What both hold, as far as that can be shown; an object that is another by now is an error.
async fn contents(
    hands: &Arc<Hands>,
    dispute: &Dispute,
    local: LocalStamp,
    remote: &RemoteStamp,
) -> Result<Contents, Failure> {
    let key = &dispute.key;
    let head = hands.remote.head(key).await.map_err(Failure::from)?;
    let head = head.filter(|head| head.stamp.is_same_object(remote));
    let head = head.ok_or(Failure::Stale)?;
    let is_small = |version: Version| version.size_bytes <= SHOWN_BYTES;
    if is_small(dispute.local) && is_small(dispute.remote) {
        let file = hands.file_bytes(key, local).await?;
        let object = hands.object_bytes(key, &head).await?;
        return Ok(Contents::Whole([file, object]));
    }
    let file = hands.file_blake3(key, local).await?;
    let object = hands.object_blake3(key, &head).await?;
    Ok(Contents::Digests([file, object]))
}
