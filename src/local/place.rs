//! Placing a written file under its key: never over anything but the file that the caller saw.

use super::error::{At, Error, Kind};
use super::kernel::{self, Place};
use super::read::{mode_of, stamp_of};
use super::recovery::Stored;
use super::run::{Displaced, RecoveryRun};
use super::spelling;
use super::temp::{self, Temp, TempName};
use crate::plan::Loser;
use crate::stamp::LocalStamp;
use rustix::fs::{FileType, Gid, Mode, RawMode, Stat, Timespec, Timestamps, UTIME_OMIT, Uid};
use rustix::fs::{fchmod, fchown, fstat, futimens};
use rustix::io::Errno;
use std::os::fd::AsFd;

/// How a file is placed.
#[derive(Debug, Clone, Copy)]
pub struct PlaceAs<'a> {
    /// Modification time that it gets, nanoseconds since the epoch.
    pub mtime_ns: i64,
    /// Permission bits that it gets, at most `0o777`; `None` for those of its predecessor, or of any
    /// new file.
    pub mode: Option<u32>,
    /// The file that it replaces, as this run saw it (a recorded stamp whose `ctime_ns` is 0 never
    /// matches); `None` for a new name.
    pub replaces: Option<LocalStamp>,
    /// Whether the replaced file lost a conflict. It is kept in any case.
    pub loser: Loser,
    /// The run that displaces it.
    pub run: &'a RecoveryRun,
}

impl PlaceAs<'_> {
    fn why(&self) -> Displaced {
        match self.loser {
            Loser::Discard => Displaced::Replaced,
            Loser::Keep => Displaced::Conflict,
        }
    }
}

impl Temp {
    /// Gives the file its mode and times, makes its bytes durable and puts it under its key.
    /// Returns its stamp there.
    ///
    /// A new file gets the mode that any new file gets there, a replacing one that of its
    /// predecessor (without set-user and set-group bits) and, where permitted, its owner. The
    /// change of names is durable only after [`super::Root::sync_directories`].
    ///
    /// A `ctime_ns` of 0 in the answer says that somebody wrote to the file right after it was placed.
    ///
    /// # Errors
    /// [`Kind::Stale`] where the key does not hold what the caller saw, [`Kind::Clash`] where it
    /// holds a directory, [`Kind::Alias`] where it leads to a file of another name; in all of them
    /// everything is as it was. Else what the system answers.
    pub fn place(mut self, placing: &PlaceAs<'_>) -> Result<LocalStamp, Error> {
        self.check_parent()?;
        let written = match &placing.replaces {
            None => self.place_new(placing)?,
            Some(expected) => self.place_over(expected, placing)?,
        };
        self.name = None;
        self.root.touch(self.key.parent());
        if placing.replaces.is_some() {
            self.root.inner().tally.add(placing.why());
        }
        let placed = stamp_of(&self.answer(fstat(&self.file))?);
        let is_untouched =
            placed.size_bytes == written.size_bytes && placed.mtime_ns == written.mtime_ns;
        Ok(LocalStamp {
            ctime_ns: if is_untouched { placed.ctime_ns } else { 0 },
            ..placed
        })
    }

    /// A directory that was moved away takes its descriptor along, perhaps out of the root.
    fn check_parent(&self) -> Result<(), Error> {
        let held = self.answer(fstat(&self.parent))?;
        let found = match self.root.open_directory(self.key.parent()) {
            Err(Errno::NOENT) => return Err(self.fails(Kind::Stale)),
            answer => self.answer(answer.and_then(fstat))?,
        };
        if kernel::is_same_inode(&held, &found) {
            Ok(())
        } else {
            Err(self.fails(Kind::Stale))
        }
    }

    fn place_new(&mut self, placing: &PlaceAs<'_>) -> Result<LocalStamp, Error> {
        let mode = match placing.mode.map(permissions) {
            Some(mode) => mode,
            None => self.answer(self.mode_of_new())?,
        };
        let written = self.finish(mode, placing.mtime_ns)?;
        match self.rename_to_key() {
            Err(Errno::EXIST) => Err(self.occupied()),
            answer => self.answer(answer).map(|()| written),
        }
    }

    fn place_over(
        &mut self,
        expected: &LocalStamp,
        placing: &PlaceAs<'_>,
    ) -> Result<LocalStamp, Error> {
        let replaced = self.check_destination(expected)?;
        let own = permissions(mode_of(&replaced));
        let wanted = placing.mode.map_or(own, permissions);
        let mode = self.inherit(&replaced, wanted)?;
        let written = self.finish(mode, placing.mtime_ns)?;
        self.check_destination(expected)?;
        self.replace(expected, placing)?;
        Ok(written)
    }

