//! A file to an object: what goes in one request from memory, and how the rest goes.

use super::buffers::Buffers;
use super::unfinished::{sent, unmade};
use super::{Failure, Hands, WHOLE_BYTES, blocking, io_failed, now_ns};
use crate::digest;
use crate::envelope::{KeyError, OpenError};
use crate::event::Event;
use crate::key::Key;
use crate::remote::{self, Expect, Kind, Meta, Part, WriteId};
use crate::stamp::{LocalStamp, RemoteStamp};
use crate::state::{Encoding, Modes, Record};
use bytes::Bytes;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Pieces of a large file that are tried for compression.
const SAMPLES: u64 = 4;
/// Length of such a piece.
const SAMPLE_BYTES: usize = 64 << 10;
/// Parts of one file under way at a time.
pub(super) const PARTS_AT_ONCE: usize = 6;

/// Tries to complete an upload before its parts are sent anew.
const TRIES: u32 = 4;

impl Hands {
    pub(super) async fn upload(
        self: &Arc<Self>,
        key: &Key,
        local: LocalStamp,
        over: Option<&RemoteStamp>,
    ) -> Result<Record, Failure> {
        let expect = over.map_or(Expect::Absent, |object| Expect::Is(&object.etag));
        if local.size_bytes <= WHOLE_BYTES {
            return self.upload_whole(key, local, expect).await;
        }
        let now_ms = self.recovery.started_ms();
        let retry = self.unfinished.retry(key, &local);
        if let Some(retry) = &retry
            && let Some(wait_ms) = retry.wait_ms(now_ms)
        {
            return Err(Failure::Postponed {
                failures: retry.failures,
                wait_ms,
                cause: retry.cause.clone(),
            });
        }
        let sent = self.upload_large(key, local, over).await;
        match &sent {
            Ok(_) if retry.is_some() => self.unfinished.forget_failures(Some(key)).await,
            Err(Failure::Remote(error)) if is_lasting(error) => {
                let cause = error.to_string();
                let failures = self.unfinished.fail(key, local, cause, now_ms).await;
                if failures > 0
                    && failures.is_multiple_of(TRIES)
                    && let Some(begun) = self.unfinished.find(key)
                {
                    // Maybe it is the parts that are wrong. Parts left behind only cost storage.
                    let _ = self.abandon(&begun).await;
                }
            }
            _ => {}
        }
        sent
    }

    async fn upload_large(
        self: &Arc<Self>,
        key: &Key,
        local: LocalStamp,
        over: Option<&RemoteStamp>,
    ) -> Result<Record, Failure> {
        let expect = over.map_or(Expect::Absent, |object| Expect::Is(&object.etag));
        let at_ns = now_ns();
        let (hands, name) = (Arc::clone(self), key.clone());
        let (source, wrapping) = blocking(move || {
            let source = Source::open(&hands, &name, local)?;
            let wrapping = hands.wrapping(&source)?;
            Ok((source, wrapping))
        })
        .await?;
        let stamp = local.settled(at_ns);
        match wrapping.encoding() {
            Encoding::Plain => self.upload_parts(source, stamp, over).await,
            _ => self.upload_sealed(source, stamp, wrapping, expect).await,
        }
    }

