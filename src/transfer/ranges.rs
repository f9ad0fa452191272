//! A large object in ranges, several under way at a time. What the file that it replaces holds
//! already is taken from there, where the server tells the sums of the object's parts.
//!
//! Promises: what is taken from the file counts only if the whole fits the object's own sum; where
//! it does not, the whole object is fetched.

use super::cut::From;
use super::download::{Fetched, Writing};
use super::partial::{self, Begun, Leftovers};
use super::unseal::Receiver;
use super::upload::Source;
use super::{Failure, Hands, blocking};
use crate::digest;
use crate::event::Event;
use crate::key::Key;
use crate::remote::{Head, PartSum};
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Encoding, Parts};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// Ranges of one object under way at a time.
const RANGES_AT_ONCE: usize = 6;

/// Bytes in flight, and what lets them be there.
type Held = (Bytes, OwnedSemaphorePermit);

/// What a file has in common with the object that replaces it.
pub(super) struct Near {
    source: Arc<Source>,
    /// In order.
    same: Vec<Range<u64>>,
}

impl Hands {
    pub(super) async fn fetch_ranges(
        self: &Arc<Self>,
        key: &Key,
        remote: &RemoteStamp,
        over: Option<LocalStamp>,
    ) -> Result<Fetched, Failure> {
        let head = self.remote.head(key).await?.ok_or(Failure::Stale)?;
        if !head.stamp.is_same_object(remote) {
            return Err(Failure::Stale);
        }
        let encoding = self.admit(&head)?;
        if encoding != Encoding::Plain {
            let writing = self.begin_file(key, &head).await?;
            let writing = self.unseal(key, remote, &head, writing).await?;
            return Ok(writing.opened(head, encoding));
        }
        let near = match over {
            Some(over) => self.near(key, &head, over).await?,
            None => None,
        };
        let begun = self.begin_at(key, remote, &head, Leftovers::Taken).await?;
        let is_helped = near.is_some() || begun.had_bytes > 0;
        let fetched = self.fetch_plain(key, remote, &head, begun, near.as_ref());
        match fetched.await {
            Err(Failure::Damaged { .. }) if is_helped => {}
            fetched => return fetched,
        }
        let begun = self.begin_at(key, remote, &head, Leftovers::Refused);
        self.fetch_plain(key, remote, &head, begun.await?, None)
            .await
    }

    async fn begin_at(
        self: &Arc<Self>,
        key: &Key,
        remote: &RemoteStamp,
        head: &Head,
        leftovers: Leftovers,
    ) -> Result<Begun, Failure> {
        let (hands, key) = (Arc::clone(self), key.clone());
        let (remote, head) = (remote.clone(), head.clone());
        blocking(move || hands.begin_plain(&key, &remote, &head, leftovers)).await
    }

    async fn begin_file(self: &Arc<Self>, key: &Key, head: &Head) -> Result<Writing, Failure> {
        let (hands, name, told) = (Arc::clone(self), key.clone(), head.clone());
        blocking(move || hands.begin_writing(&name, &told)).await
    }

    async fn fetch_plain(
        self: &Arc<Self>,
        key: &Key,
        remote: &RemoteStamp,
        head: &Head,
        begun: Begun,
        near: Option<&Near>,
    ) -> Result<Fetched, Failure> {
        let Begun {
            mut writing,
            mut pieces,
            mut crc64,
            had_bytes,
        } = begun;
        let mut arriving = self.arriving(key, remote, near, had_bytes);
        while let Some(held) = arriving.next().await {
            let (bytes, permit) = match held {
                Ok(came) => came,
                Err(failure) => {
                    let is_sound = matches!(failure, Failure::Remote(_) | Failure::Interrupted);
                    if is_sound && !failure.is_stale() {
                        partial::leave(writing, key, remote);
                    }
                    return Err(failure);
                }
            };
            let own = bytes.clone();
            let written = blocking(move || {
                writing.receive(&own)?;
                Ok(writing)
            });
            let summed = blocking(move || {
                pieces.update(&bytes);
                let sum = digest::crc64(&bytes);
                Ok((pieces, digest::crc64_join(crc64, sum, bytes.len() as u64)))
            });
            (writing, (pieces, crc64)) = tokio::try_join!(written, summed)?;
            drop(permit);
            if self.stop.is_wished() {
                partial::leave(writing, key, remote);
                return Err(Failure::Interrupted);
            }
        }
        if head.crc64.is_some_and(|promised| promised != crc64) {
            return Err(Failure::Damaged { what: "checksum" });
        }
        let parts = Parts {
            part_bytes: digest::part_bytes(remote.size_bytes),
            digests: pieces.finish(),
        };
        Ok(writing
            .opened(head.clone(), Encoding::Plain)
            .in_parts(parts))
    }

    /// What the file that is replaced has in common with an object, as far as the server tells.
    async fn near(
        self: &Arc<Self>,
        key: &Key,
        head: &Head,
        over: LocalStamp,
    ) -> Result<Option<Near>, Failure> {
        if head.crc64.is_none() {
            return Ok(None);
        }
        let Some(parts) = self.remote.part_sums(key, head).await else {
            return Ok(None);
        };
        let (hands, key) = (Arc::clone(self), key.clone());
        blocking(move || {
            let source = Source::open(&hands, &key, over)?;
            let same = source.in_common(&parts, &hands)?;
            let source = Arc::new(source);
            Ok((!same.is_empty()).then_some(Near { source, same }))
        })
        .await
    }

