//! Digests of a file's consecutive pieces of one length.

/// A piece's digest: the first 16 bytes of its BLAKE3.
pub type PieceDigest = [u8; 16];

/// The digest of one whole piece.
#[must_use]
pub fn piece(bytes: &[u8]) -> PieceDigest {
    short(&blake3::hash(bytes))
}

/// Digests the pieces of a file whose bytes arrive in runs of any length.
pub struct Pieces {
    piece_bytes: u64,
    filled: u64,
    hasher: blake3::Hasher,
    done: Vec<PieceDigest>,
}

impl Pieces {
    /// Nothing yet; every piece but the last has `piece_bytes`, which is not 0.
    #[must_use]
    pub fn of(piece_bytes: u64) -> Self {
        Self {
            piece_bytes,
            filled: 0,
            hasher: blake3::Hasher::new(),
            done: Vec::new(),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.filled == self.piece_bytes {
                self.close();
            }
            let room = usize::try_from(self.piece_bytes - self.filled).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(bytes.len().min(room.max(1)));
            self.hasher.update(now);
            self.filled += now.len() as u64;
            bytes = later;
        }
    }

    /// The digests of all pieces.
    #[must_use]
    pub fn finish(mut self) -> Vec<PieceDigest> {
        if self.filled > 0 {
            self.close();
        }
        self.done
    }

    fn close(&mut self) {
        self.done.push(short(&self.hasher.finalize()));
        self.hasher.reset();
        self.filled = 0;
    }
}

fn short(hash: &blake3::Hash) -> PieceDigest {
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash.as_bytes()[..16]);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_do_not_depend_on_how_the_bytes_arrive() {
        let bytes: Vec<u8> = (0..1000_u32).map(|i| i.to_le_bytes()[0]).collect();
        for length in [0, 1, 99, 100, 101, 200, 950, 1000] {
            let wanted: Vec<_> = bytes[..length].chunks(100).map(piece).collect();
            for run in [1, 7, 100, 250, 1000] {
                let mut pieces = Pieces::of(100);
                for some in bytes[..length].chunks(run) {
                    pieces.update(some);
                }
                assert_eq!(pieces.finish(), wanted, "{length} bytes in runs of {run}");
            }
        }
    }
}
