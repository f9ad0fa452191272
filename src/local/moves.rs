//! Renaming a file below the root.

use super::error::{At, Error, Kind};
use super::kernel::{self, Place};
use super::listing::split;
use super::place::is_same_file;
use super::read::stamp_of;
use super::recovery::check;
use super::root::Root;
use crate::key::Key;
use crate::stamp::LocalStamp;
use rustix::fs::{FileType, Mode, fstat};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};

impl Root {
    /// Renames the file under `from` to `to`, where nothing may be, creates the directories that
    /// this needs and removes those that it empties. Returns the file's stamp under its new name.
    ///
    /// # Errors
    /// [`Kind::Missing`] or [`Kind::Stale`] where the expected file is not under `from`,
    /// [`Kind::Stale`] where a file is under `to`, [`Kind::Clash`] where a directory is; in all of
    /// them everything is as it was. Else what the system answers.
    pub fn rename(&self, from: &Key, to: &Key, expected: &LocalStamp) -> Result<LocalStamp, Error> {
        const OPERATION: &str = "rename";
        let path = from.as_str();
        let source = self.open_directory(from.parent()).at(OPERATION, path)?;
        let old = Place {
            directory: source.as_fd(),
            name: from.file_name(),
        };
        check(old, expected, OPERATION, path)?;
        let target = self
            .make_parent(to.parent())
            .at_creation(OPERATION, to.as_str())?;
        let new = Place {
            directory: target.as_fd(),
            name: to.file_name(),
        };
        if let Err(error) = self.rename_into(old, new, to.as_str()) {
            self.remove_emptied(to.parent());
            return Err(error);
        }
        self.touch(from.parent());
        self.touch(to.parent());
        match new.stat() {
            Ok(Some(stat)) if is_same_file(&stat, expected) => {
                self.remove_emptied(from.parent());
                Ok(stamp_of(&stat))
            }
            _ => {
                // Not the expected file: it gets its name back, or keeps the new one where the
                // old one is taken again. Nothing is lost either way.
                let _ = kernel::rename_new(self.inner().renames, new, old);
                self.remove_emptied(to.parent());
                Err(Error::new(OPERATION, path, Kind::Stale))
            }
        }
    }

    /// Moves a file by its paths below the root, to where nothing may be.
    pub(super) fn move_new(&self, from: &str, to: &str) -> Result<(), Error> {
        const OPERATION: &str = "rename";
        let (from_parent, from_name) = split(from);
        let (to_parent, to_name) = split(to);
        let source = self.open_directory(from_parent).at(OPERATION, from)?;
        let target = self.make_parent(to_parent).at_creation(OPERATION, to)?;
        let old = Place {
            directory: source.as_fd(),
            name: from_name,
        };
        let new = Place {
            directory: target.as_fd(),
            name: to_name,
        };
        if let Err(error) = self.rename_into(old, new, to) {
            self.remove_emptied(to_parent);
            return Err(error);
        }
        self.touch(from_parent);
        self.touch(to_parent);
        Ok(())
    }

    fn rename_into(&self, old: Place<'_>, new: Place<'_>, to: &str) -> Result<(), Error> {
        const OPERATION: &str = "rename";
        match kernel::rename_new(self.inner().renames, old, new) {
            Err(Errno::EXIST) => {
                let found = new.stat().ok().flatten();
                let kind = match found.map(|stat| kernel::file_type(&stat)) {
                    Some(FileType::Directory) => Kind::Clash,
                    _ => Kind::Stale,
                };
                Err(Error::new(OPERATION, to, kind))
            }
            answer => answer.at_creation(OPERATION, to),
        }
    }

    fn make_parent(&self, path: &str) -> rustix::io::Result<OwnedFd> {
        let directory = self.make_directory(path, Mode::from_raw_mode(0o777), &mut Vec::new())?;
        fstat(&directory)?;
        Ok(directory)
    }
}
