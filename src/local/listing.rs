//! One directory's names, in the order of the keys that they lead to.

use super::kernel;
use super::temp::TempName;
use rustix::fs::{AtFlags, Dir, FileType, statat};
use rustix::io::Errno;
use std::cmp::Ordering;
use std::os::fd::OwnedFd;

/// A name in a directory. Ordered by its bytes, a directory's as if it ended in `/`.
pub(super) struct Name {
    pub(super) bytes: Box<[u8]>,
    pub(super) file_type: FileType,
}

/// All names in a directory, sorted, without `.` and `..`.
pub(super) fn list(directory: &OwnedFd) -> rustix::io::Result<Vec<Name>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let bytes = entry.file_name().to_bytes();
        if bytes == b"." || bytes == b".." {
            continue;
        }
        let file_type = match entry.file_type() {
            FileType::Unknown => {
                // The file system does not tell types while listing.
                match statat(directory, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => kernel::file_type(&stat),
                    Err(Errno::NOENT) => continue,
                    Err(_) => FileType::RegularFile, // The next look at it fails and says why.
                }
            }
            told => told,
        };
        names.push(Name {
            bytes: bytes.into(),
            file_type,
        });
    }
    names.sort_unstable();
    // A name may be listed twice while the directory is being changed.
    names.dedup_by(|next, kept| next.bytes == kept.bytes);
    Ok(names)
}

impl Name {
    pub(super) fn is_leftover(&self) -> bool {
        self.file_type == FileType::RegularFile && TempName::parse(&self.bytes).is_some()
    }

    /// What follows the first `from` bytes, with the `/` that a directory's keys go on with.
    fn tail(&self, from: usize) -> impl Iterator<Item = u8> {
        let slash = (self.file_type == FileType::Directory).then_some(b'/');
        self.bytes[from..].iter().copied().chain(slash)
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        let common = self.bytes.len().min(other.bytes.len());
        self.bytes[..common]
            .cmp(&other.bytes[..common])
            .then_with(|| self.tail(common).cmp(other.tail(common)))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Name {}

/// The path of `name` in the directory `parent`, which is empty for the root.
pub(super) fn joined(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}/{name}")
    }
}

/// A path's parent, empty for the root, and its last component.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rfind('/')
        .map_or(("", path), |at| (&path[..at], &path[at + 1..]))
}
