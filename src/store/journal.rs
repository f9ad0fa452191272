//! The journal beside the state file: appended to while a run works, replayed after one that died.

use super::Store;
use super::changes::{Changes, Gathered};
use super::error::Error;
use super::files::{self, Names};
use crate::format::ReadError;
use crate::format::journal::{Entry, Replay, Upload, encode_entry, encode_header, encode_upload};
use crate::key::Key;
use crate::state::{Change, MapId, State};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::FileExt;

/// A journal that is written.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    /// Bytes that are whole entries.
    whole_bytes: u64,
    /// Whether a failed append left something behind them.
    is_torn: bool,
}

impl Journal {
    /// Creates the file, and makes its beginning and its name last.
    fn create(names: &Names, state: &State) -> Result<Self, Error> {
        let header = encode_header(state.replica, state.generation)
            .map_err(|error| Error::writing(&names.journal, None, error))?;
        let mut journal = Self {
            file: files::create(&names.journal)?,
            whole_bytes: 0,
            is_torn: false,
        };
        journal.append(names, &header)?;
        journal.sync(names)?;
        names.sync_directory()?;
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

    fn sync(&self, names: &Names) -> Result<(), Error> {
        self.file
            .sync_data()
            .map_err(Error::io("sync", &names.journal))
    }
}

impl Store {
    /// Appends changes to the journal, all of them or none. They outlive this process at once, a
    /// power loss only after [`Store::sync_journal`].
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

    /// Drops the journal, but for the uploads that are not over. That these are hints, and what
    /// cannot be written of them costs parts sent once more, makes every failure but the first no
    /// matter.
    pub(super) fn renew_journal(&mut self) -> Result<(), Error> {
        self.journal = None;
        files::remove(&self.names.journal)?;
        for (map, upload) in std::mem::take(&mut self.uploads) {
            if self.journal_upload(map, &upload).is_err() {
                self.uploads.push((map, upload));
            }
        }
        Ok(())
    }

    /// Makes all that was appended outlive a power loss.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn sync_journal(&mut self) -> Result<(), Error> {
        match &self.journal {
            Some(journal) => journal.sync(&self.names),
            None => Ok(()),
        }
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
}

/// Reads the journal that belongs to `state`; any other, and any that is damaged at its
/// beginning, tells nothing. What it says of maps that are gone is left out.
pub(super) fn replay(names: &Names, state: &State) -> Result<Replayed, Error> {
    let Some(file) = files::open(&names.journal)? else {
        return Ok(Replayed::default());
    };
    let replay = match Replay::open(BufReader::new(file)) {
        Ok(replay) if replay.is_for(state.replica, state.generation) => replay,
        Err(ReadError::Io(source)) => return Err(Error::io("read", &names.journal)(source)),
        _ => return Ok(Replayed::default()),
    };
    let failed = || Error::io("read", &names.journal);
    let is_known = |map: &MapId| state.maps().any(|(_, known)| known.id == *map);
    let mut changes = Gathered::new(names.spill());
    let mut uploads: BTreeMap<(MapId, Key), Upload> = BTreeMap::new();
    for entry in replay {
        match entry.map_err(failed())? {
            Entry::Change(map, change) => {
                if !uploads.is_empty() {
                    uploads.remove(&(map, change.key().clone()));
                }
                if is_known(&map) {
                    changes.take(map, &change).map_err(failed())?;
                }
            }
            Entry::Upload(map, upload) => {
                uploads.insert((map, upload.key.clone()), upload);
            }
        }
    }
    Ok(Replayed {
        changes: changes.finish().map_err(failed())?,
        uploads: uploads
            .into_iter()
            .filter(|((map, _), _)| is_known(map))
            .map(|((map, _), upload)| (map, upload))
            .collect(),
    })
}
