//! The names beside the state file, and the few things that are done to files there.

use super::error::Error;
use super::spill::Spill;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Only the owner may read and write.
const MODE: u32 = 0o600;

/// The state file and its companions, all in one directory and beginning with one name.
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// The state.
    pub(super) state: PathBuf,
    /// Its previous generation.
    pub(super) previous: PathBuf,
    /// What a run has done since.
    pub(super) journal: PathBuf,
    /// Whoever locks this file may write the others.
    pub(super) lock: PathBuf,
    /// The state to come, not yet whole.
    pub(super) temp: PathBuf,
    /// A second name on its way to another place.
    pub(super) link: PathBuf,
    /// Uploads that keep failing, and the same while it is written.
    pub(super) retry: PathBuf,
    pub(super) retry_temp: PathBuf,
    directory: PathBuf,
}

impl Names {
    /// Resolves symlinks, so that a commit replaces the file itself and not a link to it.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let state = fs::canonicalize(path).or_else(|_| {
            let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
            let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
            Ok(fs::canonicalize(parent.unwrap_or(Path::new(".")))?.join(name))
        });
        let state = state.map_err(|source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => Error::Missing(path.to_owned()),
            _ => Error::io("find", path)(source),
        })?;
        let beside = |suffix| {
            let mut name = OsString::from(&state);
            name.push(suffix);
            PathBuf::from(name)
        };
        Ok(Self {
            previous: beside("~"),
            journal: beside(".journal"),
            lock: beside(".lock"),
            temp: beside(".tmp"),
            link: beside(".link"),
            retry: beside(".retry"),
            retry_temp: beside(".retry.tmp"),
            directory: state.parent().unwrap_or(Path::new("/")).to_owned(),
            state,
        })
    }

    /// A place for entries that would take too much memory.
    pub(super) fn spill(&self) -> Spill {
        Spill::beside(self.state.clone())
    }

    /// The directory of all of them.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A name for a file that is moved aside, one that is free.
    fn aside(&self, why: &str, now_utc: &str) -> PathBuf {
        let stamp: String = now_utc
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        let named = |end: &str| {
            let mut name = OsString::from(&self.state);
            name.push(format!(".{why}-{stamp}{end}"));
            PathBuf::from(name)
        };
        std::iter::once(String::new())
            .chain((2..=u16::MAX).map(|number| format!("-{number}")))
            .map(|end| named(&end))
            .find(|path| path.symlink_metadata().is_err())
            .unwrap_or_else(|| named(""))
    }

    /// Gives a file a second name, aside, under which it outlives what comes.
    pub(super) fn keep_aside(
        &self,
        path: &Path,
        why: &str,
        now_utc: &str,
    ) -> Result<PathBuf, Error> {
        let aside = self.aside(why, now_utc);
        second_name(path, &aside)?;
        self.sync_directory()?;
        Ok(aside)
    }

    /// Puts the file at `from` in the place of the one at `to`, where `from` keeps its name too.
    pub(super) fn put_copy(&self, from: &Path, to: &Path) -> Result<(), Error> {
        remove(&self.link)?;
        second_name(from, &self.link)?;
        rename(&self.link, to)?;
        // Where both were the same file already, the rename has left the second name behind.
        remove(&self.link)
    }

    /// Makes what was renamed, created and removed here last.
    pub(super) fn sync_directory(&self) -> Result<(), Error> {
        File::open(&self.directory)
            .and_then(|directory| directory.sync_all())
            .map_err(Error::io("sync", &self.directory))
    }
}

/// Whether `candidate` belongs to the state file `state`: same directory, and the state file's name
/// or one made of it ([`crate::key::is_state_name`]). Both paths are taken as they are; resolve symlinks before.
#[must_use]
pub fn is_own_file(state: &Path, candidate: &Path) -> bool {
    let (Some(own), Some(name)) = (state.file_name(), candidate.file_name()) else {
        return false;
    };
    state.parent() == candidate.parent()
        && crate::key::is_state_name(name.as_bytes(), own.as_bytes())
}

/// Creates a file anew that only its owner may read, in place of one left over.
pub(super) fn create(path: &Path) -> Result<File, Error> {
    remove(path)?;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path)
        .map_err(Error::io("create", path))
}

/// Opens a file for its lock, creating it if need be, and leaves its content alone. A symlink is no
/// such file: what it leads to is somebody else's.
pub(super) fn open_or_create(path: &Path) -> Result<File, Error> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | WITHOUT_WAITING;
    let file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)
        .map(File::from)
        .map_err(|errno| Error::io("open", path)(errno.into()))?;
    regular(path, file)
}

/// Flags for opening a file that may turn out to be a pipe or a device.
const WITHOUT_WAITING: OFlags = OFlags::CLOEXEC
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);

/// Opens a file for reading; `None` if there is none. Never waits for a pipe or a device.
///
/// # Errors
/// [`Error::NotAStateFile`] if it is not a regular file, [`Error::Io`].
pub fn open(path: &Path) -> Result<Option<File>, Error> {
    match rustix::fs::open(path, OFlags::RDONLY | WITHOUT_WAITING, Mode::empty()) {
        Ok(file) => regular(path, File::from(file)).map(Some),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(Error::io("open", path)(errno.into())),
    }
}

fn regular(path: &Path, file: File) -> Result<File, Error> {
    let found = file.metadata().map_err(Error::io("look at", path))?;
    if found.is_file() {
        Ok(file)
    } else {
        Err(Error::NotAStateFile(path.to_owned()))
    }
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(Error::io("replace", to))
}

/// Removes a file; that there is none is fine.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", path)(source))
        }
        _ => Ok(()),
    }
}

/// A hard link, or a copy where the file system has none; for the owner's eyes only.
fn second_name(from: &Path, to: &Path) -> Result<(), Error> {
    if fs::hard_link(from, to).is_err() {
        let mut source = File::open(from).map_err(Error::io("open", from))?;
        let mut copy = create(to)?;
        io::copy(&mut source, &mut copy)
            .and_then(|_| copy.sync_all())
            .map_err(Error::io("copy", from))?;
    }
    // A file system without modes may refuse; it has nothing to protect then.
    let _ = fs::set_permissions(to, fs::Permissions::from_mode(MODE));
    Ok(())
}

/// One open file read at a position of one's own, so that several streams can share it.
#[derive(Debug, Clone)]
pub(super) struct FileAt {
    file: Arc<File>,
    position: u64,
}

impl FileAt {
    pub(super) fn new(file: File) -> Self {
        Self {
            file: Arc::new(file),
            position: 0,
        }
    }
}

impl Read for FileAt {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.file.read_at(buffer, self.position)?;
        self.position += got as u64;
        Ok(got)
    }
}

impl Seek for FileAt {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, offset) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::Current(offset) => (self.position, offset),
            SeekFrom::End(offset) => (self.file.metadata()?.len(), offset),
        };
        self.position = base
            .checked_add_signed(offset)
            .ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_files_are_known_by_directory_and_name() {
        let state = Path::new("/home/ann/.state.s3sync");
        for own in ["", "~", ".journal", ".lock", ".corrupt-20250101T000000Z"] {
            let own = format!("/home/ann/.state.s3sync{own}");
            assert!(is_own_file(state, Path::new(&own)), "{own}");
        }
        for other in ["/home/ann/.state", "/home/ann/x/.state.s3sync", "/"] {
            assert!(!is_own_file(state, Path::new(other)), "{other}");
        }
    }
}