    fn replace(&mut self, expected: &LocalStamp, placing: &PlaceAs<'_>) -> Result<(), Error> {
        self.mark_displaced()?;
        let exchanged = kernel::exchange(self.root.inner().renames, self.here()?, self.there());
        match exchanged {
            Ok(Some(())) => self.settle_displaced(expected, placing),
            Ok(None) => self.replace_stepwise(expected, placing),
            Err(Errno::NOENT) => Err(self.fails(Kind::Stale)),
            Err(errno) => Err(self.fails(Kind::of_creation(errno))),
        }
    }

    /// Replaces without looking before.
    #[cfg(test)]
    pub(super) fn exchange_blindly(
        mut self,
        expected: &LocalStamp,
        placing: &PlaceAs<'_>,
    ) -> Result<(), Error> {
        self.replace(expected, placing)
    }

    /// The names were exchanged: looks at what came out.
    fn settle_displaced(
        &mut self,
        expected: &LocalStamp,
        placing: &PlaceAs<'_>,
    ) -> Result<(), Error> {
        // From here on the name may lead to somebody's file, which dropping must not remove.
        let Some(name) = self.name.take() else {
            return Err(self.fails(Kind::Missing));
        };
        let displaced = Place {
            directory: self.parent.as_fd(),
            name: &name,
        };
        let is_expected = displaced
            .stat()
            .is_ok_and(|stat| stat.is_some_and(|stat| is_same_file(&stat, expected)));
        if !is_expected {
            self.undo_exchange(&name, placing.run);
            return Err(self.fails(Kind::Stale));
        }
        let path = self.key.as_str();
        let kept = self.root.keep(displaced, path, placing.run, placing.why());
        let settled = kept.map(drop);
        if settled.is_err() {
            self.undo_exchange(&name, placing.run);
        }
        settled
    }

    /// Puts the file at `name` back under the key. Whatever turns up at `name` then and is not our
    /// own file is kept; where even that fails, the next run's sweep keeps it.
    fn undo_exchange(&mut self, name: &str, run: &RecoveryRun) {
        let place = Place {
            directory: self.parent.as_fd(),
            name,
        };
        let renames = self.root.inner().renames;
        match kernel::exchange(renames, place, self.there()) {
            Ok(Some(())) => {}
            // The key was emptied meanwhile.
            _ => {
                if kernel::rename_new(renames, place, self.there()).is_ok() {
                    self.root.touch(self.key.parent());
                    return;
                }
            }
        }
        self.root.touch(self.key.parent());
        let is_ours = match (place.stat(), fstat(&self.file)) {
            (Ok(Some(found)), Ok(own)) => kernel::is_same_inode(&found, &own),
            _ => false,
        };
        if is_ours {
            self.name = Some(name.to_owned());
        } else {
            let path = self.key.as_str();
            let _ = self.root.keep(place, path, run, Displaced::Conflict);
        }
    }

    /// Without an exchange: moves the old file to the recovery folder, then places the new one. A
    /// crash in between leaves the old file there and nothing here, which the next run mends.
    fn replace_stepwise(
        &mut self,
        expected: &LocalStamp,
        placing: &PlaceAs<'_>,
    ) -> Result<(), Error> {
        let path = self.key.as_str();
        let why = placing.why();
        let stored = self.root.keep(self.there(), path, placing.run, why)?;
        let is_expected = stored
            .place()
            .stat()
            .is_ok_and(|stat| stat.is_some_and(|stat| is_same_file(&stat, expected)));
        if !is_expected {
            self.take_back(&stored);
            return Err(self.fails(Kind::Stale));
        }
        match self.rename_to_key() {
            Ok(()) => {}
            Err(Errno::EXIST) => return Err(self.occupied()),
            Err(errno) => {
                self.take_back(&stored);
                return Err(self.fails(Kind::of_creation(errno)));
            }
        }
        // A kept file is displaced last, which its change time shows.
        stored.place().bump_change_time();
        Ok(())
    }

    fn take_back(&self, stored: &Stored) {
        let renames = self.root.inner().renames;
        // Where the key is taken again, the file stays in the recovery folder.
        if kernel::rename_new(renames, stored.place(), self.there()).is_ok() {
            self.root.touch(self.key.parent());
            self.root.touch(&stored.parent);
        }
    }

    /// From here on a crash may leave a displaced file under the temporary name.
    fn mark_displaced(&mut self) -> Result<(), Error> {
        let partial = self.here()?;
        let name = TempName::displaced(partial.name, self.key.file_name());
        let displaced = Place {
            directory: self.parent.as_fd(),
            name: &name,
        };
        self.answer(kernel::rename_new(
            self.root.inner().renames,
            partial,
            displaced,
        ))?;
        self.name = Some(name);
        Ok(())
    }

    fn rename_to_key(&self) -> rustix::io::Result<()> {
        let from = self.here().map_err(|_| Errno::NOENT)?;
        kernel::rename_new(self.root.inner().renames, from, self.there())
    }

