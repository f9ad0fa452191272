//! The ignore rules of `.s3syncignore` files and of this machine alone, collected by a scan.
//!
//! One reading of each file serves the scan and the questions about remote keys and records, so
//! that both get the same answer even while the file is edited.

use super::error::{At, Error, Kind};
use super::kernel::DIRECTORY;
use super::listing::{joined, split};
use super::marker::holds_marker;
use super::pattern;
use super::root::{OwnNames, Root};
use crate::key::{IGNORE_FILE, Key, OWN_FOLDER};
use ignore::Match;
use ignore::gitignore::Gitignore;
use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// Name of the file in the program's own folder that holds rules for this machine alone.
const MACHINE_FILE: &str = "ignore";
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
struct Known {
    by_directory: HashMap<String, Gitignore>,
    /// Rules of this machine alone. They are asked last, as git asks `info/exclude`.
    of_machine: Gitignore,
    /// Directories whose rule file cannot be used, with the reason.
    frozen: HashMap<String, String>,
    /// Folders of the program's own that belong to other maps, dropped or nested ones.
    of_other_maps: HashSet<String>,
    /// Directories whose rules were read before the scan came there.
    ahead: HashSet<String>,
    weight: Weight,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            by_directory: HashMap::new(),
            of_machine: Gitignore::empty(),
            frozen: HashMap::new(),
            of_other_maps: HashSet::new(),
            ahead: HashSet::new(),
            weight: Weight::default(),
        }
    }
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
        if known.is_of_other_map(path) {
            return true;
        }
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

    /// Returns true if the rules leave out this key, or a rule file above it cannot be used. Reads
    /// the rules of directories that the scan has not reached yet.
    pub(super) fn leave_out_ahead(&self, root: &Root, key: &Key) -> Result<bool, Error> {
        if self.read().frozen.contains_key("") {
            return Ok(true);
        }
        for (end, _) in key.as_str().match_indices('/') {
            let directory = &key.as_str()[..end];
            if self.leave_out(directory, Names::Directory) {
                return Ok(true);
            }
            self.enter_ahead(root, directory)?;
            let known = self.read();
            if known.frozen.contains_key(directory) || known.of_other_maps.contains(directory) {
                return Ok(true);
            }
        }
        Ok(self.leave_out(key.as_str(), Names::File))
    }

    fn enter_ahead(&self, root: &Root, path: &str) -> Result<(), Error> {
        let known = self.read();
        let is_known = known.by_directory.contains_key(path) || known.frozen.contains_key(path);
        if is_known || known.ahead.contains(path) {
            return Ok(());
        }
        drop(known);
        let directory = match root.open_directory(path) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            answer => answer.at("open directory", path)?,
        };
        self.load(path, directory.as_fd());
        self.is_of_other_map(path, directory.as_fd());
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.ahead.insert(path.to_owned());
        Ok(())
    }

    /// Reads the rule file of the directory `path`, if it has one and it was not read ahead.
    ///
    /// # Errors
    /// Names the file and the reason if the file cannot be used: then nothing is known of the
    /// directory but its rule file.
    pub(super) fn enter(&self, path: &str, directory: BorrowedFd<'_>) -> Result<(), String> {
        if !self.read().ahead.contains(path) {
            self.load(path, directory);
        }
        match self.read().frozen.get(path) {
            Some(reason) => Err(reason.clone()),
            None => Ok(()),
        }
    }

    /// Returns true, and remembers it, if the directory is the own folder of a map other than this
    /// one: its marker says so.
    pub(super) fn is_of_other_map(&self, path: &str, directory: BorrowedFd<'_>) -> bool {
        let is_other = split(path).1 == OWN_FOLDER && holds_marker(directory);
        if is_other {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.of_other_maps.insert(path.to_owned());
        }
        is_other
    }

    fn load(&self, path: &str, directory: BorrowedFd<'_>) {
        let file = joined(path, IGNORE_FILE);
        let found = self.load_file(&file, directory, IGNORE_FILE);
        let of_machine = if path.is_empty() {
            self.load_of_machine(directory)
        } else {
            Ok(None)
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match (found, of_machine) {
            (Ok(rules), Ok(of_machine)) => {
                if let Some(rules) = rules {
                    known.by_directory.insert(path.to_owned(), rules);
                }
                if let Some(rules) = of_machine {
                    known.of_machine = rules;
                }
            }
            (Err(error), _) | (_, Err(error)) => {
                let reason = format!("{}: {}", error.path, error.kind);
                known.frozen.insert(path.to_owned(), reason);
            }
        }
    }

    fn load_of_machine(&self, root: BorrowedFd<'_>) -> Result<Option<Gitignore>, Error> {
        let file = joined(OWN_FOLDER, MACHINE_FILE);
        let folder = match openat(root, OWN_FOLDER, DIRECTORY, Mode::empty()) {
            // Something else of that name is reported where the marker is read.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
            answer => answer.at("read", &file)?,
        };
        self.load_file(&file, folder.as_fd(), MACHINE_FILE)
    }

    fn load_file(
        &self,
        path: &str,
        directory: BorrowedFd<'_>,
        name: &str,
    ) -> Result<Option<Gitignore>, Error> {
        let Some(text) = read_ignore_file(path, directory, name)? else {
            return Ok(None);
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let weight = known.weight.with(&text);
        known.weight = weight.map_err(|reason| bad_ignore(path, 0, reason))?;
        drop(known);
        let rules =
            pattern::parse(&text).map_err(|(line, reason)| bad_ignore(path, line, reason))?;
        Ok((!rules.is_empty()).then_some(rules))
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_of_other_map(&self, path: &str) -> bool {
        !self.of_other_maps.is_empty()
            && path
                .match_indices('/')
                .any(|(end, _)| self.of_other_maps.contains(&path[..end]))
    }

    /// The rules that apply to the path, weakest first: those of this machine, then those of each
    /// directory above the path from the root on, with the length of the directory's path and the
    /// slash behind it.
    fn above(&self, path: &str) -> Vec<(usize, &Gitignore)> {
        let of_machine = Some((0, &self.of_machine)).filter(|(_, rules)| !rules.is_empty());
        if self.by_directory.is_empty() {
            return of_machine.into_iter().collect();
        }
        let below_root = path
            .match_indices('/')
            .map(|(end, _)| (end + 1, &path[..end]));
        let by_directory = std::iter::once((0, ""))
            .chain(below_root)
            .filter_map(|(begin, directory)| Some((begin, self.by_directory.get(directory)?)));
        of_machine.into_iter().chain(by_directory).collect()
    }
}

impl Weight {
    /// Returns the weight with a file's text added, unless that would be too much.
    fn with(mut self, text: &[u8]) -> Result<Self, String> {
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
        Ok(self)
    }
}

/// The nearest directory whose rules match the path decides, and in it the last matching rule.
///
/// No rule hides a rule file: whatever hides other files can be corrected from any machine.
fn verdict(spoken: &[(usize, &Gitignore)], path: &str, names: Names) -> bool {
    if names == Names::File && is_rule_file(path) {
        return false;
    }
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

/// Returns true if the path names a rule file.
pub(super) fn is_rule_file(path: &str) -> bool {
    split(path).1 == IGNORE_FILE
}

fn read_ignore_file(
    path: &str,
    directory: BorrowedFd<'_>,
    name: &str,
) -> Result<Option<Vec<u8>>, Error> {
    const OPERATION: &str = "read";
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let descriptor = match openat(directory, name, flags, Mode::empty()) {
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
