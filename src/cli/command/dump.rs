//! What is printed of the state file.

use super::voice::Form;
use crate::cli::keys::Keys;
use std::path::PathBuf;

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

/// A page of a state file, to be written.
#[derive(Debug)]
pub struct StatePage {
    /// The state file.
    pub file: PathBuf,
    /// Where the page goes.
    pub page: PathBuf,
}

/// The maps of a state file, to be told of.
#[derive(Debug)]
pub struct Targets {
    /// The state file.
    pub file: PathBuf,
    /// The form.
    pub form: Form,
}
