//! What can go wrong in the directory, as facts.

use super::links::Astray;
use crate::key::Shown;
use rustix::io::Errno;
use std::{fmt, io};

/// A failed operation on one path.
#[derive(Debug)]
pub struct Error {
    /// What was being done, such as `open`.
    pub operation: &'static str,
    /// The path, relative to the root (or the root's own), escaped for showing.
    pub path: String,
    /// Why it failed.
    pub kind: Kind,
}

/// Why an operation failed.
#[derive(Debug)]
pub enum Kind {
    /// There is nothing of that name (any more).
    Missing,
    /// The file is not the one that the caller saw; nothing was changed.
    Stale,
    /// Something of another type holds the name, or a component of the path.
    Clash,
    /// The name leads to something whose name differs, though the file system takes the two for one.
    Alias,
    /// It is a directory, a symlink, a socket, a pipe or a device.
    NotARegularFile,
    /// It is a symlink that leads to no file that could be read in its place.
    Astray(Astray),
    /// It is an age identity, a private key, which is never sent.
    Identity,
    /// It is a symlink, which is never written through, moved or replaced.
    Link,
    /// It is not a directory.
    NotADirectory,
    /// Permission was denied.
    Denied,
    /// The file system, or a quota on it, is full.
    NoSpace,
    /// The file system is mounted read-only.
    ReadOnly,
    /// It is a symlink, or lies below one.
    Loop,
    /// It lies on another file system than the root, or below another mount.
    MountPoint,
    /// The file system refuses a name of that length.
    TooLong,
    /// An ignore file cannot be read as rules.
    BadIgnore {
        /// Line number, from 1; 0 where the whole file is meant.
        line: usize,
        /// What is wrong with the line.
        reason: String,
    },
    /// The marker is not one.
    BadMarker(&'static str),
    /// Anything else.
    Io(io::Error),
}

impl Error {
    pub(super) fn new(operation: &'static str, path: &str, kind: Kind) -> Self {
        Self {
            operation,
            path: Shown(path).to_string(),
            kind,
        }
    }
}

impl Kind {
    /// The kind of an answer of the kernel.
    pub(super) fn of(errno: Errno) -> Self {
        match errno {
            Errno::NOENT => Self::Missing,
            Errno::NOTDIR => Self::NotADirectory,
            Errno::ACCESS | Errno::PERM => Self::Denied,
            Errno::NOSPC | Errno::DQUOT => Self::NoSpace,
            Errno::ROFS => Self::ReadOnly,
            Errno::LOOP => Self::Loop,
            Errno::XDEV => Self::MountPoint,
            Errno::NAMETOOLONG => Self::TooLong,
            other => Self::Io(other.into()),
        }
    }

    /// As [`Kind::of`], for a path that is to be created: what stands in its way is a clash.
    pub(super) fn of_creation(errno: Errno) -> Self {
        match errno {
            Errno::NOTDIR | Errno::LOOP | Errno::ISDIR => Self::Clash,
            other => Self::of(other),
        }
    }
}

/// Turns an answer of the kernel into an [`Error`].
pub(super) trait At<T> {
    /// Names the operation and the path.
    fn at(self, operation: &'static str, path: &str) -> Result<T, Error>;
    /// The same, for a path that is to be created.
    fn at_creation(self, operation: &'static str, path: &str) -> Result<T, Error>;
}

impl<T> At<T> for rustix::io::Result<T> {
    fn at(self, operation: &'static str, path: &str) -> Result<T, Error> {
        self.map_err(|errno| Error::new(operation, path, Kind::of(errno)))
    }

    fn at_creation(self, operation: &'static str, path: &str) -> Result<T, Error> {
        self.map_err(|errno| Error::new(operation, path, Kind::of_creation(errno)))
    }
}

impl<T> At<T> for io::Result<T> {
    fn at(self, operation: &'static str, path: &str) -> Result<T, Error> {
        self.map_err(|error| Error::new(operation, path, kind_of_io(error, Kind::of)))
    }

    fn at_creation(self, operation: &'static str, path: &str) -> Result<T, Error> {
        self.map_err(|error| Error::new(operation, path, kind_of_io(error, Kind::of_creation)))
    }
}

fn kind_of_io(error: io::Error, kind: fn(Errno) -> Kind) -> Kind {
    match Errno::from_io_error(&error) {
        Some(errno) => kind(errno),
        None => Kind::Io(error),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}: {}", self.operation, self.path, self.kind)
    }
}

/// Why a file of identities is left alone.
pub(super) const IDENTITY: &str =
    "it is an age identity (a private key), which is never sent; move it out of the directory";

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no such file or directory"),
            Self::Stale => f.write_str("it changed in the meantime"),
            Self::Clash => f.write_str("something of another type is in the way"),
            Self::Alias => f.write_str(
                "another name is there that the file system takes for the same (by case or accents)",
            ),
            Self::NotARegularFile => f.write_str("not a regular file"),
            Self::Astray(why) => why.fmt(f),
            Self::Identity => f.write_str(IDENTITY),
            Self::Link => f.write_str("it is a symlink here, which is left alone"),
            Self::NotADirectory => f.write_str("not a directory"),
            Self::Denied => f.write_str("permission denied"),
            Self::NoSpace => f.write_str("no space left"),
            Self::ReadOnly => f.write_str("the file system is read-only"),
            Self::Loop => f.write_str("a symlink is not followed"),
            Self::MountPoint => f.write_str("it lies on another file system"),
            Self::TooLong => f.write_str("the name is too long for the file system"),
            Self::BadIgnore { line: 0, reason } => write!(f, "{}", Shown(reason)),
            Self::BadIgnore { line, reason } => write!(f, "line {line}: {}", Shown(reason)),
            Self::BadMarker(reason) => write!(f, "not a marker: {reason}"),
            Self::Io(source) => source.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Io(source) => Some(source),
            _ => None,
        }
    }
}

/// The bytes of a foreign path as they are shown: what is not UTF-8 as `\xNN`, control characters
/// escaped.
pub(super) fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(&Shown(chunk.valid()).to_string());
        for byte in chunk.invalid() {
            let _ = fmt::Write::write_fmt(&mut text, format_args!("\\x{byte:02x}"));
        }
    }
    text
}
