//! The parts of one upload under way: read, compared, copied or sent, several at a time.

use super::cut::{Cutter, From, Span};
use super::parts::Begun;
use super::upload::{PARTS_AT_ONCE, Source};
use super::{Failure, Hands, blocking};
use crate::digest::{self, PieceDigest};
use crate::event::Event;
use crate::remote::{Kind, Part, Upload};
use crate::stamp::ETag;
use crate::state::Parts;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;

/// The object that a file replaces.
pub(super) struct Past {
    pub(super) etag: ETag,
    pub(super) parts: Parts,
}

/// What is known of a piece that was read.
struct Piece {
    digest: PieceDigest,
    crc64: u64,
}

/// What came of a part.
enum Ended {
    Sent(Part),
    Copied(Part),
    /// It could not be copied.
    Refused {
        number: u32,
        pieces: Range<usize>,
    },
}

/// Where the pass over the file goes on.
#[derive(PartialEq, Eq)]
enum Way {
    /// After the last piece.
    On,
    /// At an earlier one, which has to be sent after all.
    Back,
}

/// Whether the server was seen to copy.
#[derive(PartialEq, Eq)]
enum Copies {
    Untried,
    Proven,
}

pub(super) struct Outbox {
    hands: Arc<Hands>,
    source: Arc<Source>,
    pub(super) upload: Arc<Upload>,
    piece_bytes: u64,
    cutter: Cutter,
    /// The ETag of what is copied from.
    copied_from: Option<ETag>,
    copies: Copies,
    /// Parts that the server has from an earlier run, and their lengths.
    kept: BTreeMap<u32, (Part, u64)>,
    whole: digest::Blake3,
    pieces: Vec<Piece>,
    number: u32,
    sending: JoinSet<Result<Ended, Failure>>,
    pub(super) parts: Vec<Part>,
}

impl Outbox {
    pub(super) fn new(
        hands: &Arc<Hands>,
        source: &Arc<Source>,
        begun: Begun,
        piece_bytes: u64,
        cutter: Cutter,
        copied_from: Option<ETag>,
    ) -> Self {
        Self {
            hands: Arc::clone(hands),
            source: Arc::clone(source),
            upload: Arc::new(begun.upload),
            piece_bytes,
            cutter,
            copied_from,
            copies: Copies::Untried,
            kept: begun.kept,
            whole: digest::Blake3::default(),
            pieces: Vec::new(),
            number: 0,
            sending: JoinSet::new(),
            parts: Vec::new(),
        }
    }

    /// Brings every part to the server.
    pub(super) async fn send_all(&mut self) -> Result<(), Failure> {
        loop {
            if self.offset(self.cutter.at()) < self.source.expected.size_bytes {
                self.take_piece().await?;
            } else if let Some(span) = self.cutter.end() {
                self.copy(span.pieces).await?;
            } else if self.settle(0).await? == Way::On {
                return Ok(());
            }
        }
    }

    /// Ends all that is under way.
    pub(super) async fn close(&mut self) {
        self.sending.shutdown().await;
    }

    /// Whether there is an object to copy from.
    pub(super) fn may_copy(&self) -> bool {
        self.copied_from.is_some()
    }

    /// Whether any bytes were copied.
    pub(super) fn has_copied(&self) -> bool {
        self.copies == Copies::Proven
    }

    /// CRC-64/NVME of the file.
    pub(super) fn crc64(&self) -> u64 {
        self.joined(0..self.pieces.len())
    }

    /// BLAKE3 of the file.
    pub(super) fn blake3(&self) -> [u8; 32] {
        self.whole.finish()
    }

    /// The digests of the file's pieces.
    pub(super) fn digests(&self) -> Parts {
        Parts {
            part_bytes: self.piece_bytes,
            digests: self.pieces.iter().map(|piece| piece.digest).collect(),
        }
    }

    fn offset(&self, piece: usize) -> u64 {
        let offset = (piece as u64).saturating_mul(self.piece_bytes);
        offset.min(self.source.expected.size_bytes)
    }

    fn bytes_of(&self, pieces: &Range<usize>) -> Range<u64> {
        self.offset(pieces.start)..self.offset(pieces.end)
    }

    /// CRC-64/NVME of consecutive pieces.
    fn joined(&self, pieces: Range<usize>) -> u64 {
        let at = pieces.clone();
        at.zip(&self.pieces[pieces]).fold(0, |crc64, (at, piece)| {
            let length = self.offset(at + 1) - self.offset(at);
            digest::crc64_join(crc64, piece.crc64, length)
        })
    }

    /// Reads the next piece and sees to the parts that are known by then.
    async fn take_piece(&mut self) -> Result<(), Failure> {
        if self.settle(PARTS_AT_ONCE - 1).await? == Way::Back {
            return Ok(());
        }
        if self.hands.stop.is_wished() {
            return Err(Failure::Interrupted);
        }
        let at = self.cutter.at();
        let range = self.bytes_of(&(at..at + 1));
        let permit = self.hands.hold(range.end - range.start).await?;
        let bytes = self.read(at, range).await?;
        let mut sent = Some((bytes, permit));
        let digest = self.pieces[at].digest;
        for Span { pieces, from } in self.cutter.take(&digest) {
            let way = match (from, sent.take()) {
                (From::File, Some((bytes, permit))) => self.send(pieces.start, bytes, permit),
                (_, kept) => {
                    sent = kept;
                    self.copy(pieces).await?
                }
            };
            if way == Way::Back {
                break;
            }
        }
        Ok(())
    }

