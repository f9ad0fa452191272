//! A [`Spill`]: entries of a run that would take too much memory, in the order in which they were
//! added. The first 256 KiB stay in memory. The rest goes to a file without a name.
//!
//! A disk that takes no more is not an error: what is added from then on stays in memory.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::{Deref, Range};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Bytes that are held before they go to the file.
const HELD_BYTES: usize = 256 << 10;
/// Entries from one noted position to the next.
const STRIDE: u64 = 16;
/// Bytes read at a time, in order and for one entry.
const STREAMED_BYTES: usize = 16 << 10;
const PICKED_BYTES: usize = 4 << 10;
/// Bytes of an entry's length.
const LENGTH_BYTES: usize = 4;

/// Tells the files of one process apart.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Entries, each of any bytes, numbered from 0.
#[derive(Debug)]
pub struct Spill {
    /// What the names of files begin with that have one for a moment.
    begins: PathBuf,
    file: Option<File>,
    filed_bytes: u64,
    held: Vec<u8>,
    /// Position of every [`STRIDE`]th entry.
    noted: Vec<u64>,
    entries: u64,
    /// The disk took no more.
    is_refused: bool,
}

impl Default for Spill {
    /// Its file is created in the folder for temporary files.
    fn default() -> Self {
        Self::beside(std::env::temp_dir().join("s3bsync"))
    }
}

impl Spill {
    /// Its file is created beside the file at `path`, or else in the folder for temporary files.
    #[must_use]
    pub fn beside(path: PathBuf) -> Self {
        Self {
            begins: path,
            file: None,
            filed_bytes: 0,
            held: Vec::new(),
            noted: Vec::new(),
            entries: 0,
            is_refused: false,
        }
    }

    /// An empty one whose file is created in the same place.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::beside(self.begins.clone())
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.entries
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Adds an entry of less than 4 GiB.
    pub fn push(&mut self, entry: &[u8]) {
        if self.entries.is_multiple_of(STRIDE) {
            self.noted.push(self.filed_bytes + self.held.len() as u64);
        }
        let length = u32::try_from(entry.len()).unwrap_or(u32::MAX);
        self.held.extend_from_slice(&length.to_le_bytes());
        self.held.extend_from_slice(entry);
        self.entries += 1;
        if self.held.len() >= HELD_BYTES && !self.is_refused {
            self.is_refused = self.store().is_err();
        }
    }

    fn store(&mut self) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(nameless(&self.begins)?),
        };
        file.write_all_at(&self.held, self.filed_bytes)?;
        self.filed_bytes += self.held.len() as u64;
        self.held.clear();
        Ok(())
    }

    /// The entry with this number.
    ///
    /// # Errors
    /// [`io::Error`] if the file cannot be read or there is no such entry.
    pub fn get(&self, number: u64) -> io::Result<Vec<u8>> {
        let mut entries = Entries::of(self, number..number + 1, PICKED_BYTES)?;
        entries.next().unwrap_or_else(|| Err(missing()))
    }

    /// Reads up to `most` bytes at `offset`, from the file or from memory.
    fn read_at(&self, offset: u64, most: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
        let start = buffer.len();
        match (offset.checked_sub(self.filed_bytes), &self.file) {
            (Some(past), _) => {
                let past = usize::try_from(past).map_err(|_| missing())?;
                let held = self.held.get(past..).unwrap_or_default();
                buffer.extend_from_slice(&held[..held.len().min(most)]);
            }
            (None, Some(file)) => {
                let left = usize::try_from(self.filed_bytes - offset).unwrap_or(usize::MAX);
                buffer.resize(start + left.min(most), 0);
                file.read_exact_at(&mut buffer[start..], offset)?;
            }
            (None, None) => {}
        }
        if buffer.len() == start {
            return Err(missing());
        }
        Ok(())
    }
}

/// Entries of a [`Spill`], in order.
#[derive(Debug)]
pub struct Entries<S> {
    spill: S,
    left: u64,
    /// Where the bytes that follow the buffer are.
    offset: u64,
    buffer: Vec<u8>,
    at: usize,
    chunk: usize,
}

