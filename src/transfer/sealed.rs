//! A large file to an object of other bytes: read, compressed, encrypted and sent in one pass.
//!
//! One piece is read at a time, several are compressed at the same time, one is sealed in its turn,
//! parts are sent as they fill. Each stage waits for the next, so memory stays bounded.

use super::buffers::{Buffer, Buffers};
use super::unfinished::{sent, unmade};
use super::upload::{PARTS_AT_ONCE, Source, next_part, not_sealed};
use super::{Failure, Hands, blocking};
use crate::digest;
use crate::envelope::{Piece, Place, SEGMENT_BYTES, Wrapping};
use crate::event::Event;
use crate::remote::{Expect, Meta, Part, Upload};
use crate::stamp::LocalStamp;
use crate::state::Record;
use bytes::Bytes;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{JoinHandle, JoinSet};

impl Hands {
    /// How a large file is wrapped, by a look at pieces of it.
    pub(super) fn wrapping(&self, source: &Source) -> Result<Wrapping, Failure> {
        let samples = if self.envelope.compresses() {
            source.samples()?
        } else {
            Vec::new()
        };
        let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
        self.envelope.wrapping(&samples).map_err(|e| not_sealed(&e))
    }

    /// Sends a file wrapped; `stamp` is the one to be recorded of it.
    pub(super) async fn upload_sealed(
        self: &Arc<Self>,
        source: Source,
        stamp: LocalStamp,
        wrapping: Wrapping,
        expect: Expect<'_>,
    ) -> Result<Record, Failure> {
        let meta = self.meta(&source.expected, source.mode, wrapping.encoding())?;
        let mut outgoing = Outgoing {
            hands: Arc::clone(self),
            source: source.key.clone(),
            meta,
            upload: None,
            sending: JoinSet::new(),
            parts: Vec::new(),
            crc64: 0,
            size_bytes: 0,
        };
        let sent = match outgoing.send_all(source, &wrapping).await {
            Ok((last, blake3)) => {
                let record = unmade(&outgoing.source, stamp, &blake3, wrapping.encoding());
                outgoing.end(last, record, expect).await
            }
            Err(failure) => Err(failure),
        };
        if sent.is_err()
            && let Some(upload) = &outgoing.upload
        {
            outgoing.sending.shutdown().await;
            // The failure is what counts; parts left behind are swept by a later run.
            let _ = upload.abort().await;
        }
        sent
    }
}

/// An object on its way; in parts only once it turns out to be longer than one.
struct Outgoing {
    hands: Arc<Hands>,
    source: crate::key::Key,
    meta: Meta,
    upload: Option<Arc<Upload>>,
    sending: JoinSet<Result<Part, Failure>>,
    parts: Vec<Part>,
    crc64: u64,
    size_bytes: u64,
}

/// What is left when all is sealed: the bytes of the last part.
struct Last {
    bytes: Bytes,
    permit: Option<OwnedSemaphorePermit>,
}

