//! `edit` and `rm`: change the settings of one map, found by its name, or drop it. No file of it and
//! no network is touched.

use super::init::{Error, line, real_path};
use super::settings;
use crate::cli::Settings;
use crate::local::RecoveryRun;
use crate::overlap;
use crate::store::{self, Store};
use std::path::Path;

/// Changes the settings of the map called `name`; gives the line that tells of it.
///
/// # Errors
/// [`Error`]; the state file is as it was then.
pub fn edit(file: &Path, name: &str, given: &Settings, now_ms: i64) -> Result<String, Error> {
    let mut store = Store::open(file, store::Mode::Write, RecoveryRun::at(now_ms).name())?;
    let mut state = store.state().clone();
    let mut taken = settings::take(&mut state, |_, map| map.name == name)
        .ok_or_else(|| Error::NoName(name.to_owned()))?;
    settings::change(&state, &mut taken, given)?;
    let told = line("changed", &taken.bucket, &taken.map);
    settings::put(&mut state, taken);
    state.buckets.retain(|bucket| !bucket.maps.is_empty());
    overlap::check(&state, real_path).map_err(Error::Overlap)?;
    store.commit(state)?;
    Ok(told)
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
