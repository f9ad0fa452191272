//! Why there is no page.

use crate::exit::Exit;
use crate::key::Shown;
use crate::store;
use std::fmt;
use std::io;

/// Why there is no page.
#[derive(Debug)]
pub enum Error {
    /// The state file cannot be read.
    Store(store::Error),
    /// What has the page's name is no regular file.
    NotAFile(String),
    /// What has the page's name is no page, and is not replaced.
    Foreign(String),
    /// The page would be synced.
    Synced {
        /// The page.
        page: String,
        /// The map, or the directory of a run without one.
        map: String,
    },
    /// The page's name belongs to the state file.
    OwnFile(String),
    /// The page's directory, or the page.
    Io {
        /// What was done.
        operation: &'static str,
        /// The page.
        page: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl Error {
    /// The exit code it means before a run.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Store(_) | Self::Io { .. } => Exit::Stopped,
            Self::NotAFile(_) | Self::Foreign(_) | Self::Synced { .. } | Self::OwnFile(_) => {
                Exit::Misuse
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::NotAFile(page) => write!(f, "the page {} is no regular file", Shown(page)),
            Self::Foreign(page) => {
                let page = Shown(page);
                write!(f, "{page} is there already, and is no page of s3-bsync")
            }
            Self::Synced { page, map } => write!(
                f,
                "the page {} would lie in the synced directory of {}",
                Shown(page),
                Shown(map)
            ),
            Self::OwnFile(page) => {
                write!(f, "the page {} has a name of the state file's", Shown(page))
            }
            Self::Io {
                operation, page, ..
            } => write!(f, "cannot {operation} {}", Shown(page)),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}
