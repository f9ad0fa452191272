//! A disk in memory: files and folders by number, and the names that lead to them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// The number of a file or folder.
pub(crate) type Inode = u64;

/// The folder that all names are below.
pub(crate) const TOP: Inode = 0;

/// A file's bytes and what else is kept with them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) mtime_ns: u64,
}

/// A disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    pub(crate) files: BTreeMap<Inode, File>,
    /// Every folder's names.
    pub(crate) folders: BTreeMap<Inode, BTreeMap<String, Inode>>,
    pub(crate) modes: BTreeMap<Inode, u32>,
}

impl Disk {
    /// What is below a folder of the real disk.
    pub(crate) fn read(top: &Path) -> Self {
        let mut disk = Self::default();
        disk.read_folder(top, TOP);
        disk
    }

    fn read_folder(&mut self, path: &Path, inode: Inode) {
        let mut names = BTreeMap::new();
        for entry in fs::read_dir(path).expect("a folder can be read") {
            let entry = entry.expect("a folder can be read");
            let meta = entry.metadata().expect("an entry can be looked at");
            let name = entry.file_name().into_string().expect("names are UTF-8");
            names.insert(name, meta.ino());
            if meta.is_dir() {
                self.modes.insert(meta.ino(), meta.mode() & 0o777);
                self.read_folder(&entry.path(), meta.ino());
            } else {
                let file = File {
                    bytes: fs::read(entry.path()).expect("a file can be read"),
                    mode: meta.mode() & 0o777,
                    mtime_ns: u64::try_from(meta.mtime() * 1_000_000_000 + meta.mtime_nsec())
                        .expect("tests live after 1970"),
                };
                self.files.insert(meta.ino(), file);
            }
        }
        self.folders.insert(inode, names);
    }

    /// What a path leads to.
    pub(crate) fn find(&self, path: &str) -> Option<Inode> {
        let names = path.split('/').filter(|name| !name.is_empty());
        names.into_iter().try_fold(TOP, |folder, name| {
            self.folders.get(&folder)?.get(name).copied()
        })
    }

    /// All files that a name leads to, by their paths.
    pub(crate) fn tree(&self) -> BTreeMap<String, Inode> {
        let mut tree = BTreeMap::new();
        self.walk(TOP, "", &mut |path, inode| {
            if self.files.contains_key(&inode) {
                tree.insert(path.to_owned(), inode);
            }
        });
        tree
    }

    fn walk(&self, folder: Inode, above: &str, visit: &mut dyn FnMut(&str, Inode)) {
        for (name, inode) in self.folders.get(&folder).into_iter().flatten() {
            let path = format!("{above}{name}");
            visit(&path, *inode);
            if self.folders.contains_key(inode) {
                self.walk(*inode, &format!("{path}/"), visit);
            }
        }
    }

    /// The bytes under a path.
    pub(crate) fn bytes(&self, path: &str) -> Option<&[u8]> {
        let file = self.files.get(&self.find(path)?)?;
        Some(&file.bytes)
    }

    /// Makes the real folder hold just this. A file that is there as wanted is left as it is, and
    /// so is every folder in `stays`.
    pub(crate) fn lay(&self, top: &Path, stays: &[&str]) {
        let there = Self::read(top);
        let old = there.tree();
        let new = self.tree();
        let is_alone = |inode: Inode, tree: &BTreeMap<String, Inode>| {
            tree.values().filter(|other| **other == inode).count() == 1
        };
        let is_same = |path: &str| {
            let (Some(new_inode), Some(old_inode)) = (new.get(path), old.get(path)) else {
                return false;
            };
            self.files[new_inode] == there.files[old_inode]
                && is_alone(*new_inode, &new)
                && is_alone(*old_inode, &old)
        };
        let kept: BTreeSet<&String> = old.keys().filter(|path| is_same(path)).collect();
        for path in old.keys().filter(|path| !kept.contains(path)) {
            fs::remove_file(top.join(path)).expect("a file can be removed");
        }
        let mut folders = Vec::new();
        there.walk(TOP, "", &mut |path, inode| {
            if there.folders.contains_key(&inode) {
                folders.push(path.to_owned());
            }
        });
        let is_wanted = |path: &str| {
            self.find(path)
                .is_some_and(|i| self.folders.contains_key(&i))
        };
        for path in folders.iter().rev() {
            if !is_wanted(path) && !stays.contains(&&path[..]) {
                fs::remove_dir(top.join(path)).expect("an empty folder can be removed");
            }
        }
        let mut first: BTreeMap<Inode, String> = BTreeMap::new();
        self.walk(TOP, "", &mut |path, inode| {
            let at = top.join(path);
            if let Some(mode) = self.modes.get(&inode) {
                if !at.is_dir() {
                    fs::create_dir(&at).expect("a folder can be made");
                }
                let mode = fs::Permissions::from_mode(*mode);
                fs::set_permissions(&at, mode).expect("a mode can be set");
            } else if !kept.contains(&path.to_owned()) {
                match first.get(&inode) {
                    Some(other) => fs::hard_link(top.join(other), &at).expect("a link can be made"),
                    None => self.files[&inode].write(&at),
                }
                first.insert(inode, path.to_owned());
            }
        });
    }
}

impl File {
    fn write(&self, at: &Path) {
        fs::write(at, &self.bytes).expect("a file can be written");
        fs::set_permissions(at, fs::Permissions::from_mode(self.mode)).expect("a mode can be set");
        let time = UNIX_EPOCH + Duration::from_nanos(self.mtime_ns);
        let file = fs::OpenOptions::new().write(true).open(at);
        file.and_then(|file| file.set_modified(time))
            .expect("a time can be set");
    }
}
