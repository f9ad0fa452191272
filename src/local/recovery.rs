//! The recovery folder: displaced files by run and reason, under the keys that they had.

use super::error::{At, Error, Kind};
use super::kernel::{self, Place};
use super::listing::{joined, list, split};
use super::place::is_same_file;
use super::read::{Opened, stamp_of};
use super::root::Root;
use super::run::{Displaced, RecoveryRun, RunFolder};
use crate::key::{Key, OWN_FOLDER};
use crate::stamp::LocalStamp;
use rustix::fs::{AtFlags, FileType, Mode, Stat, unlinkat};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};

const FOLDER: &str = "recovery";
const DAY_MS: i64 = 86_400_000;
/// Bytes of a block as `stat` counts them.
const BLOCK_BYTES: u64 = 512;
/// Folders that one run may need to keep several files of one key.
const MAX_FOLDERS: usize = 1000;

/// Where a file was moved to.
pub(super) struct Stored {
    directory: OwnedFd,
    /// Path of `directory` below the root.
    pub(super) parent: String,
    name: String,
}

impl Stored {
    pub(super) fn place(&self) -> Place<'_> {
        Place {
            directory: self.directory.as_fd(),
            name: &self.name,
        }
    }
}

/// One file in the recovery folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The folder that holds it, named after its run and the reason.
    pub folder: String,
    /// The run that displaced it.
    pub run: RecoveryRun,
    /// Why; `None` if an earlier version of the program displaced it.
    pub why: Option<Displaced>,
    /// The path that it had below the root.
    pub path: String,
    /// Length in bytes.
    pub size_bytes: u64,
    /// Bytes on disk that its removal gives back.
    pub disk_bytes: u64,
    /// Modification time, nanoseconds since the epoch.
    pub mtime_ns: i64,
    /// Inode change time, nanoseconds since the epoch: when it was displaced, by the file system's
    /// clock.
    pub ctime_ns: i64,
}

impl Kept {
    pub(super) fn full_path(&self) -> String {
        format!("{OWN_FOLDER}/{FOLDER}/{}/{}", self.folder, self.path)
    }
}

impl Root {
    /// Moves the file under `key` to the recovery folder, and removes the directories that this
    /// empties, up to the root.
    ///
    /// # Errors
    /// [`Kind::Missing`] where there is no file, [`Kind::Stale`] where it is not the expected one;
    /// in either case everything is as it was. Else what the system answers.
    pub fn remove_to_recovery(
        &self,
        key: &Key,
        expected: &LocalStamp,
        run: &RecoveryRun,
    ) -> Result<(), Error> {
        self.keep_aside(key, expected, run, Displaced::Deleted)?;
        self.remove_emptied(key.parent());
        Ok(())
    }

    /// Moves the file under `key` to the recovery folder; its directory stays.
    pub(super) fn keep_aside(
        &self,
        key: &Key,
        expected: &LocalStamp,
        run: &RecoveryRun,
        why: Displaced,
    ) -> Result<Stored, Error> {
        const OPERATION: &str = "keep aside";
        let path = key.as_str();
        let parent = self.open_directory(key.parent()).at(OPERATION, path)?;
        let from = Place {
            directory: parent.as_fd(),
            name: key.file_name(),
        };
        check(from, expected, OPERATION, path)?;
        let stored = self.keep(from, path, run, why)?;
        self.touch(key.parent());
        let found = stored.place().stat();
        if found.is_ok_and(|stat| stat.is_some_and(|stat| is_same_file(&stat, expected))) {
            self.inner().tally.add(why);
            return Ok(stored);
        }
        // Where the key is taken again, the file stays where it is.
        if kernel::rename_new(self.inner().renames, stored.place(), from).is_ok() {
            self.touch(&stored.parent);
            self.remove_emptied_recovery(&stored.parent);
        }
        Err(Error::new(OPERATION, path, Kind::Stale))
    }

