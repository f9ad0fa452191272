//! An object to a file: verified before it takes its name.

use super::unseal::Receiver;
use super::{Failure, Hands, WHOLE_BYTES, blocking, io_failed, now_ns};
use crate::digest::{self, Sums};
use crate::event::Event;
use crate::key::Key;
use crate::local::{self, PlaceAs, Temp};
use crate::plan::Loser;
use crate::remote::Head;
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Content, Encoding, Modes, Parts, Record};
use bytes::Bytes;
use std::io::Write;
use std::sync::Arc;

/// Bytes written at a time: for longer ones a kernel looks for pages that lie together, which can
/// take several times as long as the writing.
const WRITE_BYTES: usize = 64 * 1024;
/// Disk space left free for others, in bytes.
const SPARE_BYTES: u64 = 16 * digest::MIB;

/// Bytes that arrived and were verified, in a file without its name.
pub(super) struct Fetched {
    temp: Temp,
    head: Head,
    encoding: Encoding,
    blake3: [u8; 32],
    parts: Option<Parts>,
}

impl Fetched {
    /// The same with what is known of its pieces.
    pub(super) fn in_parts(self, parts: Parts) -> Self {
        Self {
            parts: Some(parts),
            ..self
        }
    }
}

/// A file being written, and the sum of what was written.
pub(super) struct Writing {
    key: Key,
    pub(super) temp: Temp,
    pub(super) hasher: digest::Blake3,
}

impl Receiver for Writing {
    fn receive(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.hasher.update(bytes);
        let mut pieces = bytes.chunks(WRITE_BYTES);
        pieces
            .try_for_each(|piece| self.temp.write_all(piece))
            .map_err(|error| io_failed("write", &self.key, error))
    }
}

impl Writing {
    pub(super) fn to(key: &Key, temp: Temp) -> Self {
        Self {
            key: key.clone(),
            temp,
            hasher: digest::Blake3::default(),
        }
    }

    /// What was opened, whose content its own digest identifies.
    pub(super) fn opened(self, head: Head, encoding: Encoding) -> Fetched {
        let blake3 = self.hasher.finish();
        Fetched {
            temp: self.temp,
            head,
            encoding,
            blake3,
            parts: None,
        }
    }
}

impl Hands {
    pub(super) async fn download(
        self: &Arc<Self>,
        key: &Key,
        remote: &RemoteStamp,
        over: Option<LocalStamp>,
        loser: Loser,
    ) -> Result<Record, Failure> {
        let fetched = self.fetch(key, remote, over).await?;
        let (hands, key, remote) = (Arc::clone(self), key.clone(), remote.clone());
        blocking(move || hands.finish(key, remote, fetched, over, loser)).await
    }

    /// Brings the bytes here, verified, without touching the name. What the file `over` has already
    /// need not come.
    pub(super) async fn fetch(
        self: &Arc<Self>,
        key: &Key,
        remote: &RemoteStamp,
        over: Option<LocalStamp>,
    ) -> Result<Fetched, Failure> {
        if remote.size_bytes <= WHOLE_BYTES {
            self.fetch_whole(key, remote).await
        } else {
            self.fetch_ranges(key, remote, over).await
        }
    }

    /// Puts what arrived in its place; where the file that would be displaced holds the very same
    /// bytes, there is no conflict and nothing to do.
    pub(super) fn finish(
        &self,
        key: Key,
        remote: RemoteStamp,
        fetched: Fetched,
        over: Option<LocalStamp>,
        loser: Loser,
    ) -> Result<Record, Failure> {
        let Fetched {
            temp,
            head,
            encoding,
            blake3,
            parts,
        } = fetched;
        if over.is_none() {
            // Empty directories hold nothing that would be lost; whatever else is in the way is
            // told when the file is placed.
            let _ = self.root.make_way(&key);
        }
        // What is wrapped anew is another object with the same content.
        let may_be_equal = loser == Loser::Keep || encoding != Encoding::Plain;
        let twin = match over.filter(|_| may_be_equal) {
            Some(expected) => self.twin(&key, expected, blake3)?,
            None => None,
        };
        let local = match twin {
            Some(twin) => twin,
            None => temp.place(&PlaceAs {
                mtime_ns: head
                    .told
                    .mtime_ns
                    .unwrap_or_else(|| remote.modified_ms.saturating_mul(1_000_000)),
                mode: head.told.mode.filter(|_| self.modes == Modes::Keep),
                replaces: over,
                loser,
                run: &self.recovery,
            })?,
        };
        Ok(Record {
            key,
            local: Some(local.settled(now_ns())),
            remote: RemoteStamp {
                version: head.stamp.version,
                ..remote
            },
            content: Content::blake3(&blake3),
            encoding,
            parts,
        })
    }

