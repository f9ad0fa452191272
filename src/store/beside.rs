//! What lies beside a state file, for eyes: takes no lock and changes nothing.

use super::error::Holder;
use super::files::{self, FileAt, Names};
use super::lock;
use crate::format::journal::{Entry, Replay};
use crate::format::{ReadError, Reader};
use crate::state::{Change, ReplicaId};
use std::ffi::OsStr;
use std::fs;
use std::io::BufReader;
use std::path::Path;

/// What lies beside a state file. What could not be read says why, in words.
#[derive(Debug, Default)]
pub struct Beside {
    /// The generation of the previous state file; `None` where there is no such file.
    pub previous: Option<Result<u64, String>>,
    /// What the journal holds; `None` where there is none.
    pub journal: Option<Result<Journaled, String>>,
    /// The run that holds the lock now, where the system tells.
    pub holder: Option<Holder>,
    /// Names of unfinished files, which the next commit replaces.
    pub unfinished: Vec<String>,
    /// Names of files that were moved aside because they were damaged or replaced.
    pub aside: Vec<String>,
}

/// What a journal holds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Journaled {
    /// The state file to which it belongs.
    pub replica: Option<ReplicaId>,
    /// That file's generation.
    pub generation: u64,
    /// Keys on which both sides agreed.
    pub upserts: u64,
    /// Keys that both sides lost.
    pub removals: u64,
    /// Multipart uploads that were begun.
    pub uploads: u64,
    /// Objects that were about to be made.
    pub intents: u64,
    /// What is wrong with the first entry that is torn or bad.
    pub torn: Option<String>,
}

impl Journaled {
    /// Counts an entry.
    pub fn count(&mut self, entry: &Entry) {
        match entry {
            Entry::Change(_, Change::Upsert(_)) => self.upserts += 1,
            Entry::Change(_, Change::Remove(_)) => self.removals += 1,
            Entry::Upload(..) => self.uploads += 1,
            Entry::Intent(..) => self.intents += 1,
        }
    }

    /// All entries.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.upserts + self.removals + self.uploads + self.intents
    }
}

/// The run that holds the lock of the state file at `path` now, where the system tells.
#[must_use]
pub fn holder(path: &Path) -> Option<Holder> {
    lock::holder_now(&Names::of(path).ok()?)
}

/// Looks at what lies beside the state file at `path`.
#[must_use]
pub fn beside(path: &Path) -> Beside {
    let Ok(names) = Names::of(path) else {
        return Beside::default();
    };
    let mut found = Beside {
        previous: previous(&names.previous),
        journal: journal(&names.journal),
        holder: lock::holder_now(&names),
        ..Beside::default()
    };
    let name = names.state.file_name().unwrap_or_default();
    let mut entries: Vec<String> = fs::read_dir(names.directory())
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().map(str::to_owned))
        .collect();
    entries.sort();
    for entry in entries {
        let Some(end) = name.to_str().and_then(|name| entry.strip_prefix(name)) else {
            continue;
        };
        if end == ".tmp" || end == ".link" {
            found.unfinished.push(entry);
        } else if end.starts_with(".corrupt-") || end.starts_with(".old-") {
            found.aside.push(entry);
        }
    }
    found
}

/// Whether a file of this name is one that lies beside a state file, and not a state file itself.
#[must_use]
pub fn is_companion(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let is_aside = |why| {
        let time = name.split_once(why).map(|(_, time)| time);
        time.is_some_and(|time| time.starts_with(|c: char| c.is_ascii_digit()))
    };
    name.ends_with('~') || is_aside(".corrupt-") || is_aside(".old-")
}

fn previous(path: &Path) -> Option<Result<u64, String>> {
    let file = there(files::open(path))?;
    Some(file.and_then(|file| match Reader::open(FileAt::new(file)) {
        Ok(reader) => Ok(reader.state().generation),
        Err(ReadError::Decode(defect)) => Err(format!("damaged: {defect}")),
        Err(other) => Err(told(&other)),
    }))
}

fn journal(path: &Path) -> Option<Result<Journaled, String>> {
    let file = there(files::open(path))?;
    Some(file.and_then(|file| journaled(file).map_err(|error| told(&error))))
}

fn journaled(file: fs::File) -> Result<Journaled, ReadError> {
    let mut replay = Replay::open(BufReader::new(file))?;
    let (replica, generation) = replay.state();
    let mut found = Journaled {
        replica: Some(replica),
        generation,
        ..Journaled::default()
    };
    for entry in replay.by_ref() {
        found.count(&entry?);
    }
    found.torn = replay.stopped().map(ToString::to_string);
    Ok(found)
}

fn there<T>(opened: Result<Option<T>, super::Error>) -> Option<Result<T, String>> {
    opened
        .map_err(|error| match error {
            super::Error::Io { source, .. } => format!("unreadable: {source}"),
            other => other.to_string(),
        })
        .transpose()
}

fn told(error: &ReadError) -> String {
    match error {
        ReadError::Io(source) => format!("unreadable: {source}"),
        ReadError::Decode(defect) => format!("damaged: {defect}"),
        ReadError::NoSuchMap(_) => error.to_string(),
    }
}