    /// Moves whatever file is at `from`, known by `path`, to a free place among those of `run`.
    pub(super) fn keep(
        &self,
        from: Place<'_>,
        path: &str,
        run: &RecoveryRun,
        why: Displaced,
    ) -> Result<Stored, Error> {
        const OPERATION: &str = "keep aside";
        let (above, name) = split(path);
        for number in 0..MAX_FOLDERS {
            let folder = joined(FOLDER, &RunFolder::name(run, why, number));
            let parent = joined(OWN_FOLDER, joined(&folder, above).trim_end_matches('/'));
            match self.rename_below(from, &parent, name, Mode::RWXU) {
                // Either the place is taken, or a file that was kept before has the name of one of
                // our directories.
                Err(Errno::EXIST | Errno::NOTDIR) => {}
                answer => {
                    let directory = answer.at_creation(OPERATION, path)?;
                    return Ok(Stored {
                        directory,
                        parent,
                        name: name.to_owned(),
                    });
                }
            }
        }
        Err(Error::new(OPERATION, path, Kind::Clash))
    }

    pub(super) fn remove_emptied_recovery(&self, parent: &str) {
        let top = joined(OWN_FOLDER, FOLDER);
        let mut path = parent;
        while path.len() > top.len() && self.remove_if_empty(path) {
            path = split(path).0;
        }
    }

    /// Everything in the recovery folder, by folder and path.
    ///
    /// # Errors
    /// What listing gives; a folder that does not exist is an empty one.
    pub fn list_recovery(&self) -> Result<Vec<Kept>, Error> {
        let mut kept = Vec::new();
        self.each_kept(&mut |one| {
            kept.push(one);
            Ok(())
        })?;
        kept.sort_by(|a, b| (&a.folder, &a.path).cmp(&(&b.folder, &b.path)));
        Ok(kept)
    }

    /// Whether nothing at all is under `key`.
    ///
    /// # Errors
    /// What looking gives.
    pub fn is_free(&self, key: &Key) -> Result<bool, Error> {
        Ok(self.stat_any(key, "look at")?.is_none())
    }

    /// Moves a file from the recovery folder to `to`, where nothing may be.
    ///
    /// # Errors
    /// [`Kind::Missing`] where it is no longer kept, [`Kind::Stale`] where something is at `to`,
    /// [`Kind::Clash`] where something stands in for a directory.
    pub fn put_back(&self, kept: &Kept, to: &Key) -> Result<(), Error> {
        let from = kept.full_path();
        self.move_new(&from, to.as_str())?;
        self.remove_emptied_recovery(split(&from).0);
        Ok(())
    }

    /// Opens a file in the recovery folder for reading.
    ///
    /// # Errors
    /// [`Kind::Missing`] where it is no longer kept, and what the system answers.
    pub fn open_kept(&self, kept: &Kept) -> Result<Opened, Error> {
        self.open_path(&kept.full_path())
    }

    /// Removes a file from the recovery folder for good.
    ///
    /// # Errors
    /// What the system answers; a file that is gone already is no error.
    pub fn drop_kept(&self, kept: &Kept) -> Result<(), Error> {
        const OPERATION: &str = "remove";
        let path = kept.full_path();
        let (parent, name) = split(&path);
        let directory = match self.open_directory(parent) {
            Err(Errno::NOENT) => return Ok(()),
            answer => answer.at(OPERATION, &path)?,
        };
        let place = Place {
            directory: directory.as_fd(),
            name,
        };
        match place.unlink() {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(Error::new(OPERATION, &path, Kind::of(errno))),
        }
        self.touch(parent);
        self.remove_emptied_recovery(parent);
        Ok(())
    }

