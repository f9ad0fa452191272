//! A tree to test on.

use super::{Displaced, Found, RecoveryRun, Root, Scan};
use crate::key::Key;
use crate::stamp::LocalStamp;
use crate::state::Recursion;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(super) struct Tree(tempfile::TempDir);

impl Tree {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A tree with these files, each holding its own path.
    pub(super) fn with(paths: &[&str]) -> Self {
        let tree = Self::new();
        for path in paths {
            tree.write(path, path);
        }
        tree
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(super) fn top(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn root(&self) -> Root {
        Root::open(self.0.path().to_str().unwrap(), None).unwrap()
    }

    /// As on a kernel with all calls, and as on one without the newer ones.
    pub(super) fn roots(&self) -> [Root; 2] {
        let path = self.0.path().to_str().unwrap();
        [self.root(), Root::open_plainly(path).unwrap()]
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.path(path).symlink_metadata().is_ok()
    }

    /// Every file and directory but the own folder itself, sorted; directories end in `/`.
    pub(super) fn all(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mut waiting = vec![self.0.path().to_path_buf()];
        while let Some(directory) = waiting.pop() {
            // A directory may go while it is listed.
            for entry in fs::read_dir(directory).into_iter().flatten() {
                let path = entry.unwrap().path();
                let shown = path.strip_prefix(self.0.path()).unwrap();
                let mut shown = shown.to_string_lossy().into_owned();
                if path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                    shown.push('/');
                    waiting.push(path);
                }
                all.push(shown);
            }
        }
        all.sort();
        all
    }

    pub(super) fn stamp(&self, path: &str) -> LocalStamp {
        self.root().stat(&key(path)).unwrap().unwrap()
    }
}

pub(super) fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

pub(super) fn run() -> RecoveryRun {
    RecoveryRun::at(1_795_215_301_000)
}

/// Where `run` keeps the file that was under `path` and was displaced for this reason.
pub(super) fn kept(why: Displaced, path: &str) -> String {
    let why = why.name();
    format!(".s3bsync/recovery/2026-11-20T22-55-01Z-{why}/{path}")
}

pub(super) fn scan_of(root: &Root) -> Scan {
    root.scan(Recursion::Recursive, "", &root.rules())
}

pub(super) fn found(root: &Root) -> Vec<Found> {
    scan_of(root).map(|item| item.unwrap()).collect()
}

/// The keys of the files that a scan finds, in its order.
pub(super) fn files(root: &Root) -> Vec<String> {
    found(root)
        .into_iter()
        .filter_map(|found| match found {
            Found::File { key, .. } => Some(key.as_str().to_owned()),
            _ => None,
        })
        .collect()
}

/// Whatever crosses threads in the flow above must be able to.
const _: () = {
    const fn crosses_threads<T: Send + Sync + 'static>() {}
    crosses_threads::<Root>();
    crosses_threads::<super::Rules>();
    crosses_threads::<super::Temp>();
    crosses_threads::<super::Error>();
    crosses_threads::<Scan>();
};

/// Tells why a test does nothing here. Not `println!`, which the test harness would swallow.
pub(super) fn skip(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

pub(super) fn is_superuser() -> bool {
    rustix::process::geteuid().is_root()
}
