//! The scan: a tree, as one stream of stamps in the order of keys.
//!
//! Each directory's names are sorted with a directory taken as `name/`, which makes the whole
//! stream sorted by key bytes. Memory holds the names of the directories on the way down, nothing
//! else. No file is opened but ignore files.

use super::error::{Error, Kind, shown};
use super::found::{Found, Leftover, Why};
use super::kernel::{self, Place};
use super::links::Astray;
use super::listing::{Name, joined, list};
use super::read::stamp_of;
use super::root::Root;
use super::rules::{Names, Rules, is_rule_file};
use crate::key::{Key, MAX_OBJECT_KEY_BYTES, OWN_FOLDER, Unfit};
use crate::state::Recursion;
use rustix::fs::FileType;
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};

/// Directories that are kept open on the way down; those above are opened again when the scan
/// comes back to them.
const MAX_OPEN_LEVELS: usize = 16;

/// A running scan. Fused: nothing comes after an error or the end.
pub struct Scan {
    root: Root,
    rules: Rules,
    recursion: Recursion,
    /// Bytes that the prefix and its separator add to every key.
    prefix_bytes: usize,
    levels: Vec<Level>,
    /// Path of the innermost level.
    path: String,
    leftovers: Vec<Leftover>,
    stage: Stage,
}

#[derive(PartialEq, Eq)]
enum Stage {
    Fresh,
    Running,
    Over,
}

/// A directory on the way down.
struct Level {
    /// `None` while too many others are open.
    directory: Option<OwnedFd>,
    path_bytes: usize,
    names: std::vec::IntoIter<Name>,
    rules: LevelRules,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LevelRules {
    Known,
    /// Only the rule file itself may be looked at.
    Unusable,
}

impl Root {
    /// Scans the tree, filling `rules` (fresh from [`Root::rules`]) on the way.
    ///
    /// `prefix` is the map's, so that a key too long under it is noticed. An `Err` item ends the
    /// scan and voids what came before it: the root is gone or another, or its names cannot be read.
    #[must_use]
    pub fn scan(&self, recursion: Recursion, prefix: &str, rules: &Rules) -> Scan {
        Scan {
            root: self.clone(),
            rules: rules.clone(),
            recursion,
            prefix_bytes: prefix.len() + usize::from(!prefix.is_empty()),
            levels: Vec::new(),
            path: String::new(),
            leftovers: Vec::new(),
            stage: Stage::Fresh,
        }
    }
}

impl Iterator for Scan {
    type Item = Result<Found, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.advance();
        if !matches!(item, Some(Ok(_))) {
            self.stage = Stage::Over;
            self.levels.clear();
        }
        item
    }
}

impl Scan {
    /// The files of dead runs that the scan has come across so far, for [`Root::sweep_temps`].
    pub fn take_leftovers(&mut self) -> Vec<Leftover> {
        std::mem::take(&mut self.leftovers)
    }

