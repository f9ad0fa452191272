//! Finds out what a bucket's server honours.
//!
//! Promises: a condition counts as honoured only when a request that had to be refused was refused
//! *and* changed nothing, and one that had to succeed did; whatever is refused, ignored or answered
//! wrongly counts as not honoured. Leaves no object behind (a versioned bucket keeps old versions
//! of a few bytes; so does any bucket where nothing may be deleted, and conditional deletes then count
//! as not honoured). About thirty small requests, once per bucket.
//!
//! Part copies are tried on a source of a few bytes. AWS allows ranges only for sources above
//! 5 MiB; a server that refuses the range and then copies the whole counts as able.

use super::Remote;
use super::error::{Error, Kind, Operation};
use super::meta::WriteId;
use super::trial::{PART, Refusal, Trial, absent, crc64, meta, other, refusal, took, whole};
use super::write::Conditions;
use crate::state::{Capabilities, ReplicaId};
use aws_sdk_s3::types::BucketVersioningStatus;
use bytes::Bytes;

pub(super) struct Probe {
    pub(super) remote: Remote,
    found: Capabilities,
}

impl Remote {
    /// Probes the server with scratch objects under `PREFIX/.s3bsync/`, which it removes again, and
    /// first of all those of a probe of this replica's that did not come to its end.
    ///
    /// # Errors
    /// Where the bucket cannot be written at all, or a request gets no answer: then nothing was
    /// found out.
    pub async fn probe(&self, replica: ReplicaId) -> Result<Capabilities, Error> {
        let probing = Box::pin(self.find_out(replica));
        self.client.shared.patience.race(probing).await?
    }

    async fn find_out(&self, replica: ReplicaId) -> Result<Capabilities, Error> {
        let fail = || Error::new(Kind::Other, Operation::Probe, &self.bucket);
        let id = WriteId::random().map_err(|source| fail().because(source))?;
        let of_replica = self.own_key(&format!("probe-{replica}-"));
        self.clear(&of_replica).await;
        let scratch = |name: &str| format!("{of_replica}{id}-{name}");
        let keys = ["a", "b", "c", "d"].map(scratch);
        let mut probe = Probe {
            remote: self.with_capabilities(Capabilities::default()),
            found: Capabilities::default(),
        };
        let ended = probe.run(&keys).await;
        for key in &keys {
            // What cannot be removed is a few bytes in the program's own folder.
            let _ = self.remove(key).await;
        }
        ended.map(|()| probe.found).map_err(|mut error| {
            error.operation = Operation::Probe;
            error
        })
    }

    /// Removes what bears such a key. What stays is a few bytes.
    async fn clear(&self, begun: &str) {
        let listing = self.sdk().list_objects_v2().bucket(&*self.bucket);
        let Ok(listed) = listing.prefix(begun).send().await else {
            return;
        };
        let keys = listed.contents().iter().filter_map(|object| object.key());
        for key in keys.filter(|key| key.starts_with(begun)) {
            let _ = self.remove(key).await;
        }
    }

    async fn remove(&self, key: &str) -> Result<(), Error> {
        self.sdk()
            .delete_object()
            .bucket(&*self.bucket)
            .key(key)
            .send()
            .await
            .map(drop)
            .map_err(|sdk| Error::of_sdk(Operation::Delete, &self.bucket, &sdk).at(key))
    }
}

impl Probe {
    async fn run(&mut self, [a, b, c, d]: &[String; 4]) -> Result<(), Error> {
        self.found.versioned = self.is_versioned().await?;
        self.puts(a).await?;
        self.replaces(a).await?;
        self.checksums(a).await?;
        self.set();
        self.completes(a).await?;
        self.part_copies(a, b).await?;
        self.copy_sources(a, b, c).await?;
        self.copies([a, b], c, d).await?;
        self.deletes(a).await?;
        self.batch_deletes(c).await
    }

    /// Lets the requests that follow rely on what was found.
    fn set(&mut self) {
        self.remote = self.remote.with_capabilities(self.found);
    }

    async fn is_versioned(&self) -> Result<bool, Error> {
        let sent = self
            .remote
            .sdk()
            .get_bucket_versioning()
            .bucket(&*self.remote.bucket)
            .send()
            .await;
        let answer = took(sent.map_err(|sdk| self.failed(&sdk)))?;
        Ok(answer.is_some_and(|answer| answer.status() == Some(&BucketVersioningStatus::Enabled)))
    }

    /// `PutObject` with `If-None-Match`, and whether a checksum is taken at all.
    async fn puts(&mut self, key: &str) -> Result<(), Error> {
        let mut is_taken = false;
        for crc64_checked in [true, false] {
            self.found.crc64_checked = crc64_checked;
            self.set();
            is_taken = took(self.put(key, "first", absent()).await)?.is_some();
            if is_taken {
                break;
            }
        }
        if !is_taken {
            return self.put(key, "first", Conditions::default()).await;
        }
        let refusal = refusal(self.put(key, "other", absent()).await)?;
        self.found.put_if_absent = refusal == Refusal::Proper && self.text(key).await? == *"first";
        Ok(())
    }

    /// `PutObject` with `If-Match`, quoted or bare.
    async fn replaces(&mut self, key: &str) -> Result<(), Error> {
        let first = self.etag(key).await?;
        for bare_etags in [false, true] {
            self.found.bare_etags = bare_etags;
            self.set();
            if took(self.put(key, "second", self.is(&first)).await)?.is_none() {
                continue;
            }
            let refusal = refusal(self.put(key, "other", self.is(&first)).await)?;
            self.found.put_if_match =
                refusal == Refusal::Proper && self.text(key).await? == *"second";
            break;
        }
        self.found.bare_etags &= self.found.put_if_match;
        Ok(())
    }

