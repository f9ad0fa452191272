//! What whoever can write to the bucket may offer as an object, and what is demanded of its opening.

use super::wrap::{OPENER, SECRECY, age, gzip};
use s3_bsync::envelope::{Envelope, OpenError, Secrecy};
use s3_bsync::state::Encoding;

/// Levels 10 and 11 take their time, and are not what is tried here: they get no more than this.
const SLOW_BYTES: usize = 4 << 10;
/// The most that a short input is stretched to.
const MAX_PLAIN_BYTES: usize = 300 << 10;
/// What is compared with what was wrapped; opening hands over no more than one buffer at a time.
const MAX_PIECE_BYTES: usize = 64 << 10;

/// The first bytes of an input say what is done with the rest.
struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    fn byte(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((first, rest)) => {
                self.rest = rest;
                *first
            }
            None => 0,
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(u16::from_be_bytes([self.byte(), self.byte()])) * limit / (1 << 16)
    }

    fn encoding(&mut self) -> Encoding {
        match self.byte() % 4 {
            0 => Encoding::Plain,
            1 => Encoding::Gzip,
            2 => Encoding::Age,
            _ => Encoding::GzipAge,
        }
    }

    /// A level of gzip, seldom a slow one.
    fn level(&mut self) -> u8 {
        match self.byte() {
            255 => 11,
            254 => 10,
            byte => byte % 10,
        }
    }

    /// What so many changes are read from, and the rest.
    fn split(self, changes: u8) -> (Self, &'a [u8]) {
        let length = usize::from(changes) * Change::LONGEST_BYTES;
        let (changes, rest) = self.rest.split_at(self.rest.len().min(length));
        (Self { rest: changes }, rest)
    }
}

/// A change that whoever writes to a bucket, or a worn disk, may make.
enum Change {
    Flip {
        at: usize,
        bit: u8,
    },
    Cut {
        at: usize,
    },
    Splice {
        from: usize,
        to: usize,
        length: usize,
    },
    Append {
        length: usize,
    },
}

impl Change {
    /// Bytes that the longest is read from.
    const LONGEST_BYTES: usize = 7;

    fn read(input: &mut Input, length: usize) -> Self {
        match input.byte() % 4 {
            0 => Self::Flip {
                at: input.below(length),
                bit: input.byte() % 8,
            },
            1 => Self::Cut {
                at: input.below(length),
            },
            2 => Self::Splice {
                from: input.below(length),
                to: input.below(length),
                length: input.below(1 << 10),
            },
            _ => Self::Append {
                length: usize::from(input.byte()),
            },
        }
    }

    fn make(&self, bytes: &mut Vec<u8>, more: &[u8]) {
        match *self {
            Self::Flip { at, bit } => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            Self::Cut { at } => bytes.truncate(at),
            Self::Splice { from, to, length } => {
                let end = bytes.len().min(from + length);
                let piece = bytes[from.min(end)..end].to_vec();
                bytes.splice(to.min(bytes.len())..to.min(bytes.len()), piece);
            }
            Self::Append { length } => bytes.extend(&more[..length.min(more.len())]),
        }
    }
}

/// An object of any bytes, whatever its metadata claims, never panics, never hands over more than
/// was claimed, and is opened only to as many bytes as were claimed. One that was wrapped and then
/// changed is opened to what was wrapped or not at all.
pub fn open(data: &[u8]) {
    let mut input = Input { rest: data };
    let claimed = input.encoding();
    let size = input.byte();
    let number = u64::from(input.byte());
    match input.byte() % 3 {
        0 => {
            let size = size_claimed(size, number, input.rest.len() as u64);
            let _ = opened(claimed, input.rest, size, None);
        }
        1 => changed(input, claimed, size, number),
        _ => kept(input),
    }
}

