//! Names that a file system takes for one, though they differ by case or by Unicode normal form.
//!
//! A file is a key's only where its directory lists the key's very name: what merely leads there is
//! another key's file. Scans give names as they are listed, so only names that come from the bucket
//! have to be looked at.

use super::error::{At, Error, Kind};
use super::kernel::{self, Place};
use super::listing::{list, split};
use super::root::Root;
use super::touched::lock;
use crate::key::Key;
use crate::stamp::LocalStamp;
use rustix::fs::FileType;
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Mutex;

/// Directories that are known to be spelled as their path says, at most [`MOST_KNOWN`].
#[derive(Default)]
pub(super) struct Spelled(Mutex<BTreeSet<String>>);

/// Directories that are remembered; beyond that all are looked at again.
const MOST_KNOWN: usize = 4096;

impl Root {
    /// Makes sure that whatever is under `key`, and each directory on the way there, is spelled as
    /// in the key. What does not exist is.
    ///
    /// # Errors
    /// [`Kind::Alias`], or what looking gives.
    pub fn check_spelling(&self, key: &Key) -> Result<(), Error> {
        const OPERATION: &str = "use the name";
        if self.is_spelled(key.as_str()).at(OPERATION, key.as_str())? {
            Ok(())
        } else {
            Err(Error::new(OPERATION, key.as_str(), Kind::Alias))
        }
    }

    /// As [`Root::stat`], where a file that is spelled otherwise is none.
    ///
    /// # Errors
    /// Those of [`Root::stat`].
    pub fn stat_spelled(&self, key: &Key) -> Result<Option<LocalStamp>, Error> {
        let Some(stamp) = self.stat(key)? else {
            return Ok(None);
        };
        let is_spelled = self.is_spelled(key.as_str());
        Ok(is_spelled.at("look at", key.as_str())?.then_some(stamp))
    }

    /// Whether what is at `path`, as far as it exists, is spelled so.
    pub(super) fn is_spelled(&self, path: &str) -> rustix::io::Result<bool> {
        let spelled = &self.inner().spelled.0;
        if path.is_empty() || lock(spelled).contains(path) {
            return Ok(true);
        }
        let (above, name) = split(path);
        if !self.is_spelled(above)? {
            return Ok(false);
        }
        let parent = match self.open_directory(above) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(true),
            answer => answer?,
        };
        let place = Place {
            directory: parent.as_fd(),
            name,
        };
        let Some(stat) = place.stat()? else {
            return Ok(true);
        };
        let lists = lists(&parent, name)?;
        if lists && kernel::file_type(&stat) == FileType::Directory {
            let mut known = lock(spelled);
            if known.len() >= MOST_KNOWN {
                known.clear();
            }
            known.insert(path.to_owned());
        }
        Ok(lists)
    }
}

/// Whether `directory` lists `name`, which leads to something in it.
///
/// Only what can be spelled otherwise costs a listing: names beyond ASCII, and where upper and lower
/// case lead to the same.
pub(super) fn lists(directory: &OwnedFd, name: &str) -> rustix::io::Result<bool> {
    if name.is_ascii() {
        let other = in_other_case(name);
        let place = Place {
            directory: directory.as_fd(),
            name: &other,
        };
        if other == name || place.stat()?.is_none() {
            return Ok(true);
        }
    }
    let names = list(directory)?;
    Ok(names.iter().any(|listed| *listed.bytes == *name.as_bytes()))
}

fn in_other_case(name: &str) -> String {
    let other = |letter: char| match letter {
        'a'..='z' => letter.to_ascii_uppercase(),
        letter => letter.to_ascii_lowercase(),
    };
    name.chars().map(other).collect()
}
