//! Why a map's run ends early.

use super::join::Broken;
use crate::envelope::KeyError;
use crate::guard::Held;
use crate::{local, remote, store};
use std::fmt;

/// Why a map could not be synced, or not to its end.
#[derive(Debug)]
pub enum Halt {
    /// The root cannot be reached.
    Root(local::Error),
    /// The root holds no marker though it was synced before.
    MarkerMissing(String),
    /// The root is read-only, was synced before, and holds no file as it was then.
    Unrecognized(String),
    /// The root's marker belongs to another state file or map.
    MarkerForeign(String),
    /// The map comes from version 1 and asks for encryption, but for nobody that age knows.
    RecipientMissing(String),
    /// The map's age recipients cannot be used.
    Key(KeyError),
    /// A side could not be read to its end.
    Broken(Broken),
    /// The bucket refuses everything.
    Remote(remote::Error),
    /// The state file cannot be written.
    Store(store::Error),
    /// Removals are held back.
    Guarded(Held),
    /// A part of the program broke off.
    Internal(String),
}

impl Halt {
    /// Returns true if the map ends early only because the run is to stop.
    #[must_use]
    pub fn is_interruption(&self) -> bool {
        match self {
            Self::Remote(error) | Self::Broken(Broken::Remote(error)) => {
                error.kind == remote::Kind::Stopped
            }
            _ => false,
        }
    }
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(error) => error.fmt(f),
            Self::MarkerMissing(path) => {
                write!(f, "{path} was synced before but holds no marker now")
            }
            Self::Unrecognized(path) => {
                write!(
                    f,
                    "{path} is read-only and holds no file as it was when it was synced"
                )
            }
            Self::MarkerForeign(path) => {
                write!(
                    f,
                    "the marker in {path} belongs to another state file or map"
                )
            }
            Self::RecipientMissing(name) => {
                write!(f, "map {name} asks for encryption and has no age recipient")
            }
            Self::Key(error) => error.fmt(f),
            Self::Broken(error) => error.fmt(f),
            Self::Remote(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::Guarded(held) => held.fmt(f),
            Self::Internal(what) => write!(f, "internal failure: {what}"),
        }
    }
}

impl std::error::Error for Halt {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Root(error) => error.source(),
            Self::Key(error) => error.source(),
            Self::Broken(error) => error.source(),
            Self::Remote(error) => error.source(),
            Self::Store(error) => error.source(),
            _ => None,
        }
    }
}