    /// The stamp of the file that is to be displaced, where it holds the very bytes that came.
    fn twin(
        &self,
        key: &Key,
        expected: LocalStamp,
        blake3: [u8; 32],
    ) -> Result<Option<LocalStamp>, Failure> {
        let read_at_ns = now_ns();
        let sums = self.sums(key, expected, &ETag::parse(""))?;
        Ok((sums.blake3 == blake3).then(|| expected.settled(read_at_ns)))
    }

    async fn fetch_whole(
        self: &Arc<Self>,
        key: &Key,
        remote: &RemoteStamp,
    ) -> Result<Fetched, Failure> {
        let permit = self.reserve(remote.size_bytes).await?;
        let (head, mut bytes) = self.get_whole(key, remote).await?;
        let encoding = self.admit(&head)?;
        let is_verified = verify_whole(&bytes, remote, &head)?;
        if !is_verified && encoding == Encoding::Plain {
            // No checksum fits the bytes' kind, so the bucket is asked twice (an encrypted
            // bucket's ETag is not the MD5 it looks like).
            let again = self.get_whole(key, remote).await?.1;
            if again != bytes {
                return Err(Failure::Damaged { what: "content" });
            }
            bytes = again;
        }
        (self.sink)(Event::Moved {
            bytes: remote.size_bytes,
        });
        let (hands, name) = (Arc::clone(self), key.clone());
        blocking(move || {
            let mut writing = hands.begin_writing(&name, &head)?;
            if encoding != Encoding::Plain {
                writing = hands.open_from(&head, &bytes[..], writing)?;
                drop(permit);
                return Ok(writing.opened(head, encoding));
            }
            writing.receive(&bytes)?;
            drop(permit);
            let blake3 = writing.hasher.finish();
            Ok(Fetched {
                temp: writing.temp,
                head,
                encoding,
                blake3,
                parts: None,
            })
        })
        .await
    }

    /// A file without a name for what an object holds, where the disk has room for a large one.
    pub(super) fn begin_writing(&self, key: &Key, head: &Head) -> Result<Writing, Failure> {
        let size = head.told.plain_size_bytes.unwrap_or(head.stamp.size_bytes);
        self.check_room(key, size)?;
        Ok(Writing::to(key, self.root.create_temp(key)?))
    }

    /// Fails where the disk has no room for so many bytes; that a small file's are there shows when
    /// they are written.
    pub(super) fn check_room(&self, key: &Key, bytes: u64) -> Result<(), Failure> {
        if bytes > WHOLE_BYTES && self.root.space()?.free_bytes < bytes.saturating_add(SPARE_BYTES)
        {
            return Err(Failure::Local(local::Error {
                operation: "download",
                path: key.to_string(),
                kind: local::Kind::NoSpace,
            }));
        }
        Ok(())
    }

    async fn get_whole(&self, key: &Key, remote: &RemoteStamp) -> Result<(Head, Bytes), Failure> {
        let (head, mut body) = self.remote.get(key, &remote.etag, None).await?;
        self.admit(&head)?;
        let length = usize::try_from(remote.size_bytes).unwrap_or(usize::MAX);
        if body.remaining_bytes() != remote.size_bytes {
            return Err(Failure::Damaged { what: "length" });
        }
        let mut buffer = self.flow.buffers.take(length);
        while let Some(piece) = body.next().await? {
            buffer.bytes.extend_from_slice(&piece);
        }
        if buffer.bytes.len() != length {
            return Err(Failure::Damaged { what: "length" });
        }
        Ok((head, buffer.freeze()))
    }

    /// Every sum of a file that must be `expected`, before and after it is read.
    pub(crate) fn sums(
        &self,
        key: &Key,
        expected: LocalStamp,
        etag: &ETag,
    ) -> Result<Sums, Failure> {
        let mut opened = self.root.open_file(key)?;
        if opened.stamp != expected {
            return Err(Failure::Stale);
        }
        let sums = digest::sums(&mut opened.file, expected.size_bytes, etag)
            .map_err(|error| io_failed("read", key, error))?;
        if sums.size_bytes != expected.size_bytes || self.root.stat(key)? != Some(expected) {
            return Err(Failure::ChangedWhileRead);
        }
        Ok(sums)
    }
}

/// Whether the bytes fit a checksum of the object; false if it has none of bytes. The cheap one is
/// computed first.
///
/// # Errors
/// [`Failure::Damaged`] if the server's CRC-64 and ETag are of other bytes.
fn verify_whole(bytes: &Bytes, remote: &RemoteStamp, head: &Head) -> Result<bool, Failure> {
    if head
        .crc64
        .is_some_and(|promised| promised == digest::crc64(bytes))
        || remote.etag == ETag::Md5(digest::md5(bytes))
    {
        return Ok(true);
    }
    match head.crc64 {
        Some(_) => Err(Failure::Damaged { what: "checksum" }),
        None => Ok(false),
    }
}