    /// Reads a piece. One that is read again must not have changed.
    async fn read(&mut self, at: usize, range: Range<u64>) -> Result<Bytes, Failure> {
        let source = Arc::clone(&self.source);
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let bytes = blocking(move || source.at(range.start, length)).await?;
        let (own, mut whole) = (bytes.clone(), std::mem::take(&mut self.whole));
        let piece = blocking(move || {
            let digest = digest::piece(&own);
            let crc64 = digest::crc64(&own);
            Ok(Piece { digest, crc64 })
        });
        let (own, is_new) = (bytes.clone(), at == self.pieces.len());
        let hashed = blocking(move || {
            if is_new {
                whole.update(&own);
            }
            Ok(whole)
        });
        let (piece, whole) = tokio::try_join!(piece, hashed)?;
        self.whole = whole;
        match self.pieces.get(at) {
            None => self.pieces.push(piece),
            Some(before) if before.digest == piece.digest => {}
            Some(_) => return Err(Failure::ChangedWhileRead),
        }
        Ok(bytes)
    }

    /// Sends a piece as the next part, unless the server has it.
    fn send(&mut self, at: usize, bytes: Bytes, permit: OwnedSemaphorePermit) -> Way {
        self.number += 1;
        let number = self.number;
        let crc64 = self.pieces[at].crc64;
        let length = bytes.len() as u64;
        if let Some((part, size)) = self.kept.remove(&number) {
            let is_same = size == length
                && match part.crc64 {
                    Some(kept) => kept == crc64,
                    None => ETag::parse(&part.etag) == ETag::Md5(digest::md5(&bytes)),
                };
            if is_same {
                self.keep(part, length);
                return Way::On;
            }
        }
        let (upload, hands) = (Arc::clone(&self.upload), Arc::clone(&self.hands));
        self.sending.spawn(async move {
            hands.flow.pass(length, &hands.stop).await?;
            let part = upload.part(number, bytes, crc64).await?;
            drop(permit);
            (hands.sink)(Event::Moved { bytes: length });
            Ok(Ended::Sent(part))
        });
        Way::On
    }

    /// Copies pieces as the next part, unless the server has it.
    async fn copy(&mut self, pieces: Range<usize>) -> Result<Way, Failure> {
        if self.settle(PARTS_AT_ONCE - 1).await? == Way::Back {
            return Ok(Way::Back);
        }
        self.number += 1;
        let number = self.number;
        let range = self.bytes_of(&pieces);
        let length = range.end - range.start;
        let crc64 = self.joined(pieces.clone());
        if let Some((part, size)) = self.kept.remove(&number)
            && size == length
            && part.crc64 == Some(crc64)
        {
            self.copies = Copies::Proven;
            self.keep(part, length);
            return Ok(Way::On);
        }
        let Some(etag) = self.copied_from.clone() else {
            return Err(Failure::Broken("nothing to copy from".to_owned()));
        };
        let (upload, sink) = (Arc::clone(&self.upload), Arc::clone(&self.hands.sink));
        let key = self.source.key.clone();
        self.sending.spawn(async move {
            match upload.part_copy(number, &key, &etag, range).await {
                Ok(part) if part.crc64.is_none_or(|copied| copied == crc64) => {
                    sink(Event::Moved { bytes: length });
                    Ok(Ended::Copied(part))
                }
                // Where the object changed there is nothing to complete over either, and where the
                // upload is gone nothing to add to.
                Err(error)
                    if error.is_fatal() || matches!(error.kind, Kind::Changed | Kind::NotFound) =>
                {
                    Err(error.into())
                }
                Ok(_) | Err(_) => Ok(Ended::Refused { number, pieces }),
            }
        });
        if self.copies == Copies::Untried {
            // Not to send much that a refusal would make worthless.
            return self.settle(0).await;
        }
        Ok(Way::On)
    }

    fn keep(&mut self, part: Part, length: u64) {
        (self.hands.sink)(Event::Moved { bytes: length });
        self.parts.push(part);
    }

    /// Waits until at most `left` parts are under way.
    async fn settle(&mut self, left: usize) -> Result<Way, Failure> {
        while self.sending.len() > left {
            match self.next().await? {
                Some(Ended::Sent(part)) => self.parts.push(part),
                Some(Ended::Copied(part)) => {
                    self.copies = Copies::Proven;
                    self.parts.push(part);
                }
                Some(Ended::Refused { number, pieces }) => {
                    self.go_back(number, pieces.start).await?;
                    return Ok(Way::Back);
                }
                None => break,
            }
        }
        Ok(Way::On)
    }

    /// Sends whole whatever comes from a refused copy on: parts must be numbered without a gap.
    async fn go_back(&mut self, number: u32, piece: usize) -> Result<(), Failure> {
        let (mut number, mut piece) = (number, piece);
        while let Some(ended) = self.next().await? {
            match ended {
                Ended::Sent(part) | Ended::Copied(part) => self.parts.push(part),
                Ended::Refused {
                    number: other,
                    pieces,
                } => (number, piece) = (number, piece).min((other, pieces.start)),
            }
        }
        self.parts.retain(|part| part.number < number);
        self.number = number - 1;
        self.cutter = Cutter::plain(piece);
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<Ended>, Failure> {
        match self.sending.join_next().await {
            Some(Ok(ended)) => ended.map(Some),
            Some(Err(error)) => Err(Failure::Broken(error.to_string())),
            None => Ok(None),
        }
    }
}
