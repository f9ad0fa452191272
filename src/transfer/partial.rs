//! A large plain object comes in order; what has come when a run is cut off is left under a name by
//! which the next run knows it, and only the rest is fetched.
//!
//! Promises: what was left counts only as part of a whole that fits the object's own sum; so it is
//! used only where the object has one.

use super::download::Writing;
use super::{Failure, Hands, WHOLE_BYTES, io_failed};
use crate::digest;
use crate::event::Event;
use crate::key::Key;
use crate::local::{self, Mark};
use crate::plan::Step;
use crate::remote::Head;
use crate::stamp::RemoteStamp;

/// Where the unfinished download of a step lies, if an earlier run has left one, below the root.
#[must_use]
pub fn partial_path(step: &Step) -> Option<String> {
    match step {
        Step::Download { key, remote, .. } | Step::KeepBoth { key, remote, .. }
            if remote.size_bytes > WHOLE_BYTES =>
        {
            Some(local::marked_path(key, mark(key, remote)))
        }
        _ => None,
    }
}

/// Another object, or another version of it, has another mark.
fn mark(key: &Key, remote: &RemoteStamp) -> Mark {
    let text = format!("{key}\0{}\0{}", remote.etag, remote.size_bytes);
    let mut mark = Mark::default();
    mark.copy_from_slice(&digest::blake3(text.as_bytes())[..8]);
    mark
}

/// Leaves what is written to the next run, where that can know it again.
pub(super) fn leave(writing: Writing, key: &Key, remote: &RemoteStamp) {
    writing.temp.leave(mark(key, remote));
}

/// Whether what an earlier run has left is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leftovers {
    Taken,
    Refused,
}

/// A plain object's first bytes in their file, and the sums of them.
pub(super) struct Begun {
    pub(super) writing: Writing,
    pub(super) pieces: digest::Pieces,
    pub(super) crc64: u64,
    /// How many bytes an earlier run has left.
    pub(super) had_bytes: u64,
}

impl Hands {
    /// Opens the file that a plain object is written to. Blocks.
    pub(super) fn begin_plain(
        &self,
        key: &Key,
        remote: &RemoteStamp,
        head: &Head,
        leftovers: Leftovers,
    ) -> Result<Begun, Failure> {
        let size = remote.size_bytes;
        let part_bytes = digest::part_bytes(size);
        let (temp, found_bytes) = match head.crc64 {
            Some(_) => self.root.resume_temp(key, mark(key, remote))?,
            None => (self.root.create_temp(key)?, 0),
        };
        let had_bytes = match leftovers {
            Leftovers::Taken => found_bytes.min(size) / part_bytes * part_bytes,
            Leftovers::Refused => 0,
        };
        self.check_room(key, size - had_bytes)?;
        let mut begun = Begun {
            writing: Writing::to(key, temp),
            pieces: digest::Pieces::of(part_bytes),
            crc64: 0,
            had_bytes,
        };
        let length = usize::try_from(part_bytes).unwrap_or(usize::MAX);
        for at in (0..had_bytes).step_by(length) {
            if self.stop.is_wished() {
                leave(begun.writing, key, remote);
                return Err(Failure::Interrupted);
            }
            let file = begun.writing.temp.file();
            let read = self.flow.buffers.read(file, at, length);
            let bytes = read.map_err(|error| io_failed("read", key, error))?;
            begun.writing.hasher.update(&bytes);
            begun.pieces.update(&bytes);
            let sum = digest::crc64(&bytes);
            begun.crc64 = digest::crc64_join(begun.crc64, sum, part_bytes);
        }
        let go_on = begun.writing.temp.go_on_at(had_bytes);
        go_on.map_err(|error| io_failed("write", key, error))?;
        (self.sink)(Event::Moved { bytes: had_bytes });
        Ok(begun)
    }
}
