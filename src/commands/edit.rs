//! `edit` and `rm`: change the settings of one map, found by its name, or drop it. No file of it and
//! no network is touched.

use super::init::{Error, check_maps, line};
use super::settings;
use super::unencrypted::left_behind;
use crate::cli::Settings;
use crate::local::RecoveryRun;
use crate::store::{self, Store};
use std::path::Path;

/// A map whose settings were changed.
pub struct Edited {
    /// The line that names it.
    pub line: String,
    /// Lines about objects that are stored otherwise than its encryption now asks for.
    pub left_behind: Vec<String>,
}

/// Changes the settings of the map called `name`.
///
/// # Errors
/// [`Error`]; the state file is as it was then.
pub fn edit(file: &Path, name: &str, given: &Settings, now_ms: i64) -> Result<Edited, Error> {
    let mut store = Store::open(file, store::Mode::Write, RecoveryRun::at(now_ms).name())?;
    let mut state = store.state().clone();
    let mut taken = settings::take(&mut state, |_, map| map.name == name)
        .ok_or_else(|| Error::NoName(name.to_owned()))?;
    let before = taken.map.encryption.clone();
    settings::change(&state, &mut taken, given)?;
    let line = line("changed", &taken.bucket, &taken.map);
    let name = taken.map.name.clone();
    settings::put(&mut state, taken);
    state.buckets.retain(|bucket| !bucket.maps.is_empty());
    check_maps(&state)?;
    store.commit(state)?;
    // The change is saved; what cannot be counted must not look like a failure of it.
    let left_behind = left_behind(&store, file, &name, &before).unwrap_or_default();
    Ok(Edited { line, left_behind })
}

/// Drops the map called `name`; gives the line that tells of it.
///
/// # Errors
/// [`Error`]; the state file is as it was then.
pub fn remove(file: &Path, name: &str, now_ms: i64) -> Result<String, Error> {
    let mut store = Store::open(file, store::Mode::Write, RecoveryRun::at(now_ms).name())?;
    let mut state = store.state().clone();
    let taken = settings::take(&mut state, |_, map| map.name == name)
        .ok_or_else(|| Error::NoName(name.to_owned()))?;
    state.buckets.retain(|bucket| !bucket.maps.is_empty());
    store.commit(state)?;
    Ok(line("dropped", &taken.bucket, &taken.map))
}
