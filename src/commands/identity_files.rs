//! The age identity files that maps name: private keys, which belong in no synced directory.

use super::init::real_path;
use super::sync::lies_in;
use crate::state::{DirMap, Encryption, RootId, State};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Returns the first identity file that is in the directory of a map, with that map's name.
pub(super) fn in_a_map(state: &State) -> Option<(String, String)> {
    paths(state.maps().map(|(_, map)| map)).find_map(|path| {
        let real = real_path(path);
        let mut maps = state.maps().map(|(_, map)| map);
        let map = maps.find(|map| lies_in(Path::new(&real), Path::new(&real_path(&map.path))))?;
        Some((path.to_owned(), map.name.clone()))
    })
}

/// Returns device and inode of each identity file that exists.
pub(super) fn ids<'a>(maps: impl Iterator<Item = &'a DirMap>) -> Vec<RootId> {
    let found = paths(maps).filter_map(|path| fs::metadata(path).ok());
    found
        .map(|found| RootId {
            device: found.dev(),
            inode: found.ino(),
        })
        .collect()
}

fn paths<'a>(maps: impl Iterator<Item = &'a DirMap>) -> impl Iterator<Item = &'a str> {
    maps.filter_map(|map| match &map.encryption {
        Encryption::Age { identity_file, .. } => identity_file.as_deref(),
        _ => None,
    })
}
