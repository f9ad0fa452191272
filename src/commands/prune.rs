//! `prune-dirs`: removes the directories of a map in which there is no file. Uses no network, and
//! keeps runs away while it works.

use super::init::Error;
use super::named;
use super::sync::own_files;
use crate::cli::Prune;
use crate::key::Shown;
use crate::local::{RecoveryRun, Root};
use crate::store::{self, Store};
use crate::sync::Mode;

/// Removes them, or only finds them; gives one line for each.
///
/// # Errors
/// [`Error`]; what was removed before stays so.
pub fn prune(asked: &Prune, now_ms: i64) -> Result<Vec<String>, Error> {
    let mode = match asked.mode {
        Mode::Apply => store::Mode::Write,
        Mode::DryRun => store::Mode::ReadOnly,
    };
    let store = Store::open(&asked.file, mode, RecoveryRun::at(now_ms).name())?;
    let (_, map) = named::one(store.state(), &asked.name)?;
    let own = own_files(
        store.own_name_prefix(),
        store.state().maps().map(|(_, map)| map),
    );
    let root = Root::open(&map.path, Some(own)).map_err(Error::Root)?;
    let empty = root.empty_directories().map_err(Error::Root)?;
    let mut told = Vec::new();
    for path in empty {
        match asked.mode {
            Mode::DryRun => told.push(format!("would remove {}/", Shown(&path))),
            Mode::Apply if root.remove_if_empty(&path) => {
                told.push(format!("removed {}/", Shown(&path)));
            }
            // Something came into it, or it may not be removed.
            Mode::Apply => {}
        }
    }
    root.sync_directories().map_err(Error::Root)?;
    Ok(told)
}