    /// An object's bytes from `start` on, in order, several ranges under way at a time.
    pub(super) fn arriving<'a>(
        &'a self,
        key: &'a Key,
        remote: &'a RemoteStamp,
        near: Option<&'a Near>,
        start: u64,
    ) -> impl Stream<Item = Result<Held, Failure>> + Unpin + 'a {
        let same = near.map_or(&[][..], |near| &near.same);
        let step = digest::part_bytes(remote.size_bytes);
        let stretches = stretches(start..remote.size_bytes, step, same);
        let pieces = stream::iter(stretches)
            .map(move |(range, from)| async move {
                match (from, near) {
                    (From::File, Some(near)) => self.read_range(&near.source, range).await,
                    _ => self.fetch_range(key, &remote.etag, range).await,
                }
            })
            .buffered(RANGES_AT_ONCE);
        Box::pin(pieces)
    }

    async fn read_range(&self, source: &Arc<Source>, range: Range<u64>) -> Result<Held, Failure> {
        let bytes = range.end - range.start;
        let permit = self.hold(bytes).await?;
        let source = Arc::clone(source);
        let length = usize::try_from(bytes).unwrap_or(usize::MAX);
        let read = blocking(move || source.at(range.start, length)).await?;
        (self.sink)(Event::Moved { bytes });
        Ok((read, permit))
    }

    async fn fetch_range(
        &self,
        key: &Key,
        etag: &ETag,
        range: Range<u64>,
    ) -> Result<Held, Failure> {
        let length = range.end - range.start;
        let permit = self.reserve(length).await?;
        let (_, mut body) = self.remote.get(key, etag, Some(range)).await?;
        let mut buffer = self.flow.buffers.take(usize::try_from(length).unwrap_or(0));
        while let Some(piece) = body.next().await? {
            buffer.bytes.extend_from_slice(&piece);
        }
        if buffer.bytes.len() as u64 != length {
            return Err(Failure::Damaged { what: "length" });
        }
        (self.sink)(Event::Moved { bytes: length });
        Ok((buffer.freeze(), permit))
    }
}

impl Source {
    /// The ranges of these parts that the file holds too, at the same place.
    fn in_common(&self, parts: &[PartSum], hands: &Hands) -> Result<Vec<Range<u64>>, Failure> {
        let mut same = Vec::new();
        let mut start = 0;
        for part in parts {
            let end = start + part.size_bytes;
            if end > self.expected.size_bytes {
                break;
            }
            if self.crc64(start..end, hands)? == part.crc64 {
                same.push(start..end);
            }
            start = end;
        }
        Ok(same)
    }

    /// CRC-64/NVME of a range, which may be longer than there is memory.
    fn crc64(&self, range: Range<u64>, hands: &Hands) -> Result<u64, Failure> {
        let mut crc64 = 0;
        let mut at = range.start;
        while at < range.end {
            if hands.stop.is_wished() {
                return Err(Failure::Interrupted);
            }
            let length = (range.end - at).min(digest::MIB);
            let bytes = self.at(at, usize::try_from(length).unwrap_or(usize::MAX))?;
            crc64 = digest::crc64_join(crc64, digest::crc64(&bytes), length);
            at += length;
        }
        Ok(crc64)
    }
}

/// These bytes of an object in stretches of at most `step`, in order, and where each comes from.
fn stretches(whole: Range<u64>, step: u64, same: &[Range<u64>]) -> Vec<(Range<u64>, From)> {
    let mut bounds: Vec<(Range<u64>, From)> = Vec::new();
    let mut at = whole.start;
    for range in same.iter().filter(|range| range.end > whole.start) {
        let start = range.start.max(at);
        bounds.push((at..start, From::Object));
        bounds.push((start..range.end, From::File));
        at = range.end;
    }
    bounds.push((at..whole.end, From::Object));
    let cut = |(range, from): (Range<u64>, From)| {
        let count = (range.end - range.start).div_ceil(step);
        (0..count).map(move |n| {
            let start = range.start + n * step;
            (start..range.end.min(start + step), from)
        })
    };
    bounds.into_iter().flat_map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_a_file_all_comes_from_the_object() {
        let wanted = [
            (0..8, From::Object),
            (8..16, From::Object),
            (16..20, From::Object),
        ];
        assert_eq!(stretches(0..20, 8, &[]), wanted);
        assert_eq!(stretches(16..20, 8, &[]), wanted[2..]);
    }

    proptest! {
        #[test]
        fn stretches_cover_the_object_once_in_order(
            parts in prop::collection::vec((1_u64..30, any::<bool>()), 0..20),
            rest in 0_u64..30,
            step in 1_u64..10,
            start in 0_u64..40,
        ) {
            let mut same = Vec::new();
            let mut size = 0;
            for (length, is_same) in parts {
                if is_same {
                    same.push(size..size + length);
                }
                size += length;
            }
            size += rest;
            let start = start.min(size);
            let mut at = start;
            for (range, from) in stretches(start..size, step, &same) {
                prop_assert_eq!(range.start, at);
                prop_assert!(!range.is_empty() && range.end - range.start <= step);
                let is_same = same.iter().any(|s| s.start <= range.start && range.end <= s.end);
                prop_assert_eq!(is_same, from == From::File);
                at = range.end;
            }
            prop_assert_eq!(at, size);
        }
    }
}
