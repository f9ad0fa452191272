//! How many synced files the rules hid at the end of the last run, so that a run can report growth.

use super::error::{At, Error};
use super::kernel::{self, DIRECTORY};
use super::listing::joined;
use super::root::Root;
use crate::key::OWN_FOLDER;
use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use std::fs::File;
use std::io::{Read, Write};

/// Name of the file, in the program's own folder.
const NAME: &str = "ignored";
/// Longer than any number.
const MAX_BYTES: u64 = 32;

impl Root {
    /// Returns the number that [`Root::remember_ignored`] wrote last; 0 if there is none.
    #[must_use]
    pub fn last_ignored(&self) -> u64 {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = openat(self.fd(), OWN_FOLDER, DIRECTORY, Mode::empty())
            .and_then(|folder| openat(&folder, NAME, flags, Mode::empty()));
        let Ok(descriptor) = opened else {
            return 0;
        };
        let is_file =
            fstat(&descriptor).is_ok_and(|stat| kernel::file_type(&stat) == FileType::RegularFile);
        let mut text = String::new();
        let read = File::from(descriptor)
            .take(MAX_BYTES)
            .read_to_string(&mut text);
        if is_file && read.is_ok() {
            text.trim_end().parse().unwrap_or(0)
        } else {
            0
        }
    }

    /// Remembers how many synced files the rules hide. A crash may lose the number, which then is
    /// reported again.
    ///
    /// # Errors
    /// What writing gives.
    pub fn remember_ignored(&self, count: u64) -> Result<(), Error> {
        let flags = OFlags::WRONLY
            | OFlags::CREATE
            | OFlags::TRUNC
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::CLOEXEC;
        let path = joined(OWN_FOLDER, NAME);
        let folder = self.own_folder("")?;
        let descriptor =
            openat(&folder, NAME, flags, Mode::RUSR | Mode::WUSR).at("write", &path)?;
        let text = format!("{count}\n");
        File::from(descriptor)
            .write_all(text.as_bytes())
            .at("write", &path)
    }
}
