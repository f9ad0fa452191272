//! Digests: bytes to the sums that S3 and the records speak of.
//!
//! Promises nothing about where the bytes come from: it reads what it is given, once.

mod pieces;

use crate::stamp::ETag;
use md5::{Digest, Md5};
pub use pieces::{PieceDigest, Pieces, piece};
use std::io::{self, Read};

/// Bytes read at a time.
const CHUNK_BYTES: usize = 256 * 1024;
/// One binary megabyte.
pub const MIB: u64 = 1024 * 1024;

/// MD5 of `bytes`, as S3 computes the ETag of an object sent in one piece.
#[must_use]
pub fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

/// BLAKE3 of `bytes`.
#[must_use]
pub fn blake3(bytes: &[u8]) -> [u8; 32] {
    blake3::hash(bytes).into()
}

/// CRC-64/NVME of `bytes`, the checksum S3 keeps of whole objects.
#[must_use]
pub fn crc64(bytes: &[u8]) -> u64 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes)
}

/// The CRC-64/NVME of two pieces in a row, from the piece's own sums and the second's length.
#[must_use]
pub fn crc64_join(first: u64, second: u64, second_bytes: u64) -> u64 {
    crc_fast::checksum_combine(
        crc_fast::CrcAlgorithm::Crc64Nvme,
        first,
        second,
        second_bytes,
    )
}

/// BLAKE3 over bytes that arrive in pieces.
#[derive(Default)]
pub struct Blake3(blake3::Hasher);

impl Blake3 {
    /// Takes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The sum of all pieces.
    #[must_use]
    pub fn finish(&self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// Every sum a comparison may ask for, made in one reading.
pub struct Sums {
    /// How many bytes were read.
    pub size_bytes: u64,
    /// BLAKE3 of them.
    pub blake3: [u8; 32],
    /// CRC-64/NVME of them.
    pub crc64: u64,
    /// Whether the asked-for ETag is the MD5 of these bytes, or made of the MD5s of their parts.
    pub matches_etag: bool,
}

/// Reads `source` to its end and compares it with `etag`.
///
/// An ETag in MD5's shape is taken as the MD5 of the bytes; one that ends in `-N` as the MD5 of
/// the MD5s of N parts, for every part size that common tools use and that gives N parts. A match
/// says that the content is equal, unless someone forged an MD5; a mismatch says nothing (encrypted
/// buckets have ETags of other kinds). No MD5 is computed for an empty ETag.
///
/// # Errors
/// Whatever reading gives.
pub fn sums(source: &mut impl Read, size_bytes: u64, etag: &ETag) -> io::Result<Sums> {
    let mut layouts: Vec<Layout> = match etag {
        ETag::Md5(_) => vec![Layout::new(u64::MAX)],
        ETag::Other(text) => part_count(text)
            .map(|count| candidate_parts(size_bytes, count))
            .unwrap_or_default()
            .into_iter()
            .map(Layout::new)
            .collect(),
    };
    let mut hasher = Blake3::default();
    let mut crc = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
    let mut total: u64 = 0;
    // One more than there should be, so that the end of a small file is seen in two reads.
    let room = usize::try_from(size_bytes).unwrap_or(CHUNK_BYTES);
    let mut buffer = vec![0; room.saturating_add(1).min(CHUNK_BYTES)];
    loop {
        let length = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = &buffer[..length];
        hasher.update(bytes);
        crc.update(bytes);
        total += length as u64;
        for layout in &mut layouts {
            layout.update(bytes);
        }
    }
    let matches_etag = layouts.into_iter().any(|layout| layout.etag() == *etag);
    Ok(Sums {
        size_bytes: total,
        blake3: hasher.finish(),
        crc64: crc.finalize(),
        matches_etag,
    })
}

/// One assumption about how an object was cut into parts.
struct Layout {
    part_bytes: u64,
    filled: u64,
    part: Md5,
    done: Vec<[u8; 16]>,
}

impl Layout {
    fn new(part_bytes: u64) -> Self {
        Self {
            part_bytes,
            filled: 0,
            part: Md5::new(),
            done: Vec::new(),
        }
    }

    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.filled == self.part_bytes {
                self.close_part();
            }
            let room = usize::try_from(self.part_bytes - self.filled).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.part.update(now);
            self.filled += now.len() as u64;
            bytes = later;
        }
    }

