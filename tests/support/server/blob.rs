//! Bytes as the server keeps them: in memory, or as a stretch of a file in its folder.

use bytes::Bytes;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// A stretch of bytes that never changes.
#[derive(Clone)]
pub enum Blob {
    /// In memory.
    Memory(Bytes),
    /// In a file of the store's folder.
    File {
        /// The file's name below the folder of blobs.
        path: Arc<Path>,
        /// Where the stretch begins.
        offset: u64,
        /// How long it is.
        len: u64,
    },
}

impl Blob {
    fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    fn slice(&self, range: Range<u64>) -> Self {
        match self {
            Self::Memory(bytes) => Self::Memory(bytes.slice(index(range.start)..index(range.end))),
            Self::File { path, offset, .. } => Self::File {
                path: Arc::clone(path),
                offset: offset + range.start,
                len: range.end - range.start,
            },
        }
    }

    fn read(&self) -> io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes.clone()),
            Self::File { path, offset, len } => {
                let mut bytes = vec![0; index(*len)];
                File::open(path)?.read_exact_at(&mut bytes, *offset)?;
                Ok(bytes.into())
            }
        }
    }
}

/// An object's or a part's bytes: one stretch after the other.
#[derive(Clone, Default)]
pub struct Content(pub Vec<Blob>);

/// How much of a file is read at a time.
const PIECE_BYTES: u64 = 1 << 20;

impl Content {
    /// All of `bytes`, in memory.
    pub fn memory(bytes: Bytes) -> Self {
        Self(vec![Blob::Memory(bytes)])
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.0.iter().map(Blob::len).sum()
    }

    /// The stretch `range`, sharing the bytes; `range` must lie inside.
    pub fn slice(&self, range: Range<u64>) -> Self {
        let mut start = 0;
        let mut blobs = Vec::new();
        for blob in &self.0 {
            let end = start + blob.len();
            let from = range.start.max(start);
            let to = range.end.min(end);
            if from < to {
                blobs.push(blob.slice(from - start..to - start));
            }
            start = end;
        }
        Self(blobs)
    }

    /// The bytes in pieces of at most 1 MiB from files, whole from memory.
    pub fn pieces(&self) -> impl Iterator<Item = io::Result<Bytes>> + use<> {
        self.0.clone().into_iter().flat_map(|blob| {
            let len = blob.len();
            let step = match blob {
                Blob::Memory(_) => len.max(1),
                Blob::File { .. } => PIECE_BYTES,
            };
            (0..len.div_ceil(step))
                .map(move |n| blob.slice(n * step..((n + 1) * step).min(len)).read())
        })
    }

    /// All bytes in one.
    pub fn bytes(&self) -> io::Result<Bytes> {
        if let [only] = &self.0[..] {
            return only.read();
        }
        let mut all = Vec::with_capacity(index(self.len()));
        for piece in self.pieces() {
            all.extend_from_slice(&piece?);
        }
        Ok(all.into())
    }
}

fn index(n: u64) -> usize {
    usize::try_from(n).expect("lengths fit into memory")
}
