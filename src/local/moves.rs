//! Renaming a file below the root.

use super::error::{At, Error, Kind};
use super::kernel::{self, Place};
use super::listing::split;
use super::place::is_same_file;
use super::read::stamp_of;
use super::recovery::check;
use super::root::Root;
use super::spelling;
use super::temp::ATTEMPTS;
use crate::key::Key;
use crate::stamp::LocalStamp;
use rustix::fs::{FileType, Mode};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};

const OPERATION: &str = "rename";

impl Root {
    /// Renames the file under `from` to `to`, where nothing may be, creates the directories that
    /// this needs and removes those that it empties. Returns the file's stamp under its new name.
    ///
    /// # Errors
    /// [`Kind::Missing`] or [`Kind::Stale`] where the expected file is not under `from`,
    /// [`Kind::Stale`] where a file is under `to`, [`Kind::Clash`] where a directory is,
    /// [`Kind::Alias`] where `to` leads to what has another name; in all of them everything is as it
    /// was. Else what the system answers.
    pub fn rename(&self, from: &Key, to: &Key, expected: &LocalStamp) -> Result<LocalStamp, Error> {
        let path = from.as_str();
        let source = self.open_directory(from.parent()).at(OPERATION, path)?;
        let old = Place {
            directory: source.as_fd(),
            name: from.file_name(),
        };
        check(old, expected, OPERATION, path)?;
        let target = self.rename_to(old, to.as_str())?;
        self.touch(from.parent());
        let new = Place {
            directory: target.as_fd(),
            name: to.file_name(),
        };
        match new.stat() {
            Ok(Some(stat)) if is_same_file(&stat, expected) => {
                self.remove_emptied(from.parent());
                Ok(stamp_of(&stat))
            }
            _ => {
                // Not the expected file: it gets its name back, or keeps the new one where the
                // old one is taken again. Nothing is lost either way.
                if kernel::rename_new(self.inner().renames, new, old).is_ok() {
                    self.remove_emptied(to.parent());
                }
                Err(Error::new(OPERATION, path, Kind::Stale))
            }
        }
    }

    /// Moves a file by its paths below the root, to where nothing may be.
    pub(super) fn move_new(&self, from: &str, to: &str) -> Result<(), Error> {
        let (parent, name) = split(from);
        let source = self.open_directory(parent).at(OPERATION, from)?;
        let old = Place {
            directory: source.as_fd(),
            name,
        };
        self.rename_to(old, to)?;
        self.touch(parent);
        Ok(())
    }

    /// Renames to the path `to`; returns its directory.
    fn rename_to(&self, old: Place<'_>, to: &str) -> Result<OwnedFd, Error> {
        let (parent, name) = split(to);
        if !self.is_spelled(parent).at(OPERATION, to)? {
            return Err(Error::new(OPERATION, to, Kind::Alias));
        }
        match self.rename_below(old, parent, name, Mode::from_raw_mode(0o777)) {
            Ok(directory) => Ok(directory),
            Err(errno) => {
                let kind = match errno {
                    Errno::EXIST => self.what_is_there(parent, name),
                    errno => Kind::of_creation(errno),
                };
                Err(Error::new(OPERATION, to, kind))
            }
        }
    }

    fn what_is_there(&self, parent: &str, name: &str) -> Kind {
        let found = self.open_directory(parent).and_then(|directory| {
            let place = Place {
                directory: directory.as_fd(),
                name,
            };
            Ok((place.stat()?, spelling::lists(&directory, name)?))
        });
        match found.map(|(stat, lists)| (stat.map(|stat| kernel::file_type(&stat)), lists)) {
            Ok((Some(_), false)) => Kind::Alias,
            Ok((Some(FileType::Directory), _)) => Kind::Clash,
            _ => Kind::Stale,
        }
    }

    /// Renames to `name` in the directory `parent`, which is created where it is missing, again
    /// and again where another step of the run removes it as emptied. Returns the directory; where
    /// it fails, those that it created are gone.
    pub(super) fn rename_below(
        &self,
        from: Place<'_>,
        parent: &str,
        name: &str,
        mode: Mode,
    ) -> rustix::io::Result<OwnedFd> {
        let mut created = Vec::new();
        let mut attempt = 0;
        let errno = loop {
            let renamed = self
                .make_directory(parent, mode, &mut created)
                .and_then(|directory| {
                    let to = Place {
                        directory: directory.as_fd(),
                        name,
                    };
                    let renamed = kernel::rename_at_once(self.inner().renames, from, to)?;
                    if renamed.is_none() {
                        // A directory whose own name is lost would take the new link along.
                        self.sync_directories().map_err(|_| Errno::IO)?;
                        kernel::rename_by_link(from, to)?;
                    }
                    Ok(directory)
                });
            attempt += 1;
            match renamed {
                Ok(directory) => {
                    self.touch(parent);
                    return Ok(directory);
                }
                Err(Errno::NOENT) if attempt < ATTEMPTS && matches!(from.stat(), Ok(Some(_))) => {}
                Err(errno) => break errno,
            }
        };
        self.unmake(&created);
        Err(errno)
    }
}
