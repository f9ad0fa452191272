//! Looking at single files, and opening them for reading.

use super::error::{At, Error, Kind};
use super::kernel::{self, Place};
use super::listing::split;
use super::root::Root;
use crate::key::Key;
use crate::stamp::LocalStamp;
use crate::state::Links;
use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::io::Errno;
use std::fs::File;
use std::os::fd::AsFd;

const OPEN: &str = "open";

/// A file open for reading, with what was true of it when it was opened.
#[derive(Debug)]
pub struct Opened {
    /// The file; never a directory, a symlink or a device.
    pub file: File,
    /// Its stamp.
    pub stamp: LocalStamp,
    /// Its permission bits.
    pub mode: u32,
}

impl Root {
    /// The stamp of the file under `key`; `None` where there is no file: nothing at all, a
    /// directory, or no directory to hold it.
    ///
    /// # Errors
    /// [`Kind::NotARegularFile`] for a symlink or a special file, [`Kind::Astray`] for a symlink that
    /// is to be followed and cannot be; [`Kind::Loop`] or
    /// [`Kind::MountPoint`] where the path leads through one.
    pub fn stat(&self, key: &Key) -> Result<Option<LocalStamp>, Error> {
        match self.stat_any(key, "look at")? {
            None => Ok(None),
            Some(stat) => match kernel::file_type(&stat) {
                FileType::RegularFile => Ok(Some(stamp_of(&stat))),
                FileType::Directory => Ok(None),
                FileType::Symlink if self.follows() => self.stat_linked(key).map(Some),
                _ => Err(Error::new("look at", key.as_str(), Kind::NotARegularFile)),
            },
        }
    }

    /// The stamp of the file under `key`; follows no symlink there.
    ///
    /// # Errors
    /// As [`Root::stat`].
    pub fn stat_plain(&self, key: &Key) -> Result<Option<LocalStamp>, Error> {
        Self(std::sync::Arc::clone(&self.0), Links::Skip).stat(key)
    }

    /// The stamp of the file to which the symlink `key` leads.
    fn stat_linked(&self, key: &Key) -> Result<LocalStamp, Error> {
        const OPERATION: &str = "look at";
        let path = key.as_str();
        let target = self.target(key, OPERATION)?;
        match self.stat_any(&target, OPERATION)? {
            Some(stat) if kernel::file_type(&stat) == FileType::RegularFile => Ok(stamp_of(&stat)),
            _ => Err(Error::new(OPERATION, path, Kind::NotARegularFile)),
        }
    }

    fn target(&self, key: &Key, operation: &'static str) -> Result<Key, Error> {
        let found = self.follow(key);
        found.map_err(|why| Error::new(operation, key.as_str(), Kind::Astray(why)))
    }

    /// Opens the file under `key` for reading, or the one to which a symlink there leads where such
    /// are followed. Never waits on a pipe or a device.
    ///
    /// # Errors
    /// [`Kind::Missing`], [`Kind::NotARegularFile`], [`Kind::Denied`] and the like.
    pub fn open_file(&self, key: &Key) -> Result<Opened, Error> {
        let stat = if self.follows() {
            self.stat_any(key, OPEN)?
        } else {
            None
        };
        match stat.map(|stat| kernel::file_type(&stat)) {
            Some(FileType::Symlink) => self.open_path(self.target(key, OPEN)?.as_str()),
            _ => self.open_path(key.as_str()),
        }
    }

    /// Opens the file at a path below the root.
    pub(super) fn open_path(&self, path: &str) -> Result<Opened, Error> {
        let (above, name) = split(path);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let parent = match self.open_directory(above) {
            Err(Errno::NOTDIR) => Err(Error::new(OPEN, path, self.not_a_directory(above))),
            answer => answer.at(OPEN, path),
        }?;
        let descriptor = match openat(&parent, name, flags, Mode::empty()) {
            // A symlink gives the first, a socket the second.
            Err(Errno::LOOP | Errno::NXIO) => Err(Error::new(OPEN, path, Kind::NotARegularFile)),
            answer => answer.at(OPEN, path),
        }?;
        let stat = fstat(&descriptor).at(OPEN, path)?;
        if kernel::file_type(&stat) != FileType::RegularFile {
            return Err(Error::new(OPEN, path, Kind::NotARegularFile));
        }
        if self.is_identity(&stat) {
            return Err(Error::new(OPEN, path, Kind::Identity));
        }
        Ok(Opened {
            file: File::from(descriptor),
            stamp: stamp_of(&stat),
            mode: mode_of(&stat),
        })
    }

    /// What `lstat` tells of whatever is under `key`.
    pub(super) fn stat_any(
        &self,
        key: &Key,
        operation: &'static str,
    ) -> Result<Option<Stat>, Error> {
        let path = key.as_str();
        let parent = match self.open_directory(key.parent()) {
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NOTDIR) => {
                return match self.not_a_directory(key.parent()) {
                    Kind::Missing => Ok(None),
                    kind => Err(Error::new(operation, path, kind)),
                };
            }
            answer => answer.at(operation, path)?,
        };
        let place = Place {
            directory: parent.as_fd(),
            name: key.file_name(),
        };
        place.stat().at(operation, path)
    }

    /// Why a component of a file's parent is no directory: a file there means that the file is
    /// missing, a symlink hides whether it is.
    fn not_a_directory(&self, parent: &str) -> Kind {
        for (end, _) in parent.match_indices('/').chain([(parent.len(), "")]) {
            let (above, name) = match parent[..end].rfind('/') {
                Some(at) => (&parent[..at], &parent[at + 1..end]),
                None => ("", &parent[..end]),
            };
            let found = self.open_directory(above).and_then(|directory| {
                Place {
                    directory: directory.as_fd(),
                    name,
                }
                .stat()
            });
            match found.map(|stat| stat.map(|stat| kernel::file_type(&stat))) {
                Ok(Some(FileType::Directory)) => {}
                Ok(Some(FileType::Symlink)) => return Kind::Loop,
                Ok(_) => return Kind::Missing,
                Err(errno) => return Kind::of(errno),
            }
        }
        Kind::Missing
    }
}

/// The stamp in an answer of the kernel. Times beyond what 64 bits of nanoseconds hold (years 1677
/// to 2262) are taken as the nearest that they do.
pub(super) fn stamp_of(stat: &Stat) -> LocalStamp {
    LocalStamp {
        size_bytes: u64::try_from(stat.st_size).unwrap_or(0),
        mtime_ns: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
        ctime_ns: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
        inode: kernel::number(stat.st_ino),
    }
}

fn nanoseconds(seconds: impl Into<i128>, fraction: impl Into<i128>) -> i64 {
    let total = seconds.into() * 1_000_000_000 + fraction.into();
    let nearest = total.clamp(i64::MIN.into(), i64::MAX.into());
    i64::try_from(nearest).unwrap_or(i64::MAX)
}

/// The permission bits in an answer of the kernel.
pub(super) fn mode_of(stat: &Stat) -> u32 {
    u32::try_from(kernel::number(Mode::from_raw_mode(stat.st_mode).bits())).unwrap_or(0)
}
