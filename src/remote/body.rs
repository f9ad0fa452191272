//! An object's bytes as they arrive: a connection that breaks off or falls silent is opened again
//! where it ended.

use super::Remote;
use super::answer::Chain;
use super::error::{Error, Kind, Operation};
use super::exchange::Silence;
use crate::stamp::ETag;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use std::ops::Range;

/// Times in a row that a body is asked for again without having got on.
const RESUMES: u32 = 3;
/// How far it must come to have got on.
const PROGRESS_BYTES: u64 = 64 << 10;

/// An object's bytes as they arrive.
#[derive(Debug)]
pub struct Body {
    remote: Remote,
    key: String,
    etag: ETag,
    stream: ByteStream,
    at: u64,
    end: u64,
    /// Where it was opened last.
    opened_at: u64,
    resumes: u32,
    /// Whether it stalled before.
    stalled: bool,
}

impl Body {
    /// The bytes `given` of an object, as `stream` brings them.
    pub(super) fn new(
        remote: Remote,
        key: String,
        etag: ETag,
        stream: ByteStream,
        given: Range<u64>,
    ) -> Self {
        Self {
            remote,
            key,
            etag,
            stream,
            at: given.start,
            end: given.end,
            opened_at: given.start,
            resumes: 0,
            stalled: false,
        }
    }

    /// Bytes that have not been handed over yet.
    #[must_use]
    pub fn remaining_bytes(&self) -> u64 {
        self.end - self.at
    }

    /// The next bytes; `None` after the last. A connection that breaks is opened again at the byte
    /// where it broke, a few times.
    ///
    /// # Errors
    /// [`Kind::Changed`] where the object was replaced meanwhile, [`Kind::Unreachable`],
    /// [`Kind::BadAnswer`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let patience = &self.remote.client.shared.patience;
            let (broke, cause) = match patience.race(self.stream.next()).await? {
                Some(Ok(bytes)) if bytes.is_empty() => continue,
                Some(Ok(bytes)) => {
                    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                    if length > self.remaining_bytes() {
                        let kind = Kind::BadAnswer("it is longer than was told");
                        return Err(self.remote.error(kind, Operation::Get, &self.key));
                    }
                    self.at += length;
                    if self.at - self.opened_at >= PROGRESS_BYTES {
                        self.resumes = 0;
                    }
                    return Ok(Some(bytes));
                }
                _ if self.at == self.end => return Ok(None),
                None => (Broke::Early, Chain("the connection ended early".to_owned())),
                Some(Err(source)) => match Silence::among(&source) {
                    Some(silence) => (Broke::Silent, Chain(silence.to_string())),
                    None => (Broke::Early, Chain::of(&source)),
                },
            };
            let error = self
                .remote
                .error(Kind::Unreachable, Operation::Get, &self.key);
            self.resume(broke, error.because(cause)).await?;
        }
    }

    async fn resume(&mut self, broke: Broke, error: Error) -> Result<(), Error> {
        let patience = &self.remote.client.shared.patience;
        let is_enough = match broke {
            Broke::Early => self.resumes >= RESUMES,
            // Silence has taken long enough; the second connection that falls silent is the last.
            Broke::Silent => std::mem::replace(&mut self.stalled, true),
        };
        if is_enough {
            return Err(patience.race(patience.give_up(error)).await?);
        }
        patience.race(patience.pause(self.resumes)).await?;
        self.resumes += 1;
        let range = Some(self.at..self.end);
        let (_, stream, _) = patience
            .retry(|| self.remote.open(&self.key, &self.etag, range.clone()))
            .await?;
        self.stream = stream;
        self.opened_at = self.at;
        Ok(())
    }
}

/// How a body broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broke {
    /// The connection ended.
    Early,
    /// It went on, and too little came.
    Silent,
}
