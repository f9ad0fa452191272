//! One key: the file against its record, and against the object.

use super::{By, Difference, Doubt, Finding, Proof, Suspect};
use crate::digest::Sums;
use crate::plan::{Item, Readability};
use crate::remote::Head;
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Content, Encoding, Record};
use crate::transfer::{Failure, Hands, blocking};
use std::sync::Arc;

/// Compares the two sides of one key.
pub(super) async fn prove(
    hands: &Arc<Hands>,
    item: Item,
    proof: Proof,
) -> Result<Finding, Failure> {
    let (local, remote) = match (item.local, &item.remote) {
        (Some(local), Some(remote)) => (local, remote),
        (None, Some(_)) => return Ok(Finding::Differs(Difference::MissingHere)),
        (Some(_), None) => return Ok(Finding::Differs(Difference::MissingThere)),
        (None, None) => return Ok(Finding::Differs(Difference::Missing)),
    };
    let (own, key, etag) = (Arc::clone(hands), item.key.clone(), remote.etag.clone());
    let sums = blocking(move || own.sums(&key, local, &etag)).await?;
    let record = item.base.as_deref();
    let told = Told {
        record,
        local,
        remote,
        fits: record.and_then(|record| fits(record, &sums)),
    };
    // What is archived has only what the server tells.
    let proof = match item.readability {
        Readability::Archived | Readability::Restoring => Proof::Told,
        Readability::Readable | Readability::Sealed => proof,
    };
    let found = against_object(hands, &item, remote, &sums, proof, &told).await;
    Ok(match found {
        // That the file is not what was agreed on needs no word of the object.
        Ok(Finding::Unproven(_)) | Err(Failure::Sealed(_)) if told.fits == Some(false) => {
            Finding::Differs(Difference::Content(told.suspect()))
        }
        // Both may have one MD5: the object is the recorded one, the file is not.
        Ok(Finding::Proven(by)) if by.is_forgeable() && told.is_only_file_changed() => {
            Finding::Differs(Difference::Content(told.suspect()))
        }
        found => found?,
    })
}

/// Whether the file is what was recorded; `None` where nothing can tell.
fn fits(record: &Record, sums: &Sums) -> Option<bool> {
    (record.content != Content::Unknown).then(|| record.content.is_of(&sums.blake3))
}

async fn against_object(
    hands: &Arc<Hands>,
    item: &Item,
    remote: &RemoteStamp,
    sums: &Sums,
    proof: Proof,
    told: &Told<'_>,
) -> Result<Finding, Failure> {
    let differs = || Finding::Differs(Difference::Content(told.suspect()));
    if sums.matches_etag && proof == Proof::Told && !hands.envelope.demands_encryption() {
        return Ok(Finding::Proven(by_etag(&remote.etag)));
    }
    if proof == Proof::Told && told.is_encoded_and_unchanged() {
        return Ok(Finding::Proven(By::Unchanged));
    }
    let Some(head) = hands.remote.head(&item.key).await? else {
        return Ok(Finding::Differs(Difference::MissingThere));
    };
    if !head.stamp.is_same_object(remote) {
        return Err(Failure::Stale);
    }
    if let Some(there) = plain_bytes(&head)
        && there != sums.size_bytes
    {
        let here = sums.size_bytes;
        return Ok(Finding::Differs(Difference::Size { here, there }));
    }
    let encoding = hands.admit(&head)?;
    if proof == Proof::Downloaded {
        let theirs = hands.object_blake3(&item.key, &head).await?;
        return Ok(if theirs == sums.blake3 {
            Finding::Proven(By::Download)
        } else {
            differs()
        });
    }
    if encoding != Encoding::Plain {
        return Ok(Finding::Unproven(match item.readability {
            Readability::Archived | Readability::Restoring => Doubt::Archived,
            Readability::Readable | Readability::Sealed => Doubt::Encoded(encoding),
        }));
    }
    Ok(match head.crc64 {
        Some(crc64) if crc64 == sums.crc64 => Finding::Proven(By::Crc64),
        Some(_) => differs(),
        None if sums.matches_etag => Finding::Proven(by_etag(&remote.etag)),
        None if item.readability == Readability::Archived => Finding::Unproven(Doubt::Archived),
        None => Finding::Unproven(Doubt::NoChecksum),
    })
}

/// Length of the file that an object holds, where that is known.
fn plain_bytes(head: &Head) -> Option<u64> {
    match head.told.encoding {
        Some(Encoding::Plain) => Some(head.stamp.size_bytes),
        _ => head.told.plain_size_bytes,
    }
}

fn by_etag(etag: &ETag) -> By {
    match etag {
        ETag::Md5(_) => By::Md5,
        ETag::Other(_) => By::Parts,
    }
}

/// What the record tells.
struct Told<'a> {
    record: Option<&'a Record>,
    local: LocalStamp,
    remote: &'a RemoteStamp,
    fits: Option<bool>,
}

impl Told<'_> {
    /// Whether the object is the recorded one, by what a listing says of it.
    fn is_same_object(&self) -> bool {
        self.record
            .is_some_and(|record| record.remote.is_same_object(self.remote))
    }

    fn is_only_file_changed(&self) -> bool {
        self.fits == Some(false) && self.is_same_object()
    }

    /// Whether neither side changed, of an object whose own checksums do not speak of the file.
    fn is_encoded_and_unchanged(&self) -> bool {
        let is_encoded = self
            .record
            .is_some_and(|record| record.encoding != Encoding::Plain);
        is_encoded && self.fits == Some(true) && self.is_same_object()
    }

    fn suspect(&self) -> Suspect {
        let Some(record) = self.record else {
            return Suspect::Unknown;
        };
        let is_same_object = self.is_same_object();
        // Who changes bytes alone may leave the time, but never the time of that change: so it is
        // not asked for.
        let looks_same = record.local.is_some_and(|recorded| {
            recorded.size_bytes == self.local.size_bytes && recorded.mtime_ns == self.local.mtime_ns
        });
        match self.fits {
            Some(false) if looks_same => Suspect::Here,
            Some(false) => Suspect::ChangedHere,
            Some(true) if is_same_object => Suspect::There,
            None if is_same_object => Suspect::Unknown,
            Some(true) | None => Suspect::ChangedThere,
        }
    }
}
