//! The root: one open directory, from whose descriptor everything else is reached.

use super::error::{At, Error, Kind};
use super::kernel::{self, DIRECTORY, Opens, Renames};
use super::retention::Tally;
use super::rules::Rules;
use super::spelling::Spelled;
use super::touched::Touched;
use crate::key::{Key, is_state_name};
use crate::state::{Links, RootId};
use rustix::fs::{Mode, OFlags, RawMode, Stat, StatVfsMountFlags, fstat, fstatvfs, stat};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// One directory map's root, and how its symlinks are read. Clones share one descriptor.
#[derive(Clone)]
pub struct Root(pub(super) Arc<Inner>, pub(super) Links);

pub(super) struct Inner {
    directory: OwnedFd,
    path: String,
    id: RootId,
    own: Option<OwnNames>,
    identities: Vec<RootId>,
    opens: Opens,
    pub(super) renames: Renames,
    pub(super) touched: Touched,
    pub(super) tally: Tally,
    pub(super) spelled: Spelled,
    umask: OnceLock<Mode>,
}

/// The program's own state files, which may lie inside a root and are no part of any map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFiles {
    /// Absolute path of the directory that holds them.
    pub directory: String,
    /// The state file's name; the others' are this name, then `~` or a dot and more.
    pub name_prefix: String,
    /// Device and inode of each age identity file that a map names: none is ever sent.
    pub identities: Vec<RootId>,
}

/// The same, as seen from the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnNames {
    /// Relative to the root; empty for the root itself.
    parent: String,
    name_prefix: String,
}

impl OwnNames {
    /// Whether the file is the state file or named after it: `NAME~`, `NAME.journal` and the like.
    pub(super) fn hold(&self, parent: &str, name: &str) -> bool {
        parent == self.parent && is_state_name(name.as_bytes(), self.name_prefix.as_bytes())
    }
}

impl Root {
    /// Opens the directory at the absolute path `path`, and finds out whether `own` lies inside.
    ///
    /// # Errors
    /// [`Kind::Missing`], [`Kind::NotADirectory`], [`Kind::Denied`] and the like.
    pub fn open(path: &str, own: Option<OwnFiles>) -> Result<Self, Error> {
        const OPERATION: &str = "open directory";
        let flags = DIRECTORY.difference(OFlags::NOFOLLOW);
        let directory = rustix::fs::open(path, flags, Mode::empty()).at(OPERATION, path)?;
        let stat = fstat(&directory).at(OPERATION, path)?;
        let opens = kernel::probe_opens(directory.as_fd());
        let renames = kernel::probe_renames(directory.as_fd());
        let (own, identities) = match own {
            Some(mut own) => {
                let identities = std::mem::take(&mut own.identities);
                (own_names(path, own)?, identities)
            }
            None => (None, Vec::new()),
        };
        Ok(Self(
            Arc::new(Inner {
                directory,
                path: path.to_owned(),
                id: id_of(&stat),
                own,
                identities,
                opens,
                renames,
                touched: Touched::default(),
                tally: Tally::default(),
                spelled: Spelled::default(),
                umask: OnceLock::new(),
            }),
            Links::Skip,
        ))
    }

    /// The same root as a kernel without `openat2` and `renameat2` would have it.
    #[cfg(test)]
    pub(super) fn open_plainly(path: &str) -> Result<Self, Error> {
        let modern = Self::open(path, None)?;
        match Arc::into_inner(modern.0) {
            Some(inner) => Ok(Self(
                Arc::new(Inner {
                    opens: Opens::Stepwise,
                    renames: Renames::Linked,
                    ..inner
                }),
                modern.1,
            )),
            None => Err(Error::new("open", path, Kind::Missing)),
        }
    }

    /// The directory's device and inode.
    #[must_use]
    pub fn id(&self) -> RootId {
        self.0.id
    }

    /// The path by which it was opened.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Empty rules that a scan of this root fills.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules::new(self.0.own.clone())
    }

    /// Whether the key names one of the program's own state files.
    #[must_use]
    pub fn is_own(&self, key: &Key) -> bool {
        let own = self.0.own.as_ref();
        own.is_some_and(|own| own.hold(key.parent(), key.file_name()))
    }

    /// Returns true if the file is an age identity that a map names, under whatever name.
    pub(super) fn is_identity(&self, stat: &Stat) -> bool {
        !self.0.identities.is_empty() && self.0.identities.contains(&id_of(stat))
    }

    /// Makes sure that the root's path still leads to the directory that was opened.
    ///
    /// # Errors
    /// [`Kind::Missing`] where there is nothing now, [`Kind::Stale`] where it is another directory.
    pub fn check_in_place(&self) -> Result<(), Error> {
        const OPERATION: &str = "find again";
        let found = stat(self.0.path.as_str()).at(OPERATION, &self.0.path)?;
        match id_of(&found) {
            same if same == self.0.id => Ok(()),
            _ => Err(Error::new(OPERATION, &self.0.path, Kind::Stale)),
        }
    }

    /// Returns true if nothing can be written to the root, because its file system or its mount is
    /// read-only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        fstatvfs(self.fd()).is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.directory.as_fd()
    }

    /// Opens a directory by its path below the root; empty for the root.
    pub(super) fn open_directory(&self, path: &str) -> rustix::io::Result<OwnedFd> {
        self.open_directory_from(self.fd(), path)
    }

    /// The same from a directory that was already reached.
    pub(super) fn open_directory_from(
        &self,
        from: BorrowedFd<'_>,
        path: &str,
    ) -> rustix::io::Result<OwnedFd> {
        kernel::open_directory(self.0.opens, from, path, self.0.id.device)
    }

    /// The permissions that a new file gets, of those that are asked for.
    pub(super) fn umask(&self) -> Mode {
        *self.0.umask.get_or_init(read_umask)
    }
}

fn id_of(stat: &Stat) -> RootId {
    RootId {
        device: kernel::number(stat.st_dev),
        inode: kernel::number(stat.st_ino),
    }
}

/// Asks the kernel for the mask without setting it where it tells; else sets it and sets it back.
fn read_umask() -> Mode {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let told = status
        .lines()
        .find_map(|line| line.strip_prefix("Umask:"))
        .and_then(|octal| RawMode::from_str_radix(octal.trim(), 8).ok())
        .map(Mode::from_raw_mode);
    told.unwrap_or_else(|| {
        let mask = rustix::process::umask(Mode::RWXG | Mode::RWXO);
        rustix::process::umask(mask);
        mask
    })
}

fn own_names(root: &str, own: OwnFiles) -> Result<Option<OwnNames>, Error> {
    const OPERATION: &str = "find the real path of";
    let root_path = std::fs::canonicalize(root).at(OPERATION, root)?;
    let directory = match std::fs::canonicalize(Path::new(&own.directory)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        answer => answer.at(OPERATION, &own.directory)?,
    };
    let Ok(inside) = directory.strip_prefix(&root_path) else {
        return Ok(None);
    };
    // A directory whose name is not UTF-8 holds no keys, so there is nothing to leave out.
    Ok(inside.to_str().map(|parent| OwnNames {
        parent: parent.to_owned(),
        name_prefix: own.name_prefix,
    }))
}
