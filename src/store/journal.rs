//! The journal beside the state file: appended to while a run works, replayed after one that died.

use super::Store;
use super::changes::{Changes, Gathered};
use super::error::Error;
use super::files::{self, Names};
use crate::format::ReadError;
use crate::format::journal::{
    Entry, Intent, Replay, Upload, encode_entry, encode_header, encode_intent, encode_upload,
};
use crate::key::Key;
use crate::state::{Change, MapId, State};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Hints of each kind that are kept in memory, at most. A run has no more requests under way at a
/// time; of what a stranger wrote any further one is left out.
const MOST_OPEN: usize = 1 << 14;

/// A journal that is written.
#[derive(Debug)]
pub(super) struct Journal {
    file: Arc<File>,
    /// Bytes that are whole entries.
    whole_bytes: u64,
    /// Whether a failed append left something behind them.
    is_torn: bool,
}

impl Journal {
    /// Creates the file, and makes its beginning and its name last.
    fn create(names: &Names, state: &State) -> Result<Self, Error> {
        let journal = Self::begin(names, &names.journal, state, &[])?;
        names.sync_directory()?;
        Ok(journal)
    }

    /// Puts a journal with these entries in the place of the one that is there, if any.
    fn replace(names: &Names, state: &State, entries: &[u8]) -> Result<Self, Error> {
        let journal = Self::begin(names, &names.temp, state, entries)?;
        files::rename(&names.temp, &names.journal)?;
        names.sync_directory()?;
        Ok(journal)
    }

    fn begin(names: &Names, path: &Path, state: &State, entries: &[u8]) -> Result<Self, Error> {
        let mut bytes = encode_header(state.replica, state.generation)
            .map_err(|error| Error::writing(path, None, error))?;
        bytes.extend_from_slice(entries);
        let mut journal = Self {
            file: Arc::new(files::create(path)?),
            whole_bytes: 0,
            is_torn: false,
        };
        journal.append(names, &bytes)?;
        journal.unsynced(names).sync()?;
        Ok(journal)
    }

    /// Appends whole entries. What a failed append left is cut off first: entries of it could be
    /// whole and stand behind newer ones.
    fn append(&mut self, names: &Names, bytes: &[u8]) -> Result<(), Error> {
        if self.is_torn {
            self.file
                .set_len(self.whole_bytes)
                .map_err(Error::io("cut", &names.journal))?;
        }
        self.is_torn = true;
        self.file
            .write_all_at(bytes, self.whole_bytes)
            .map_err(Error::io("write", &names.journal))?;
        self.is_torn = false;
        self.whole_bytes += bytes.len() as u64;
        Ok(())
    }

    fn unsynced(&self, names: &Names) -> Unsynced {
        Unsynced {
            file: Arc::clone(&self.file),
            path: names.journal.clone(),
        }
    }
}

/// What was appended to a journal and may not outlive a power loss yet.
#[derive(Debug)]
pub struct Unsynced {
    file: Arc<File>,
    path: PathBuf,
}

impl Unsynced {
    /// Makes it outlive a power loss.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn sync(&self) -> Result<(), Error> {
        self.file.sync_data().map_err(Error::io("sync", &self.path))
    }
}

impl Store {
    /// Appends changes to the journal, all of them or none. They outlive this process at once, a
    /// power loss only after [`Unsynced::sync`].
    ///
    /// # Errors
    /// [`Error::Refused`] when a record has no place in the format; [`Error::UnknownMap`],
    /// [`Error::ReadOnly`], [`Error::Io`].
    pub fn journal(&mut self, map: MapId, changes: &[Change]) -> Result<(), Error> {
        let mut bytes = Vec::new();
        for change in changes {
            let entry = encode_entry(map, change)
                .map_err(|error| Error::writing(&self.names.journal, Some(change.key()), error))?;
            bytes.extend(entry);
        }
        self.append_to_journal(map, &bytes)?;
        for change in changes {
            self.end_upload(map, change.key());
            self.end_intent(map, change.key());
        }
        Ok(())
    }

    /// Appends what a later run needs to carry on a multipart upload. A later change of the same
    /// key ends it, and so does [`Store::end_upload`]; until then every commit takes it along into
    /// the next journal.
    ///
    /// # Errors
    /// As [`Store::journal`].
    pub fn journal_upload(&mut self, map: MapId, upload: &Upload) -> Result<(), Error> {
        let bytes = encode_upload(map, upload)
            .map_err(|error| Error::writing(&self.names.journal, Some(&upload.key), error))?;
        self.append_to_journal(map, &bytes)?;
        self.end_upload(map, &upload.key);
        self.uploads.push((map, upload.clone()));
        Ok(())
    }

    /// Lets an upload be over that came to nothing. The journal keeps its entry until the next
    /// commit; who finds it after a crash finds no such upload.
    pub fn end_upload(&mut self, map: MapId, key: &Key) {
        self.uploads
            .retain(|(of, upload)| *of != map || upload.key != *key);
    }