impl<S: Deref<Target = Spill>> Entries<S> {
    /// Those with these numbers.
    ///
    /// # Errors
    /// [`io::Error`] as for [`Spill::get`].
    pub fn numbered(spill: S, numbers: Range<u64>) -> io::Result<Self> {
        Self::of(spill, numbers, STREAMED_BYTES)
    }

    fn of(spill: S, numbers: Range<u64>, chunk: usize) -> io::Result<Self> {
        let noted = usize::try_from(numbers.start / STRIDE).unwrap_or(usize::MAX);
        let offset = spill.noted.get(noted).copied().unwrap_or(0);
        let mut entries = Self {
            offset,
            left: numbers.end.min(spill.entries).saturating_sub(numbers.start),
            buffer: Vec::new(),
            at: 0,
            chunk,
            spill,
        };
        if entries.left > 0 {
            for _ in 0..numbers.start % STRIDE {
                let bytes = entries.length()?;
                entries.need(bytes)?;
                entries.at += bytes;
            }
        }
        Ok(entries)
    }

    /// Reads on until this many bytes are there.
    fn need(&mut self, bytes: usize) -> io::Result<()> {
        while self.buffer.len() - self.at < bytes {
            self.buffer.drain(..self.at);
            self.at = 0;
            let before = self.buffer.len();
            let most = self.chunk.max(bytes.saturating_sub(before));
            self.spill.read_at(self.offset, most, &mut self.buffer)?;
            self.offset += (self.buffer.len() - before) as u64;
        }
        Ok(())
    }

    /// Takes the length of the next entry.
    fn length(&mut self) -> io::Result<usize> {
        self.need(LENGTH_BYTES)?;
        let mut length = [0; LENGTH_BYTES];
        length.copy_from_slice(&self.buffer[self.at..self.at + LENGTH_BYTES]);
        self.at += LENGTH_BYTES;
        usize::try_from(u32::from_le_bytes(length)).map_err(|_| missing())
    }

    fn take(&mut self) -> io::Result<Vec<u8>> {
        let bytes = self.length()?;
        self.need(bytes)?;
        let entry = self.buffer[self.at..self.at + bytes].to_vec();
        self.at += bytes;
        Ok(entry)
    }
}

impl<S: Deref<Target = Spill>> Iterator for Entries<S> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let taken = self.take();
        if taken.is_err() {
            self.left = 0;
        }
        Some(taken)
    }
}

fn missing() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "an entry set aside is missing",
    )
}

/// A file that only this process can reach.
fn nameless(begins: &Path) -> io::Result<File> {
    let create = |begins: &Path| {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut name = begins.as_os_str().to_owned();
        name.push(format!(".spill-{}-{number}", std::process::id()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&name)?;
        std::fs::remove_file(&name)?;
        Ok(file)
    };
    create(begins).or_else(|_: io::Error| create(&std::env::temp_dir().join("s3bsync")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64) -> Vec<u8> {
        let length = usize::try_from(number * 7 % 3000).unwrap();
        number
            .to_le_bytes()
            .into_iter()
            .chain(vec![b'x'; length])
            .collect()
    }

    #[test]
    fn entries_come_back_in_order_and_by_number() {
        let folder = tempfile::tempdir().unwrap();
        for count in [0, 1, 17, 5000] {
            let mut spill = Spill::beside(folder.path().join("state"));
            (0..count).for_each(|number| spill.push(&entry(number)));
            let all = Entries::numbered(&spill, 0..count).unwrap();
            assert!(all.map(Result::unwrap).eq((0..count).map(entry)));
            for number in (0..count).step_by(97) {
                assert_eq!(spill.get(number).unwrap(), entry(number));
            }
            assert!(spill.get(count).is_err());
        }
    }

    #[test]
    fn what_does_not_fit_into_memory_is_in_a_file_without_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::beside(folder.path().join("state"));
        (0..5000).for_each(|number| spill.push(&entry(number)));
        assert!(spill.held.len() < HELD_BYTES && spill.filed_bytes > 5 << 20);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_place_that_cannot_be_written_leaves_the_entries_elsewhere() {
        let mut spill = Spill::beside(PathBuf::from("/nonexistent/state"));
        (0..2000).for_each(|number| spill.push(&entry(number)));
        let all = Entries::numbered(&spill, 0..2000).unwrap();
        assert!(all.map(Result::unwrap).eq((0..2000).map(entry)));
    }
}
