//! Why a run could not begin, or could not save what it did.

use crate::commands::init;
use crate::exit::Exit;
use crate::key::Shown;
use crate::overlap::Overlap;
use crate::store;
use std::fmt;

/// Why no map could be synced.
#[derive(Debug)]
pub enum Error {
    /// The state file.
    Store(store::Error),
    /// Two maps share files.
    Overlap(Overlap),
    /// There is no map of this name.
    NoName(String),
    /// A directory that is in no map cannot be used.
    Directory(String, std::io::Error),
    /// What the run would write of itself lies in a map.
    Inside {
        /// The file, or the directory of the logs.
        path: String,
        /// The map's name.
        map: String,
    },
    /// Settings that no map can have.
    Settings(init::Error),
}

impl Error {
    /// The exit code it means.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Store(_) | Self::Overlap(_) => Exit::Stopped,
            Self::NoName(_) | Self::Directory(..) | Self::Inside { .. } => Exit::Misuse,
            Self::Settings(error) => error.exit(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Overlap(error) => error.fmt(f),
            Self::NoName(name) => write!(f, "there is no map called {}", Shown(name)),
            Self::Directory(path, _) => write!(f, "cannot use {}", Shown(path)),
            Self::Inside { path, map } => write!(
                f,
                "{} lies in the directory of map {} and would be synced itself",
                Shown(path),
                Shown(map)
            ),
            Self::Settings(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            Self::Overlap(_) | Self::NoName(_) | Self::Inside { .. } => None,
            Self::Directory(_, error) => Some(error),
            Self::Settings(error) => error.source(),
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<init::Error> for Error {
    fn from(error: init::Error) -> Self {
        Self::Settings(error)
    }
}
