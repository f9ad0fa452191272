//! What is done to one map by its name.

use super::voice::Voice;
use crate::sync::Mode;
use std::path::PathBuf;

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
