//! From a path to an open store: finding the state, falling back, recovering, creating, purging.

use super::changes::Changes;
use super::commit::{verified, write_state};
use super::error::Error;
use super::files::{self, FileAt, Names};
use super::journal::replay;
use super::lock::Lock;
use super::records::Records;
use super::{FellBack, Mode, Store, new_map_id, new_replica_id};
use crate::format::{DecodeError, Kind, ReadError, Reader, SIGNATURE};
use crate::state::State;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

impl Store {
    /// Opens a state file and brings it in order: a journal left over is committed, a version-1
    /// file is committed as version 2, a damaged file gives way to its previous generation.
    /// [`Mode::ReadOnly`] sees the same state and changes nothing.
    ///
    /// `now_utc` is the time as text, such as `20250131T120000Z`; it goes into the lock and into
    /// the names of files that are moved aside.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Locked`], [`Error::NotAStateFile`],
    /// [`Error::UnknownVersion`], [`Error::Corrupt`] when there is nothing to fall back on,
    /// [`Error::Random`] when a version-1 file cannot be given ids, [`Error::Io`].
    pub fn open(path: &Path, mode: Mode, now_utc: &str) -> Result<Self, Error> {
        let names = Names::of(path)?;
        // Before the lock, so that no lock file is made beside nothing.
        if files::open(&names.state)?.is_none() {
            return Err(Error::Missing(names.state));
        }
        let lock = match mode {
            Mode::Write => Some(Lock::take(&names, now_utc)?),
            Mode::ReadOnly => None,
        };
        let loaded = match load(&names, &names.state) {
            // Without the lock a time may be seen half written; it is whole at the next look.
            Err(Error::Corrupt { .. }) if mode == Mode::ReadOnly => load(&names, &names.state),
            loaded => loaded,
        };
        let (reader, fell_back) = match loaded {
            Ok(reader) => (reader, None),
            Err(Error::Corrupt { path, defect }) => {
                match fall_back(&names, mode, now_utc, defect)? {
                    Some((reader, fell_back)) => (reader, Some(fell_back)),
                    None => return Err(unusable(path, defect)),
                }
            }
            Err(error) => return Err(error),
        };
        let mut state = reader.state().clone();
        let is_version_1 = reader.version() != crate::format::VERSION;
        if is_version_1 {
            assign_ids(&mut state)?;
        }
        let mut store = Self {
            names,
            state,
            dropped: reader.dropped(),
            reader,
            pending: Changes::default(),
            uploads: Vec::new(),
            intents: BTreeMap::new(),
            retries: None,
            journal: None,
            fell_back,
            lock,
        };
        store.recover(mode, is_version_1)?;
        Ok(store)
    }

    fn recover(&mut self, mode: Mode, is_version_1: bool) -> Result<(), Error> {
        // The journal of a generation that was lost says nothing about the one before it, and a
        // version-1 file has none.
        if self.fell_back.is_none() && !is_version_1 {
            let replayed = replay(&self.names, &self.state)?;
            self.pending = replayed.changes;
            self.uploads = replayed.uploads;
            self.intents = replayed.intents;
        }
        if mode == Mode::ReadOnly {
            // As the commit would count them: the marker in a map's root is that far already.
            let maps = self.state.buckets.iter_mut().flat_map(|of| &mut of.maps);
            for map in maps.filter(|map| self.pending.has(map.id)) {
                map.generation += 1;
            }
            return Ok(());
        }
        let changes = std::mem::take(&mut self.pending);
        if is_version_1 || !changes.is_empty() {
            return self.commit(self.state.clone());
        }
        self.renew_journal()
    }

