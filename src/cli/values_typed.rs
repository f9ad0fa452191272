//! What a person types at a question, read as the values of the flags are.

use super::values::{self, AgeRecipient, FilePath, GzipLevel, S3Uri, Text, Url};
use argh::FromArgValue;

/// The path of a directory to map.
///
/// # Errors
/// Why it is none, as for all of these.
pub fn directory(text: &str) -> Result<String, String> {
    values::absolute(text)
}

/// `s3://bucket[/prefix]`.
///
/// # Errors
/// Why it is none.
pub fn destination(text: &str) -> Result<S3Uri, String> {
    S3Uri::from_arg_value(text)
}

/// The endpoint of a server.
///
/// # Errors
/// Why it is none.
pub fn endpoint(text: &str) -> Result<String, String> {
    Url::from_arg_value(text).map(|url| url.0)
}

/// A name: of a map, a region or a profile.
///
/// # Errors
/// Why it is none.
pub fn name(text: &str) -> Result<String, String> {
    Text::from_arg_value(text).map(|text| text.0)
}

/// A level of compression.
///
/// # Errors
/// Why it is none.
pub fn level(text: &str) -> Result<u8, String> {
    GzipLevel::from_arg_value(text).map(|level| level.0)
}

/// An age recipient.
///
/// # Errors
/// Why it is none.
pub fn recipient(text: &str) -> Result<String, String> {
    AgeRecipient::from_arg_value(text).map(|one| one.0)
}

/// The path of a file.
///
/// # Errors
/// Why it is none.
pub fn file(text: &str) -> Result<String, String> {
    FilePath::from_arg_value(text).map(|file| file.0)
}