    /// What is under the key, if it is the expected file.
    fn check_destination(&self, expected: &LocalStamp) -> Result<Stat, Error> {
        let Some(stat) = self.answer(self.there().stat())? else {
            return Err(self.fails(Kind::Stale));
        };
        match kernel::file_type(&stat) {
            FileType::RegularFile if stamp_of(&stat) == *expected => Ok(stat),
            FileType::Directory => Err(self.fails(Kind::Clash)),
            FileType::Symlink => Err(self.fails(Kind::Link)),
            _ => Err(self.fails(Kind::Stale)),
        }
    }

    fn occupied(&self) -> Error {
        if matches!(
            spelling::lists(&self.parent, self.key.file_name()),
            Ok(false)
        ) {
            return self.fails(Kind::Alias);
        }
        let found = self.there().stat().ok().flatten();
        let is_directory =
            found.is_some_and(|stat| kernel::file_type(&stat) == FileType::Directory);
        self.fails(if is_directory {
            Kind::Clash
        } else {
            Kind::Stale
        })
    }

    /// Sets mode and time and makes the bytes durable. Returns the stamp before the rename.
    fn finish(&self, mode: Mode, mtime_ns: i64) -> Result<LocalStamp, Error> {
        let times = Timestamps {
            last_access: Timespec {
                tv_sec: 0,
                tv_nsec: UTIME_OMIT,
            },
            last_modification: Timespec {
                tv_sec: mtime_ns.div_euclid(1_000_000_000),
                tv_nsec: mtime_ns.rem_euclid(1_000_000_000),
            },
        };
        self.answer(fchmod(&self.file, mode))?;
        self.answer(futimens(&self.file, &times))?;
        self.file
            .sync_all()
            .at_creation("make durable", self.key.as_str())?;
        self.answer(fstat(&self.file)).map(|stat| stamp_of(&stat))
    }

    /// Takes over the owner of the replaced file, where permitted. Of `mode`, a group that may not be
    /// taken over gets no permissions.
    fn inherit(&self, replaced: &Stat, mode: Mode) -> Result<Mode, Error> {
        let owner = Uid::from_raw(replaced.st_uid);
        let group = Gid::from_raw(replaced.st_gid);
        let own = self.answer(fstat(&self.file))?;
        if own.st_uid == replaced.st_uid && own.st_gid == replaced.st_gid {
            return Ok(mode);
        }
        let is_group_kept = fchown(&self.file, Some(owner), Some(group)).is_ok()
            || fchown(&self.file, None, Some(group)).is_ok();
        Ok(if is_group_kept {
            mode
        } else {
            mode.difference(Mode::RWXG)
        })
    }

    /// The mode of any new file in this directory. Where the directory sets default access rules
    /// only the kernel knows: it is asked by creating an empty file.
    fn mode_of_new(&self) -> rustix::io::Result<Mode> {
        let all = Mode::from_raw_mode(0o666);
        if !sets_default_rules(self.parent.as_fd()) {
            return Ok(all.difference(self.root.umask()));
        }
        let (name, file) = temp::create_with(&self.parent, all)?;
        let stat = fstat(&file);
        let place = Place {
            directory: self.parent.as_fd(),
            name: &name,
        };
        place.unlink()?;
        Ok(Mode::from_raw_mode(stat?.st_mode) & all)
    }

    fn here(&self) -> Result<Place<'_>, Error> {
        match &self.name {
            Some(name) => Ok(Place {
                directory: self.parent.as_fd(),
                name,
            }),
            None => Err(self.fails(Kind::Missing)),
        }
    }

    fn there(&self) -> Place<'_> {
        Place {
            directory: self.parent.as_fd(),
            name: self.key.file_name(),
        }
    }

    fn answer<T>(&self, answer: rustix::io::Result<T>) -> Result<T, Error> {
        answer.at_creation("put in place", self.key.as_str())
    }
}

/// Permission bits as a mode, without set-user, set-group and sticky.
fn permissions(mode: u32) -> Mode {
    let all = Mode::RWXU | Mode::RWXG | Mode::RWXO;
    RawMode::try_from(mode).map_or(Mode::empty(), Mode::from_raw_mode) & all
}

/// Whether a renamed file is the expected one. A rename moves the inode change time, so that is
/// left out.
pub(super) fn is_same_file(stat: &Stat, expected: &LocalStamp) -> bool {
    let found = stamp_of(stat);
    kernel::file_type(stat) == FileType::RegularFile
        && LocalStamp {
            ctime_ns: expected.ctime_ns,
            ..found
        } == *expected
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn sets_default_rules(directory: std::os::fd::BorrowedFd<'_>) -> bool {
    let mut rules = [0_u8; 256];
    let found = rustix::fs::fgetxattr(directory, "system.posix_acl_default", &mut rules);
    matches!(found, Ok(_) | Err(Errno::RANGE))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn sets_default_rules(_directory: std::os::fd::BorrowedFd<'_>) -> bool {
    false
}
