//! Whether a map's root is the one its records are about.

use super::{Halt, Safety, Task};
use crate::local::Root;
use crate::state::Encryption;

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

/// Opens a map's root and finds out whether its records may be believed.
///
/// The marker is advanced before a run's first change and names the generation before as well, so
/// a run that died between the two leaves a pair that still fits. Any other difference means that
/// either side was restored from a backup.
///
/// # Errors
/// [`Halt`] where the root is not there or not the one that was synced.
pub fn stand(task: &Task) -> Result<(Root, Standing), Halt> {
    let Task { map, terms, .. } = task;
    let is_encoded = map.gzip_level > 0 || map.encryption != Encryption::None;
    if is_encoded {
        return Err(Halt::Encoded(map.name.clone()));
    }
    let root = Root::open(&map.path, Some(terms.own.clone())).map_err(Halt::Root)?;
    if map.generation == 0 {
        return Ok((root, Standing::New));
    }
    let marker = root.read_marker().map_err(Halt::Root)?;
    let standing = match (marker, terms.safety) {
        (Some(marker), _) if marker.replica == terms.replica && marker.map == map.id => {
            if [marker.next, marker.base].contains(&map.generation) {
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