    /// Appends what a later run needs to know an object as its own that this one is about to make. A
    /// later change of the same key ends it, and so does [`Store::end_intent`]; until then every
    /// commit takes it along into the next journal.
    ///
    /// # Errors
    /// As [`Store::journal`].
    pub fn journal_intent(&mut self, map: MapId, intent: Intent) -> Result<(), Error> {
        let key = &intent.record.key;
        let bytes = encode_intent(map, &intent)
            .map_err(|error| Error::writing(&self.names.journal, Some(key), error))?;
        self.append_to_journal(map, &bytes)?;
        if self.intents.len() < MOST_OPEN {
            self.intents.insert((map, key.clone()), intent);
        }
        Ok(())
    }

    /// Lets an intent be over whose request came to nothing.
    pub fn end_intent(&mut self, map: MapId, key: &Key) {
        if !self.intents.is_empty() {
            self.intents.remove(&(map, key.clone()));
        }
    }

    /// Drops the journal, but for the uploads and intents that are not over. They are in the new one
    /// before the old one goes. They are hints, so what cannot be written of them matters little: it
    /// costs parts that are sent once more, or an object that is taken for a new one.
    pub(super) fn renew_journal(&mut self) -> Result<(), Error> {
        self.journal = None;
        let is_known = |map: MapId| self.state.maps().any(|(_, known)| known.id == map);
        let uploads = self.uploads.iter();
        let uploads = uploads.filter(|(map, _)| is_known(*map));
        let uploads = uploads.filter_map(|(map, upload)| encode_upload(*map, upload).ok());
        let intents = self.intents.iter();
        let intents = intents.filter(|((map, _), _)| is_known(*map));
        let intents = intents.filter_map(|((map, _), intent)| encode_intent(*map, intent).ok());
        let open: Vec<u8> = uploads.chain(intents).flatten().collect();
        if !open.is_empty()
            && let Ok(journal) = Journal::replace(&self.names, &self.state, &open)
        {
            self.journal = Some(journal);
            return Ok(());
        }
        files::remove(&self.names.journal)
    }

    /// What was appended and may not outlive a power loss yet; `None` if there is nothing.
    #[must_use]
    pub fn unsynced(&self) -> Option<Unsynced> {
        let journal = self.journal.as_ref()?;
        Some(journal.unsynced(&self.names))
    }

    fn append_to_journal(&mut self, map: MapId, bytes: &[u8]) -> Result<(), Error> {
        if self.lock.is_none() {
            return Err(Error::ReadOnly);
        }
        if !self.state.maps().any(|(_, known)| known.id == map) {
            return Err(Error::UnknownMap(map));
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let journal = match &mut self.journal {
            Some(journal) => journal,
            none => none.insert(Journal::create(&self.names, &self.state)?),
        };
        journal.append(&self.names, bytes)
    }
}

/// What a journal left over tells.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    pub(super) changes: Changes,
    pub(super) uploads: Vec<(MapId, Upload)>,
    pub(super) intents: BTreeMap<(MapId, Key), Intent>,
}

/// Reads the journal that belongs to `state`. Of one that belongs to the generation before, the
/// changes are in `state` already, and what is open may not have been taken along yet. Any other, and
/// any that is damaged at its beginning, tells nothing. What it says of maps that are gone is left
/// out.
pub(super) fn replay(names: &Names, state: &State) -> Result<Replayed, Error> {
    let Some(file) = files::open(&names.journal)? else {
        return Ok(Replayed::default());
    };
    let replay = match Replay::open(BufReader::new(file)) {
        Ok(replay) => replay,
        Err(ReadError::Io(source)) => return Err(Error::io("read", &names.journal)(source)),
        Err(_) => return Ok(Replayed::default()),
    };
    let is_current = replay.is_for(state.replica, state.generation);
    let is_before = |generation| replay.is_for(state.replica, generation);
    if !is_current && !state.generation.checked_sub(1).is_some_and(is_before) {
        return Ok(Replayed::default());
    }
    let failed = || Error::io("read", &names.journal);
    let is_known = |map: &MapId| state.maps().any(|(_, known)| known.id == *map);
    let mut changes = Gathered::new(names.spill());
    let mut uploads: BTreeMap<(MapId, Key), Upload> = BTreeMap::new();
    let mut intents: BTreeMap<(MapId, Key), Intent> = BTreeMap::new();
    for entry in replay {
        match entry.map_err(failed())? {
            Entry::Change(map, change) => {
                if !uploads.is_empty() || !intents.is_empty() {
                    let name = (map, change.key().clone());
                    uploads.remove(&name);
                    intents.remove(&name);
                }
                if is_current && is_known(&map) {
                    changes.take(map, &change).map_err(failed())?;
                }
            }
            Entry::Upload(map, upload) if is_known(&map) && uploads.len() < MOST_OPEN => {
                uploads.insert((map, upload.key.clone()), upload);
            }
            Entry::Intent(map, intent) if is_known(&map) && intents.len() < MOST_OPEN => {
                intents.insert((map, intent.record.key.clone()), intent);
            }
            Entry::Upload(..) | Entry::Intent(..) => {}
        }
    }
    Ok(Replayed {
        changes: changes.finish().map_err(failed())?,
        uploads: uploads
            .into_iter()
            .map(|((map, _), upload)| (map, upload))
            .collect(),
        intents,
    })
}
