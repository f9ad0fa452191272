//! A kept file takes the place of the file that has its name now, which is kept in turn.

use super::error::{At, Error, Kind};
use super::kernel::{self, Place};
use super::listing::split;
use super::place::is_same_file;
use super::recovery::{Kept, Stored, check};
use super::root::Root;
use super::run::{Displaced, RecoveryRun};
use crate::key::Key;
use crate::stamp::LocalStamp;
use std::os::fd::AsFd;

const OPERATION: &str = "put back";

impl Root {
    /// Puts a kept file back under `key`, where the file `present` is, which goes to the recovery
    /// folder. The name is there at any moment on file systems that can exchange names.
    ///
    /// The kept file first moves to the place of the one that it will be exchanged with, so that a
    /// crash leaves no place in which either may be taken for the other.
    ///
    /// # Errors
    /// [`Kind::Missing`] if the file is no longer kept, [`Kind::Stale`] if another file than
    /// `present` is under `key`; in either case everything is as it was. Else what the system
    /// answers.
    pub fn put_back_over(
        &self,
        kept: &Kept,
        key: &Key,
        present: &LocalStamp,
        run: &RecoveryRun,
    ) -> Result<(), Error> {
        let path = key.as_str();
        let from = kept.full_path();
        let (above, name) = split(&from);
        let source = self.open_directory(above).at(OPERATION, path)?;
        let source = Place {
            directory: source.as_fd(),
            name,
        };
        let parent = self.open_directory(key.parent()).at(OPERATION, path)?;
        let there = Place {
            directory: parent.as_fd(),
            name: key.file_name(),
        };
        check(there, present, OPERATION, path)?;
        let stored = self.keep(source, path, run, Displaced::Undone)?;
        self.touch(above);
        self.touch(key.parent());
        let swapped = self.swap(&stored, there, key, present, run);
        if swapped.is_err() {
            let renames = self.inner().renames;
            let _ = kernel::rename_new(renames, stored.place(), source);
        }
        self.remove_emptied_recovery(&stored.parent);
        self.remove_emptied_recovery(above);
        swapped
    }

    /// Gives the file at `stored` the name `there`, and keeps the file that has it.
    fn swap(
        &self,
        stored: &Stored,
        there: Place<'_>,
        key: &Key,
        present: &LocalStamp,
        run: &RecoveryRun,
    ) -> Result<(), Error> {
        let path = key.as_str();
        let renames = self.inner().renames;
        let exchange = || kernel::exchange(renames, stored.place(), there).at(OPERATION, path);
        if exchange()?.is_none() {
            // Without an exchange the name is absent for a moment.
            let aside = self.keep_aside(key, present, run, Displaced::Undone)?;
            if let Err(errno) = kernel::rename_new(renames, stored.place(), there) {
                let _ = kernel::rename_new(renames, aside.place(), there);
                return Err(Error::new(OPERATION, path, Kind::of(errno)));
            }
            aside.place().bump_change_time();
            return Ok(());
        }
        let displaced = stored.place().stat().at(OPERATION, path)?;
        if !displaced.is_some_and(|stat| is_same_file(&stat, present)) {
            exchange()?;
            return Err(Error::new(OPERATION, path, Kind::Stale));
        }
        stored.place().bump_change_time();
        Ok(())
    }
}
