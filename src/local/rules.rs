//! The ignore rules: what `.s3syncignore` files say, gathered by a scan and asked by everyone.
//!
//! One reading of each file serves the scan and the questions about remote keys and records, so
//! that both get the same answer even while somebody edits the file.

use super::error::{At, Error, Kind};
use super::pattern;
use super::root::OwnNames;
use crate::key::{IGNORE_FILE, Key};
use ignore::Match;
use ignore::gitignore::Gitignore;
use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use std::collections::HashMap;
use std::io::Read;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// Largest ignore file that is read, in bytes.
const MAX_IGNORE_BYTES: u64 = 1 << 20;

/// The ignore rules of one scan, shared by its clones.
///
/// Knows the rules of every directory that the scan has entered. A question about a key is
/// answered rightly once the scan has passed the key's place in the order.
#[derive(Clone)]
pub struct Rules {
    by_directory: Arc<RwLock<HashMap<String, Gitignore>>>,
    own: Option<OwnNames>,
}

/// What a path names, as far as rules care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    File,
    Directory,
}

impl Rules {
    pub(super) fn new(own: Option<OwnNames>) -> Self {
        Self {
            by_directory: Arc::default(),
            own,
        }
    }

    /// Whether the rules leave this key, or a directory above it, out of the sync.
    #[must_use]
    pub fn is_ignored(&self, key: &Key) -> bool {
        let by_directory = self.read();
        if by_directory.is_empty() {
            return false;
        }
        let path = key.as_str();
        path.match_indices('/')
            .any(|(end, _)| verdict(&by_directory, &path[..end], Names::Directory))
            || verdict(&by_directory, path, Names::File)
    }

    /// Whether the key names one of the program's own state files.
    #[must_use]
    pub fn is_own(&self, key: &Key) -> bool {
        self.holds_own(key.parent(), key.file_name())
    }

    pub(super) fn holds_own(&self, parent: &str, name: &str) -> bool {
        let own = self.own.as_ref();
        own.is_some_and(|own| own.hold(parent, name))
    }

    /// Whether the rules leave out this path itself; its parent directory is known to be in.
    pub(super) fn leave_out(&self, path: &str, names: Names) -> bool {
        let by_directory = self.read();
        !by_directory.is_empty() && verdict(&by_directory, path, names)
    }

    /// Reads the ignore file of the directory `path`, where there is one.
    pub(super) fn enter(&self, path: &str, directory: BorrowedFd<'_>) -> Result<(), Error> {
        let file = if path.is_empty() {
            IGNORE_FILE.to_owned()
        } else {
            format!("{path}/{IGNORE_FILE}")
        };
        let Some(text) = read_ignore_file(&file, directory)? else {
            return Ok(());
        };
        let rules =
            pattern::parse(&text).map_err(|(line, reason)| bad_ignore(&file, line, reason))?;
        if !rules.is_empty() {
            let mut by_directory = self
                .by_directory
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            by_directory.insert(path.to_owned(), rules);
        }
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, Gitignore>> {
        self.by_directory
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The nearest directory whose rules speak of the path decides, and in it the last such rule.
fn verdict(by_directory: &HashMap<String, Gitignore>, path: &str, names: Names) -> bool {
    let mut end = path.rfind('/');
    loop {
        let (directory, rest) = end.map_or(("", path), |at| (&path[..at], &path[at + 1..]));
        let spoken = by_directory.get(directory).map_or(Match::None, |rules| {
            rules.matched(rest, names == Names::Directory)
        });
        match spoken {
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
            Match::None => {}
        }
        match end {
            Some(at) => end = path[..at].rfind('/'),
            None => return false,
        }
    }
}

fn read_ignore_file(path: &str, directory: BorrowedFd<'_>) -> Result<Option<Vec<u8>>, Error> {
    const OPERATION: &str = "read";
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let descriptor = match openat(directory, IGNORE_FILE, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        answer => answer.at(OPERATION, path)?,
    };
    let stat = fstat(&descriptor).at(OPERATION, path)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Error::new(OPERATION, path, Kind::NotARegularFile));
    }
    let mut text = Vec::new();
    std::fs::File::from(descriptor)
        .take(MAX_IGNORE_BYTES + 1)
        .read_to_end(&mut text)
        .at(OPERATION, path)?;
    if text.len() as u64 > MAX_IGNORE_BYTES {
        return Err(bad_ignore(path, 0, "over 1 MiB".to_owned()));
    }
    Ok(Some(text))
}

fn bad_ignore(path: &str, line: usize, reason: String) -> Error {
    Error::new("read the rules of", path, Kind::BadIgnore { line, reason })
}
