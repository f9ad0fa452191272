//! Whether a map's root is the one its records are about.

use super::{Halt, Safety, Task};
use crate::local::{Marker, Root};
use crate::reconcile::Ground;
use crate::state::{DirMap, Encryption, ReplicaId};

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
    /// There are no records yet.
    New,
    /// The records are of another time or place: they must be forgotten first.
    Foreign,
}

impl Standing {
    pub(super) fn ground(self) -> Ground {
        match self {
            Self::Based => Ground::Based,
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
