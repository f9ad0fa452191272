//! Files being written: created in the directory where they will end, and gone unless placed.

use super::error::{At, Error, Kind};
use super::found::Leftover;
use super::kernel::Place;
use super::listing::{joined, split};
use super::root::Root;
use super::run::{Displaced, RecoveryRun};
use crate::key::{Key, MAX_COMPONENT_BYTES, OWN_FOLDER, TEMP_PREFIX};
use crate::stamp::Hex;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;

pub(super) const RANDOM_BYTES: usize = 8;
/// Precedes a displaced file's own name until the file is in the recovery folder. A crash may leave
/// it there, so a sweep keeps files with such names.
const DISPLACED: &str = "-old-";
/// How often a directory is made again that another step of the run removes as emptied.
pub(super) const ATTEMPTS: usize = 8;

/// What a name of a file being written says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TempName {
    /// It holds nothing but an unfinished copy.
    Partial,
    /// It may hold a displaced file.
    Displaced,
}

impl TempName {
    pub(super) fn parse(name: &[u8]) -> Option<Self> {
        let rest = name.strip_prefix(TEMP_PREFIX.as_bytes())?;
        let (digits, rest) = rest.split_at_checked(2 * RANDOM_BYTES)?;
        let is_hex = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        match rest {
            _ if !digits.iter().all(is_hex) => None,
            b"" => Some(Self::Partial),
            rest if rest.starts_with(DISPLACED.as_bytes()) => Some(Self::Displaced),
            _ => None,
        }
    }

    /// A name that nothing has.
    pub(super) fn random() -> rustix::io::Result<String> {
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random).map_err(|_| Errno::IO)?;
        Ok(format!("{TEMP_PREFIX}{}", Hex(&random)))
    }

    /// The name for what `name` displaces; where both are too long for one, its end is cut.
    pub(super) fn displaced(partial: &str, name: &str) -> String {
        let mut whole = format!("{partial}{DISPLACED}{name}");
        while whole.len() > MAX_COMPONENT_BYTES {
            whole.pop();
        }
        whole
    }

    /// The own name of a displaced file.
    pub(super) fn own_name(displaced: &str) -> &str {
        let at = TEMP_PREFIX.len() + 2 * RANDOM_BYTES + DISPLACED.len();
        match displaced.get(at..) {
            None | Some("") => displaced,
            Some(name) => name,
        }
    }
}

/// A file being written. Dropped without being placed, it is removed, and so are the directories
/// that were created for it; unless it was [left](Temp::leave) for a later run.
pub struct Temp {
    pub(super) root: Root,
    pub(super) key: Key,
    pub(super) parent: OwnedFd,
    pub(super) file: File,
    /// The name that leads to `file`; `None` when none does for certain, or it is left there.
    pub(super) name: Option<String>,
    created: Vec<String>,
}

impl Root {
    /// Creates an empty file to become the one under `key`, and the directories that it needs.
    ///
    /// Nobody but the owner can read it until it is placed.
    ///
    /// # Errors
    /// [`Kind::Clash`] where a file or a symlink stands in for a directory, [`Kind::MountPoint`],
    /// [`Kind::NoSpace`] and the like.
    pub fn create_temp(&self, key: &Key) -> Result<Temp, Error> {
        self.temp_for(key, create_in)
    }

    pub(super) fn temp_for(
        &self,
        key: &Key,
        open: impl Fn(&OwnedFd) -> rustix::io::Result<(String, File)>,
    ) -> Result<Temp, Error> {
        const OPERATION: &str = "create a file for";
        let path = key.as_str();
        let mut created = Vec::new();
        for _ in 0..ATTEMPTS {
            let attempt = self
                .make_directory(key.parent(), Mode::from_raw_mode(0o777), &mut created)
                .and_then(|parent| Ok((open(&parent)?, parent)));
            match attempt {
                Ok(((name, file), parent)) => {
                    let temp = Temp {
                        root: self.clone(),
                        key: key.clone(),
                        parent,
                        file,
                        name: Some(name),
                        created,
                    };
                    // Another step may just have made the directory, and spelled it otherwise.
                    if self.is_spelled(key.parent()).at(OPERATION, path)? {
                        return Ok(temp);
                    }
                    return Err(Error::new(OPERATION, path, Kind::Alias));
                }
                Err(Errno::NOENT) => {}
                Err(errno) => {
                    self.unmake(&created);
                    return Err(Error::new(OPERATION, path, Kind::of_creation(errno)));
                }
            }
        }
        self.unmake(&created);
        Err(Error::new(OPERATION, path, Kind::Missing))
    }

