//! A map to be asked for.

use super::settings::Settings;
use super::voice::Voice;
use crate::cli::values::S3Uri;
use std::path::PathBuf;

/// A map to add, of which what is not said here is asked for.
#[derive(Debug)]
pub struct Add {
    /// The state file.
    pub file: PathBuf,
    /// How the command tells of itself.
    pub voice: Voice,
    /// The directory, absolute or not.
    pub dir: Option<String>,
    /// Where it goes.
    pub dest: Option<S3Uri>,
    /// What is said of it.
    pub settings: Settings,
}
