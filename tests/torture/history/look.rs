//! What is where: every content that can be found, told by its hash.

use super::stage::Stage;
use crate::support::world::{Machine, Object};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What tells a content from all others.
pub type Id = blake3::Hash;

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A file or object of this content.
    File(Id),
    /// A symlink.
    Link,
    /// A folder.
    Folder,
}

/// Names and what has them, of one place.
pub type Tree = BTreeMap<String, Entry>;

/// All that can be found in one moment.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// The root of each machine.
    pub trees: Vec<Tree>,
    /// The objects below the prefix.
    pub bucket: Tree,
    /// Recovery folders, kept objects, old versions.
    pub kept: HashSet<Id>,
    /// The recovery folder of each machine.
    pub recovery: Vec<HashSet<Id>>,
    /// What the program has lying about and must not leave.
    pub litter: BTreeSet<String>,
}

impl Sight {
    /// Whether a content is anywhere.
    pub fn finds(&self, id: Id) -> bool {
        let mut trees = self.trees.iter().chain([&self.bucket]);
        self.kept.contains(&id) || trees.any(|tree| tree.values().any(|e| *e == Entry::File(id)))
    }

    /// The places, each with how it is called.
    pub fn places(&self) -> impl Iterator<Item = (String, &Tree)> {
        let trees = self.trees.iter().enumerate();
        trees
            .map(|(n, tree)| (format!("machine {n}"), tree))
            .chain([("bucket".to_owned(), &self.bucket)])
    }
}

/// Only what is synced: no folders.
pub fn files(tree: &Tree) -> Tree {
    let files = tree.iter().filter(|(_, entry)| **entry != Entry::Folder);
    files.map(|(name, entry)| (name.clone(), *entry)).collect()
}

/// Contents that were looked into before.
#[derive(Default)]
pub struct Known {
    objects: Mutex<HashMap<(String, Option<String>), Id>>,
    files: Mutex<HashMap<[i128; 5], Id>>,
}

/// Smaller files are read each time.
const WORTH_KNOWING_BYTES: u64 = 1 << 20;

impl Stage {
    /// Looks everywhere.
    pub fn look(&self) -> Sight {
        let mut sight = Sight::default();
        for machine in &self.machines {
            let (mut tree, mut own) = (Tree::new(), Sight::default());
            self.walk(machine.root(), machine.root(), &mut tree, &mut own);
            sight.trees.push(tree);
            sight.litter.extend(own.litter);
            sight.kept.extend(&own.kept);
            sight.recovery.push(own.kept);
            for entry in fs::read_dir(machine.home()).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with("state.s3sync.") && name != "state.s3sync.lock" {
                    sight.litter.insert(name);
                }
            }
        }
        sight.bucket = self.objects(&mut sight);
        let pending = self.hand.pending_uploads();
        let uploads = pending
            .iter()
            .map(|(key, id)| format!("upload {id} of {key}"));
        sight.litter.extend(uploads);
        sight
    }

    /// What is in a place by name.
    pub fn tree(&self, machine: Option<&Machine>) -> Tree {
        let (mut tree, mut rest) = (Tree::new(), Sight::default());
        match machine {
            None => self.objects(&mut rest),
            Some(machine) => {
                self.walk(machine.root(), machine.root(), &mut tree, &mut rest);
                tree
            }
        }
    }

    fn walk(&self, root: &Path, folder: &Path, tree: &mut Tree, rest: &mut Sight) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).expect("below the root");
            let name = String::from_utf8_lossy(name.as_os_str().as_bytes()).into_owned();
            let Ok(meta) = fs::symlink_metadata(&path) else {
                continue;
            };
            let is_temp = name
                .rsplit('/')
                .next()
                .is_some_and(|n| n.starts_with(".s3bsync-tmp-"));
            let is_own = name == ".s3bsync" || name.starts_with(".s3bsync/");
            if meta.is_dir() {
                if !is_own {
                    tree.insert(name, Entry::Folder);
                }
                self.walk(root, &path, tree, rest);
            } else if meta.is_symlink() {
                tree.insert(name, Entry::Link);
            } else if let Some(id) = self.file(&path, &meta) {
                if is_temp && !name.contains("-old-") {
                    rest.litter.insert(name);
                } else if is_temp {
                    rest.litter.insert(name);
                    rest.kept.insert(id);
                } else if name.starts_with(".s3bsync/recovery/") {
                    rest.kept.insert(id);
                } else if !is_own {
                    tree.insert(name, Entry::File(id));
                }
            }
        }
    }

    fn file(&self, path: &Path, meta: &fs::Metadata) -> Option<Id> {
        let mark = [
            meta.ino().into(),
            meta.size().into(),
            i128::from(meta.ctime()) * 1_000_000_000 + i128::from(meta.ctime_nsec()),
            i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec()),
            meta.dev().into(),
        ];
        let known = || {
            self.known
                .files
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if meta.size() < WORTH_KNOWING_BYTES {
            return Some(blake3::hash(&fs::read(path).ok()?));
        }
        if let Some(id) = known().get(&mark) {
            return Some(*id);
        }
        let id = blake3::hash(&fs::read(path).ok()?);
        known().insert(mark, id);
        Some(id)
    }

    fn objects(&self, rest: &mut Sight) -> Tree {
        let mut tree = Tree::new();
        for key in self.hand.all_keys() {
            for version in self.hand.versions(&key) {
                let Some(bytes) = version.bytes else {
                    continue;
                };
                let is_current = version.is_current;
                let id = self.object(&Object {
                    bytes: bytes.to_vec(),
                    etag: version.etag,
                    meta: version.meta,
                });
                let name = key.strip_prefix("docs/").unwrap_or(&key);
                if !name.starts_with(".s3bsync/") && is_current {
                    tree.insert(name.to_owned(), Entry::File(id));
                } else {
                    rest.kept.insert(id);
                }
                if is_current
                    && name.starts_with(".s3bsync/")
                    && !name.starts_with(".s3bsync/recovery/")
                {
                    rest.litter.insert(name.to_owned());
                }
            }
        }
        tree
    }

    fn object(&self, object: &Object) -> Id {
        let chain = object.meta.get("s3bsync-encoding").cloned();
        let mark = (object.etag.clone(), chain);
        let known = || {
            self.known
                .objects
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(id) = known().get(&mark) {
            return *id;
        }
        let id = blake3::hash(&self.opened(object));
        known().insert(mark, id);
        id
    }
}
