//! The system calls that not every kernel has, each with the nearest thing that every one has.
//!
//! Turns descriptors and names into descriptors and renames. Knows no keys.

use super::temp::TempName;
use super::touched::lock;
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, fstat,
    fsync, linkat, openat, renameat, statat, unlinkat, utimensat,
};
use rustix::io::{Errno, Result};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;

/// How a path below the root is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opens {
    /// At once, the kernel minding symlinks and mount points (`openat2`).
    Whole,
    /// Component by component.
    Stepwise,
}

/// How a file gets a new name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renames {
    /// With the kernel refusing to overwrite and able to exchange (`renameat2`).
    Flagged,
    /// By a second link.
    Linked,
}

/// Says whether this kernel has flagged renames. A file system may still refuse them.
pub(super) fn probe_renames(root: BorrowedFd<'_>) -> Renames {
    let nowhere = Place {
        directory: root,
        name: "",
    };
    match flagged::no_replace(nowhere, nowhere) {
        Err(Errno::NOSYS) => Renames::Linked,
        _ => Renames::Flagged,
    }
}

/// Flags for opening a directory for listing and as the base of other calls.
pub(super) const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Says whether this kernel, and whatever filters its calls, has `openat2`.
pub(super) fn probe_opens(root: BorrowedFd<'_>) -> Opens {
    match open_whole(root, ".") {
        Ok(_) => Opens::Whole,
        Err(_) => Opens::Stepwise,
    }
}

/// Opens the directory `path` below `root`, on device `device`; an empty path is the root itself.
///
/// # Errors
/// `ELOOP` or `ENOTDIR` for a symlink in any component, `EXDEV` for a mount point.
pub(super) fn open_directory(
    opens: Opens,
    root: BorrowedFd<'_>,
    path: &str,
    device: u64,
) -> Result<OwnedFd> {
    let path = if path.is_empty() { "." } else { path };
    match opens {
        Opens::Whole => on_device(open_whole(root, path)?, device),
        Opens::Stepwise => {
            let mut reached: Option<OwnedFd> = None;
            for component in path.split('/') {
                let from = reached.as_ref().map_or(root, AsFd::as_fd);
                let next = openat(from, component, DIRECTORY, Mode::empty())?;
                reached = Some(on_device(next, device)?);
            }
            reached.ok_or(Errno::NOENT)
        }
    }
}

