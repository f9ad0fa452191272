//! What a file or an object holds, read to be shown and put nowhere.

use super::unseal::Receiver;
use super::{Failure, Hands, blocking, io_failed};
use crate::digest::MIB;
use crate::envelope::OpenError;
use crate::key::Key;
use crate::remote::Head;
use crate::stamp::{ETag, LocalStamp};
use std::io::{Read, Write};
use std::sync::Arc;

/// Versions up to this size are shown, in bytes; of larger ones there are digests.
pub const SHOWN_BYTES: u64 = 16 * MIB;

/// Bytes held in memory, up to [`SHOWN_BYTES`].
struct Held(Vec<u8>);

impl Receiver for Held {
    fn receive(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if (self.0.len() + bytes.len()) as u64 > SHOWN_BYTES {
            let recorded = SHOWN_BYTES;
            return Err(OpenError::TooLong { recorded }.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// Whatever the opened bytes are written to.
struct Written<W>(Key, W);

impl<W: Write + Send + 'static> Receiver for Written<W> {
    fn receive(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.1.write_all(bytes);
        written.map_err(|error| io_failed("show", &self.0, error))
    }
}

impl Hands {
    /// What an object holds, opened.
    ///
    /// # Errors
    /// [`Failure`], also where it holds more than [`SHOWN_BYTES`].
    pub async fn object_bytes(
        self: &Arc<Self>,
        key: &Key,
        head: &Head,
    ) -> Result<Vec<u8>, Failure> {
        self.admit(head)?;
        let receiver = Held(Vec::new());
        let opened = self.unseal(key, &head.stamp, head, receiver).await?;
        Ok(opened.0)
    }

    /// Writes what an object holds, opened, as it arrives: what is found to be damaged is written
    /// up to there.
    ///
    /// # Errors
    /// [`Failure`], also where it cannot be written.
    pub async fn write_object(
        self: &Arc<Self>,
        key: &Key,
        head: &Head,
        to: impl Write + Send + 'static,
    ) -> Result<(), Failure> {
        self.admit(head)?;
        let written = Written(key.clone(), to);
        self.unseal(key, &head.stamp, head, written).await?;
        Ok(())
    }

    /// What a file holds, which must be the expected one before and after it is read.
    pub(crate) async fn file_bytes(
        self: &Arc<Self>,
        key: &Key,
        expected: LocalStamp,
    ) -> Result<Vec<u8>, Failure> {
        let (hands, key) = (Arc::clone(self), key.clone());
        blocking(move || {
            let opened = hands.root.open_file(&key)?;
            let mut bytes = Vec::new();
            let read = opened.file.take(SHOWN_BYTES).read_to_end(&mut bytes);
            read.map_err(|error| io_failed("read", &key, error))?;
            match hands.root.stat(&key)? {
                Some(stamp) if opened.stamp == expected && stamp == expected => Ok(bytes),
                _ => Err(Failure::Stale),
            }
        })
        .await
    }

    /// BLAKE3 of a file, which must be the expected one.
    pub(crate) async fn file_blake3(
        self: &Arc<Self>,
        key: &Key,
        expected: LocalStamp,
    ) -> Result<[u8; 32], Failure> {
        let (hands, key) = (Arc::clone(self), key.clone());
        blocking(move || Ok(hands.sums(&key, expected, &ETag::parse(""))?.blake3)).await
    }
}
