//! A file to an object: in one request from memory, or in parts.

use super::buffers::Buffers;
use super::{Failure, Hands, WHOLE_BYTES, blocking, io_failed, now_ns};
use crate::digest;
use crate::event::Event;
use crate::key::Key;
use crate::remote::{Expect, Meta, Part, WriteId};
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Content, Encoding, Record};
use bytes::Bytes;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Parts of one file under way at a time.
const PARTS_AT_ONCE: usize = 6;

impl Hands {
    pub(super) async fn upload(
        self: &Arc<Self>,
        key: &Key,
        local: LocalStamp,
        over: Option<&RemoteStamp>,
    ) -> Result<Record, Failure> {
        let expect = over.map_or(Expect::Absent, |object| Expect::Is(&object.etag));
        if local.size_bytes <= WHOLE_BYTES {
            self.upload_whole(key, local, expect).await
        } else {
            self.upload_parts(key, local, expect).await
        }
    }

    fn meta(&self, local: &LocalStamp) -> Result<Meta, Failure> {
        Ok(Meta {
            mtime_ns: local.mtime_ns,
            encoding: Encoding::Plain,
            plain_size_bytes: local.size_bytes,
            writer: self.replica,
            write: WriteId::random().map_err(|error| Failure::Broken(error.to_string()))?,
            storage_class: self.storage_class.clone(),
        })
    }

    async fn upload_whole(
        self: &Arc<Self>,
        key: &Key,
        local: LocalStamp,
        expect: Expect<'_>,
    ) -> Result<Record, Failure> {
        let permit = self.reserve(local.size_bytes).await?;
        let (hands, name) = (Arc::clone(self), key.clone());
        let read = blocking(move || hands.read_whole(&name, local)).await?;
        let meta = self.meta(&local)?;
        let bytes = read.bytes.clone();
        let remote = self
            .remote
            .put(key, bytes, read.crc64, expect, &meta)
            .await?;
        drop(permit);
        (self.sink)(Event::Moved {
            bytes: local.size_bytes,
        });
        let content = if remote.etag == ETag::Md5(read.md5) {
            Content::ETag
        } else {
            Content::Blake3(digest::blake3(&read.bytes))
        };
        Ok(record(key, local.settled(read.at_ns), remote, content))
    }

    fn read_whole(&self, key: &Key, expected: LocalStamp) -> Result<Whole, Failure> {
        let at_ns = now_ns();
        let mut source = Source::open(self, key, expected)?;
        let length = usize::try_from(expected.size_bytes).unwrap_or(usize::MAX);
        let bytes = source.next(length)?;
        source.check_unchanged(self)?;
        Ok(Whole {
            crc64: digest::crc64(&bytes),
            md5: digest::md5(&bytes),
            bytes,
            at_ns,
        })
    }

    async fn upload_parts(
        self: &Arc<Self>,
        key: &Key,
        local: LocalStamp,
        expect: Expect<'_>,
    ) -> Result<Record, Failure> {
        let at_ns = now_ns();
        let (hands, name) = (Arc::clone(self), key.clone());
        let source = blocking(move || Source::open(&hands, &name, local)).await?;
        let meta = self.meta(&local)?;
        let upload = Arc::new(self.remote.start_upload(key, &meta).await?);
        let sent = self.send_parts(source, &upload).await;
        let done = match sent {
            Ok(Sent {
                parts,
                crc64,
                blake3,
            }) => {
                let size = local.size_bytes;
                let completed = upload.complete(parts, Some(crc64), size, expect).await;
                completed
                    .map(|remote| (remote, blake3))
                    .map_err(Failure::from)
            }
            Err(failure) => Err(failure),
        };
        match done {
            Ok((remote, blake3)) => Ok(record(
                key,
                local.settled(at_ns),
                remote,
                Content::Blake3(blake3),
            )),
            Err(failure) => {
                // The failure is what counts; parts left behind are swept by a later run.
                let _ = upload.abort().await;
                Err(failure)
            }
        }
    }

