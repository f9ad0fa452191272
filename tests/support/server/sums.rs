//! Checksums: what S3 verifies on the way in, keeps, and gives back.

use super::blob::Content;
use crc_fast::{CrcAlgorithm, Digest, checksum_combine};
use http::HeaderMap;
use md5::Digest as _;
use s3s::crypto::{Checksum as _, Sha1, Sha256};
use s3s::{S3Result, s3_error};
use std::collections::BTreeMap;
use std::io;

/// A checksum algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// CRC-32.
    Crc32,
    /// CRC-32C.
    Crc32c,
    /// CRC-64/NVME, what S3 computes when nothing was sent.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

use Algorithm as A;

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [A::Crc32, A::Crc32c, A::Crc64Nvme, A::Sha1, A::Sha256];

    /// The name as requests and listings spell it.
    pub fn name(self) -> &'static str {
        match self {
            A::Crc32 => "CRC32",
            A::Crc32c => "CRC32C",
            A::Crc64Nvme => "CRC64NVME",
            A::Sha1 => "SHA1",
            A::Sha256 => "SHA256",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }

    fn header(self) -> String {
        format!("x-amz-checksum-{}", self.name().to_ascii_lowercase())
    }

    fn crc(self) -> Option<(CrcAlgorithm, usize)> {
        match self {
            A::Crc32 => Some((CrcAlgorithm::Crc32IsoHdlc, 4)),
            A::Crc32c => Some((CrcAlgorithm::Crc32Iscsi, 4)),
            A::Crc64Nvme => Some((CrcAlgorithm::Crc64Nvme, 8)),
            A::Sha1 | A::Sha256 => None,
        }
    }

    fn digest(self, content: &Content) -> io::Result<Vec<u8>> {
        if let Some((algorithm, width)) = self.crc() {
            let mut digest = Digest::new(algorithm);
            for piece in content.pieces() {
                digest.update(&piece?);
            }
            return Ok(digest.finalize().to_be_bytes()[8 - width..].to_vec());
        }
        let mut sha1 = Sha1::new();
        let mut sha256 = Sha256::new();
        for piece in content.pieces() {
            match self {
                A::Sha1 => sha1.update(&piece?),
                _ => sha256.update(&piece?),
            }
        }
        Ok(match self {
            A::Sha1 => sha1.finalize().to_vec(),
            _ => sha256.finalize().to_vec(),
        })
    }
}

/// The checksums kept of an object or a part, base64 as S3 writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// One value per algorithm.
    pub values: BTreeMap<Algorithm, String>,
    /// Whether they are checksums of the parts' checksums.
    pub is_composite: bool,
}

impl Sums {
    /// One value.
    pub fn of(algorithm: Algorithm, content: &Content) -> io::Result<Self> {
        let value = base64(&algorithm.digest(content)?);
        Ok(Self {
            values: BTreeMap::from([(algorithm, value)]),
            is_composite: false,
        })
    }

    /// What the request claims, in headers and trailers.
    pub fn claimed(headers: &HeaderMap, trailers: Option<&HeaderMap>) -> Self {
        let find = |name: &str| {
            let value = headers.get(name).or_else(|| trailers?.get(name))?;
            Some(value.to_str().ok()?.trim().to_owned())
        };
        let values = A::ALL
            .into_iter()
            .filter_map(|algorithm| Some((algorithm, find(&algorithm.header())?)))
            .collect();
        Self {
            values,
            is_composite: false,
        }
    }

    /// Whether every claimed value is that of `content`.
    pub fn verify(&self, content: &Content) -> S3Result<()> {
        for (&algorithm, claimed) in &self.values {
            let found = base64(
                &algorithm
                    .digest(content)
                    .map_err(s3s::S3Error::internal_error)?,
            );
            if *claimed != found {
                return Err(s3_error!(
                    BadDigest,
                    "The {} you specified did not match the calculated checksum.",
                    algorithm.name()
                ));
            }
        }
        Ok(())
    }

    /// The whole object's value from its parts' values and lengths.
    pub fn combined(algorithm: Algorithm, parts: &[(&str, u64)]) -> Option<Self> {
        let (crc, width) = algorithm.crc()?;
        let whole = parts.iter().try_fold(None, |sum, &(value, len)| {
            let part = number(value)?;
            Some(Some(match sum {
                None => part,
                Some(sum) => checksum_combine(crc, sum, part, len),
            }))
        })??;
        Some(Self {
            values: BTreeMap::from([(algorithm, base64(&whole.to_be_bytes()[8 - width..]))]),
            is_composite: false,
        })
    }

    /// The checksum of the parts' checksums, with their count.
    pub fn composed(algorithm: Algorithm, parts: &[(&str, u64)]) -> Option<Self> {
        let mut all = Vec::new();
        for (value, _) in parts {
            all.extend(unbase64(value)?);
        }
        let digest = algorithm.digest(&Content::memory(all.into())).ok()?;
        let value = format!("{}-{}", base64(&digest), parts.len());
        Some(Self {
            values: BTreeMap::from([(algorithm, value)]),
            is_composite: true,
        })
    }

    /// `FULL_OBJECT` or `COMPOSITE`.
    pub fn kind(&self) -> &'static str {
        if self.is_composite {
            "COMPOSITE"
        } else {
            "FULL_OBJECT"
        }
    }

    /// The values in the order of [`Algorithm::ALL`].
    pub fn fields(&self) -> [Option<String>; 5] {
        A::ALL.map(|algorithm| self.get(algorithm))
    }

    /// The value of one algorithm.
    pub fn get(&self, algorithm: Algorithm) -> Option<String> {
        self.values.get(&algorithm).cloned()
    }
}

fn number(value: &str) -> Option<u64> {
    let bytes = unbase64(value)?;
    Some(
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    )
}

/// MD5 of the content.
pub fn md5_of(content: &Content) -> io::Result<[u8; 16]> {
    let mut digest = md5::Md5::new();
    for piece in content.pieces() {
        digest.update(&piece?);
    }
    Ok(digest.finalize().into())
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    s3_bsync::stamp::Hex(bytes).to_string()
}

/// Base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Reads [`base64`].
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}
