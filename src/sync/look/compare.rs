//! Compares a file with what the base or the object holds, reading no more than it must.

use super::super::{Reencode, Terms, Trust};
use crate::digest::Sums;
use crate::key::Key;
use crate::plan::Item;
use crate::reconcile::{Answer, Question};
use crate::remote::Head;
use crate::stamp::{ETag, LocalStamp};
use crate::state::{Content, Encoding, Holding};
use crate::transfer::{Failure, Hands, blocking, now_ns};
use std::sync::Arc;

/// How far a run goes beyond what changed.
#[derive(Debug, Clone, Copy)]
pub(in crate::sync) struct Reach {
    trust: Trust,
    reencode: Reencode,
}

impl Reach {
    pub(super) fn of(terms: &Terms) -> Self {
        Self {
            trust: terms.trust,
            reencode: terms.reencode,
        }
    }
}

/// Files up to this size are read ahead, many in one go: to hand each to a thread of its own costs
/// more than to read it.
const SMALL_BYTES: u64 = 64 * 1024;

/// One key under comparison; each side is read at most once.
pub(super) struct Compare {
    pub(super) hands: Arc<Hands>,
    pub(super) item: Item,
    reach: Reach,
    /// The file's sums, and the ETag that they were made for.
    sums: Option<(ETag, Arc<Sums>)>,
    /// When the file began to be read, or was first looked at.
    pub(super) read_at_ns: i64,
    head: Option<Head>,
}

impl Compare {
    pub(super) fn new(hands: &Arc<Hands>, item: Item, reach: Reach) -> Self {
        Self {
            hands: Arc::clone(hands),
            item,
            reach,
            sums: None,
            read_at_ns: now_ns(),
            head: None,
        }
    }

    /// Bytes of the file.
    pub(super) fn local_bytes(&self) -> u64 {
        self.item.local.map_or(0, |local| local.size_bytes)
    }

    /// Reads a small file for the answer to come. Blocks. A failure is met again by whoever needs
    /// the answer.
    pub(super) fn read_ahead(&mut self, question: Question) {
        let wanted = match question {
            Question::LocalAgainstBase => self.base_reading().map(|_| ETag::parse("")),
            Question::LocalAgainstRemote => self.remote_reading(),
        };
        let (Some(etag), Some(local)) = (wanted, self.item.local) else {
            return;
        };
        if local.size_bytes <= SMALL_BYTES {
            self.read_at_ns = now_ns();
            let sums = self.hands.sums(&self.item.key, local, &etag);
            self.sums = sums.ok().map(|sums| (etag, Arc::new(sums)));
        }
    }

    /// What a reading of the file must prove to be equal to the base; `None` where none could.
    fn base_reading(&self) -> Option<Content> {
        let record = self.item.base.as_deref()?;
        let is_possible = record.content != Content::Unknown
            && record.local?.size_bytes == self.item.local?.size_bytes;
        is_possible.then_some(record.content)
    }

    /// The ETag that a reading of the file is made for, where that can prove it equal to the object.
    fn remote_reading(&self) -> Option<ETag> {
        let (local, remote) = (self.item.local?, self.item.remote.as_ref()?);
        // What lies in the clear in a map that encrypts is not taken for the file, even if it is,
        // unless it is about to be encrypted.
        let may_be_plain =
            !self.hands.envelope.demands_encryption() || self.reach.reencode == Reencode::All;
        (may_be_plain && remote.size_bytes == local.size_bytes).then(|| remote.etag.clone())
    }

    /// What the question names, compared with the file.
    pub(super) async fn answer(&mut self, question: Question) -> Result<Answer, Failure> {
        match question {
            Question::LocalAgainstBase => self.against_base().await,
            Question::LocalAgainstRemote => self.against_remote().await,
        }
    }

    async fn against_base(&mut self) -> Result<Answer, Failure> {
        let local = self.local()?;
        let Some(content) = self.base_reading() else {
            return Ok(Answer::Different);
        };
        let found = self.sums(local, &ETag::parse("")).await?;
        Ok(if content.is_of(&found.blake3) {
            Answer::Equal(Holding::plain(Content::Unknown))
        } else {
            Answer::Different
        })
    }

    async fn against_remote(&mut self) -> Result<Answer, Failure> {
        let local = self.local()?;
        if self.item.remote.is_none() {
            return Ok(Answer::Different);
        }
        if let Some(etag) = self.remote_reading() {
            let found = self.sums(local, &etag).await?;
            if found.matches_etag {
                let content = Content::by_md5(&found.blake3);
                return Ok(Answer::Equal(Holding::plain(content)));
            }
        }
        let base = self.item.base.as_deref();
        if base.is_none_or(|record| record.encoding == Encoding::Plain) {
            // Where that is a conflict the object is looked at before it is settled.
            return Ok(Answer::Different);
        }
        match self.head().await? {
            Some(head) => self.against(&head).await,
            None => Err(Failure::Stale),
        }
    }