    /// The checksum of other bytes must be refused.
    async fn checksums(&mut self, key: &str) -> Result<(), Error> {
        if !self.found.crc64_checked {
            return Ok(());
        }
        self.set();
        let text = Bytes::from_static(b"other");
        let (wrong, meta) = (crc64(b"wrong"), meta());
        let sent = self
            .remote
            .send_put(key, text, wrong, Conditions::default(), &meta)
            .await;
        self.found.crc64_checked = took(sent)?.is_none();
        // A store may spoil the object that it refuses to replace.
        self.put(key, "second", Conditions::default()).await
    }

    /// `CompleteMultipartUpload` with either condition, over an existing object.
    async fn completes(&mut self, key: &str) -> Result<(), Error> {
        let first = self.etag(key).await?;
        let text = self.text(key).await?;
        let Some(upload) = self.upload(key).await? else {
            return Ok(());
        };
        let refused = refusal(upload.complete(absent()).await)?;
        self.found.complete_if_absent = refused == Refusal::Proper && self.text(key).await? == text;

        let Some(upload) = self.upload_again(upload, refused).await? else {
            return Ok(());
        };
        let second = self.etag(key).await?;
        let is_taken = took(upload.complete(self.is(&second)).await)?.is_some();
        if !is_taken || self.text(key).await? != PART {
            upload.abort().await;
            return Ok(());
        }
        self.put(key, "third", Conditions::default()).await?;
        let Some(upload) = self.upload(key).await? else {
            return Ok(());
        };
        let refused = refusal(upload.complete(self.is(&first)).await)?;
        upload.abort().await;
        self.found.complete_if_match =
            refused == Refusal::Proper && self.text(key).await? == *"third";
        Ok(())
    }

    /// `UploadPartCopy` of some bytes of `from`, completed as a new object.
    async fn part_copies(&mut self, from: &str, to: &str) -> Result<(), Error> {
        self.set();
        let source = self.etag(from).await?;
        let Some(upload) = took(self.create(to).await)? else {
            self.found.complete_if_absent = false;
            return self.put(to, "other", Conditions::default()).await;
        };
        let bytes = self.text(from).await?;
        let some = bytes.slice(1..4);
        let mut copied = None;
        for (range, expected) in [(Some(1..4), some), (None, bytes)] {
            let part = took(upload.copy_part(1, from, &source, range).await)?;
            copied = part.map(|part| (part, expected));
            if copied.is_some() {
                break;
            }
        }
        let (part, expected) = match copied {
            Some((part, expected)) => (part, Some(expected)),
            None => (upload.part(1, PART, crc64(&PART)).await?, None),
        };
        let size = expected.as_ref().map_or(PART.len(), Bytes::len);
        let whole = whole(part, size);
        let trial = Trial { upload, whole };
        let is_taken = took(trial.complete(absent()).await)?.is_some();
        self.found.complete_if_absent &= is_taken;
        if !is_taken && took(trial.complete(Conditions::default()).await)?.is_none() {
            trial.abort().await;
            return self.put(to, "other", Conditions::default()).await;
        }
        if let Some(expected) = expected {
            self.found.part_copy = self.text(to).await? == expected;
        }
        Ok(())
    }

    /// `CopyObject` with a condition on its source.
    async fn copy_sources(&mut self, a: &str, b: &str, to: &str) -> Result<(), Error> {
        let (right, wrong) = (self.etag(a).await?, self.etag(b).await?);
        let none = Conditions::default;
        let refused = refusal(self.copy(a, Some(&wrong), to, none()).await)?;
        let is_absent = self.remote.head_object(to).await?.is_none();
        let is_taken = took(self.copy(a, Some(&right), to, none()).await)?.is_some();
        self.found.copy_source_if_match = is_taken && refused == Refusal::Proper && is_absent;
        Ok(())
    }

    /// `CopyObject` with a condition on its destination, which is there, and then is not: removing
    /// it for that would need a right that who may only add and replace has not.
    async fn copies(&mut self, [a, b]: [&str; 2], to: &str, free: &str) -> Result<(), Error> {
        self.put(to, "fourth", Conditions::default()).await?;
        let refused = refusal(self.copy(b, None, to, absent()).await)?;
        let is_kept = self.text(to).await? == *"fourth";
        let is_taken = took(self.copy(a, None, free, absent()).await)?.is_some();
        self.found.copy_if_absent = refused == Refusal::Proper && is_kept && is_taken;
        Ok(())
    }

    /// `DeleteObject` with `If-Match`.
    async fn deletes(&mut self, key: &str) -> Result<(), Error> {
        self.put(key, "fifth", Conditions::default()).await?;
        let etag = self.etag(key).await?;
        let refused = refusal(self.delete(key, &other()).await)?;
        let is_kept = self.remote.head_object(key).await?.is_some();
        if refused == Refusal::Proper && is_kept {
            let is_taken = took(self.delete(key, &etag).await)?.is_some();
            self.found.delete_if_match = is_taken && self.remote.head_object(key).await?.is_none();
        }
        Ok(())
    }

    /// `DeleteObjects` with an ETag.
    async fn batch_deletes(&mut self, key: &str) -> Result<(), Error> {
        let etag = self.etag(key).await?;
        let _ = took(self.batch_delete(key, &other()).await)?;
        if self.remote.head_object(key).await?.is_some() {
            let is_taken = took(self.batch_delete(key, &etag).await)?.is_some();
            self.found.batch_delete_if_match =
                is_taken && self.remote.head_object(key).await?.is_none();
        }
        Ok(())
    }
}
