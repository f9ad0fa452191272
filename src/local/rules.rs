//! The ignore rules: what `.s3syncignore` files say, gathered by a scan and asked by everyone.
//!
//! One reading of each file serves the scan and the questions about remote keys and records, so
//! that both get the same answer even while somebody edits the file.

use super::error::{At, Error, Kind};
use super::pattern;
use super::root::{OwnNames, Root};
use crate::key::{IGNORE_FILE, Key};
use ignore::Match;
use ignore::gitignore::Gitignore;
use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// Largest ignore file that is read, in bytes.
const MAX_IGNORE_BYTES: u64 = 1 << 20;
/// Most text of all ignore files of a scan together, in bytes: rules take a hundred times as much
/// memory, and who may write to the bucket may put such a file into every directory.
const MAX_TEXT_BYTES: usize = 4 << 20;
/// Most of it that may be patterns with wildcards, which take a thousand times as much.
const MAX_WILD_BYTES: usize = 256 << 10;

/// The ignore rules of one scan, shared by its clones.
///
/// Knows the rules of every directory that the scan has entered. A question about a key is
/// answered rightly once the scan has passed the key's place in the order.
#[derive(Clone)]
pub struct Rules {
    known: Arc<RwLock<Known>>,
    own: Option<OwnNames>,
}

/// What was read so far.
#[derive(Default)]
struct Known {
    by_directory: HashMap<String, Gitignore>,
    /// Directories whose rules were read before the scan came there.
    ahead: HashSet<String>,
    weight: Weight,
}

/// How much text rules were made of, in bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    text: usize,
    wild: usize,
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
            known: Arc::default(),
            own,
        }
    }

    /// Whether the rules leave this key, or a directory above it, out of the sync.
    #[must_use]
    pub fn is_ignored(&self, key: &Key) -> bool {
        let known = self.read();
        let path = key.as_str();
        let spoken = known.above(path);
        if spoken.is_empty() {
            return false;
        }
        path.match_indices('/')
            .any(|(end, _)| verdict(&spoken, &path[..end], Names::Directory))
            || verdict(&spoken, path, Names::File)
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
        verdict(&self.read().above(path), path, names)
    }

    /// Whether the rules leave out this key, wherever the scan is: those of the directories above it
    /// are read now, where it has not come there yet.
    pub(super) fn leave_out_ahead(&self, root: &Root, key: &Key) -> Result<bool, Error> {
        for (end, _) in key.as_str().match_indices('/') {
            let directory = &key.as_str()[..end];
            if self.leave_out(directory, Names::Directory) {
                return Ok(true);
            }
            self.enter_ahead(root, directory)?;
        }
        Ok(self.leave_out(key.as_str(), Names::File))
    }

    fn enter_ahead(&self, root: &Root, path: &str) -> Result<(), Error> {
        let known = self.read();
        if known.by_directory.contains_key(path) || known.ahead.contains(path) {
            return Ok(());
        }
        drop(known);
        let directory = match root.open_directory(path) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            answer => answer.at("open directory", path)?,
        };
        self.load(path, directory.as_fd())?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.ahead.insert(path.to_owned());
        Ok(())
    }

    /// Reads the ignore file of the directory `path`, where there is one, unless it was read ahead.
    pub(super) fn enter(&self, path: &str, directory: BorrowedFd<'_>) -> Result<(), Error> {
        if self.read().ahead.contains(path) {
            return Ok(());
        }
        self.load(path, directory)
    }

    fn load(&self, path: &str, directory: BorrowedFd<'_>) -> Result<(), Error> {
        let file = if path.is_empty() {
            IGNORE_FILE.to_owned()
        } else {
            format!("{path}/{IGNORE_FILE}")
        };
        let Some(text) = read_ignore_file(&file, directory)? else {
            return Ok(());
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known
            .weight
            .add(&text)
            .map_err(|reason| bad_ignore(&file, 0, reason))?;
        let rules =
            pattern::parse(&text).map_err(|(line, reason)| bad_ignore(&file, line, reason))?;
        if !rules.is_empty() {
            known.by_directory.insert(path.to_owned(), rules);
        }
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The rules of all directories above the path, each with the length of its directory's path
    /// and the slash behind it, from the root on.
    fn above(&self, path: &str) -> Vec<(usize, &Gitignore)> {
        if self.by_directory.is_empty() {
            return Vec::new();
        }
        let below_root = path
            .match_indices('/')
            .map(|(end, _)| (end + 1, &path[..end]));
        std::iter::once((0, ""))
            .chain(below_root)
            .filter_map(|(begin, directory)| Some((begin, self.by_directory.get(directory)?)))
            .collect()
    }
}

impl Weight {
    /// Adds a file's text, unless that would be too much.
    fn add(&mut self, text: &[u8]) -> Result<(), String> {
        let is_wild =
            |line: &&[u8]| !line.starts_with(b"#") && line.iter().any(|byte| b"*?[".contains(byte));
        let lines = text.split(|&byte| byte == b'\n');
        let wild: usize = lines.filter(is_wild).map(<[u8]>::len).sum();
        self.text += text.len();
        self.wild += wild;
        if self.text > MAX_TEXT_BYTES {
            return Err("with those above over 4 MiB".to_owned());
        }
        if self.wild > MAX_WILD_BYTES {
            return Err("with those above over 256 KiB of patterns with wildcards".to_owned());
        }
        Ok(())
    }
}

/// The nearest directory whose rules speak of the path decides, and in it the last such rule.
fn verdict(spoken: &[(usize, &Gitignore)], path: &str, names: Names) -> bool {
    let nearest = spoken.iter().rev().filter(|(begin, _)| *begin < path.len());
    for (begin, rules) in nearest {
        match rules.matched(&path[*begin..], names == Names::Directory) {
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
            Match::None => {}
        }
    }
    false
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
