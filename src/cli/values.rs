//! Values of flags: text to things that are valid by their type.

use super::Misuse;
use crate::key::Key;
use crate::state::ConflictPolicy;
use argh::FromArgValue;
use std::fmt;

/// Joins the values of a flag that takes two; no argument can hold it by accident of a shell.
const JOINT: char = '\u{1f}';

/// Joins the two values of `--dir` and `--rmdir` into one.
pub(super) fn fold(words: Vec<String>) -> Result<Vec<String>, Misuse> {
    let mut folded = Vec::with_capacity(words.len());
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--dir" => {
                let (Some(path), Some(dest)) = (words.next(), words.next()) else {
                    return Err(Misuse::new("--dir takes two values: PATH S3_DEST")
                        .hint("for example --dir /home/me/docs s3://bucket/docs"));
                };
                folded.extend([word, format!("{path}{JOINT}{dest}")]);
            }
            "--rmdir" => {
                let Some(mut value) = words.next() else {
                    return Err(Misuse::new("--rmdir takes a value: PATH [S3_DEST]")
                        .hint("for example --rmdir /home/me/docs"));
                };
                if let Some(dest) = words.next_if(|next| next.starts_with("s3://")) {
                    value = format!("{value}{JOINT}{dest}");
                }
                folded.extend([word, value]);
            }
            _ => folded.push(word),
        }
    }
    Ok(folded)
}

/// `s3://bucket[/prefix]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Uri {
    /// The bucket's name.
    pub bucket: String,
    /// The prefix, without a slash at either end; empty for the whole bucket.
    pub prefix: String,
}

impl fmt::Display for S3Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if self.prefix.is_empty() {
            Ok(())
        } else {
            write!(f, "/{}", self.prefix)
        }
    }
}

impl FromArgValue for S3Uri {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        let refuse = |why: &str| Err(format!("{text:?} is no S3 destination: {why}"));
        let Some(rest) = text.strip_prefix("s3://") else {
            return refuse("it does not begin with s3://");
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if bucket.len() < 3 || bucket.len() > 63 || !bucket.chars().all(is_fit) {
            return refuse("the bucket's name must have 3 to 63 letters, digits, dots or hyphens");
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if !prefix.is_empty()
            && let Err(why) = Key::parse(prefix)
        {
            return refuse(&format!("in its prefix {why}"));
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

/// An absolute path without a slash at its end, without `.` and `..`.
fn absolute(text: &str) -> Result<String, String> {
    let trimmed = text.trim_end_matches('/');
    if !text.starts_with('/') {
        return Err(format!("{text:?} is not an absolute path"));
    }
    if trimmed.is_empty() {
        return Err("the root directory / cannot be mapped".to_owned());
    }
    if trimmed
        .split('/')
        .skip(1)
        .any(|part| matches!(part, "" | "." | ".."))
        || trimmed.contains('\0')
    {
        return Err(format!(
            "{text:?} is not a plain path: it holds //, . or .."
        ));
    }
    Ok(trimmed.to_owned())
}

/// The value of `--dir`.
pub(super) struct MapArg {
    pub(super) path: String,
    pub(super) dest: S3Uri,
}

impl FromArgValue for MapArg {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        let (path, dest) = text.split_once(JOINT).ok_or("it takes PATH S3_DEST")?;
        Ok(Self {
            path: absolute(path)?,
            dest: S3Uri::from_arg_value(dest)?,
        })
    }
}

/// The value of `--rmdir`.
pub(super) struct UnmapArg {
    pub(super) path: String,
    pub(super) dest: Option<S3Uri>,
}

impl FromArgValue for UnmapArg {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        let (path, dest) = match text.split_once(JOINT) {
            Some((path, dest)) => (path, Some(S3Uri::from_arg_value(dest)?)),
            None => (text, None),
        };
        Ok(Self {
            path: absolute(path)?,
            dest,
        })
    }
}

/// The value of `--conflict`.
#[derive(Clone, Copy)]
pub(super) struct Policy(pub(super) ConflictPolicy);

impl FromArgValue for Policy {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        Ok(Self(match text {
            "newer" => ConflictPolicy::Newer,
            "keep-both" => ConflictPolicy::KeepBoth,
            "local" => ConflictPolicy::Local,
            "remote" => ConflictPolicy::Remote,
            "ask" => ConflictPolicy::Ask,
            _ => {
                return Err(format!(
                    "{text:?} is none of newer, keep-both, local, remote, ask"
                ));
            }
        }))
    }
}

/// The value of `--jobs`: 1 to 1024.
#[derive(Clone, Copy)]
pub(super) struct Jobs(u16);

impl From<Jobs> for usize {
    fn from(jobs: Jobs) -> Self {
        Self::from(jobs.0)
    }
}

impl FromArgValue for Jobs {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(jobs @ 1..=1024) => Ok(Self(jobs)),
            _ => Err(format!("{text:?} is not a number from 1 to 1024")),
        }
    }
}
