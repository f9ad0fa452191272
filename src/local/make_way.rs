//! Removing what is nothing but empty directories where a file is to be.

use super::error::{At, Error, Kind};
use super::kernel;
use super::listing::{joined, list, split};
use super::root::Root;
use crate::key::Key;
use rustix::fs::{AtFlags, FileType, unlinkat};
use rustix::io::Errno;

impl Root {
    /// Makes the name `key` free for a file, where only directories that hold no file are in the
    /// way. A regular file is not in the way: [`super::Temp::place`] deals with it.
    ///
    /// # Errors
    /// [`Kind::Clash`] where anything else is there; everything is as it was, save for empty
    /// directories where somebody creates a file in that moment.
    pub fn make_way(&self, key: &Key) -> Result<(), Error> {
        const OPERATION: &str = "make way for";
        let path = key.as_str();
        let clash = || Error::new(OPERATION, path, Kind::Clash);
        let stat = self.stat_any(key, OPERATION)?;
        match stat.map(|stat| kernel::file_type(&stat)) {
            None | Some(FileType::RegularFile) => return Ok(()),
            Some(FileType::Directory) => {}
            Some(_) => return Err(clash()),
        }
        let mut directories = vec![path.to_owned()];
        let mut seen = 0;
        while let Some(parent) = directories.get(seen).cloned() {
            let directory = self.open_directory(&parent).at_creation(OPERATION, path)?;
            for name in list(&directory).at(OPERATION, path)? {
                match str::from_utf8(&name.bytes) {
                    Ok(text) if name.file_type == FileType::Directory => {
                        directories.push(joined(&parent, text));
                    }
                    _ => return Err(clash()),
                }
            }
            seen += 1;
        }
        for directory in directories.iter().rev() {
            let (above, name) = split(directory);
            let removed = self
                .open_directory(above)
                .and_then(|parent| unlinkat(&parent, name, AtFlags::REMOVEDIR));
            match removed {
                Ok(()) | Err(Errno::NOENT) => self.touch(above),
                Err(Errno::NOTEMPTY | Errno::EXIST | Errno::BUSY) => return Err(clash()),
                Err(errno) => return Err(Error::new(OPERATION, path, Kind::of_creation(errno))),
            }
        }
        Ok(())
    }
}