/// An object made here, with some changes within its encryption and some without.
fn changed(mut input: Input, claimed: Encoding, size: u8, number: u64) {
    let mut encoding = input.encoding();
    let level = input.level().max(1);
    let (within, without) = (input.byte() % 3, input.byte() % 3);
    let stretch = usize::from(input.byte()).pow(2);
    let (mut changes, more) = input.split(within + without);
    let plain = stretched(more, stretch, level);
    let mut bytes = plain.clone();
    let is_pressed = matches!(encoding, Encoding::Gzip | Encoding::GzipAge);
    if is_pressed {
        match gzip(level, &plain) {
            Some(pressed) => bytes = pressed,
            None if encoding == Encoding::Gzip => encoding = Encoding::Plain,
            None => encoding = Encoding::Age,
        }
    }
    let is_sealed = matches!(encoding, Encoding::Age | Encoding::GzipAge);
    for _ in 0..within {
        Change::read(&mut changes, bytes.len()).make(&mut bytes, more);
    }
    let inner = bytes.clone();
    if is_sealed {
        bytes = age(&bytes);
    }
    for _ in 0..without {
        Change::read(&mut changes, bytes.len()).make(&mut bytes, more);
    }
    let size = size_claimed(size, number, plain.len() as u64);
    // gzip finds damage, not malice: with the right length it is the right content.
    let demanded = match (claimed, encoding) {
        (Encoding::Gzip, Encoding::Gzip) | (Encoding::GzipAge, Encoding::GzipAge)
            if size == Some(plain.len() as u64) =>
        {
            Some(&plain)
        }
        // What is encrypted is what its writer encrypted.
        (Encoding::Age, Encoding::Age | Encoding::GzipAge) => Some(&inner),
        _ => None,
    };
    let _ = opened(claimed, &bytes, size, demanded.map(Vec::as_slice));
}

/// A file's bytes, grown from a few.
fn stretched(seed: &[u8], stretch: usize, level: u8) -> Vec<u8> {
    let limit = match level {
        10.. => SLOW_BYTES,
        _ => MAX_PLAIN_BYTES,
    };
    let length = (seed.len() + seed.len().min(64) * stretch).min(limit);
    seed.iter().copied().cycle().take(length).collect()
}

/// What the program itself wraps it opens, in one piece or in several.
fn kept(mut input: Input) {
    let level = input.level();
    let secrecy = match input.byte() % 2 {
        0 => Secrecy::Open,
        _ => SECRECY.clone(),
    };
    let stretch = usize::from(input.byte());
    let plain = stretched(input.rest, stretch, level);
    let envelope = Envelope::new(level, secrecy, None);
    let wrapped = envelope.wrap(&plain).unwrap();
    let encoding = wrapped.wrapping.encoding();
    let bytes = wrapped.bytes.unwrap_or_else(|| plain.clone());
    let size = Some(plain.len() as u64);
    opened(encoding, &bytes, size, Some(&plain)).unwrap();
    for end in [plain.len() / 2, bytes.len() / 2] {
        if encoding != Encoding::Plain && end < bytes.len() {
            opened(encoding, &bytes[..end], size, Some(&plain)).unwrap_err();
        }
    }
}

/// The size that the metadata claims of a file that has `own` bytes.
fn size_claimed(choice: u8, number: u64, own: u64) -> Option<u64> {
    match choice % 6 {
        0 => None,
        1 => Some(number),
        2 => Some(own.wrapping_add(number) ^ (1 << (number % 64))),
        3 => Some(u64::MAX - number),
        _ => Some(own),
    }
}

fn opened(
    encoding: Encoding,
    bytes: &[u8],
    size: Option<u64>,
    demanded: Option<&[u8]>,
) -> Result<u64, OpenError> {
    let mut handed: u64 = 0;
    let mut right = true;
    let result = OPENER.open::<OpenError>(encoding, bytes, size, &mut |piece| {
        assert!(!piece.is_empty() && piece.len() <= MAX_PIECE_BYTES);
        let from = usize::try_from(handed).unwrap();
        handed += piece.len() as u64;
        assert!(size.is_none_or(|size| handed <= size));
        right &= demanded.is_none_or(|whole| whole.get(from..from + piece.len()) == Some(piece));
        Ok(())
    });
    if let Ok(length) = result {
        assert_eq!(length, handed);
        assert!(size.is_none_or(|size| length == size));
        let is_pressed = matches!(encoding, Encoding::Gzip | Encoding::GzipAge);
        assert!(size.is_some() || !is_pressed);
        assert!(right && demanded.is_none_or(|whole| whole.len() as u64 == length));
    }
    result
}
