//! What a file would replace that the program writes for others: only one of its own kind.

use rustix::fs::{Mode, OFlags};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// What bears the name of a file to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replaced {
    /// Nothing, an empty file, or one that begins as such files do.
    Own,
    /// A file of somebody else's.
    Foreign,
    /// A directory.
    Directory,
    /// A symlink, a device or the like.
    Special,
}

impl Replaced {
    /// Looks at `path`, of files that begin with `head`. Never opens what is no regular file, and
    /// never waits.
    ///
    /// # Errors
    /// What the system answers.
    pub(crate) fn at(path: &Path, head: &str) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Own),
            Err(error) => return Err(error),
            Ok(meta) if meta.is_dir() => return Ok(Self::Directory),
            Ok(meta) if !meta.is_file() => return Ok(Self::Special),
            Ok(_) => {}
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        let mut begin = Vec::new();
        file.take(head.len() as u64).read_to_end(&mut begin)?;
        Ok(if begin.is_empty() || begin == head.as_bytes() {
            Self::Own
        } else {
            Self::Foreign
        })
    }
}