    /// Removes the folders of runs that began more than `keep_days` before `now_ms` (milliseconds
    /// since the epoch). A folder's age is in its name; one with another name is left alone.
    /// Returns how many folders went.
    ///
    /// # Errors
    /// What listing and removing give; the rest of the old folders is tried by the next call.
    pub fn expire_recovery(&self, now_ms: i64, keep_days: u32) -> Result<usize, Error> {
        let kept_ms = i64::from(keep_days).saturating_mul(DAY_MS);
        let mut removed = 0;
        for (folder, RunFolder { run, .. }) in self.recovery_folders()? {
            if now_ms.saturating_sub(run.started_ms()) > kept_ms {
                self.remove_tree(&format!("{OWN_FOLDER}/{FOLDER}/{folder}"))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    pub(super) fn recovery_folders(&self) -> Result<Vec<(String, RunFolder)>, Error> {
        const OPERATION: &str = "list";
        let top = joined(OWN_FOLDER, FOLDER);
        let directory = match self.open_directory(&top) {
            Err(Errno::NOENT) => return Ok(Vec::new()),
            answer => answer.at(OPERATION, &top)?,
        };
        let names = list(&directory).at(OPERATION, &top)?;
        let folders = names.into_iter().filter_map(|name| {
            let folder = String::from_utf8(name.bytes.into_vec()).ok()?;
            let parsed = RunFolder::parse(&folder)?;
            (name.file_type == FileType::Directory).then_some((folder, parsed))
        });
        Ok(folders.collect())
    }

    /// Hands every kept file to `each`, folder by folder in no particular order.
    ///
    /// # Errors
    /// What listing gives, and what `each` gives.
    pub fn each_kept(&self, each: &mut dyn FnMut(Kept) -> Result<(), Error>) -> Result<(), Error> {
        for (folder, parsed) in self.recovery_folders()? {
            self.each_kept_in(&folder, &parsed, each)?;
        }
        Ok(())
    }

    pub(super) fn each_kept_in(
        &self,
        folder: &str,
        parsed: &RunFolder,
        each: &mut dyn FnMut(Kept) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let top = format!("{OWN_FOLDER}/{FOLDER}/{folder}");
        self.walk(&top, &mut |path, stat| {
            if kernel::file_type(stat) == FileType::Directory {
                return Ok(());
            }
            let stamp = stamp_of(stat);
            let kept = Kept {
                folder: folder.to_owned(),
                run: parsed.run.clone(),
                why: parsed.why,
                path: path[top.len() + 1..].to_owned(),
                size_bytes: stamp.size_bytes,
                disk_bytes: disk_bytes(stat),
                mtime_ns: stamp.mtime_ns,
                ctime_ns: stamp.ctime_ns,
            };
            each(kept)
        })
    }

    /// Visits everything below a directory whose names are UTF-8, each directory before what it
    /// holds. Holds the names of one directory at a time, and those of directories still to visit.
    fn walk(
        &self,
        top: &str,
        visit: &mut dyn FnMut(&str, &Stat) -> Result<(), Error>,
    ) -> Result<(), Error> {
        const OPERATION: &str = "list";
        let mut waiting = vec![top.to_owned()];
        while let Some(parent) = waiting.pop() {
            let directory = self.open_directory(&parent).at(OPERATION, &parent)?;
            for name in list(&directory).at(OPERATION, &parent)? {
                let Ok(name) = str::from_utf8(&name.bytes) else {
                    continue;
                };
                let path = joined(&parent, name);
                let place = Place {
                    directory: directory.as_fd(),
                    name,
                };
                let Some(stat) = place.stat().at(OPERATION, &path)? else {
                    continue;
                };
                if kernel::file_type(&stat) == FileType::Directory {
                    waiting.push(path.clone());
                }
                visit(&path, &stat)?;
            }
        }
        Ok(())
    }

    fn remove_tree(&self, top: &str) -> Result<(), Error> {
        const OPERATION: &str = "remove";
        let mut entries: Vec<(String, Stat)> = Vec::new();
        self.walk(top, &mut |path, stat| {
            entries.push((path.to_owned(), *stat));
            Ok(())
        })?;
        for (path, stat) in entries.iter().rev() {
            let (parent, name) = split(path);
            let flags = match kernel::file_type(stat) {
                FileType::Directory => AtFlags::REMOVEDIR,
                _ => AtFlags::empty(),
            };
            self.open_directory(parent)
                .and_then(|directory| unlinkat(&directory, name, flags))
                .at(OPERATION, path)?;
        }
        let (parent, name) = split(top);
        self.open_directory(parent)
            .and_then(|directory| unlinkat(&directory, name, AtFlags::REMOVEDIR))
            .at(OPERATION, top)?;
        self.touch(parent);
        Ok(())
    }
}

/// What removing a name gives back: nothing if the file has another one.
fn disk_bytes(stat: &Stat) -> u64 {
    match stat.st_nlink {
        0 | 1 => kernel::number(stat.st_blocks).saturating_mul(BLOCK_BYTES),
        _ => 0,
    }
}

/// Makes sure that the expected file, and no other, is at `place`.
pub(super) fn check(
    place: Place<'_>,
    expected: &LocalStamp,
    operation: &'static str,
    path: &str,
) -> Result<(), Error> {
    let kind = match place.stat().at(operation, path)? {
        None => Kind::Missing,
        Some(stat) => match kernel::file_type(&stat) {
            FileType::RegularFile if stamp_of(&stat) == *expected => return Ok(()),
            FileType::Symlink => Kind::Link,
            _ => Kind::Stale,
        },
    };
    Err(Error::new(operation, path, kind))
}