fn on_device(directory: OwnedFd, device: u64) -> Result<OwnedFd> {
    match number(fstat(&directory)?.st_dev) {
        same if same == device => Ok(directory),
        _ => Err(Errno::XDEV),
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn open_whole(root: BorrowedFd<'_>, path: &str) -> Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};
    let confined = ResolveFlags::BENEATH
        | ResolveFlags::NO_SYMLINKS
        | ResolveFlags::NO_MAGICLINKS
        | ResolveFlags::NO_XDEV;
    openat2(root, path, DIRECTORY, Mode::empty(), confined)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn open_whole(_root: BorrowedFd<'_>, _path: &str) -> Result<OwnedFd> {
    Err(Errno::NOSYS)
}

/// A name in an open directory.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) directory: BorrowedFd<'a>,
    pub(super) name: &'a str,
}

impl Place<'_> {
    /// What `lstat` tells of it; `None` where there is nothing.
    pub(super) fn stat(self) -> Result<Option<Stat>> {
        match statat(self.directory, self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    fn link(self, to: Place<'_>) -> Result<()> {
        let flags = AtFlags::empty();
        linkat(self.directory, self.name, to.directory, to.name, flags)
    }

    fn rename(self, to: Place<'_>) -> Result<()> {
        renameat(self.directory, self.name, to.directory, to.name)
    }

    pub(super) fn unlink(self) -> Result<()> {
        unlinkat(self.directory, self.name, AtFlags::empty())
    }

    /// Sets the inode change time to now, by setting the access time. Failure is harmless: `undo`
    /// then takes the file's successor for a later edit and leaves it alone.
    pub(super) fn bump_change_time(self) {
        let times = Timestamps {
            last_access: Timespec {
                tv_sec: 0,
                tv_nsec: UTIME_NOW,
            },
            last_modification: Timespec {
                tv_sec: 0,
                tv_nsec: UTIME_OMIT,
            },
        };
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let _ = utimensat(self.directory, self.name, &times, flags);
    }
}

/// Held between a look at a name and its use.
static LOOKING: Mutex<()> = Mutex::new(());

/// Renames the file `from` to `to`, where nothing may be.
///
/// Where neither flagged renames nor hard links exist (some network and FAT file systems), the
/// destination is looked at right before the rename: the one place with a window, though not for
/// other steps of this run.
///
/// # Errors
/// `EEXIST` where something is at `to`.
pub(super) fn rename_new(renames: Renames, from: Place<'_>, to: Place<'_>) -> Result<()> {
    match rename_at_once(renames, from, to)? {
        Some(()) => Ok(()),
        None => rename_by_link(from, to),
    }
}

/// The same in one step; `None` where the kernel or the file system cannot.
pub(super) fn rename_at_once(
    renames: Renames,
    from: Place<'_>,
    to: Place<'_>,
) -> Result<Option<()>> {
    let answer = match renames {
        Renames::Flagged => flagged::no_replace(from, to),
        Renames::Linked => Err(Errno::NOSYS),
    };
    match answer {
        Ok(()) => Ok(Some(())),
        Err(errno) if lacks_flags(errno) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// The same by a second link, which is durable before the first one goes: of two directories a
/// file system may write either first.
pub(super) fn rename_by_link(from: Place<'_>, to: Place<'_>) -> Result<()> {
    let source = from.stat()?.ok_or(Errno::NOENT)?;
    match from.link(to) {
        Ok(()) => {
            make_durable(to.directory)?;
            unlink_linked(from, to, &source)
        }
        Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK) => {
            let _alone = lock(&LOOKING);
            match to.stat()? {
                Some(_) => Err(Errno::EXIST),
                None => from.rename(to),
            }
        }
        Err(errno) => Err(errno),
    }
}

/// Makes the names in a directory durable.
pub(super) fn make_durable(directory: BorrowedFd<'_>) -> Result<()> {
    match fsync(directory) {
        // The answer of file systems that keep no directories on a medium.
        Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok(()),
        answer => answer,
    }
}

/// Takes away the name `from`, which was just linked to `to` and held `source` before, unless
/// somebody has put another file there meanwhile. To know that for certain, the name is first
/// moved to one that nobody else uses.
fn unlink_linked(from: Place<'_>, to: Place<'_>, source: &Stat) -> Result<()> {
    let name = TempName::displaced(&TempName::random()?, from.name);
    let aside = Place {
        name: &name,
        ..from
    };
    match from.rename(aside) {
        Ok(()) => {}
        // Somebody removed it: then so be it.
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(errno),
    }
    let Some(found) = aside.stat()? else {
        return Ok(());
    };
    let is_linked = is_same_inode(&found, source)
        || to
            .stat()?
            .is_some_and(|linked| is_same_inode(&found, &linked));
    if !is_linked {
        // A name that is taken again leaves the file aside, for a sweep to keep.
        match aside.link(from) {
            Err(Errno::EXIST) => return Ok(()),
            answer => answer?,
        }
    }
    aside.unlink()
}

/// Whether both stats are of one file.
pub(super) fn is_same_inode(one: &Stat, other: &Stat) -> bool {
    one.st_ino == other.st_ino && one.st_dev == other.st_dev
}

/// Exchanges two names; `None` where the kernel or the file system cannot.
pub(super) fn exchange(renames: Renames, one: Place<'_>, other: Place<'_>) -> Result<Option<()>> {
    let answer = match renames {
        Renames::Flagged => flagged::exchange(one, other),
        Renames::Linked => Err(Errno::NOSYS),
    };
    match answer {
        Ok(()) => Ok(Some(())),
        Err(errno) if lacks_flags(errno) => Ok(None),
        Err(errno) => Err(errno),
    }
}

fn lacks_flags(errno: Errno) -> bool {
    errno == Errno::INVAL || errno == Errno::NOSYS || errno == Errno::OPNOTSUPP
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod flagged {
    use super::Place;
    use rustix::fs::{RenameFlags, renameat_with};
    use rustix::io::Result;

    pub(super) fn no_replace(from: Place<'_>, to: Place<'_>) -> Result<()> {
        rename(from, to, RenameFlags::NOREPLACE)
    }

    pub(super) fn exchange(one: Place<'_>, other: Place<'_>) -> Result<()> {
        rename(one, other, RenameFlags::EXCHANGE)
    }

    fn rename(from: Place<'_>, to: Place<'_>, flags: RenameFlags) -> Result<()> {
        renameat_with(from.directory, from.name, to.directory, to.name, flags)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod flagged {
    use super::Place;
    use rustix::io::{Errno, Result};

    pub(super) fn no_replace(_from: Place<'_>, _to: Place<'_>) -> Result<()> {
        Err(Errno::NOSYS)
    }

    pub(super) fn exchange(_one: Place<'_>, _other: Place<'_>) -> Result<()> {
        Err(Errno::NOSYS)
    }
}

/// The type of what a stat describes.
pub(super) fn file_type(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// A number of the kernel, whose width differs between platforms.
pub(super) fn number(value: impl TryInto<u64>) -> u64 {
    value.try_into().unwrap_or(u64::MAX)
}
