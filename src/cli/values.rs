//! Values of flags: text to things that are valid by their type.

use super::{Misuse, help};
use crate::envelope;
use crate::key::{Key, OWN_FOLDER, Shown, Unfit};
use crate::state::{ConflictPolicy, MAX_GZIP_LEVEL, MAX_KEEP_DAYS, MAX_RECIPIENT_BYTES};
use argh::FromArgValue;
use std::fmt;
use std::num::NonZeroU64;

/// Joins the values of a flag that takes two; no argument can hold it by accident of a shell.
pub(super) const JOINT: char = '\u{1f}';

/// Joins the two values of `--dir` and `--rmdir` into one, and gives `--objects` one in any case.
pub(super) fn fold(words: Vec<String>) -> Result<Vec<String>, Misuse> {
    let mut folded = Vec::with_capacity(words.len());
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--dir" => {
                let (Some(path), Some(dest)) = (words.next(), words.next()) else {
                    return Err(lacking(&word));
                };
                folded.extend([word, format!("{path}{JOINT}{dest}")]);
            }
            "--rmdir" => {
                let Some(mut value) = words.next() else {
                    return Err(lacking(&word));
                };
                if let Some(dest) = words.next_if(|next| next.starts_with("s3://")) {
                    value = format!("{value}{JOINT}{dest}");
                }
                folded.extend([word, value]);
            }
            "--objects" => {
                let glob = words.next_if(|next| !next.starts_with('-'));
                if glob.is_some() && words.peek().is_some_and(|next| !next.starts_with('-')) {
                    return Err(Misuse::SecondGlob);
                }
                folded.extend([word, glob.unwrap_or_else(|| JOINT.to_string())]);
            }
            _ => folded.push(word),
        }
    }
    Ok(folded)
}

fn lacking(flag: &str) -> Misuse {
    Misuse::NoValue {
        flag: flag.to_owned(),
        takes: help::takes(flag),
    }
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
        let refuse = |why: &str| Err(format!("'{}' is no S3 destination: {why}", Shown(text)));
        let Some(rest) = text.strip_prefix("s3://") else {
            return refuse("it does not begin with s3://");
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if bucket.len() < 3 || bucket.len() > 63 || !bucket.chars().all(is_fit) {
            return refuse("a bucket's name has 3 to 63 letters, digits, dots and hyphens");
        }
        // A lone slash is no empty prefix: that would be the whole bucket, by a slip.
        let prefix = match prefix.strip_suffix('/') {
            Some(shorter) if !shorter.is_empty() => shorter,
            _ => prefix,
        };
        if !prefix.is_empty()
            && let Err(why) = Key::parse(prefix)
        {
            return refuse(&prefix_trouble(why));
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

fn prefix_trouble(why: Unfit) -> String {
    match why {
        Unfit::EmptyComponent => "its prefix holds an empty part, //".to_owned(),
        Unfit::DotComponent => "its prefix holds . or .. as a part".to_owned(),
        Unfit::Reserved => format!("{OWN_FOLDER} belongs to s3-bsync itself"),
        Unfit::Empty
        | Unfit::NotUtf8
        | Unfit::Nul
        | Unfit::LongComponent(_)
        | Unfit::LongKey(_) => {
            format!("in its prefix, {why}")
        }
    }
}

/// An absolute path without a slash at its end, without `.` and `..`.
pub(super) fn absolute(text: &str) -> Result<String, String> {
    let trimmed = text.trim_end_matches('/');
    if !text.starts_with('/') {
        return Err(format!("'{}' is not an absolute path", Shown(text)));
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
            "'{}' is not a plain path: it holds //, . or ..",
            Shown(text)
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
                    "'{}' is none of newer, keep-both, local, remote and ask",
                    Shown(text)
                ));
            }
        }))
    }
}

/// The value of `--direction`.
#[derive(Clone, Copy)]
pub(super) enum Way {
    Both,
    Push,
    Pull,
}

impl FromArgValue for Way {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        match text {
            "both" => Ok(Self::Both),
            "push" => Ok(Self::Push),
            "pull" => Ok(Self::Pull),
            _ => Err(format!("'{}' is none of both, push and pull", Shown(text))),
        }
    }
}

