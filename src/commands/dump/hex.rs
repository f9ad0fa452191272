//! A dump of bytes: one line a field, for eyes that look for damage. Needs no intact file, and
//! takes a journal and a previous generation as well.

use super::Error;
use super::text::utc;
use crate::format::{Annotated, Field, Part, Section, Value};
use crate::key::Shown;
use std::fs::File;
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
    let unreadable = |error| Error::Unreadable(file.display().to_string(), error);
    let source = File::open(file).map_err(unreadable)?;
    let mut parts = Annotated::new(BufReader::new(source));
    for part in parts.by_ref() {
        print_part(&part.map_err(unreadable)?, out)?;
    }
    let stopped = parts.stopped().copied();
    let rest_bytes = parts.rest_bytes().map_err(unreadable)?;
    if rest_bytes > 0 {
        writeln!(out, "\n{rest_bytes} more bytes were not read")?;
    }
    out.flush()?;
    stopped.map_or(Ok(()), |defect| Err(Error::Damaged(defect)))
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
    for (n, line) in shown.chunks(LINE_BYTES).enumerate() {
        let digits: Vec<_> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let digits = digits.join(" ");
        if n == 0 {
            let line = format!(
                "{offset:08x}  {digits:<BYTES_WIDTH$}  {:<15}  {}",
                field.name,
                said(&field.value)
            );
            writeln!(out, "{}", line.trim_end())?;
        } else {
            writeln!(out, "{offset:08x}  {digits}")?;
        }
        offset += line.len() as u64;
    }
    let hidden = bytes.len() - shown.len();
    if hidden > 0 {
        writeln!(out, "{offset:08x}  ... {hidden} more bytes of this field")?;
    }
    Ok(())
}

fn said(value: &Value) -> String {
    match value {
        Value::Bytes => String::new(),
        Value::Number(number) => number.to_string(),
        Value::Code(number, word) if word.is_empty() => number.to_string(),
        Value::Code(number, word) => format!("{number}: {word}"),
        Value::Text(text) => format!("\"{}\"", Shown(text)),
        Value::Said(words) => words.clone(),
        Value::TimeMs(ms) => format!("{ms} ms, {}", utc(*ms)),
        Value::TimeNs(ns) => format!("{ns} ns, {}", utc(ns.div_euclid(1_000_000))),
        Value::Checksum { stored, .. } => format!("{stored:08x}"),
    }
}
