//! Why a state file could not be opened, read or saved.

use crate::format::{DecodeError, Kind, ReadError, WriteError};
use crate::key::Key;
use crate::state::MapId;
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Why a state file could not be opened, read or saved.
#[derive(Debug)]
pub enum Error {
    /// There is no state file.
    Missing(PathBuf),
    /// There is one already.
    Exists(PathBuf),
    /// Another run holds the lock.
    Locked {
        /// The state file.
        path: PathBuf,
        /// Who holds it, where that could be read.
        holder: Option<Holder>,
    },
    /// The lock file's file system has no locks.
    NoLocks(PathBuf),
    /// The file does not begin as a state file does, or is no regular file.
    NotAStateFile(PathBuf),
    /// The file has a version that this program does not know; it was left as it is.
    UnknownVersion {
        /// The state file.
        path: PathBuf,
        /// Its version.
        version: u8,
    },
    /// The file is damaged, and there is no intact previous generation.
    Corrupt {
        /// The damaged file, left where it is.
        path: PathBuf,
        /// The damage.
        defect: DecodeError,
    },
    /// A value has no place in the format.
    Refused {
        /// The key of the record that holds it; `None` for a setting.
        key: Option<Key>,
        /// The rule or limit.
        kind: Kind,
    },
    /// The state has no map of this name.
    UnknownMap(MapId),
    /// The state has no map at this position.
    NoSuchMap(usize),
    /// The store was opened for reading only.
    ReadOnly,
    /// The system gives no random bytes.
    Random(String),
    /// The file system refused.
    Io {
        /// What was tried, as a verb.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// The run that holds the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// When it began, UTC.
    pub since: String,
}

impl Error {
    pub(super) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            operation,
            path,
            source,
        }
    }

    pub(super) fn reading(path: &Path, error: ReadError) -> Self {
        match error {
            ReadError::Io(source) => Self::io("read", path)(source),
            ReadError::Decode(defect) => Self::Corrupt {
                path: path.to_owned(),
                defect,
            },
            ReadError::NoSuchMap(map) => Self::NoSuchMap(map),
        }
    }

    pub(super) fn writing(path: &Path, key: Option<&Key>, error: WriteError) -> Self {
        match error {
            WriteError::Io(source) => Self::io("write", path)(source),
            WriteError::Refused(kind) => Self::Refused {
                key: key.cloned(),
                kind,
            },
            WriteError::NoSuchMap(map) => Self::NoSuchMap(map),
            WriteError::NoMap => Self::NoSuchMap(0),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "no state file at {}", path.display()),
            Self::Exists(path) => write!(f, "there is a state file already, {}", path.display()),
            Self::Locked { path, holder } => {
                write!(f, "another run holds {}", path.display())?;
                match holder {
                    Some(Holder { pid, since }) => write!(f, ": process {pid}, since {since}"),
                    None => Ok(()),
                }
            }
            Self::NoLocks(path) => write!(f, "cannot lock {}: no locks available", path.display()),
            Self::NotAStateFile(path) => write!(f, "{} is not a state file", path.display()),
            Self::UnknownVersion { path, version } => {
                write!(f, "{} has the unknown version {version}", path.display())
            }
            Self::Corrupt { path, defect } => write!(f, "{} is damaged: {defect}", path.display()),
            Self::Refused {
                key: Some(key),
                kind,
            } => write!(f, "the record of {key} cannot be stored: {kind}"),
            Self::Refused { key: None, kind } => write!(f, "a setting cannot be stored: {kind}"),
            Self::UnknownMap(id) => write!(f, "the state has no directory map {id}"),
            Self::NoSuchMap(map) => write!(f, "the state has no directory map number {map}"),
            Self::ReadOnly => write!(f, "the state file is opened for reading only"),
            Self::Random(why) => write!(f, "no random bytes: {why}"),
            Self::Io {
                operation, path, ..
            } => write!(f, "cannot {operation} {}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Corrupt { defect, .. } => Some(defect),
            _ => None,
        }
    }
}