    /// Opens the directory `path`, creating what is missing of it; notes what it created.
    pub(super) fn make_directory(
        &self,
        path: &str,
        mode: Mode,
        created: &mut Vec<String>,
    ) -> rustix::io::Result<OwnedFd> {
        match self.open_directory(path) {
            Err(Errno::NOENT) if !path.is_empty() => {}
            answer => return answer,
        }
        let (above, name) = split(path);
        let parent = self.make_directory(above, mode, created)?;
        match mkdirat(&parent, name, mode) {
            Ok(()) => {
                created.push(path.to_owned());
                self.touch(above);
            }
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
        self.open_directory_from(parent.as_fd(), name)
    }

    /// Opens the own folder, or a folder below it, creating it for the owner alone.
    pub(super) fn own_folder(&self, below: &str) -> Result<OwnedFd, Error> {
        let path = match below {
            "" => OWN_FOLDER.to_owned(),
            below => joined(OWN_FOLDER, below),
        };
        self.make_directory(&path, Mode::RWXU, &mut Vec::new())
            .at_creation("create directory", &path)
    }

    /// Removes directories that were created in vain, where they are still empty.
    pub(super) fn unmake(&self, created: &[String]) {
        for path in created.iter().rev() {
            if !self.remove_if_empty(path) {
                return;
            }
        }
    }

    /// Removes the directory `path` if it is empty, and says whether it is gone. That is durable only
    /// after [`Root::sync_directories`].
    #[must_use]
    pub fn remove_if_empty(&self, path: &str) -> bool {
        let (above, name) = split(path);
        let removed = self
            .open_directory(above)
            .and_then(|parent| unlinkat(&parent, name, AtFlags::REMOVEDIR));
        if removed.is_ok() {
            self.touch(above);
        }
        removed.is_ok()
    }

    /// Removes the directories, from `path` upwards, that are empty; never the root.
    pub(super) fn remove_emptied(&self, path: &str) {
        let mut path = path;
        while !path.is_empty() && self.remove_if_empty(path) {
            path = split(path).0;
        }
    }

    /// Removes the files that dead runs were writing, as a scan has found them. What may be a
    /// displaced file is moved to the recovery folder instead.
    ///
    /// Only for the holder of the lock: a living run's files look just the same.
    ///
    /// # Errors
    /// The last failure; the other files were still seen to.
    pub fn sweep_temps(&self, leftovers: &[Leftover], run: &RecoveryRun) -> Result<(), Error> {
        let mut failure = None;
        for Leftover(path) in leftovers {
            if let Err(error) = self.sweep(path, run) {
                failure = Some(error);
            }
        }
        failure.map_or(Ok(()), Err)
    }

    fn sweep(&self, path: &str, run: &RecoveryRun) -> Result<(), Error> {
        const OPERATION: &str = "clear away";
        let (above, name) = split(path);
        let parent = match self.open_directory(above) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
            answer => answer.at(OPERATION, path)?,
        };
        let place = Place {
            directory: parent.as_fd(),
            name,
        };
        let stat = place.stat().at(OPERATION, path)?;
        if !stat.is_some_and(|stat| super::kernel::file_type(&stat) == FileType::RegularFile) {
            return Ok(());
        }
        match TempName::parse(name.as_bytes()) {
            Some(TempName::Partial) => place.unlink().at(OPERATION, path)?,
            Some(TempName::Displaced) => {
                let path = super::listing::joined(above, TempName::own_name(name));
                self.keep(place, &path, run, Displaced::Interrupted)?;
            }
            None => return Ok(()),
        }
        self.touch(above);
        Ok(())
    }
}

/// Creates a file with a random name in an open directory.
pub(super) fn create_in(parent: &OwnedFd) -> rustix::io::Result<(String, File)> {
    create_with(parent, Mode::RUSR | Mode::WUSR)
}

pub(super) fn create_with(parent: &OwnedFd, mode: Mode) -> rustix::io::Result<(String, File)> {
    let name = TempName::random()?;
    let file = create_named(parent, &name, mode)?;
    Ok((name, file))
}

pub(super) fn create_named(parent: &OwnedFd, name: &str, mode: Mode) -> rustix::io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, mode).map(File::from)
}

impl Temp {
    /// The open file, readable and writable.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Writes all bytes at the given offset from the start of the file.
    ///
    /// # Errors
    /// As [`FileExt::write_all_at`].
    pub fn write_all_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset_bytes)
    }

    /// The error of an operation on the file's destination.
    pub(super) fn fails(&self, kind: Kind) -> Error {
        Error::new("put in place", self.key.as_str(), kind)
    }
}

impl Write for Temp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let place = Place {
                directory: self.parent.as_fd(),
                name,
            };
            // What cannot be removed now is swept by the next run.
            let _ = place.unlink();
            self.root.unmake(&self.created);
        }
    }
}
