//! The marker: a small text file in the root that says which state the tree belongs to.

use super::error::{At, Error, Kind};
use super::kernel::{self, Place};
use super::listing::joined;
use super::root::Root;
use crate::key::OWN_FOLDER;
use crate::state::{MapId, ReplicaId};
use rustix::fs::{FileType, Mode, OFlags, fstat, openat, renameat};
use rustix::io::Errno;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;

const NAME: &str = "marker";
const NEW_NAME: &str = "marker.new";
const FIRST_LINE: &str = "s3-bsync marker 1";
/// How the first line begins in every version.
const ANY_VERSION: &str = "s3-bsync marker ";
/// Longer than any marker.
const MAX_BYTES: u64 = 1024;

/// What binds a root to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    /// Owner of the state.
    pub replica: ReplicaId,
    /// The directory map.
    pub map: MapId,
    /// Generation of the map that the run under way will commit.
    pub next: u64,
    /// Generation of the map on which that run is based.
    pub base: u64,
}

/// Returns true if the folder holds a marker, of whatever map. What cannot be read may be one.
pub(super) fn holds_marker(folder: BorrowedFd<'_>) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let descriptor = match openat(folder, NAME, flags, Mode::empty()) {
        Ok(descriptor) => descriptor,
        Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return false,
        Err(_) => return true,
    };
    let is_file =
        fstat(&descriptor).is_ok_and(|stat| kernel::file_type(&stat) == FileType::RegularFile);
    let mut start = Vec::new();
    let read = File::from(descriptor)
        .take(ANY_VERSION.len() as u64)
        .read_to_end(&mut start);
    is_file && (read.is_err() || start == ANY_VERSION.as_bytes())
}

impl Root {
    /// Reads the root's marker; `None` where there is none.
    ///
    /// # Errors
    /// [`Kind::BadMarker`] where the file is something else, and what reading gives.
    pub fn read_marker(&self) -> Result<Option<Marker>, Error> {
        const OPERATION: &str = "read";
        let path = joined(OWN_FOLDER, NAME);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = self
            .open_directory(OWN_FOLDER)
            .and_then(|folder| openat(&folder, NAME, flags, Mode::empty()));
        let descriptor = match opened {
            Err(Errno::NOENT) => return Ok(None),
            answer => answer.at(OPERATION, &path)?,
        };
        let stat = fstat(&descriptor).at(OPERATION, &path)?;
        if kernel::file_type(&stat) != FileType::RegularFile {
            return Err(Error::new(OPERATION, &path, Kind::NotARegularFile));
        }
        let mut text = Vec::new();
        File::from(descriptor)
            .take(MAX_BYTES + 1)
            .read_to_end(&mut text)
            .at(OPERATION, &path)?;
        match parse(&text) {
            Ok(marker) => Ok(Some(marker)),
            Err(reason) => Err(Error::new(OPERATION, &path, Kind::BadMarker(reason))),
        }
    }

    /// Writes the root's marker durably: afterwards it is wholly the old or wholly the new one.
    ///
    /// The previous marker's file stays beside it as a spare, and the next marker is written into
    /// that file. So on most file systems a full disk does not prevent it.
    ///
    /// # Errors
    /// What writing gives; the old marker stays in place.
    pub fn write_marker(&self, marker: &Marker) -> Result<(), Error> {
        const OPERATION: &str = "write";
        let path = joined(OWN_FOLDER, NAME);
        let folder = self.own_folder("")?;
        let [new, old] = [NEW_NAME, NAME].map(|name| Place {
            directory: folder.as_fd(),
            name,
        });
        let file = open_spare(new).at(OPERATION, &path)?;
        let text = write(marker);
        // It is cut afterwards: cutting first would free its space, for another program to take.
        file.write_all_at(text.as_bytes(), 0)
            .and_then(|()| file.set_len(text.len() as u64))
            .and_then(|()| file.sync_all())
            .at(OPERATION, &path)?;
        let exchanged = match old.stat().at(OPERATION, &path)? {
            Some(stat) if kernel::file_type(&stat) == FileType::RegularFile => {
                kernel::exchange(self.inner().renames, new, old).at(OPERATION, &path)?
            }
            _ => None,
        };
        if exchanged.is_none() {
            renameat(&folder, NEW_NAME, &folder, NAME).at(OPERATION, &path)?;
        }
        for directory in [folder.as_fd(), self.fd()] {
            kernel::make_durable(directory).at(OPERATION, &path)?;
        }
        Ok(())
    }
}

/// Opens the file that becomes the next marker, with its old content, or creates it. Anything but a
/// regular file without other names is removed first.
fn open_spare(place: Place<'_>) -> rustix::io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    if let Ok(found) = openat(place.directory, place.name, flags, Mode::empty()) {
        let stat = fstat(&found)?;
        if kernel::file_type(&stat) == FileType::RegularFile && stat.st_nlink == 1 {
            // Until the exchange is durable that made it the spare, it may still be the marker after
            // a power loss.
            kernel::make_durable(place.directory)?;
            return Ok(File::from(found));
        }
    }
    match place.unlink() {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(errno),
    }
    let flags = flags | OFlags::CREATE | OFlags::EXCL;
    openat(place.directory, place.name, flags, Mode::RUSR | Mode::WUSR).map(File::from)
}

fn write(marker: &Marker) -> String {
    let Marker {
        replica,
        map,
        next,
        base,
    } = marker;
    format!("{FIRST_LINE}\nreplica {replica}\nmap {map}\nnext {next}\nbase {base}\n")
}

fn parse(text: &[u8]) -> Result<Marker, &'static str> {
    let text = str::from_utf8(text).map_err(|_| "it is not UTF-8")?;
    let mut lines = text.lines();
    if lines.next() != Some(FIRST_LINE) {
        return Err("its first line is another");
    }
    let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    let replica = field("replica").and_then(hex);
    let map = field("map").and_then(hex);
    let next = field("next").and_then(|digits| digits.parse().ok());
    let base = field("base").and_then(|digits| digits.parse().ok());
    let marker = Marker {
        replica: ReplicaId(replica.ok_or("its replica is no id")?),
        map: MapId(map.ok_or("its map is no id")?),
        next: next.ok_or("its next generation is no number")?,
        base: base.ok_or("its base generation is no number")?,
    };
    // One spelling per marker: a cut-off or lengthened number cannot pass.
    if write(&marker) == text {
        Ok(marker)
    } else {
        Err("it is not spelled as written")
    }
}

fn hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N || !digits.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}