    /// What goes beside the bytes of a file with the permission bits `mode`.
    pub(super) fn meta(
        &self,
        local: &LocalStamp,
        mode: u32,
        encoding: Encoding,
    ) -> Result<Meta, Failure> {
        Ok(Meta {
            mtime_ns: local.mtime_ns,
            mode: (self.modes == Modes::Keep).then_some(mode),
            encoding,
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
        let (hands, name) = (Arc::clone(self), key.clone());
        let reading = move || hands.read_whole(&name, local);
        let (permit, whole) = if self.envelope.is_bare() {
            (self.hold(local.size_bytes).await?, blocking(reading).await?)
        } else {
            // What is wrapped is held beside the file's own bytes for a moment.
            let permit = self.hold(local.size_bytes * 2).await?;
            let turn = self.flow.turns.acquire().await;
            let read = blocking(reading).await?;
            drop(turn);
            (permit, read)
        };
        let Whole {
            bytes,
            crc64,
            meta,
            record,
        } = whole;
        self.flow.pass(bytes.len() as u64, &self.stop).await?;
        let put = self.remote.put(key, bytes, crc64, expect, &meta);
        let record = self.intended(record, put).await?;
        drop(permit);
        (self.sink)(Event::Moved {
            bytes: local.size_bytes,
        });
        Ok(record)
    }

    /// Reads a file and notes that its object is about to be made.
    fn read_whole(&self, key: &Key, expected: LocalStamp) -> Result<Whole, Failure> {
        let at_ns = now_ns();
        let mut source = Source::open(self, key, expected)?;
        let length = usize::try_from(expected.size_bytes).unwrap_or(usize::MAX);
        let plain = source.next(length)?;
        source.check_unchanged(self)?;
        let wrapped = self.envelope.wrap(&plain).map_err(|e| not_sealed(&e))?;
        let encoding = wrapped.wrapping.encoding();
        let blake3 = digest::blake3(&plain);
        let bytes = wrapped.bytes.map_or(plain, Bytes::from);
        let crc64 = digest::crc64(&bytes);
        let meta = self.meta(&expected, source.mode, encoding)?;
        let record = unmade(key, expected.settled(at_ns), &blake3, encoding);
        let intent = sent(record, meta.write, bytes.len() as u64, crc64);
        Ok(Whole {
            bytes,
            crc64,
            meta,
            record: self.unfinished.intend(intent),
        })
    }
}

/// Returns true if sending the same file again will most likely fail the same way. Missing rights do
/// not count: once a person grants them, the next run should not wait.
fn is_lasting(error: &remote::Error) -> bool {
    let is_refused = matches!(
        error.kind,
        Kind::BadAnswer(_) | Kind::Unsupported | Kind::Other
    );
    is_refused && !error.is_fatal()
}

/// A file as it is sent in one request.
struct Whole {
    bytes: Bytes,
    crc64: u64,
    meta: Meta,
    /// What its object is to make true.
    record: Record,
}

pub(super) async fn next_part(
    sending: &mut JoinSet<Result<Part, Failure>>,
) -> Result<Option<Part>, Failure> {
    match sending.join_next().await {
        Some(Ok(result)) => result.map(Some),
        Some(Err(error)) => Err(Failure::Broken(error.to_string())),
        None => Ok(None),
    }
}

/// Why a file could not be wrapped.
pub(super) fn not_sealed(error: &std::io::Error) -> Failure {
    if let Some(key) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return Failure::Open(OpenError::Key(KeyError::clone(key)));
    }
    Failure::Broken(format!("the file could not be wrapped ({error})"))
}

/// A file being read that must stay what it was.
pub(super) struct Source {
    pub(super) key: Key,
    file: File,
    buffers: Buffers,
    pub(super) expected: LocalStamp,
    /// Its permission bits.
    pub(super) mode: u32,
}

impl Source {
    pub(super) fn open(hands: &Hands, key: &Key, expected: LocalStamp) -> Result<Self, Failure> {
        let opened = hands.root.open_file(key)?;
        if opened.stamp != expected {
            return Err(Failure::Stale);
        }
        Ok(Self {
            key: key.clone(),
            file: opened.file,
            buffers: hands.flow.buffers.clone(),
            expected,
            mode: opened.mode,
        })
    }

    /// The `length` bytes at `offset`, all of them.
    pub(super) fn at(&self, offset: u64, length: usize) -> Result<Bytes, Failure> {
        match self.buffers.read(&self.file, offset, length) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Err(Failure::ChangedWhileRead)
            }
            Err(error) => Err(io_failed("read", &self.key, error)),
        }
    }

    /// The next `length` bytes, all of them.
    pub(super) fn next(&mut self, length: usize) -> Result<Bytes, Failure> {
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

    /// Pieces from all over the file, to tell what compression would make of it.
    pub(super) fn samples(&self) -> Result<Vec<Vec<u8>>, Failure> {
        let room = self.expected.size_bytes.saturating_sub(SAMPLE_BYTES as u64);
        (0..SAMPLES)
            .map(|at| {
                let mut sample = vec![0; SAMPLE_BYTES];
                let offset = room / (SAMPLES - 1) * at;
                let read = self.file.read_at(&mut sample, offset);
                let length = read.map_err(|error| io_failed("read", &self.key, error))?;
                sample.truncate(length);
                Ok(sample)
            })
            .collect()
    }

    /// Fails unless the name still leads to the file that was read, unchanged.
    pub(super) fn check_unchanged(&self, hands: &Hands) -> Result<(), Failure> {
        match hands.root.stat(&self.key)? {
            Some(stamp) if stamp == self.expected => Ok(()),
            _ => Err(Failure::ChangedWhileRead),
        }
    }
}