    /// The object's metadata, where it is the object that was seen; else the item learns what is
    /// there now.
    pub(super) async fn head(&mut self) -> Result<Option<Head>, Failure> {
        if let Some(head) = &self.head {
            return Ok(Some(head.clone()));
        }
        let head = self.hands.remote.head(&self.item.key).await?;
        let is_same = match (&head, &self.item.remote) {
            (Some(head), Some(listed)) => head.stamp.is_same_object(listed),
            _ => false,
        };
        if is_same {
            self.head.clone_from(&head);
            return Ok(head);
        }
        self.item.remote = head.map(|head| head.stamp);
        self.sums = None;
        Ok(None)
    }

    /// The object with this metadata against the file.
    pub(super) async fn against(&mut self, head: &Head) -> Result<Answer, Failure> {
        let local = self.local()?;
        match head.told.encoding {
            Some(Encoding::Plain) => {
                if let Some((_, sums)) = &self.sums
                    && sums.size_bytes == head.stamp.size_bytes
                    && head.crc64 == Some(sums.crc64)
                    && self.hands.admit(head).is_ok()
                {
                    let content = Content::blake3(&sums.blake3);
                    return Ok(Answer::Equal(Holding::plain(content)));
                }
                Ok(Answer::Different)
            }
            Some(encoding) => self.against_encoded(local, encoding, head).await,
            None => Err(Failure::UnknownEncoding),
        }
    }

    /// An encoded object's bytes never repeat, so that its metadata speaks for it: the file's size
    /// and time, as this program or another put them there. Where nothing is known of the two, a time
    /// to the nanosecond is taken for proof. One in whole seconds, as archives and builds set it on
    /// many files, is not: then the object is opened where that is possible, and else the two are
    /// agreed on without proof.
    ///
    /// An object that took the place of one that is known says that something was changed, perhaps by
    /// who puts sizes and times back, as encrypted containers have it. So it is opened. Where it cannot
    /// be, what this very replica wrote in a run that was cut off is taken for the file; what others
    /// wrote is agreed on without proof, so that it is kept when it is replaced.
    async fn against_encoded(
        &mut self,
        local: LocalStamp,
        encoding: Encoding,
        head: &Head,
    ) -> Result<Answer, Failure> {
        let can_open = match self.hands.admit(head) {
            Ok(_) => true,
            Err(Failure::Sealed(_)) => false,
            // What lies in the clear is nobody's file; whether it may be displaced is settled later.
            Err(Failure::Unencrypted(_)) => return Ok(Answer::Different),
            Err(failure) => return Err(failure),
        };
        let told = &head.told;
        if told
            .plain_size_bytes
            .is_some_and(|size| size != local.size_bytes)
        {
            return Ok(Answer::Different);
        }
        let is_same_time = told.mtime_ns == Some(local.mtime_ns) && told.plain_size_bytes.is_some();
        let is_fine = local.mtime_ns % 1_000_000_000 != 0;
        let base = self.item.base.as_deref();
        let is_baseless = base.is_none_or(|record| record.local.is_none());
        let is_ours = is_baseless || told.writer == Some(self.hands.replica);
        let is_believed = !can_open || (is_baseless && self.reach.trust == Trust::Stamps);
        if is_same_time && is_fine && is_believed {
            let content = if is_ours {
                Content::blake3(&self.sums(local, &ETag::parse("")).await?.blake3)
            } else {
                Content::Unknown
            };
            return Ok(equal(content, encoding));
        }
        if can_open {
            let theirs = self.hands.object_blake3(&self.item.key, head).await?;
            let ours = self.sums(local, &ETag::parse("")).await?.blake3;
            return Ok(if ours == theirs {
                equal(Content::blake3(&ours), encoding)
            } else {
                Answer::Different
            });
        }
        Ok(if is_same_time && is_ours {
            equal(Content::Unknown, encoding)
        } else {
            Answer::Different
        })
    }

    fn local(&self) -> Result<LocalStamp, Failure> {
        self.item.local.ok_or(Failure::Stale)
    }

    /// The file's sums; whether they match is told of `etag`, if that is not empty.
    async fn sums(&mut self, local: LocalStamp, etag: &ETag) -> Result<Arc<Sums>, Failure> {
        if let Some((made_for, sums)) = &self.sums
            && (made_for == etag || etag.is_empty())
        {
            return Ok(Arc::clone(sums));
        }
        if self.sums.is_none() {
            self.read_at_ns = now_ns();
        }
        let sums = read(&self.hands, &self.item.key, local, etag).await?;
        self.sums = Some((etag.clone(), Arc::clone(&sums)));
        Ok(sums)
    }
}

fn equal(content: Content, encoding: Encoding) -> Answer {
    Answer::Equal(Holding { content, encoding })
}

async fn read(
    hands: &Arc<Hands>,
    key: &Key,
    local: LocalStamp,
    etag: &ETag,
) -> Result<Arc<Sums>, Failure> {
    let (hands, key, etag) = (Arc::clone(hands), key.clone(), etag.clone());
    blocking(move || hands.sums(&key, local, &etag).map(Arc::new)).await
}