    async fn send_parts(
        self: &Arc<Self>,
        mut source: Source,
        upload: &Arc<crate::remote::Upload>,
    ) -> Result<Sent, Failure> {
        let size = source.expected.size_bytes;
        let part_bytes = digest::part_bytes(size);
        let mut sending: JoinSet<Result<Part, Failure>> = JoinSet::new();
        let mut parts = Vec::new();
        let mut crc64 = 0;
        let mut hasher = digest::Blake3::default();
        let mut sent_bytes = 0;
        while sent_bytes < size {
            if self.stop.is_wished() {
                return Err(Failure::Interrupted);
            }
            let length = part_bytes.min(size - sent_bytes);
            let permit = self.reserve(length).await?;
            let (bytes, sum);
            (source, hasher, bytes, sum) = blocking(move || {
                let bytes = source.next(usize::try_from(length).unwrap_or(usize::MAX))?;
                hasher.update(&bytes);
                let sum = digest::crc64(&bytes);
                Ok((source, hasher, bytes, sum))
            })
            .await?;
            crc64 = digest::crc64_join(crc64, sum, length);
            sent_bytes += length;
            let number = u32::try_from(sent_bytes.div_ceil(part_bytes)).unwrap_or(u32::MAX);
            let (upload, sink) = (Arc::clone(upload), Arc::clone(&self.sink));
            sending.spawn(async move {
                let receipt = upload.part(number, bytes, sum).await?;
                drop(permit);
                sink(Event::Moved { bytes: length });
                Ok(receipt)
            });
            while sending.len() >= PARTS_AT_ONCE {
                parts.extend(next_part(&mut sending).await?);
            }
        }
        while !sending.is_empty() {
            parts.extend(next_part(&mut sending).await?);
        }
        let hands = Arc::clone(self);
        blocking(move || source.check_unchanged(&hands)).await?;
        parts.sort_by_key(|part| part.number);
        Ok(Sent {
            parts,
            crc64,
            blake3: hasher.finish(),
        })
    }
}

struct Whole {
    bytes: Bytes,
    crc64: u64,
    md5: [u8; 16],
    at_ns: i64,
}

struct Sent {
    parts: Vec<Part>,
    crc64: u64,
    blake3: [u8; 32],
}

async fn next_part(sending: &mut JoinSet<Result<Part, Failure>>) -> Result<Option<Part>, Failure> {
    match sending.join_next().await {
        Some(Ok(result)) => result.map(Some),
        Some(Err(error)) => Err(Failure::Broken(error.to_string())),
        None => Ok(None),
    }
}

fn record(key: &Key, local: LocalStamp, remote: RemoteStamp, content: Content) -> Record {
    Record {
        key: key.clone(),
        local: Some(local),
        remote,
        content,
        encoding: Encoding::Plain,
        parts: None,
    }
}

/// A file being read that must stay what it was.
struct Source {
    key: Key,
    file: File,
    buffers: Buffers,
    expected: LocalStamp,
}

impl Source {
    fn open(hands: &Hands, key: &Key, expected: LocalStamp) -> Result<Self, Failure> {
        let opened = hands.root.open_file(key)?;
        if opened.stamp != expected {
            return Err(Failure::Stale);
        }
        Ok(Self {
            key: key.clone(),
            file: opened.file,
            buffers: hands.buffers.clone(),
            expected,
        })
    }

    /// The next `length` bytes, all of them.
    fn next(&mut self, length: usize) -> Result<Bytes, Failure> {
        let mut buffer = self.buffers.take(length);
        let read = (&mut self.file)
            .take(length as u64)
            .read_to_end(&mut buffer.bytes);
        match read {
            Ok(read) if read == length => Ok(buffer.freeze()),
            Ok(_) => Err(Failure::ChangedWhileRead),
            Err(error) => Err(io_failed("read", &self.key, error)),
        }
    }

    /// Fails unless the name still leads to the file that was read, unchanged.
    fn check_unchanged(&self, hands: &Hands) -> Result<(), Failure> {
        match hands.root.stat(&self.key)? {
            Some(stamp) if stamp == self.expected => Ok(()),
            _ => Err(Failure::ChangedWhileRead),
        }
    }
}
