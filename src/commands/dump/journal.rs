//! A journal, entry by entry.

use super::view::{AboutJournal, View};
use super::{Error, Source, Spare};
use crate::cli::{Detail, Dump};
use crate::format::ReadError;
use crate::format::journal::{Entry, Replay};
use crate::store::Journaled;
use std::io::BufReader;

/// Prints the entries up to the first that is torn or bad.
pub(super) fn print(asked: &Dump, source: &Source, mut view: impl View) -> Result<(), Error> {
    let mut replay = match Replay::open(BufReader::new(&source.file)) {
        Ok(replay) => replay,
        Err(ReadError::Decode(defect)) => {
            view.nothing(&source.path, source.bytes, &defect)?;
            return Err(source.damaged(defect, Spare::NotNeeded));
        }
        Err(error) => return Err(source.unreadable(error)),
    };
    let (replica, generation) = replay.state();
    view.journal(&AboutJournal {
        path: &source.path,
        bytes: source.bytes,
        replica,
        generation,
    })?;
    let mut found = Journaled::default();
    for entry in replay.by_ref() {
        let entry = entry.map_err(|error| source.unreadable(error.into()))?;
        found.count(&entry);
        if let Detail::Objects(keys) = &asked.detail
            && keys.has(key(&entry))
        {
            view.entry(&entry)?;
        }
    }
    let stopped = replay.stopped();
    view.journal_end(&found, source.bytes, stopped)?;
    match stopped {
        Some(defect) => Err(source.damaged(*defect, Spare::NotNeeded)),
        None => Ok(()),
    }
}

fn key(entry: &Entry) -> &crate::key::Key {
    match entry {
        Entry::Change(_, change) => change.key(),
        Entry::Upload(_, upload) => &upload.key,
        Entry::Intent(_, intent) => &intent.record.key,
    }
}
