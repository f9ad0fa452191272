//! Maps found by their names.

use super::init::Error;
use crate::remote::{self, Network, Remote};
use crate::state::{Bucket, DirMap, State};

/// The maps of these names, in the order of the state file; all where no name is given.
///
/// # Errors
/// [`Error::NoName`] for the first name that no map has.
pub(super) fn named<'a>(
    state: &'a State,
    names: &[String],
) -> Result<Vec<(&'a Bucket, &'a DirMap)>, Error> {
    if let Some(name) = missing(state, names) {
        return Err(Error::NoName(name.to_owned()));
    }
    let is_asked = |map: &DirMap| names.is_empty() || names.contains(&map.name);
    Ok(state.maps().filter(|(_, map)| is_asked(map)).collect())
}

/// The first of these names that no map has.
pub(super) fn missing<'a>(state: &State, names: &'a [String]) -> Option<&'a str> {
    let has = |name: &str| state.maps().any(|(_, map)| map.name == name);
    names.iter().map(String::as_str).find(|name| !has(name))
}

/// The map of this name.
///
/// # Errors
/// [`Error::NoName`] where there is none.
pub(super) fn one<'a>(state: &'a State, name: &str) -> Result<(&'a Bucket, &'a DirMap), Error> {
    let mut maps = state.maps();
    maps.find(|(_, map)| map.name == name)
        .ok_or_else(|| Error::NoName(name.to_owned()))
}

/// A map's prefix, with what its server was found to honour.
///
/// # Errors
/// What connecting gives.
pub(super) async fn remote(
    bucket: &Bucket,
    map: &DirMap,
    network: &Network,
) -> Result<Remote, remote::Error> {
    let client = remote::connect(&bucket.access, &bucket.name, network).await?;
    let capabilities = bucket.capabilities.unwrap_or_default();
    Ok(client.remote(&map.prefix, capabilities))
}