    fn advance(&mut self) -> Option<Result<Found, Error>> {
        match self.stage {
            Stage::Over => return None,
            Stage::Fresh => {
                self.stage = Stage::Running;
                if let Some(item) = self.enter_root().transpose() {
                    return Some(item);
                }
            }
            Stage::Running => {}
        }
        loop {
            let Some(level) = self.levels.last_mut() else {
                return self.root.check_in_place().err().map(Err);
            };
            let Some(name) = level.names.next() else {
                self.leave();
                continue;
            };
            match self.look(&name) {
                Ok(None) => {}
                Ok(Some(found)) => return Some(Ok(found)),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn enter_root(&mut self) -> Result<Option<Found>, Error> {
        self.root.check_in_place()?;
        let entered = self.root.open_directory("").and_then(opened);
        match entered {
            Ok((directory, names)) => Ok(self.push(directory, names)),
            Err(errno) => Err(Error::new("list", self.root.path(), Kind::of(errno))),
        }
    }

    fn push(&mut self, directory: OwnedFd, names: Vec<Name>) -> Option<Found> {
        let entered = self.rules.enter(&self.path, directory.as_fd());
        self.levels.push(Level {
            directory: Some(directory),
            path_bytes: self.path.len(),
            names: names.into_iter(),
            rules: match entered {
                Ok(()) => LevelRules::Known,
                Err(_) => LevelRules::Unusable,
            },
        });
        if let Some(far) = self.levels.len().checked_sub(MAX_OPEN_LEVELS + 1) {
            self.levels[far].directory = None;
        }
        let path = self.path.clone();
        entered.err().map(|reason| Found::Frozen { path, reason })
    }

    fn leave(&mut self) {
        self.levels.pop();
        let path_bytes = self.levels.last().map_or(0, |level| level.path_bytes);
        self.path.truncate(path_bytes);
    }

    fn look(&mut self, name: &Name) -> Result<Option<Found>, Error> {
        let path = self.join(&name.bytes);
        if path == OWN_FOLDER.as_bytes() {
            return Ok(None);
        }
        let key = match (Key::from_bytes(&path), str::from_utf8(&name.bytes)) {
            (Ok(key), _) => key,
            (Err(Unfit::Reserved), Ok(text)) if name.is_leftover() => {
                self.leftovers.push(Leftover(joined(&self.path, text)));
                return Ok(None);
            }
            (Err(_), _) if self.is_frozen() => return Ok(None),
            (Err(why), _) => return Ok(self.unfit(&path, why, name)),
        };
        if self.is_frozen() {
            return match name.file_type {
                FileType::RegularFile if is_rule_file(key.as_str()) => self.look_at_file(key),
                _ => Ok(None),
            };
        }
        if self.rules.holds_own(&self.path, key.file_name()) {
            return Ok(None);
        }
        let names = match name.file_type {
            FileType::Directory if self.recursion == Recursion::TopOnly => return Ok(None),
            FileType::Directory => Names::Directory,
            _ => Names::File,
        };
        if self.rules.leave_out(key.as_str(), names) {
            return Ok(None);
        }
        let bytes = self.prefix_bytes + key.as_bytes().len();
        if bytes > MAX_OBJECT_KEY_BYTES {
            return Ok(Some(hidden(&key, Why::TooLong(Unfit::LongKey(bytes)))));
        }
        match name.file_type {
            FileType::RegularFile => self.look_at_file(key),
            FileType::Directory => Ok(self.enter(&key)),
            FileType::Symlink => self.follow(key).map(Some),
            FileType::Unknown => Ok(Some(hidden(&key, Why::Changing))),
            _ => Ok(Some(hidden(&key, Why::Special))),
        }
    }

    fn is_frozen(&self) -> bool {
        let level = self.levels.last();
        level.is_some_and(|level| level.rules == LevelRules::Unusable)
    }

    fn unfit(&self, path: &[u8], why: Unfit, name: &Name) -> Option<Found> {
        let is_outside =
            name.file_type == FileType::Directory && self.recursion == Recursion::TopOnly;
        (!is_outside).then(|| Found::Unfit {
            path: shown(path),
            why,
        })
    }

    fn look_at_file(&mut self, key: Key) -> Result<Option<Found>, Error> {
        let stat = match self.stat_here(key.file_name()) {
            Ok(Some(stat)) => stat,
            Ok(None) => return Ok(None),
            Err(errno) => return Ok(Some(hidden(&key, unreadable(errno)))),
        };
        Ok(Some(match kernel::file_type(&stat) {
            FileType::RegularFile if self.root.is_identity(&stat) => hidden(&key, Why::Identity),
            FileType::RegularFile => Found::File {
                stamp: stamp_of(&stat),
                key,
            },
            FileType::Symlink => return self.follow(key).map(Some),
            FileType::Directory => hidden(&key, Why::Changing),
            _ => hidden(&key, Why::Special),
        }))
    }

    /// A symlink, read as the file to which it leads where it may be.
    fn follow(&self, key: Key) -> Result<Found, Error> {
        let target = match self.root.follow(&key) {
            Ok(target) => target,
            Err(why) => return Ok(hidden(&key, Why::Symlink(why))),
        };
        if self.rules.leave_out_ahead(&self.root, &target)? {
            return Ok(hidden(&key, Why::Symlink(Astray::Ignored)));
        }
        let stat = self.root.stat_any(&target, "look at");
        if stat.is_ok_and(|stat| stat.is_some_and(|stat| self.root.is_identity(&stat))) {
            return Ok(hidden(&key, Why::Identity));
        }
        Ok(match self.root.stat(&target) {
            Ok(Some(stamp)) => Found::File { key, stamp },
            Ok(None) => hidden(&key, Why::Symlink(Astray::Dangling)),
            Err(error) => hidden(&key, Why::Unreadable(error.kind.to_string())),
        })
    }

    fn stat_here(&mut self, name: &str) -> rustix::io::Result<Option<rustix::fs::Stat>> {
        match self.here()? {
            Some(directory) => Place {
                directory: directory.as_fd(),
                name,
            }
            .stat(),
            None => Ok(None),
        }
    }

    /// The innermost directory, opened again where it had to be closed; `None` where it is gone.
    fn here(&mut self) -> rustix::io::Result<Option<&OwnedFd>> {
        let Some(level) = self.levels.last_mut() else {
            return Ok(None);
        };
        if level.directory.is_none() {
            match self.root.open_directory(&self.path) {
                Ok(directory) => level.directory = Some(directory),
                Err(Errno::NOENT) => return Ok(None),
                Err(errno) => return Err(errno),
            }
        }
        Ok(level.directory.as_ref())
    }

    fn enter(&mut self, key: &Key) -> Option<Found> {
        let root = self.root.clone();
        let opened = match self.here() {
            Ok(Some(directory)) => root
                .open_directory_from(directory.as_fd(), key.file_name())
                .and_then(opened),
            Ok(None) => return None,
            Err(errno) => Err(errno),
        };
        let why = match opened {
            Ok((directory, _)) if self.rules.is_of_other_map(key.as_str(), directory.as_fd()) => {
                return None;
            }
            Ok((directory, names)) => {
                key.as_str().clone_into(&mut self.path);
                return self.push(directory, names);
            }
            Err(Errno::NOENT) => return None,
            Err(Errno::XDEV) => Why::MountPoint,
            Err(Errno::NOTDIR | Errno::LOOP) => Why::Changing,
            Err(errno) => unreadable(errno),
        };
        Some(hidden(key, why))
    }

    fn join(&self, name: &[u8]) -> Vec<u8> {
        let mut path = Vec::with_capacity(self.path.len() + 1 + name.len());
        if !self.path.is_empty() {
            path.extend_from_slice(self.path.as_bytes());
            path.push(b'/');
        }
        path.extend_from_slice(name);
        path
    }
}

fn hidden(key: &Key, why: Why) -> Found {
    Found::Hidden {
        path: key.as_str().to_owned(),
        why,
    }
}

fn unreadable(errno: Errno) -> Why {
    Why::Unreadable(Kind::of(errno).to_string())
}

fn opened(directory: OwnedFd) -> rustix::io::Result<(OwnedFd, Vec<Name>)> {
    let names = list(&directory)?;
    Ok((directory, names))
}
