//! The state file on disk: one [`Store`] is one opened state file with its lock, its journal and
//! its previous generation.
//!
//! Promises: at every instant the disk holds one whole state, the old one or the new one; nothing
//! that the journal was told and synced is forgotten; a damaged file is moved aside, never written
//! over; whatever it creates only its owner may read. Takes the time as text and never asks for
//! it. Knows nothing of the directories and buckets that the state is about.

mod beside;
mod changes;
mod commit;
mod error;
mod files;
mod journal;
mod lock;
mod open;
mod records;
mod retry;
mod sorted;
mod spill;

pub use beside::{Beside, Journaled, beside, holder, is_companion};
pub use error::{Error, Holder};
pub use files::{is_own_file, open as open_file};
pub use journal::Unsynced;
pub use open::purge;
pub use records::Records;
pub use retry::Retry;
pub use sorted::{Sorted, Sorter};
pub use spill::{Entries, Spill};

use crate::format::Reader;
use crate::format::journal::{Intent, Upload};
use crate::key::Key;
use crate::state::{Change, MapId, Record, ReplicaId, State};
use changes::{Changes, ChangesOf};
use files::{FileAt, Names};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a run may do to the state file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Read and write, under the lock.
    Write,
    /// Read only: takes no lock and changes no byte.
    ReadOnly,
}

/// An opened state file.
///
/// A [`Mode::Write`] store holds the lock until it is dropped.
#[derive(Debug)]
pub struct Store {
    names: Names,
    state: State,
    reader: Reader<FileAt>,
    /// What a journal left over says beyond the file; empty in [`Mode::Write`].
    pending: Changes,
    uploads: Vec<(MapId, Upload)>,
    intents: BTreeMap<(MapId, Key), Intent>,
    /// `None` before they are needed.
    retries: Option<retry::Retries>,
    journal: Option<journal::Journal>,
    fell_back: Option<FellBack>,
    dropped: u64,
    /// `None` in [`Mode::ReadOnly`].
    lock: Option<lock::Lock>,
}

/// The state file was damaged, its previous generation took its place.
#[derive(Debug)]
pub struct FellBack {
    /// What is wrong with the damaged file.
    pub defect: crate::format::DecodeError,
    /// Where the damaged file lies now; `None` in [`Mode::ReadOnly`], which left it in place.
    pub moved_to: Option<PathBuf>,
}

impl Store {
    /// The settings, with the generations that they have once a journal left over is committed.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The version of the file that was opened or last committed, 1 or 2.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.reader.version()
    }

    /// The records of the map at this position of [`State::maps`], sorted by key, streamed.
    ///
    /// The stream stays with the generation at which it began, whatever is committed meanwhile.
    ///
    /// # Errors
    /// [`Error::NoSuchMap`], [`Error::Io`]; the stream itself gives [`Error::Corrupt`].
    pub fn records(&self, map: usize) -> Result<Records, Error> {
        let (_, settings) = self.state.maps().nth(map).ok_or(Error::NoSuchMap(map))?;
        let changes = self.pending.of(settings.id);
        self.merged(
            Some(map),
            changes.map_err(Error::io("read", &self.names.journal))?,
        )
    }

    /// How many records the file holds for a map, 0 where there is no such map.
    #[must_use]
    pub fn record_count(&self, map: usize) -> u64 {
        self.reader.record_count(map)
    }

    /// One record.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn find(&mut self, map: usize, key: &Key) -> Result<Option<Record>, Error> {
        let (_, settings) = self.state.maps().nth(map).ok_or(Error::NoSuchMap(map))?;
        let pending = self.pending.find(settings.id, key);
        match pending.map_err(Error::io("read", &self.names.journal))? {
            Some(Change::Upsert(record)) => return Ok(Some(record)),
            Some(Change::Remove(_)) => return Ok(None),
            None => {}
        }
        self.reader
            .find(map, key)
            .map_err(|error| Error::reading(&self.names.state, error))
    }

    /// Multipart uploads that are under way, or were when a run died.
    #[must_use]
    pub fn uploads(&self) -> &[(MapId, Upload)] {
        &self.uploads
    }

    /// Requests of a map that may have made an object and are not recorded.
    pub fn intents(&self, map: MapId) -> impl Iterator<Item = &Intent> {
        let all = self.intents.iter();
        all.filter(move |((of, _), _)| *of == map)
            .map(|(_, intent)| intent)
    }

    /// Whether the file was damaged and its previous generation is used; a run says so once.
    #[must_use]
    pub fn fell_back(&self) -> Option<&FellBack> {
        self.fell_back.as_ref()
    }

    /// Objects of a version-1 file that no map could take.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The state file, symlinks resolved. It and the files beside it that are named after it belong
    /// to the program and are never synced: see [`is_own_file`].
    #[must_use]
    pub fn own_name_prefix(&self) -> &Path {
        &self.names.state
    }

    /// A place for entries that would take too much memory, beside the state file.
    #[must_use]
    pub fn spill(&self) -> Spill {
        self.names.spill()
    }

    /// The records of the map at this position, `None` for one that is new, with these changes.
    fn merged(&self, map: Option<usize>, changes: ChangesOf) -> Result<Records, Error> {
        let base = map.map(|map| {
            let source = self.reader.source().clone();
            self.reader.records_from(source, map)
        });
        let base = base
            .transpose()
            .map_err(|error| Error::reading(&self.names.state, error))?;
        Ok(Records::new(self.names.state.clone(), base, Some(changes)))
    }
}

/// Draws a name for a state file.
///
/// # Errors
/// [`Error::Random`] when the system has no randomness.
pub fn new_replica_id() -> Result<ReplicaId, Error> {
    random().map(ReplicaId)
}

/// Draws a name for a directory map.
///
/// # Errors
/// [`Error::Random`] when the system has no randomness.
pub fn new_map_id() -> Result<MapId, Error> {
    random().map(MapId)
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::Random(error.to_string()))?;
    Ok(bytes)
}
