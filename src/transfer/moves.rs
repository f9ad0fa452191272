//! Renames: a copy within the bucket for a file that has another name, a rename here for an object
//! that has.
//!
//! Promises: what comes to stand under the new name are the bytes that both sides agreed on; the
//! old name is left alone unless the other side has left it; nothing is replaced.

use super::unfinished::copied;
use super::{Failure, Hands, blocking, now_ns};
use crate::key::Key;
use crate::plan::Receipt;
use crate::remote::{Expect, WriteId};
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Change, Encoding, Record};
use std::sync::Arc;

impl Hands {
    /// Copies the object of `source` to `to`, where a file of the same bytes is. The old object
    /// stays; to remove it is another's work, once the receipt is recorded.
    pub(super) async fn copy_renamed(
        self: &Arc<Self>,
        to: &Key,
        local: LocalStamp,
        source: &Record,
        class: Option<&str>,
    ) -> Result<Receipt, Failure> {
        let read_at_ns = now_ns();
        let (hands, name, old) = (Arc::clone(self), to.clone(), source.key.clone());
        let etag = source.remote.etag.clone();
        let write = WriteId::random().map_err(|error| Failure::Broken(error.to_string()))?;
        let intent = copied(source, to, local.settled(read_at_ns), write);
        let (sums, record) = blocking(move || {
            if hands.root.stat_spelled(&old)?.is_some() {
                return Err(Failure::Stale);
            }
            let sums = hands.sums(&name, local, &etag)?;
            if !intent.record.content.is_of(&sums.blake3) {
                return Err(Failure::Stale);
            }
            Ok((sums, hands.unfinished.intend(intent)))
        })
        .await?;
        // Bytes whose MD5 is the ETag are known to lie in the bucket as they are, so that nothing of
        // the object needs to be asked before it is copied.
        let is_md5 = sums.matches_etag && matches!(source.remote.etag, ETag::Md5(_));
        let (remote, from, object) = (&self.remote, &source.key, &source.remote);
        let record = if is_md5 && source.encoding == Encoding::Plain {
            let copying = remote.copy_plain(from, object, to, class, write);
            self.intended(record, copying).await?
        } else {
            let copying = remote.copy(from, object, to, Expect::Absent, write);
            self.intended(record, copying).await?
        };
        Ok(vec![Change::Upsert(record)])
    }

    /// Renames the file of `source` to `to`, where an object of the same bytes is.
    pub(super) async fn rename_moved(
        self: &Arc<Self>,
        to: &Key,
        local: LocalStamp,
        remote: &RemoteStamp,
        source: &Record,
    ) -> Result<Receipt, Failure> {
        let (new, old) =
            futures_util::try_join!(self.remote.head(to), self.remote.head(&source.key))?;
        let new = new.filter(|head| head.stamp.is_same_object(remote));
        let (Some(new), None) = (new, old) else {
            return Err(Failure::Stale);
        };
        if new.told.encoding != Some(source.encoding) {
            return Err(Failure::Stale);
        }
        let (hands, name, source) = (Arc::clone(self), to.clone(), source.clone());
        let moved_at_ns = now_ns();
        blocking(move || {
            if source.local != Some(local) {
                // Only a reading tells that it is what was agreed on.
                let sums = hands.sums(&source.key, local, &ETag::parse(""))?;
                if !source.content.is_of(&sums.blake3) {
                    return Err(Failure::Stale);
                }
            }
            let renamed = hands.root.rename(&source.key, &name, &local)?;
            let from = source.key.clone();
            let record = Record {
                key: name,
                local: Some(renamed.settled(moved_at_ns)),
                remote: new.stamp,
                content: source.content.carried(),
                ..source
            };
            Ok(vec![Change::Upsert(record), Change::Remove(from)])
        })
        .await
    }
}
