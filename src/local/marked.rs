//! Files being written under a mark, by which a later run knows what this one did not finish.

use super::error::{At, Error};
use super::kernel::{self, Place};
use super::listing::joined;
use super::root::Root;
use super::temp::{RANDOM_BYTES, Temp, create_in, create_named};
use crate::key::{Key, TEMP_PREFIX};
use crate::stamp::Hex;

use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::fs::{flock, fstat, openat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::fd::{AsFd, OwnedFd};

/// What a later run knows a file by that this one did not finish.
pub type Mark = [u8; RANDOM_BYTES];

/// The name for a file that a later run must know again.
fn name_of(mark: Mark) -> String {
    format!("{TEMP_PREFIX}{}", Hex(&mark))
}

/// Where the file lies that is written for `key` under this mark, below the root.
#[must_use]
pub fn marked_path(key: &Key, mark: Mark) -> String {
    joined(key.parent(), &name_of(mark))
}

impl Root {
    /// The file that an earlier run left unfinished under this mark to become the one under `key`,
    /// or else an empty one, as [`Root::create_temp`] makes it; and how many bytes it has. Whoever
    /// left it may have been cut off by a power cut, so the bytes prove nothing by being there.
    ///
    /// # Errors
    /// As [`Root::create_temp`].
    pub fn resume_temp(&self, key: &Key, mark: Mark) -> Result<(Temp, u64), Error> {
        let temp = self.temp_for(key, |parent| open_marked(parent, mark))?;
        let stat = fstat(&temp.file).at("look at", key.as_str())?;
        Ok((temp, u64::try_from(stat.st_size).unwrap_or(0)))
    }
}

impl Temp {
    /// Keeps the first `bytes`, and goes on writing behind them.
    ///
    /// # Errors
    /// What the system answers.
    pub fn go_on_at(&mut self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)?;
        self.file.seek(SeekFrom::Start(bytes)).map(|_| ())
    }

    /// Leaves the file as it is for [`Root::resume_temp`] in a later run, which finds it if it was
    /// begun under this mark; else it goes.
    pub fn leave(mut self, mark: Mark) {
        if self.name.as_ref() == Some(&name_of(mark)) {
            self.name = None;
        }
    }
}

/// Opens the file of this mark, or creates it, for this process alone. What bears the name and could
/// have been written by somebody else, or has another name too, is none of ours, and goes. Where the
/// file is another process's now, or cannot be locked, one of a random name does as well.
fn open_marked(parent: &OwnedFd, mark: Mark) -> rustix::io::Result<(String, File)> {
    let name = name_of(mark);
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let found = match openat(parent, name.as_str(), flags, Mode::empty()) {
        Ok(found) => Some(File::from(found)),
        Err(Errno::NOENT | Errno::LOOP | Errno::ACCESS | Errno::NXIO) => None,
        Err(errno) => return Err(errno),
    };
    let file = match found {
        Some(found) if is_ours(&fstat(&found)?) => found,
        _ => {
            match unlinkat(parent, name.as_str(), AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
            create_named(parent, &name, Mode::RUSR | Mode::WUSR)?
        }
    };
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return create_in(parent);
    }
    // Whoever had the lock before may have given the file its own name.
    let here = Place {
        directory: parent.as_fd(),
        name: &name,
    };
    match here.stat()? {
        Some(stat) if kernel::is_same_inode(&stat, &fstat(&file)?) => Ok((name, file)),
        _ => create_in(parent),
    }
}

fn is_ours(stat: &Stat) -> bool {
    kernel::file_type(stat) == FileType::RegularFile
        && stat.st_nlink == 1
        && stat.st_uid == geteuid().as_raw()
        && !Mode::from_raw_mode(stat.st_mode).intersects(Mode::RWXG | Mode::RWXO)
}
