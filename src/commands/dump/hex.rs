//! A dump of bytes: one line a field, for eyes that look for damage. Needs no intact file, and
//! takes a journal and a previous generation as well.

use super::words::{counted, utc};
use super::{BUFFER_BYTES, Damage, Error, Spare};
use crate::format::{Annotated, Field, Part, Section, UNREAD, Value};
use crate::key::Shown;
use std::fmt::{self, Write as _};
use std::io::{self, BufReader, Write};
use std::path::Path;

/// Bytes on one line.
const LINE_BYTES: usize = 16;
/// Bytes that are shown of one field.
const FIELD_BYTES: usize = 512;
/// Columns of a line's bytes.
const BYTES_WIDTH: usize = LINE_BYTES * 3 - 1;

/// Prints what the file has up to its end or first defect.
pub(super) fn print(file: &Path, out: &mut impl Write) -> Result<(), Error> {
    let path = file.display().to_string();
    let unreadable = |error| Error::Unreadable(path.clone(), error);
    let source = super::open(file)?;
    let mut parts = Annotated::new(BufReader::with_capacity(BUFFER_BYTES, source));
    for part in parts.by_ref() {
        print_part(&part.map_err(unreadable)?, out)?;
    }
    let stopped = parts.stopped().copied();
    let rest_bytes = parts.rest_bytes().map_err(unreadable)?;
    let Some(defect) = stopped else {
        return Ok(());
    };
    let kind = defect.kind.name();
    writeln!(out, "\nDAMAGED at {:08x}: {defect} ({kind})", defect.offset)?;
    if rest_bytes > 0 {
        let rest = counted(rest_bytes, "byte");
        writeln!(out, "not shown: {rest} after it")?;
    }
    Err(Error::Damaged(Damage {
        path,
        defect,
        spare: Spare::NotNeeded,
    }))
}

fn print_part(part: &Part, out: &mut impl Write) -> io::Result<()> {
    if part.offset > 0 {
        writeln!(out)?;
    }
    write!(out, "{}, {} bytes", part.section, part.bytes.len())?;
    let sums = part.fields.iter().find_map(|field| match field.value {
        Value::Checksum { stored, computed } => Some((stored, computed)),
        _ => None,
    });
    if let Some((stored, computed)) = sums {
        let verdict = if stored == computed { "" } else { ": DIFFERS" };
        write!(
            out,
            ", checksum {stored:08x} stored, {computed:08x} computed{verdict}"
        )?;
    }
    writeln!(out)?;
    let mut records = 0_u64;
    for field in &part.fields {
        if field.length == 0 {
            match part.section {
                Section::Objects => writeln!(out, "  {} {records}", field.name)?,
                _ => writeln!(out, "  {}", field.name)?,
            }
            records += 1;
        } else {
            print_field(field, part.bytes_of(field), out)?;
        }
    }
    Ok(())
}

fn print_field(field: &Field, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    let shown = &bytes[..bytes.len().min(FIELD_BYTES)];
    let mut offset = field.offset;
    for (n, bytes) in shown.chunks(LINE_BYTES).enumerate() {
        write!(out, "{offset:08x}  ")?;
        out.write_all(&digits(bytes)[..bytes.len() * 3 - 1])?;
        let gap = BYTES_WIDTH + 2 - (bytes.len() * 3 - 1);
        match n {
            _ if field.name == UNREAD => {
                let name = if n == 0 { UNREAD } else { "" };
                write!(out, "{:gap$}{name:<15}  |{}|", "", Plain(bytes))?;
            }
            0 => {
                write!(out, "{:gap$}", "")?;
                say(field, out)?;
            }
            _ => {}
        }
        writeln!(out)?;
        offset += bytes.len() as u64;
    }
    let hidden = bytes.len() - shown.len();
    if hidden > 0 {
        writeln!(out, "{offset:08x}  ... {hidden} more bytes of this field")?;
    }
    Ok(())
}

/// Two digits a byte, with a space behind them.
fn digits(bytes: &[u8]) -> [u8; LINE_BYTES * 3] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut line = [b' '; LINE_BYTES * 3];
    for (place, byte) in line.chunks_exact_mut(3).zip(bytes) {
        place[0] = DIGITS[usize::from(byte >> 4)];
        place[1] = DIGITS[usize::from(byte & 15)];
    }
    line
}

/// Writes a field's name and what its bytes say.
fn say(field: &Field, out: &mut impl Write) -> io::Result<()> {
    let name = field.name;
    if field.value == Value::Bytes {
        return write!(out, "{name}");
    }
    write!(out, "{name:<15}  ")?;
    match &field.value {
        Value::Bytes => Ok(()),
        Value::Number(number) => write!(out, "{number}"),
        Value::Code(number, word) if word.is_empty() => write!(out, "{number}"),
        Value::Code(number, word) => write!(out, "{number}: {word}"),
        Value::Text(text) => write!(out, "\"{}\"", Shown(text)),
        Value::Said(words) => write!(out, "{words}"),
        Value::TimeMs(ms) => write!(out, "{ms} ms, {}", utc(*ms)),
        Value::TimeNs(ns) => write!(out, "{ns} ns, {}", utc(ns.div_euclid(1_000_000))),
        Value::Checksum { stored, .. } => write!(out, "{stored:08x}"),
    }
}

/// Bytes as text, with a dot for what is none.
struct Plain<'a>(&'a [u8]);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| {
            let is_plain = matches!(byte, b' '..=b'~');
            f.write_char(if is_plain { char::from(*byte) } else { '.' })
        })
    }
}
