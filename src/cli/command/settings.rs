//! Changes of maps and of what is said of them.

use super::run::Run;
use super::voice::Voice;
use crate::cli::values::S3Uri;
use crate::state::{Access, ConflictPolicy, Direction, KeepSize, Limit, Links, Modes, Recursion};
use std::path::PathBuf;

/// A change of settings.
#[derive(Debug)]
pub struct Init {
    /// The state file.
    pub file: PathBuf,
    /// How the run tells of itself.
    pub voice: Voice,
    /// What is done first.
    pub start: Start,
    /// Maps to add or change.
    pub add: Vec<NewMap>,
    /// Maps to drop.
    pub remove: Vec<Unmap>,
}

/// What a change of settings begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// What is there.
    Existing,
    /// No maps: those given replace all others.
    Overwrite,
    /// No state file.
    Purge,
}

/// A map to add, or one to change.
#[derive(Debug, Clone)]
pub struct NewMap {
    /// Absolute local path.
    pub path: String,
    /// Where it goes.
    pub dest: S3Uri,
    /// What is said of it.
    pub settings: Settings,
}

/// What is said of a map; what is `None` keeps its value or its default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// How its bucket is reached.
    pub access: Access,
    /// What it is called.
    pub name: Option<String>,
    /// Whether directories below the root belong to it.
    pub recursion: Option<Recursion>,
    /// What becomes of symlinks.
    pub links: Option<Links>,
    /// Whether permission bits travel.
    pub modes: Option<Modes>,
    /// gzip level for uploads, 0 to 11.
    pub gzip_level: Option<u8>,
    /// For whom uploads are encrypted, and how they are read.
    pub age: Age,
    /// Storage class for uploads.
    pub storage_class: Option<String>,
    /// Which way changes travel.
    pub direction: Option<Direction>,
    /// What settles a conflict.
    pub conflict: Option<ConflictPolicy>,
    /// Days for which the recovery folder keeps what it holds.
    pub keep_days: Option<u32>,
    /// The most that the recovery folder holds.
    pub keep_size: Option<KeepSize>,
    /// How many files downloads may replace in one run; the inner `None` for any number.
    pub max_replace: Option<Option<Limit>>,
}

/// What is said of a map's encryption.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Age {
    /// Recipients.
    pub recipients: Vec<String>,
    /// Absolute path of a file of recipients.
    pub recipients_file: Option<String>,
    /// Absolute path of a file of identities.
    pub identity_file: Option<String>,
}

/// Maps to drop: all of a path, or the one to a destination.
#[derive(Debug, Clone)]
pub struct Unmap {
    /// Absolute local path.
    pub path: String,
    /// Only the map to this destination.
    pub dest: Option<S3Uri>,
}

/// A change of the settings of one map.
#[derive(Debug)]
pub struct Edit {
    /// The state file.
    pub file: PathBuf,
    /// How the run tells of itself.
    pub voice: Voice,
    /// The map's name.
    pub name: String,
    /// What is said of it, if anything.
    pub settings: Option<Settings>,
    /// The run that follows.
    pub then: Option<Run>,
}