impl Outgoing {
    async fn send_all(
        &mut self,
        mut source: Source,
        wrapping: &Wrapping,
    ) -> Result<(Last, [u8; 32]), Failure> {
        let hands = Arc::clone(&self.hands);
        let mut left = source.expected.size_bytes;
        let part_bytes = digest::part_bytes(wrapping.bound_bytes(left));
        let full = Full::default();
        let filling = Filling::new(&hands.flow.buffers, part_bytes, &full);
        let mut permit = Some(hands.hold(part_bytes).await?);
        let own = wrapping.clone();
        let begin = move || own.begin(filling).map_err(|e| not_sealed(&e));
        let mut sealer = blocking(begin).await?;
        let mut hasher = digest::Blake3::default();
        let mut before = Bytes::new();
        let mut pressing: VecDeque<JoinHandle<(u64, io::Result<Piece>)>> = VecDeque::new();
        let ahead = available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8));
        loop {
            if hands.stop.is_wished() {
                return Err(Failure::Interrupted);
            }
            while left > 0 && pressing.len() < ahead {
                let length = SEGMENT_BYTES.min(usize::try_from(left).unwrap_or(usize::MAX));
                left -= length as u64;
                let bytes;
                (source, hasher, bytes) = blocking(move || {
                    let bytes = source.next(length)?;
                    hasher.update(&bytes);
                    Ok((source, hasher, bytes))
                })
                .await?;
                let place = if left == 0 {
                    Place::Last
                } else {
                    Place::Within
                };
                let before = std::mem::replace(&mut before, bytes.clone());
                let wrapping = wrapping.clone();
                pressing.push_back(tokio::task::spawn_blocking(move || {
                    (length as u64, wrapping.press(bytes, &before, place))
                }));
            }
            let Some(pressed) = pressing.pop_front() else {
                break;
            };
            let (length, pressed) = pressed.await.map_err(|e| Failure::Broken(e.to_string()))?;
            let piece = pressed.map_err(|e| not_sealed(&e))?;
            sealer = blocking(move || {
                sealer.put(&piece).map_err(|e| not_sealed(&e))?;
                Ok(sealer)
            })
            .await?;
            for bytes in full.take() {
                self.send(bytes, permit.take()).await?;
                permit = Some(hands.hold(part_bytes).await?);
            }
            // Told in bytes of the file, as the plan was: what is stored is not known beforehand.
            (hands.sink)(Event::Moved { bytes: length });
        }
        let own = Arc::clone(&hands);
        let filling = blocking(move || {
            let filling = sealer.finish().map_err(|e| not_sealed(&e))?;
            source.check_unchanged(&own)?;
            Ok(filling)
        })
        .await?;
        for bytes in full.take() {
            self.send(bytes, permit.take()).await?;
        }
        let bytes = filling.buffer.freeze();
        Ok((Last { bytes, permit }, hasher.finish()))
    }

    /// Sends a part that is full.
    async fn send(
        &mut self,
        bytes: Bytes,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<(), Failure> {
        let upload = if let Some(upload) = &self.upload {
            Arc::clone(upload)
        } else {
            let started = self.hands.remote.start_upload(&self.source, &self.meta);
            let upload = Arc::new(started.await?);
            self.upload = Some(Arc::clone(&upload));
            upload
        };
        while self.sending.len() >= PARTS_AT_ONCE {
            self.parts.extend(next_part(&mut self.sending).await?);
        }
        let sum = digest::crc64(&bytes);
        let length = bytes.len() as u64;
        self.crc64 = digest::crc64_join(self.crc64, sum, length);
        self.size_bytes += length;
        let number = u32::try_from(self.parts.len() + self.sending.len() + 1).unwrap_or(u32::MAX);
        let hands = Arc::clone(&self.hands);
        self.sending.spawn(async move {
            hands.flow.pass(length, &hands.stop).await?;
            let part = upload.part(number, bytes, sum).await?;
            drop(permit);
            Ok(part)
        });
        Ok(())
    }

    /// Sends what is left and makes the object.
    async fn end(
        &mut self,
        last: Last,
        record: Record,
        expect: Expect<'_>,
    ) -> Result<Record, Failure> {
        let Last { bytes, permit } = last;
        if self.upload.is_none() {
            let sum = digest::crc64(&bytes);
            let length = bytes.len() as u64;
            self.hands.flow.pass(length, &self.hands.stop).await?;
            let remote = &self.hands.remote;
            let put = remote.put(&self.source, bytes, sum, expect, &self.meta);
            let intent = sent(record, self.meta.write, length, sum);
            let record = self.hands.make(intent, put).await?;
            drop(permit);
            return Ok(record);
        }
        if !bytes.is_empty() {
            self.send(bytes, permit).await?;
        }
        while !self.sending.is_empty() {
            self.parts.extend(next_part(&mut self.sending).await?);
        }
        let parts = std::mem::take(&mut self.parts);
        let size = self.size_bytes;
        match &self.upload {
            Some(upload) => {
                let intent = sent(record, self.meta.write, size, self.crc64);
                let completing = upload.complete(parts, Some(self.crc64), size, expect);
                self.hands.make(intent, completing).await
            }
            None => Err(Failure::Interrupted),
        }
    }
}

/// Parts that are full and not yet sent.
#[derive(Clone, Default)]
struct Full(Arc<Mutex<Vec<Bytes>>>);

impl Full {
    fn take(&self) -> Vec<Bytes> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Cuts what is written into parts.
struct Filling {
    buffers: Buffers,
    buffer: Buffer,
    part_bytes: usize,
    full: Full,
}

impl Filling {
    fn new(buffers: &Buffers, part_bytes: u64, full: &Full) -> Self {
        let part_bytes = usize::try_from(part_bytes).unwrap_or(usize::MAX);
        Self {
            buffers: buffers.clone(),
            buffer: buffers.take(part_bytes),
            part_bytes,
            full: full.clone(),
        }
    }
}

impl Write for Filling {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.bytes.len() == self.part_bytes {
            let next = self.buffers.take(self.part_bytes);
            let full = std::mem::replace(&mut self.buffer, next);
            let mut waiting = self.full.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(full.freeze());
        }
        let length = bytes.len().min(self.part_bytes - self.buffer.bytes.len());
        self.buffer.bytes.extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
