//! Values of flags that are paths of directories.

use crate::key::Shown;
use argh::FromArgValue;
use std::path::PathBuf;

/// The absolute path of a directory.
pub(super) struct DirPath(pub(super) PathBuf);

impl FromArgValue for DirPath {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') || text.chars().any(char::is_control) {
            let shown = Shown(text);
            return Err(format!("'{shown}' is not the absolute path of a directory"));
        }
        Ok(Self(PathBuf::from(text)))
    }
}
