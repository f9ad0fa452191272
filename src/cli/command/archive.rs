//! What is done about archived objects, and what is read back.

use super::voice::Voice;
use crate::cli::keys::Keys;
use crate::remote::{Tier, Timeout};
use crate::sync::{Mode, Proof, Wish};
use std::num::NonZeroU64;
use std::path::PathBuf;

/// Some keys of a map, or of all.
#[derive(Debug)]
pub struct Which {
    /// The map's name; all maps where there is none.
    pub map: Option<String>,
    /// Which of its keys.
    pub keys: Keys,
}

/// Whether a person must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// At a terminal, when asked.
    Asked,
    /// It was given with the command.
    Given,
}

/// Archived objects to be asked for.
#[derive(Debug)]
pub struct Restore {
    /// The state file.
    pub file: PathBuf,
    /// How the command tells of itself.
    pub voice: Voice,
    /// Which objects.
    pub which: Which,
    /// Which of them are meant.
    pub wish: Wish,
    /// How fast.
    pub tier: Tier,
    /// For how many days.
    pub days: u16,
    /// Whether a person must agree.
    pub consent: Consent,
    /// Whether anything is asked for.
    pub mode: Mode,
    /// Requests at a time.
    pub jobs: Option<usize>,
}

/// Archived objects to be told of.
#[derive(Debug)]
pub struct RestoreStatus {
    /// The state file.
    pub file: PathBuf,
    /// How the command tells of itself.
    pub voice: Voice,
    /// Which objects.
    pub which: Which,
}

/// A map to be listed.
#[derive(Debug)]
pub struct Ls {
    /// The state file.
    pub file: PathBuf,
    /// How the command tells of itself.
    pub voice: Voice,
    /// The map, and which of its keys.
    pub which: Which,
}

/// Both sides to be read back.
#[derive(Debug)]
pub struct Verify {
    /// The state file.
    pub file: PathBuf,
    /// How the command tells of itself.
    pub voice: Voice,
    /// Which files.
    pub which: Which,
    /// How it is learned what an object holds.
    pub proof: Proof,
    /// Files at a time.
    pub jobs: Option<usize>,
    /// The most bytes that travel in a second; `None` for no limit.
    pub bytes_per_s: Option<NonZeroU64>,
    /// How long a server may be silent.
    pub timeout: Timeout,
    /// The command that prints the passphrase of an identity file.
    pub passphrase_command: Option<String>,
}
