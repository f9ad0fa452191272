//! What can be asked for, valid by its types.

use super::keys::Keys;
use super::values::S3Uri;
use crate::guard::Limit;
use crate::state::{Access, ConflictPolicy, Direction, Recursion};
use crate::sync::{Mode, Reencode, Safety, Trust};
use std::num::NonZeroU64;
use std::path::PathBuf;

/// What was asked for.
#[derive(Debug)]
pub enum Command {
    /// Print this and end well.
    Print(String),
    /// Keep every map's sides the same.
    Sync(Run),
    /// Tell what that would do.
    Status(Run),
    /// Change the state file's settings.
    Init(Init),
    /// Change a map's settings by its name.
    Edit(Edit),
    /// Drop a map by its name.
    Remove(Remove),
    /// Remove directories without files.
    Prune(Prune),
    /// Tell which maps there are.
    Targets(Targets),
    /// Push or pull once, without a map.
    Mapless(Mapless),
    /// Print the state file.
    Dump(Dump),
}

/// How a run is made.
#[derive(Debug)]
pub struct Run {
    /// The state file.
    pub file: PathBuf,
    /// Which maps it is about.
    pub maps: Maps,
    /// Whether anything is changed.
    pub mode: Mode,
    /// How the run tells of itself.
    pub voice: Voice,
    /// Steps at a time; `None` to adapt to the work.
    pub jobs: Option<usize>,
    /// The most bytes that travel in a second; `None` for no limit.
    pub bytes_per_s: Option<NonZeroU64>,
    /// How many removals are allowed.
    pub limit: Limit,
    /// Whether the guard and a missing marker stop a map.
    pub safety: Safety,
    /// Whether recorded stamps are believed.
    pub trust: Trust,
    /// The command that prints the passphrase of an identity file.
    pub passphrase_command: Option<String>,
    /// Whether objects are packed anew that are packed in another way than the map asks for.
    pub reencode: Reencode,
}

/// Which maps a run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Maps {
    /// All of the state file.
    All,
    /// Those of these names.
    Named(Vec<String>),
    /// The one of this name, which goes this way for once.
    OneWay(String, Direction),
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

/// A map to drop by its name.
#[derive(Debug)]
pub struct Remove {
    /// The state file.
    pub file: PathBuf,
    /// How the command tells of itself.
    pub voice: Voice,
    /// The map's name.
    pub name: String,
}

/// Directories without files, to be removed.
#[derive(Debug)]
pub struct Prune {
    /// The state file.
    pub file: PathBuf,
    /// How the command tells of itself.
    pub voice: Voice,
    /// The map's name.
    pub name: String,
    /// Whether anything is changed.
    pub mode: Mode,
}

/// The maps of a state file, to be told of.
#[derive(Debug)]
pub struct Targets {
    /// The state file.
    pub file: PathBuf,
    /// The form.
    pub form: Form,
}

/// A run between a directory and a prefix that are no map.
#[derive(Debug)]
pub struct Mapless {
    /// The directory, absolute or not.
    pub dir: PathBuf,
    /// The prefix.
    pub dest: S3Uri,
    /// What is said of the two; the direction is never [`Direction::Both`].
    pub settings: Settings,
    /// How the run is made.
    pub run: Run,
}

/// How much a run tells, and in what form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    /// How much.
    pub level: Level,
    /// In what form.
    pub form: Form,
}

/// How much a run tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Errors only.
    Quiet,
    /// Errors and what a person should know.
    Normal,
    /// Everything.
    Debug,
}

/// The form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

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

/// What to print of the state file.
#[derive(Debug)]
pub struct Dump {
    /// The state file.
    pub file: PathBuf,
    /// The form.
    pub form: Form,
    /// How far it goes into detail.
    pub detail: Detail,
}

/// How far a dump goes into detail.
#[derive(Debug, PartialEq, Eq)]
pub enum Detail {
    /// Settings and counts.
    Maps,
    /// The records of these keys too.
    Objects(Keys),
    /// Every byte of the file, which need not be intact.
    Bytes,
}
