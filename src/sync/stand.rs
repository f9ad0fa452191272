//! Whether a map's root is the one its records are about.

use super::join::Joined;
use super::planned::BATCH;
use super::sides::lock;
use super::{Halt, Safety, Sync, Task};
use crate::event::Event;
use crate::local::{Marker, Root};
use crate::reconcile::Ground;
use crate::state::{Change, DirMap, Direction, Encryption, ReplicaId};
use crate::store;

/// Which generation of the state file the records are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// The last one.
    Last,
    /// The one before, since the last one is damaged.
    Before,
}

/// What the root's marker says about the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The records are of this very tree.
    Based,
    /// The root is read-only and pushed only, so it has no marker: its files must show whether the
    /// records are of this tree.
    Unmarked,
    /// There are no records yet.
    New,
    /// The records are of another time or place: they must be forgotten first.
    Foreign,
}

impl Standing {
    pub(super) fn ground(self) -> Ground {
        match self {
            Self::Based | Self::Unmarked => Ground::Based,
            Self::New | Self::Foreign => Ground::Baseless,
        }
    }
}

/// Opens a map's root and finds out whether its records may be believed.
///
/// The marker is advanced before a run's first change and names the generation before as well, so
/// a run that died between the two leaves a pair that still fits; [`confirm`] ends that once the
/// new generation is committed. Any other difference means that either side was restored from a
/// backup.
///
/// # Errors
/// [`Halt`] where the root is not there or not the one that was synced.
pub fn stand(task: &Task) -> Result<(Root, Standing), Halt> {
    let Task { map, terms, .. } = task;
    if let Encryption::RecipientMissing { .. } = map.encryption {
        return Err(Halt::RecipientMissing(map.name.clone()));
    }
    let root = Root::open(&map.path, Some(terms.own.clone())).map_err(Halt::Root)?;
    let root = root.with_links(map.links);
    if map.generation == 0 {
        return Ok((root, Standing::New));
    }
    if is_unmarked(&root, task) {
        return Ok(match terms.safety {
            Safety::Heeded => (root, Standing::Unmarked),
            Safety::Forced => (root, Standing::Foreign),
        });
    }
    let marker = root.read_marker().map_err(Halt::Root)?;
    let standing = match (marker, terms.safety) {
        (Some(marker), _) if marker.replica == terms.replica && marker.map == map.id => {
            if fits(&marker, map.generation, terms.generation) {
                Standing::Based
            } else {
                Standing::Foreign
            }
        }
        (_, Safety::Forced) => Standing::Foreign,
        (None, Safety::Heeded) => return Err(Halt::MarkerMissing(map.path.clone())),
        (Some(_), Safety::Heeded) => return Err(Halt::MarkerForeign(map.path.clone())),
    };
    Ok((root, standing))
}

/// Returns true if the map is pushed from a root to which no marker can be written. A map that goes
/// both ways at other times needs its marker in every run.
pub(super) fn is_unmarked(root: &Root, task: &Task) -> bool {
    let directions = [task.stored_direction, task.map.direction];
    let pushes = |direction| matches!(direction, Direction::Push | Direction::PushMirror);
    directions.into_iter().all(pushes) && root.is_read_only()
}

impl Sync<'_> {
    /// Finds out whether a root without a marker is the one that the records are of: one file that
    /// is exactly as it was recorded, to its inode and times, shows that it is. If there is none,
    /// the root may be an empty mount point or another disk. Then nothing is done, unless the root
    /// has the same inode as before and nothing is deleted: its files are sent as in a first run, and
    /// the objects that they replace are kept.
    ///
    /// # Errors
    /// [`Halt::Unrecognized`].
    pub(super) fn recognize(&mut self, joined: &Joined) -> Result<(), Halt> {
        let Task { map, terms, .. } = self.task;
        let is_recognized = joined.as_recorded > 0 || joined.records.files == 0;
        if self.standing != Standing::Unmarked || is_recognized {
            return Ok(());
        }
        let is_same = map.root == Some(self.hands.root.id()) && joined.scanned > 0;
        if map.direction != Direction::Push || !is_same {
            return Err(Halt::Unrecognized(map.path.clone()));
        }
        self.ground = Ground::Baseless;
        let text =
            "no file is as it was when it was synced; objects that differ are replaced and kept";
        (terms.sink)(Event::Notice(text));
        Ok(())
    }

    /// Drops the records of a tree that was not recognized, durably, before any of its files is
    /// recorded: the next run would take such a file as evidence for all records.
    ///
    /// # Errors
    /// [`Halt::Store`].
    pub(super) async fn forget_unrecognized(&self) -> Result<(), Halt> {
        let is_unrecognized =
            self.standing == Standing::Unmarked && self.ground == Ground::Baseless;
        let Some(store) = self.store.filter(|_| is_unrecognized).cloned() else {
            return Ok(());
        };
        let (map, index) = (self.task.map.id, self.task.index);
        let forgetting = tokio::task::spawn_blocking(move || {
            let records = lock(&store).records(index)?;
            let mut removals = records.map(|record| Ok(Change::Remove(record?.key)));
            loop {
                let batch: Result<Vec<_>, store::Error> = removals.by_ref().take(BATCH).collect();
                match &batch?[..] {
                    [] => return lock(&store).unsynced().map_or(Ok(()), |last| last.sync()),
                    batch => lock(&store).journal(map, batch)?,
                }
            }
        });
        let forgotten = forgetting.await;
        forgotten
            .map_err(|error| Halt::Internal(error.to_string()))?
            .map_err(Halt::Store)
    }
}

/// A state that fell back on its generation before is behind the marker by design.
fn fits(marker: &Marker, of_map: u64, generation: Generation) -> bool {
    let is_confirmed = marker.next == marker.base;
    [marker.next, marker.base].contains(&of_map)
        || (generation == Generation::Before && is_confirmed && of_map + 1 == marker.base)
}

/// Makes the marker name the committed generation of the map's records alone, so that a state put
/// back from before the commit is known for what it is, even where it is but one run old.
///
/// # Errors
/// What writing the marker gives. It still fits then, and the generation before does too.
pub fn confirm(root: &Root, replica: ReplicaId, map: &DirMap) -> Result<(), crate::local::Error> {
    root.write_marker(&Marker {
        replica,
        map: map.id,
        next: map.generation,
        base: map.generation,
    })
}
