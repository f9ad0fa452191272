//! An object's bytes opened as they arrive, and which objects a map may open at all.

use super::{Failure, Hands, blocking};
use crate::digest;
use crate::key::Key;
use crate::plan::Readability;
use crate::remote::Head;
use crate::stamp::RemoteStamp;
use crate::state::Encoding;
use bytes::Bytes;
use futures_util::StreamExt;
use std::io::{self, Read};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// Pieces that may wait to be opened.
const WAITING: usize = 2;

/// What the opened bytes go to: a temporary file, a digest.
pub(super) trait Receiver: Send + 'static {
    /// Takes the next bytes.
    fn receive(&mut self, bytes: &[u8]) -> Result<(), Failure>;
}

impl Receiver for digest::Blake3 {
    fn receive(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.update(bytes);
        Ok(())
    }
}

impl Hands {
    /// How an object holds its file, if this map may take it.
    ///
    /// A map that encrypts takes encrypted objects only: whoever can write to the bucket could
    /// otherwise put any file into the directory, and an object that is there in the clear is
    /// something its owner must hear of.
    pub(crate) fn admit(&self, head: &Head) -> Result<Encoding, Failure> {
        match head.told.encoding {
            None => Err(Failure::UnknownEncoding),
            Some(encoding @ (Encoding::Plain | Encoding::Gzip)) => {
                if self.envelope.demands_encryption() {
                    Err(Failure::Unencrypted(encoding))
                } else {
                    Ok(encoding)
                }
            }
            Some(encoding @ (Encoding::Age | Encoding::GzipAge)) => {
                if self.envelope.has_identities() {
                    Ok(encoding)
                } else {
                    Err(Failure::Sealed(encoding))
                }
            }
        }
    }

    /// What this map makes of an object that is so readable: without an identity, what a map that
    /// encrypts gets from the bucket is not understood.
    pub(crate) fn readability(&self, found: Readability) -> Readability {
        let is_blind = self.envelope.demands_encryption() && !self.envelope.has_identities();
        match found {
            Readability::Readable if is_blind => Readability::Sealed,
            found => found,
        }
    }

    /// BLAKE3 of the file that an encoded object holds, which is read for that.
    pub(crate) async fn object_blake3(
        self: &Arc<Self>,
        key: &Key,
        head: &Head,
    ) -> Result<[u8; 32], Failure> {
        self.admit(head)?;
        let hasher = digest::Blake3::default();
        let hasher = self.unseal(key, &head.stamp, head, hasher).await?;
        Ok(hasher.finish())
    }

    /// Opens an encoded object while it arrives.
    pub(super) async fn unseal<R: Receiver>(
        self: &Arc<Self>,
        key: &Key,
        remote: &RemoteStamp,
        head: &Head,
        receiver: R,
    ) -> Result<R, Failure> {
        let (sender, pieces) = mpsc::channel(WAITING);
        let (hands, told) = (Arc::clone(self), head.clone());
        let opening = blocking(move || {
            let arriving = Arriving {
                pieces,
                piece: Bytes::new(),
                permit: None,
            };
            hands.open_from(&told, arriving, receiver)
        });
        let arriving = async {
            let mut pieces = self.arriving(key, remote, None, 0);
            let mut crc64 = 0;
            while let Some(piece) = pieces.next().await {
                let (bytes, permit) = piece?;
                let sum = digest::crc64(&bytes);
                crc64 = digest::crc64_join(crc64, sum, bytes.len() as u64);
                if self.stop.is_wished() {
                    return Err(Failure::Interrupted);
                }
                if sender.send((bytes, permit)).await.is_err() {
                    // The opener has given up, and says why.
                    return Ok(());
                }
            }
            drop(sender);
            match head.crc64 {
                Some(promised) if promised != crc64 => Err(Failure::Damaged { what: "checksum" }),
                _ => Ok(()),
            }
        };
        let (opened, arrived) = futures_util::future::join(opening, arriving).await;
        arrived?;
        opened
    }

    /// Opens an object's bytes, wherever they come from.
    pub(super) fn open_from<R: Receiver>(
        &self,
        head: &Head,
        source: impl Read,
        mut receiver: R,
    ) -> Result<R, Failure> {
        let encoding = self.admit(head)?;
        let recorded = head.told.plain_size_bytes;
        let mut sink = |bytes: &[u8]| receiver.receive(bytes);
        self.envelope.open(encoding, source, recorded, &mut sink)?;
        Ok(receiver)
    }
}

/// Pieces that come through a channel, as one stream. Where the channel breaks off the stream ends;
/// whoever sent them knows that they were not all, and believes nothing of what was opened.
struct Arriving {
    pieces: mpsc::Receiver<(Bytes, OwnedSemaphorePermit)>,
    piece: Bytes,
    permit: Option<OwnedSemaphorePermit>,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            self.permit = None;
            match self.pieces.blocking_recv() {
                Some((piece, permit)) => {
                    self.piece = piece;
                    self.permit = Some(permit);
                }
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.piece.len());
        buffer[..length].copy_from_slice(&self.piece.split_to(length));
        Ok(length)
    }
}
