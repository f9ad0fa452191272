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
        fits: record.and_then(|record| fits(record, remote, &sums)),
    };
    // What is archived has only what the server tells.
    let proof = match item.readability {
        Readability::Archived | Readability::Restoring => Proof::Told,
        Readability::Readable | Readability::Sealed => proof,
    };
    let found = against_object(hands, &item, remote, &sums, proof, &told).await?;
    Ok(match found {
        // That the file is not what was agreed on needs no word of the object.
        Finding::Unproven(_) if told.fits == Some(false) => {
            Finding::Differs(Difference::Content(told.suspect()))
        }
        found => found,
    })
}

/// Whether the file is what was recorded; `None` where nothing can tell.
fn fits(record: &Record, remote: &RemoteStamp, sums: &Sums) -> Option<bool> {
    match record.content {
        Content::Unknown => None,
        Content::Blake3(_) => Some(sums.prove(record.content)),
        // The sums were made for the ETag that the object has now.
        Content::ETag => (record.remote.etag == remote.etag).then(|| sums.prove(record.content)),
    }
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
    fn suspect(&self) -> Suspect {
        let Some(record) = self.record else {
            return Suspect::Unknown;
        };
        let is_same_object = record.remote.is_same_object(self.remote);
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
