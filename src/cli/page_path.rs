//! The value of `--report`.

use crate::key::Shown;
use argh::FromArgValue;
use std::path::PathBuf;

/// The path of a file, absolute or not.
pub(super) struct PagePath(pub(super) PathBuf);

impl FromArgValue for PagePath {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        let is_file = PathBuf::from(text).file_name().is_some()
            && !text.ends_with('/')
            && !text.ends_with("/.");
        if is_file && !text.chars().any(char::is_control) {
            Ok(Self(PathBuf::from(text)))
        } else {
            Err(format!("'{}' is not the path of a file", Shown(text)))
        }
    }
}
