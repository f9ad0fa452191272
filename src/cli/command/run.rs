//! How a run is made, and which maps it is about.

use super::settings::Settings;
use super::voice::Voice;
use crate::cli::values::S3Uri;
use crate::guard::Limit;
use crate::remote::Timeout;
use crate::state::Direction;
use crate::sync::{Mode, Reencode, Safety, Trust};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

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
    /// How long a server may be silent.
    pub timeout: Timeout,
    /// How many removals are allowed.
    pub limit: Limit,
    /// Whether the guard and a missing marker stop a map.
    pub safety: Safety,
    /// Whether recorded stamps are believed.
    pub trust: Trust,
    /// The command that prints the passphrase of an identity file.
    pub passphrase_command: Option<String>,
    /// Where a page of the run goes; `None` for no page.
    pub page: Option<PathBuf>,
    /// Whether objects are packed anew that are packed in another way than the map asks for.
    pub reencode: Reencode,
    /// The directory that gets a log of the run.
    pub log_dir: Option<PathBuf>,
    /// The file that gets the run's metrics.
    pub metrics: Option<PathBuf>,
}

/// Runs without end.
#[derive(Debug)]
pub struct Watch {
    /// How each run is made.
    pub run: Run,
    /// Time from one run of all maps to the next.
    pub interval: Duration,
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
