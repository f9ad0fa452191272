//! Why something kept could not be listed, shown, put back or removed.

use crate::commands::init;
use crate::envelope::KeyError;
use crate::exit::Exit;
use crate::key::{Key, Shown, Unfit};
use crate::transfer::Failure;
use crate::{local, remote, store};
use std::fmt;

/// Why a `recover` command came to nothing.
#[derive(Debug)]
pub enum Error {
    /// The state file, its maps, or a map's directory.
    Map(init::Error),
    /// A recovery folder in a bucket, or an object in it.
    Remote(remote::Error),
    /// A key of the map's envelope.
    Key(KeyError),
    /// What is kept cannot be read.
    Failure(Failure),
    /// Nothing that is kept was meant.
    NoneKept(String),
    /// So many versions are meant where one has to be.
    Several(String, usize),
    /// A kept file's path is one that no file of a map can have.
    Unfit(String, Unfit),
    /// The path that something was to get is taken.
    Taken(Key),
    /// No path near that of a kept file is free.
    NoRoom(Key),
    /// There is no file to compare with.
    NoFile(Key),
    /// Nobody is there to be asked.
    Unconfirmed,
    /// Standard output.
    Output(std::io::Error),
}

impl Error {
    /// The exit code it means.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Map(error) => error.exit(),
            Self::Remote(_) | Self::Output(_) => Exit::Stopped,
            Self::Key(_) | Self::Failure(_) | Self::NoRoom(_) | Self::Unfit(..) => Exit::Partial,
            Self::NoneKept(_)
            | Self::Several(..)
            | Self::Taken(_)
            | Self::NoFile(_)
            | Self::Unconfirmed => Exit::Misuse,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Map(error) => error.fmt(f),
            Self::Remote(error) => error.fmt(f),
            Self::Key(error) => error.fmt(f),
            Self::Failure(error) => error.fmt(f),
            Self::NoneKept(text) => write!(f, "nothing that is kept matches '{}'", Shown(text)),
            Self::Several(text, count) => {
                let text = Shown(text);
                write!(f, "{count} kept versions match '{text}', and one is needed")
            }
            Self::Unfit(path, why) => write!(f, "'{}' is no path to put it: {why}", Shown(path)),
            Self::Taken(key) => write!(f, "{key} is there already, and nothing is overwritten"),
            Self::NoRoom(key) => write!(f, "no name near {key} is free"),
            Self::NoFile(key) => write!(f, "there is no file {key} to compare with"),
            Self::Unconfirmed => {
                write!(f, "nobody is there to confirm that kept files go for good")
            }
            Self::Output(_) => write!(f, "cannot write to standard output"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Map(error) => error.source(),
            Self::Remote(error) => error.source(),
            Self::Key(error) => error.source(),
            Self::Failure(error) => error.source(),
            Self::Output(error) => Some(error),
            _ => None,
        }
    }
}

impl From<init::Error> for Error {
    fn from(error: init::Error) -> Self {
        Self::Map(error)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Map(init::Error::Store(error))
    }
}

impl From<local::Error> for Error {
    fn from(error: local::Error) -> Self {
        Self::Map(init::Error::Root(error))
    }
}

impl From<remote::Error> for Error {
    fn from(error: remote::Error) -> Self {
        Self::Remote(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}
