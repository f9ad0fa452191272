//! A file's bytes to the object's, piece by piece.

use super::gzip::{self, Pressed, Segment, Sum};
use super::recipients::Recipients;
use crate::state::Encoding;
use age::stream::StreamWriter;
use bytes::Bytes;
use std::io::{self, Write};
use std::sync::Arc;

/// How one file is wrapped. Made by an [`Envelope`](super::Envelope) alone, so that it has
/// recipients wherever the map has them.
#[derive(Clone)]
pub struct Wrapping {
    level: u8,
    recipients: Option<Arc<Recipients>>,
}

/// Where a piece stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Another comes after it.
    Within,
    /// It is the last.
    Last,
}

/// A piece of a file, ready to be sealed in its turn.
pub enum Piece {
    /// The file's own bytes.
    Plain(Bytes),
    /// Compressed ones.
    Pressed(Pressing),
}

/// A compressed piece.
pub struct Pressing(Pressed);

impl Wrapping {
    pub(super) fn new(level: u8, recipients: Option<Arc<Recipients>>) -> Self {
        Self { level, recipients }
    }

    /// How an object that is wrapped so holds its file.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        match (self.level > 0, self.recipients.is_some()) {
            (false, false) => Encoding::Plain,
            (true, false) => Encoding::Gzip,
            (false, true) => Encoding::Age,
            (true, true) => Encoding::GzipAge,
        }
    }

    /// The most bytes that a file of `plain_bytes` takes: five bytes more for each stored block of
    /// deflate, sixteen for each chunk of age, and their headers.
    #[must_use]
    pub fn bound_bytes(&self, plain_bytes: u64) -> u64 {
        let chunks = plain_bytes.div_ceil(16 << 10) + 1;
        plain_bytes + chunks * 32 + (512 << 10)
    }

    /// Compresses the next piece, if that is to be done; `before` is the piece before it, empty for
    /// the first. Pieces may be pressed in any order, at the same time.
    ///
    /// # Errors
    /// A failing compressor.
    pub fn press(&self, bytes: Bytes, before: &[u8], place: Place) -> io::Result<Piece> {
        if self.level == 0 {
            return Ok(Piece::Plain(bytes));
        }
        let segment = Segment {
            bytes: &bytes,
            before,
            place,
        };
        Ok(Piece::Pressed(Pressing(gzip::press(self.level, &segment)?)))
    }

    /// Begins an object.
    ///
    /// # Errors
    /// A recipient that cannot be used, and what `out` gives.
    pub fn begin<W: Write>(&self, out: W) -> io::Result<Sealer<W>> {
        let mut outer = match &self.recipients {
            None => Outer::Plain(out),
            Some(recipients) => Outer::Age(recipients.begin(out)?),
        };
        if self.level > 0 {
            outer.write_all(gzip::header(self.level))?;
        }
        Ok(Sealer {
            level: self.level,
            sum: Sum::default(),
            outer,
        })
    }
}

/// An object being made. What is not [finished](Self::finish) is of no use.
pub struct Sealer<W: Write> {
    level: u8,
    sum: Sum,
    outer: Outer<W>,
}

impl<W: Write> Sealer<W> {
    /// Adds the next piece, in the order of the file.
    ///
    /// # Errors
    /// What the writer gives.
    pub fn put(&mut self, piece: &Piece) -> io::Result<()> {
        match piece {
            Piece::Plain(bytes) => self.outer.write_all(bytes),
            Piece::Pressed(Pressing(pressed)) => {
                self.sum.add(pressed);
                self.outer.write_all(&pressed.bytes)
            }
        }
    }

    /// Ends the object and gives the writer back.
    ///
    /// # Errors
    /// What the writer gives.
    pub fn finish(mut self) -> io::Result<W> {
        if self.level > 0 {
            self.outer.write_all(&gzip::trailer(self.level, self.sum))?;
        }
        match self.outer {
            Outer::Plain(out) => Ok(out),
            Outer::Age(stream) => stream.finish(),
        }
    }
}

enum Outer<W: Write> {
    Plain(W),
    Age(StreamWriter<W>),
}

impl<W: Write> Write for Outer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Age(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Age(stream) => stream.flush(),
        }
    }
}
