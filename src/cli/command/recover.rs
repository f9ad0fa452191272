//! What is done with what the recovery folders hold.

use super::voice::Voice;
use crate::cli::wanted::Wanted;
use crate::key::Key;
use crate::local::RecoveryRun;
use crate::sync::{Mode, Safety};
use std::path::PathBuf;

/// Something about the recovery folders of maps.
#[derive(Debug)]
pub struct Recover {
    /// The state file.
    pub file: PathBuf,
    /// How the command tells of itself.
    pub voice: Voice,
    /// What is done.
    pub act: Recovery,
    /// Whether anything is changed.
    pub mode: Mode,
    /// The command that prints the passphrase of an identity file.
    pub passphrase_command: Option<String>,
}

/// What is done with kept files.
#[derive(Debug, PartialEq, Eq)]
pub enum Recovery {
    /// They are listed: of one map or of all, all or some.
    List(Option<String>, Option<Wanted>),
    /// One is printed.
    Show(String, Wanted),
    /// One is compared with the file that has its path.
    Diff(String, Wanted),
    /// They get their paths back, or one gets this path.
    PutBack(String, Wanted, Option<Key>),
    /// They are removed for good, after a question or without.
    Drop(String, Wanted, Safety),
    /// Those that are too old are removed, of the maps of these names or of all.
    Expire(Vec<String>),
    /// The runs of this map or of all are listed, with what each displaced here.
    Runs(Option<String>),
    /// What a run displaced here is put back, also where a path changed since if that is forced.
    Undo(String, RecoveryRun, Safety),
}