/// The value of `--compress`.
#[derive(Clone, Copy)]
pub(super) struct GzipLevel(pub(super) u8);

impl FromArgValue for GzipLevel {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .filter(|level| *level <= MAX_GZIP_LEVEL)
            .map(Self)
            .ok_or_else(|| {
                let shown = Shown(text);
                format!("'{shown}' is not a level from 0 to {MAX_GZIP_LEVEL}")
            })
    }
}

/// The value of `--age-recipient`.
pub(super) struct AgeRecipient(pub(super) String);

impl FromArgValue for AgeRecipient {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        let length = text.len() as u64;
        if length > MAX_RECIPIENT_BYTES {
            return Err(format!(
                "a recipient has {length} bytes, and may have {MAX_RECIPIENT_BYTES}"
            ));
        }
        envelope::check_recipient(text).map_err(|error| error.to_string())?;
        Ok(Self(text.to_owned()))
    }
}

/// The absolute path of a file.
pub(super) struct FilePath(pub(super) String);

impl FromArgValue for FilePath {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        let is_path = text.starts_with('/') && !text.ends_with('/');
        if !is_path || text.chars().any(char::is_control) {
            let shown = Shown(text);
            return Err(format!("'{shown}' is not the absolute path of a file"));
        }
        if text.len() as u64 > MAX_RECIPIENT_BYTES {
            return Err(format!(
                "the path has more than {MAX_RECIPIENT_BYTES} bytes"
            ));
        }
        Ok(Self(text.to_owned()))
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
            _ => Err(format!("'{}' is not a number from 1 to 1024", Shown(text))),
        }
    }
}

/// The value of `--bwlimit`: bytes a second, with `K`, `M` or `G` for binary thousands of them.
#[derive(Clone, Copy)]
pub(super) struct Rate(pub(super) NonZeroU64);

impl FromArgValue for Rate {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        let (number, unit) = match text.char_indices().last() {
            Some((at, 'K' | 'k')) => (&text[..at], 1 << 10),
            Some((at, 'M' | 'm')) => (&text[..at], 1 << 20),
            Some((at, 'G' | 'g')) => (&text[..at], 1 << 30),
            _ => (text, 1_u64),
        };
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
        let bytes = number.parse().ok().filter(|_| is_plain);
        let bytes = bytes.and_then(|number: u64| number.checked_mul(unit));
        bytes.and_then(NonZeroU64::new).map(Self).ok_or_else(|| {
            let shown = Shown(text);
            format!("'{shown}' is not a number of bytes a second, as 500K or 10M")
        })
    }
}

/// A text that is not empty and holds no control character.
pub(super) struct Text(pub(super) String);

impl FromArgValue for Text {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("its value is empty".to_owned());
        }
        if text.chars().any(char::is_control) {
            return Err(format!("'{}' holds a control character", Shown(text)));
        }
        Ok(Self(text.to_owned()))
    }
}

/// The value of `--endpoint-url`.
pub(super) struct Url(pub(super) String);

impl FromArgValue for Url {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        let host = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let is_fit = |host: &str| {
            !host.starts_with('/')
                && !host.is_empty()
                && !host.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        // Neither shown nor kept: the state file holds no credentials.
        let authority = host.and_then(|host| host.split(['/', '?', '#']).next());
        if authority.is_some_and(|authority| authority.contains('@')) {
            return Err(
                "a user or password in the URL is refused: the AWS environment or a profile gives \
                 the credentials"
                    .to_owned(),
            );
        }
        if host.is_some_and(is_fit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "'{}' does not begin with https:// or http:// and a host",
                Shown(text)
            ))
        }
    }
}

/// The value of `--keep`.
#[derive(Clone, Copy)]
pub(super) struct Days(pub(super) u32);

impl FromArgValue for Days {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .filter(|days| *days <= MAX_KEEP_DAYS)
            .map(Self)
            .ok_or_else(|| {
                let shown = Shown(text);
                format!("'{shown}' is not a number of days from 0 to {MAX_KEEP_DAYS}")
            })
    }
}
