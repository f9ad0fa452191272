//! A large plain file to an object in parts, in one pass over the file: a piece is copied from the
//! object that is replaced where that holds the same, found where an earlier run left it, or sent.
//!
//! Promises: the object is completed only over what was expected and only if its bytes are the
//! file's, whatever was copied; a file that changed meanwhile is never completed. Where copying does
//! not work, all is as if there were nothing to copy from.

use super::cut::{Cutter, is_fit};
use super::outbox::{Outbox, Past};
use super::unfinished::{is_same, sent, unmade, write_of};
use super::upload::Source;
use super::{Failure, Hands, blocking};
use crate::digest;
use crate::format::journal;
use crate::key::Key;
use crate::remote::{self, Expect, Kind, Part, Upload};
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Encoding, Record};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a try ended.
enum Tried {
    Done(Box<Record>),
    /// An object was made, but not of the file's bytes: it has this ETag.
    Misassembled(ETag),
}

impl Hands {
    /// Sends a file; `stamp` is the one to be recorded of it.
    pub(super) async fn upload_parts(
        self: &Arc<Self>,
        source: Source,
        stamp: LocalStamp,
        over: Option<&RemoteStamp>,
    ) -> Result<Record, Failure> {
        let mut past = self.past(&source, over).await;
        let source = Arc::new(source);
        let mut replaced = over.map(|object| object.etag.clone());
        loop {
            let may_copy = past.is_some();
            let expect = replaced.as_ref().map_or(Expect::Absent, Expect::Is);
            match self.try_parts(&source, stamp, expect, past.take()).await {
                Ok(Tried::Done(record)) => return Ok(*record),
                // What is there now is this run's own, and is put right at once.
                Ok(Tried::Misassembled(etag)) if may_copy => replaced = Some(etag),
                Ok(Tried::Misassembled(_)) => return Err(Failure::Damaged { what: "length" }),
                Err(failure) if may_copy && is_no_obstacle(&failure) => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// The object that is replaced, where its bytes can be copied and it is the recorded one.
    async fn past(&self, source: &Source, over: Option<&RemoteStamp>) -> Option<Past> {
        let capabilities = self.remote.capabilities();
        let record = self.known.find(&source.key).await?;
        let parts = record.parts.as_ref()?;
        let is_usable = capabilities.part_copy
            && capabilities.copy_source_if_match
            && record.encoding == Encoding::Plain
            && record.remote.is_same_object(over?)
            && is_fit(parts, source.expected.size_bytes);
        is_usable.then(|| Past {
            etag: record.remote.etag.clone(),
            parts: parts.clone(),
        })
    }

    async fn try_parts(
        self: &Arc<Self>,
        source: &Arc<Source>,
        stamp: LocalStamp,
        expect: Expect<'_>,
        past: Option<Past>,
    ) -> Result<Tried, Failure> {
        let size = source.expected.size_bytes;
        let piece_bytes = past
            .as_ref()
            .map_or_else(|| digest::part_bytes(size), |past| past.parts.part_bytes);
        let begun = self.begin(source, piece_bytes).await?;
        let (cutter, copied_from) = match past {
            Some(past) => (Cutter::over(&past.parts), Some(past.etag)),
            None => (Cutter::plain(0), None),
        };
        let mut outbox = Outbox::new(self, source, begun, piece_bytes, cutter, copied_from);
        let tried = match outbox.send_all().await {
            Ok(()) => self.complete(source, stamp, &mut outbox, expect).await,
            Err(failure) => Err(failure),
        };
        if let Err(failure) = &tried {
            outbox.close().await;
            // The parts serve the next run, unless they are of an old file or copied ones are in
            // the way. What cannot be aborted now is carried on by the next run too.
            let is_kept = serves_again(failure) && !(outbox.may_copy() && is_no_obstacle(failure));
            if !is_kept && outbox.upload.abort().await.is_ok() {
                self.unfinished.end(&source.key).await;
            }
        }
        tried
    }

    /// An upload with the parts that it has: that of an earlier run, if it was of this very file,
    /// else a new one.
    async fn begin(&self, source: &Source, piece_bytes: u64) -> Result<Begun, Failure> {
        let key = &source.key;
        if let Some(begun) = self.unfinished.find(key) {
            if is_same(&begun, &source.expected, piece_bytes)
                && let Some(begun) = self.carry_on(key, &begun).await?
            {
                return Ok(begun);
            }
            // Not to succeed harms nobody but the bill.
            let _ = self.abandon(&begun).await;
        }
        let meta = self.meta(&source.expected, source.mode, Encoding::Plain)?;
        let upload = self.remote.start_upload(key, &meta).await?;
        self.unfinished
            .begin(key, &upload, source.expected, piece_bytes)
            .await?;
        Ok(Begun {
            upload,
            kept: BTreeMap::new(),
        })
    }

    async fn carry_on(&self, key: &Key, begun: &journal::Upload) -> Result<Option<Begun>, Failure> {
        let (id, write) = (&begun.upload_id, write_of(begun));
        let upload = self.remote.resume_upload(key, id, write);
        match upload.parts().await {
            Ok(parts) => Ok(Some(Begun {
                upload,
                kept: parts
                    .into_iter()
                    .map(|part| (part.0.number, part))
                    .collect(),
            })),
            // It will be asked again by the next run.
            Err(error)
                if error.is_fatal()
                    || matches!(error.kind, Kind::Unreachable | Kind::Throttled) =>
            {
                Err(error.into())
            }
            // Gone, or of a server that cannot tell: a new one does as well.
            Err(_) => Ok(None),
        }
    }

    /// Aborts an upload of an earlier run.
    ///
    /// # Errors
    /// Any failed request; then it stays noted.
    pub async fn abandon(&self, begun: &journal::Upload) -> Result<(), remote::Error> {
        let (id, write) = (&begun.upload_id, write_of(begun));
        let upload = self.remote.resume_upload(&begun.key, id, write);
        upload.abort().await?;
        self.unfinished.end(&begun.key).await;
        Ok(())
    }

    async fn complete(
        self: &Arc<Self>,
        source: &Arc<Source>,
        stamp: LocalStamp,
        outbox: &mut Outbox,
        expect: Expect<'_>,
    ) -> Result<Tried, Failure> {
        let (hands, own) = (Arc::clone(self), Arc::clone(source));
        blocking(move || own.check_unchanged(&hands)).await?;
        let size = source.expected.size_bytes;
        let (crc64, parts) = (outbox.crc64(), std::mem::take(&mut outbox.parts));
        let blake3 = outbox.blake3();
        let record = Record {
            parts: Some(outbox.digests()),
            ..unmade(&source.key, stamp, &blake3, Encoding::Plain)
        };
        let intent = sent(record, outbox.upload.write(), size, crc64);
        let completing = outbox.upload.complete(parts, Some(crc64), size, expect);
        let record = self.make(intent, completing).await?;
        if outbox.has_copied() && !self.remote.capabilities().crc64_checked {
            // Nobody compared the bytes, so at least the length is.
            let head = self.remote.head(&source.key).await?;
            let head = head.filter(|head| head.stamp.etag == record.remote.etag);
            let head = head.ok_or(Failure::Stale)?;
            let is_sound = head.stamp.size_bytes == size && head.crc64.is_none_or(|is| is == crc64);
            if !is_sound {
                self.unfinished.end(&source.key).await;
                return Ok(Tried::Misassembled(record.remote.etag));
            }
        }
        Ok(Tried::Done(Box::new(record)))
    }
}

/// An upload under way, and the parts that the server has already, with their lengths.
pub(super) struct Begun {
    pub(super) upload: Upload,
    pub(super) kept: BTreeMap<u32, (Part, u64)>,
}

/// Whether an upload that failed so may be carried on: the server refused something or the run is to
/// stop, and both sides are as they were.
fn serves_again(failure: &Failure) -> bool {
    match failure {
        Failure::Interrupted => true,
        Failure::Remote(error) => !matches!(error.kind, Kind::Changed | Kind::NotFound),
        _ => false,
    }
}

/// Whether a failure of an upload that copied may be one of copying alone: a server that took the
/// copies can still refuse what they came to.
fn is_no_obstacle(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Remote(error)
            if matches!(error.kind, Kind::Other | Kind::BadAnswer(_) | Kind::Unsupported)
    )
}