    /// Writes the first generation of a state file that is not there yet.
    ///
    /// What an earlier state file left beside it is kept aside; so is a damaged state file.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::NotAStateFile`] when something else has the name,
    /// [`Error::Locked`], [`Error::UnknownVersion`], [`Error::Refused`], [`Error::Io`].
    pub fn create(path: &Path, state: State, now_utc: &str) -> Result<Self, Error> {
        let names = Names::of(path)?;
        let lock = Lock::take(&names, now_utc)?;
        match load(&names, &names.state) {
            Ok(_) => return Err(Error::Exists(names.state)),
            Err(Error::Missing(_)) => {}
            Err(Error::Corrupt { path, defect }) if defect.kind == Kind::BadMagic => {
                return Err(Error::NotAStateFile(path));
            }
            Err(Error::Corrupt { .. }) => {
                names.keep_aside(&names.state, "corrupt", now_utc)?;
            }
            Err(error) => return Err(error),
        }
        if files::open(&names.previous)?.is_some() {
            names.keep_aside(&names.previous, "old", now_utc)?;
            files::remove(&names.previous)?;
        }
        files::remove(&names.journal)?;
        let empty = |_| Ok(Records::new(names.state.clone(), None, None));
        let file = write_state(&names, &state, empty).inspect_err(|_| {
            let _ = files::remove(&names.temp);
        })?;
        let reader = verified(&names, file)?;
        files::rename(&names.temp, &names.state)?;
        names.sync_directory()?;
        Ok(Self {
            names,
            state,
            reader,
            pending: Changes::default(),
            uploads: Vec::new(),
            intents: BTreeMap::new(),
            retries: None,
            journal: None,
            fell_back: None,
            dropped: 0,
            lock: Some(lock),
        })
    }
}

/// Removes a state file, its previous generation, its journal and, last, its lock. Files that
/// were moved aside stay.
///
/// # Errors
/// [`Error::Missing`], [`Error::NotAStateFile`] when the file does not begin with the signature,
/// [`Error::Locked`], [`Error::Io`].
pub fn purge(path: &Path, now_utc: &str) -> Result<(), Error> {
    let names = Names::of(path)?;
    let Some(file) = files::open(&names.state)? else {
        return Err(Error::Missing(names.state));
    };
    let mut begin = Vec::new();
    file.take(SIGNATURE.len() as u64)
        .read_to_end(&mut begin)
        .map_err(Error::io("read", &names.state))?;
    if begin != SIGNATURE {
        return Err(Error::NotAStateFile(names.state));
    }
    let _lock = Lock::take(&names, now_utc)?;
    for path in [
        &names.state,
        &names.previous,
        &names.journal,
        &names.temp,
        &names.link,
        &names.retry,
        &names.retry_temp,
        &names.lock,
    ] {
        files::remove(path)?;
    }
    names.sync_directory()
}

fn load(names: &Names, path: &Path) -> Result<Reader<FileAt>, Error> {
    let Some(file) = files::open(path)? else {
        return Err(Error::Missing(path.to_owned()));
    };
    match Reader::open(FileAt::new(file)) {
        Err(ReadError::Decode(DecodeError {
            kind: Kind::UnsupportedVersion(version),
            ..
        })) => Err(Error::UnknownVersion {
            path: names.state.clone(),
            version,
        }),
        read => read.map_err(|error| Error::reading(path, error)),
    }
}

/// The previous generation in the place of the damaged state; `None` if it is not intact either.
fn fall_back(
    names: &Names,
    mode: Mode,
    now_utc: &str,
    defect: DecodeError,
) -> Result<Option<(Reader<FileAt>, FellBack)>, Error> {
    let Ok(reader) = load(names, &names.previous) else {
        return Ok(None);
    };
    let moved_to = match mode {
        Mode::ReadOnly => None,
        Mode::Write => {
            let aside = names.keep_aside(&names.state, "corrupt", now_utc)?;
            // Its journal speaks of records that are lost, and must not meet a later generation
            // of the same number.
            files::remove(&names.journal)?;
            names.put_copy(&names.previous, &names.state)?;
            names.sync_directory()?;
            Some(aside)
        }
    };
    Ok(Some((reader, FellBack { defect, moved_to })))
}

/// A damaged file with nothing to take its place. One with another signature may be anything.
fn unusable(path: std::path::PathBuf, defect: DecodeError) -> Error {
    if defect.kind == Kind::BadMagic {
        Error::NotAStateFile(path)
    } else {
        Error::Corrupt { path, defect }
    }
}

fn assign_ids(state: &mut State) -> Result<(), Error> {
    state.replica = new_replica_id()?;
    for map in state.buckets.iter_mut().flat_map(|bucket| &mut bucket.maps) {
        map.id = new_map_id()?;
    }
    Ok(())
}