    fn close_part(&mut self) {
        self.done.push(self.part.finalize_reset().into());
        self.filled = 0;
    }

    fn etag(mut self) -> ETag {
        self.close_part();
        if self.part_bytes == u64::MAX {
            return self
                .done
                .first()
                .map_or(ETag::parse(""), |sum| ETag::Md5(*sum));
        }
        let sum = md5(self.done.as_flattened());
        let parts = self.done.len();
        ETag::parse(&format!("{}-{parts}", crate::stamp::Hex(&sum)))
    }
}

fn part_count(etag: &str) -> Option<u64> {
    let (sum, count) = etag.rsplit_once('-')?;
    (sum.len() == 32).then_some(())?;
    count
        .parse()
        .ok()
        .filter(|count| (1..=10_000).contains(count))
}

/// Part sizes that common tools use, in MiB; ours ([`part_bytes`]) are among them or derived.
const COMMON_PARTS_MIB: [u64; 22] = [
    5, 6, 8, 10, 12, 15, 16, 20, 24, 25, 32, 48, 50, 64, 96, 100, 128, 200, 256, 500, 512, 1024,
];

fn candidate_parts(size_bytes: u64, count: u64) -> Vec<u64> {
    let exact = size_bytes.div_ceil(count).max(1).next_multiple_of(MIB);
    let mut sizes: Vec<u64> = COMMON_PARTS_MIB.iter().map(|mib| mib * MIB).collect();
    sizes.extend([exact, part_bytes(size_bytes)]);
    sizes.retain(|part| size_bytes.div_ceil(*part).max(1) == count);
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// The part size the program uses for an object of `size_bytes`: 8 MiB, or as many whole MiB as
/// keep it at 10,000 parts or fewer (S3 User Guide, "Multipart upload limits").
#[must_use]
pub fn part_bytes(size_bytes: u64) -> u64 {
    (8 * MIB).max(size_bytes.div_ceil(10_000).next_multiple_of(MIB))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multipart_etag_is_recognised_by_content() {
        let bytes: Vec<u8> = (0..11 * 4096_u32)
            .flat_map(|i| [i.to_le_bytes()[0]; 256])
            .collect();
        for part in [5 * MIB, 8 * MIB] {
            let parts: Vec<[u8; 16]> = bytes
                .chunks(usize::try_from(part).unwrap())
                .map(md5)
                .collect();
            let sum = md5(parts.as_flattened());
            let etag = ETag::parse(&format!("{}-{}", crate::stamp::Hex(&sum), parts.len()));
            let found = sums(&mut &bytes[..], bytes.len() as u64, &etag).unwrap();
            assert!(found.matches_etag, "parts of {part}");
            assert_eq!(found.crc64, crc64(&bytes));
            assert_eq!(found.blake3, blake3(&bytes));
            let other = sums(&mut &bytes[1..], bytes.len() as u64 - 1, &etag).unwrap();
            assert!(!other.matches_etag);
        }
    }

    #[test]
    fn an_opaque_etag_proves_nothing() {
        let found = sums(&mut &b"abc"[..], 3, &ETag::parse("opaque")).unwrap();
        assert!(!found.matches_etag);
        let empty = sums(&mut &b""[..], 0, &ETag::Md5(md5(b""))).unwrap();
        assert!(empty.matches_etag);
    }

    #[test]
    fn parts_stay_within_the_limits_of_s3() {
        for size in [0, 1, 8 * MIB, 100_000 * MIB, 5_000_000 * MIB] {
            let part = part_bytes(size);
            assert!(part >= 5 * MIB && size.div_ceil(part) <= 10_000, "{size}");
        }
    }
}
