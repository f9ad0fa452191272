//! Kept versions get a path again: their own where that is free, else one near it. A file is moved,
//! an object is copied within the bucket; neither ever takes the place of anything.

use super::kept::{Folders, Kept, Place};
use super::{Error, key_of};
use crate::cli::Wanted;
use crate::draft::Asides;
use crate::key::{Key, Shown, Unfit};
use crate::local;
use crate::sync::Mode;
use std::collections::HashSet;

/// Names that are tried for one version.
const NAMES: usize = 100;

/// What is to be put back: versions of different paths, or one that gets the path `to`.
pub(super) fn choose(found: &[Kept], wanted: &Wanted, to: Option<&Key>) -> Result<(), Error> {
    let mut paths = HashSet::new();
    let is_clear = found.iter().all(|kept| paths.insert(&kept.path));
    if !is_clear || (to.is_some() && found.len() > 1) {
        return Err(Error::Several(wanted.text().to_owned(), found.len()));
    }
    Ok(())
}

/// Puts one version back; gives a line about it.
pub(super) async fn put_back(
    folders: &Folders,
    kept: &Kept,
    to: Option<&Key>,
    mode: Mode,
) -> Result<String, Error> {
    let own = match to {
        Some(key) => key.clone(),
        None => key_of(&kept.path)?,
    };
    if folders.root.as_ref().is_some_and(|root| root.is_own(&own)) {
        return Err(Error::Unfit(own.as_str().to_owned(), Unfit::Reserved));
    }
    let tag = format!("recovered-{}", kept.run.name().replace(['-', ':'], ""));
    let mut asides = Asides::new(tag, &folders.map.prefix);
    let mut name = own.clone();
    for _ in 0..NAMES {
        if is_free(folders, kept, &name).await?
            && (mode == Mode::DryRun || is_moved(folders, kept, &name).await?)
        {
            return Ok(told(kept, &name, mode));
        }
        if to.is_some() {
            return Err(Error::Taken(name));
        }
        name = asides.name(&own).ok_or(Error::NoRoom(own.clone()))?;
    }
    Err(Error::NoRoom(own))
}

fn told(kept: &Kept, name: &Key, mode: Mode) -> String {
    let verb = match mode {
        Mode::Apply => "put back",
        Mode::DryRun => "would put back",
    };
    let place = match kept.place {
        Place::Local(_) => "",
        Place::Bucket(..) => " in the bucket",
    };
    if name.as_str() == kept.path {
        format!("{verb} {name}{place}")
    } else {
        let path = Shown(&kept.path);
        format!("{verb} {path} as {name}{place}")
    }
}

/// Whether nothing seems to be under a name, on the side of the version.
async fn is_free(folders: &Folders, kept: &Kept, name: &Key) -> Result<bool, Error> {
    match (&kept.place, &folders.root, &folders.remote) {
        (Place::Local(_), Some(root), _) => Ok(root.is_free(name)?),
        (Place::Bucket(..), _, Some(remote)) => Ok(remote.head(name).await?.is_none()),
        _ => Ok(false),
    }
}

/// Moves a version to a name; `false` where something is there, after all.
async fn is_moved(folders: &Folders, kept: &Kept, name: &Key) -> Result<bool, Error> {
    match (&kept.place, &folders.root, &folders.remote) {
        (Place::Local(file), Some(root), _) => match root.put_back(file, name) {
            Ok(()) => {
                root.sync_directories()?;
                Ok(true)
            }
            Err(error) => match error.kind {
                local::Kind::Stale | local::Kind::Clash | local::Kind::Alias => Ok(false),
                _ => Err(error.into()),
            },
        },
        (Place::Bucket(key, stamp), _, Some(remote)) => {
            match remote.put_back(key, stamp, name).await {
                Ok(()) => Ok(true),
                Err(error) if remote.is_taken(&error, name) => Ok(false),
                Err(error) => Err(error.into()),
            }
        }
        _ => Ok(false),
    }
}
