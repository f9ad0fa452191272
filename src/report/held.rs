//! Lines that wait for their turn: in memory up to a bound, the rest in a file without a name.

use crate::store::new_map_id;
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};

/// Bytes of lines that one map keeps in memory.
const MOST_BYTES: usize = 1 << 20;

/// Something to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A line on standard output.
    Out(String),
    /// Lines on standard error, together, and a hint that is printed once.
    Err(Vec<String>, Option<String>),
}

impl Piece {
    fn bytes(&self) -> usize {
        match self {
            Self::Out(line) => line.len(),
            Self::Err(lines, _) => lines.iter().map(String::len).sum(),
        }
    }

    fn encoded(&self) -> Value {
        match self {
            Self::Out(line) => json!(line),
            Self::Err(lines, hint) => json!([lines, hint]),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        match serde_json::from_str(line).ok()? {
            Value::String(line) => Some(Self::Out(line)),
            value => {
                let (lines, hint) = serde_json::from_value(value).ok()?;
                Some(Self::Err(lines, hint))
            }
        }
    }
}

/// Pieces in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Held {
    file: Option<Spilled>,
    /// Those after the ones in the file.
    rest: Vec<Piece>,
    rest_bytes: usize,
}

#[derive(Debug)]
struct Spilled {
    file: fs::File,
    bytes: u64,
}

impl Held {
    /// Adds a piece. If the file cannot be written, all pieces stay in memory.
    pub(super) fn push(&mut self, piece: Piece) {
        self.rest_bytes += piece.bytes();
        self.rest.push(piece);
        if self.rest_bytes >= MOST_BYTES {
            self.rest_bytes = 0;
            if self.spill().is_ok() {
                self.rest.clear();
            }
        }
    }

    fn spill(&mut self) -> io::Result<()> {
        let spilled = match &mut self.file {
            Some(spilled) => spilled,
            none => none.insert(Spilled {
                file: nameless()?,
                bytes: 0,
            }),
        };
        let mut text = Vec::new();
        for piece in &self.rest {
            writeln!(text, "{}", piece.encoded())?;
        }
        spilled.file.write_all_at(&text, spilled.bytes)?;
        spilled.bytes += text.len() as u64;
        Ok(())
    }

    /// Hands over all pieces.
    pub(super) fn print(self, mut print: impl FnMut(Piece)) {
        if let Some(Spilled { file, bytes }) = self.file {
            // It was written at given places and is read from its beginning.
            let lines = BufReader::new(file.take(bytes)).lines();
            let pieces = lines.map_while(Result::ok);
            pieces
                .filter_map(|line| Piece::parse(&line))
                .for_each(&mut print);
        }
        self.rest.into_iter().for_each(print);
    }
}

/// A file that only this process can reach.
fn nameless() -> io::Result<fs::File> {
    let id = new_map_id().map_err(io::Error::other)?;
    let path = std::env::temp_dir().join(format!("s3-bsync-{id}"));
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create_new(true).mode(0o600);
    let file = options.open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_in_order_however_many_there_are() {
        let piece = |n: usize| match n % 3 {
            0 => Piece::Out(format!("{n}\n\u{fc} {}", "x".repeat(100))),
            1 => Piece::Err(vec![format!("{n}"), "y".repeat(100)], None),
            _ => Piece::Err(Vec::new(), Some(n.to_string())),
        };
        for count in [0, 1, 50_000] {
            let mut held = Held::default();
            (0..count).for_each(|n| held.push(piece(n)));
            assert!(held.rest.len() < 40_000, "the rest is in the file");
            let mut number = 0;
            held.print(|found| {
                assert_eq!(found, piece(number));
                number += 1;
            });
            assert_eq!(number, count);
        }
    }
}
