//! Finding and removing directories that hold nothing but empty directories, where a person asks for
//! it; no run does so by itself.

use super::error::{At, Error};
use super::listing::{joined, list, split};
use super::root::Root;
use super::rules::{Names, Rules};
use crate::key::OWN_FOLDER;
use rustix::fs::FileType;
use std::os::fd::AsFd;

/// What a directory holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Nothing,
    Something,
}

impl Root {
    /// The directories below the root in which there is no file, innermost first. One that is
    /// ignored, cannot be read, has a rule file that cannot be used or is on another file system
    /// counts as a file.
    ///
    /// # Errors
    /// What listing the root gives.
    pub fn empty_directories(&self) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        self.look_below("", &self.rules(), &mut found)?;
        // The root holds itself.
        found.retain(|path| !path.is_empty());
        Ok(found)
    }

    fn look_below(
        &self,
        path: &str,
        rules: &Rules,
        found: &mut Vec<String>,
    ) -> Result<Holds, Error> {
        let opened = self.open_directory(path).and_then(|directory| {
            let names = list(&directory)?;
            Ok((directory, names))
        });
        let (directory, names) = match opened {
            Ok(opened) => opened,
            Err(errno) if path.is_empty() => return Err(errno).at("list", self.path()),
            Err(_) => return Ok(Holds::Something),
        };
        if rules.enter(path, directory.as_fd()).is_err() {
            return Ok(Holds::Something);
        }
        drop(directory);
        let mut holds = Holds::Nothing;
        for name in names {
            let below = match str::from_utf8(&name.bytes) {
                Ok(text) if name.file_type == FileType::Directory => joined(path, text),
                _ => {
                    holds = Holds::Something;
                    continue;
                }
            };
            let is_left_out =
                split(&below).1 == OWN_FOLDER || rules.leave_out(&below, Names::Directory);
            if is_left_out || self.look_below(&below, rules, found)? == Holds::Something {
                holds = Holds::Something;
            }
        }
        if holds == Holds::Nothing {
            found.push(path.to_owned());
        }
        Ok(holds)
    }
}
