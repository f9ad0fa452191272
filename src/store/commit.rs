//! From one generation of the state file to the next.

use super::Store;
use super::changes::Changes;
use super::error::Error;
use super::files::{self, FileAt, Names};
use super::journal::replay;
use super::records::Records;
use crate::format::{Reader, Writer, patch_synced};
use crate::state::{MapId, State};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::{FileExt, MetadataExt};

const BUFFER_BYTES: usize = 262_144;

impl Store {
    /// Makes these settings, and the records with all that was journaled since the last commit, the
    /// state; then drops the journal but for the uploads under way.
    ///
    /// The generations are counted here, whatever `settings` says: the state's grows by one, a
    /// map's grows by one where its records change. A map that `settings` lacks loses its
    /// records; one that is new begins without. Where nothing but the last-synced time differs,
    /// that time is written in place and the generation stays.
    ///
    /// # Errors
    /// [`Error::Refused`] when a value has no place in the format, [`Error::ReadOnly`],
    /// [`Error::Corrupt`] and [`Error::Io`]. The old state and the journal are there as before,
    /// unless the very last step failed: making the new one last.
    pub fn commit(&mut self, settings: State) -> Result<(), Error> {
        if self.lock.is_none() {
            return Err(Error::ReadOnly);
        }
        let changes = &replay(&self.names, &self.state)?.changes;
        let next = self.counted(settings, changes);
        let is_idle = changes.is_empty();
        let is_written = is_idle
            && self.version() == crate::format::VERSION
            && self.differs_in_time_only(&next)
            && self.write_time(next.synced_ms)?;
        if !is_written {
            let file = self.write_next(&next, changes).inspect_err(|_| {
                // The old state is untouched; a file left over here is replaced next time.
                let _ = files::remove(&self.names.temp);
            })?;
            let reader = verified(&self.names, file)?;
            self.names
                .put_copy(&self.names.state, &self.names.previous)?;
            files::rename(&self.names.temp, &self.names.state)?;
            self.names.sync_directory()?;
            self.reader = reader;
            self.state = next;
        }
        self.renew_journal()
    }

    /// `settings` with the generations that they get.
    fn counted(&self, mut settings: State, changes: &Changes) -> State {
        settings.generation = self.state.generation + 1;
        for map in settings
            .buckets
            .iter_mut()
            .flat_map(|bucket| &mut bucket.maps)
        {
            if let Some((_, old)) = self.state.maps().find(|(_, old)| old.id == map.id) {
                map.generation = old.generation;
            }
            if changes.has(map.id) {
                map.generation += 1;
            }
        }
        settings
    }

    fn differs_in_time_only(&self, next: &State) -> bool {
        let now = State {
            generation: next.generation,
            synced_ms: next.synced_ms,
            ..self.state.clone()
        };
        now == *next
    }

    /// Writes the time in place, unless the file is the previous generation too: that one must not
    /// change. Says whether it did.
    fn write_time(&mut self, synced_ms: u64) -> Result<bool, Error> {
        if synced_ms == self.state.synced_ms {
            return Ok(true);
        }
        let path = &self.names.state;
        let (offset, bytes) =
            patch_synced(synced_ms).map_err(|error| Error::writing(path, None, error))?;
        let write = || {
            let file = OpenOptions::new().write(true).open(path)?;
            if file.metadata()?.nlink() > 1 {
                return Ok(false);
            }
            file.write_all_at(&bytes, offset)?;
            file.sync_data()?;
            Ok(true)
        };
        let is_written = write().map_err(Error::io("write", path))?;
        if is_written {
            self.state.synced_ms = synced_ms;
        }
        Ok(is_written)
    }

    fn write_next(&self, next: &State, changes: &Changes) -> Result<File, Error> {
        write_state(&self.names, next, |id| {
            let position = self.state.maps().position(|(_, old)| old.id == id);
            let of_map = changes.of(id);
            self.merged(
                position,
                of_map.map_err(Error::io("read", &self.names.journal))?,
            )
        })
    }
}

/// Writes a whole state to the temporary file and makes its bytes last.
pub(super) fn write_state(
    names: &Names,
    state: &State,
    records_of: impl Fn(MapId) -> Result<Records, Error>,
) -> Result<File, Error> {
    let path = &names.temp;
    let refused = |error| Error::writing(path, None, error);
    let out = BufWriter::with_capacity(BUFFER_BYTES, files::create(path)?);
    let mut writer = Writer::new(out, state).map_err(refused)?;
    for (number, (_, map)) in state.maps().enumerate() {
        writer.start_map(number).map_err(refused)?;
        for record in records_of(map.id)? {
            let record = record?;
            let refused = |error| Error::writing(path, Some(&record.key), error);
            writer.push(&record).map_err(refused)?;
        }
    }
    let mut out = writer.finish().map_err(refused)?;
    out.flush().map_err(Error::io("write", path))?;
    let file = out
        .into_inner()
        .map_err(|error| Error::io("write", path)(error.into_error()))?;
    file.sync_all().map_err(Error::io("sync", path))?;
    Ok(file)
}

/// Reads back what was written before it takes the old state's place.
pub(super) fn verified(names: &Names, file: File) -> Result<Reader<FileAt>, Error> {
    Reader::open(FileAt::new(file)).map_err(|error| Error::reading(&names.temp, error))
}
