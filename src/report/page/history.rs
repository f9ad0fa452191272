//! The chapter of earlier runs: a bar each, and a table.

use super::html::{Text, Time, number, size};
use super::treemap::weight;
use crate::event::Counts;
use std::io::{self, Write};

/// A run of the past.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRun {
    /// When it began, milliseconds since the epoch.
    pub began_ms: i64,
    /// How it ended; `None` for one of which that is not known.
    pub end: Option<End>,
}

/// How a run of the past ended.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// The exit code.
    pub exit: u64,
    /// How long it took.
    pub seconds: f64,
    /// What its maps come to.
    pub counts: Counts,
    /// Maps that were stopped, and why.
    pub halts: Vec<(String, String)>,
}

/// Runs that have a row each.
const ROWS: usize = 30;

/// Writes the chapter, of runs with the newest first and how many there were before, or of why they
/// are not known.
pub(super) fn write(
    out: &mut dyn Write,
    told: Result<&(Vec<PastRun>, usize), &str>,
) -> io::Result<()> {
    writeln!(out, "<section id=\"history\"><h2>Earlier runs</h2>")?;
    let (runs, earlier) = match told {
        Ok((runs, earlier)) => (&runs[..], *earlier),
        Err(reason) => {
            return writeln!(out, "<p class=\"warn\">{}</p></section>", Text(reason));
        }
    };
    if runs.is_empty() {
        return writeln!(
            out,
            "<p class=\"mute\">The log folder tells of none.</p></section>"
        );
    }
    chart(out, runs)?;
    writeln!(
        out,
        "<h3>The last {}</h3><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Began</th>\
         <th scope=\"col\">Ended</th><th scope=\"col\" class=\"n\">Took</th>\
         <th scope=\"col\" class=\"n\">Sent</th><th scope=\"col\" class=\"n\">Fetched</th>\
         <th scope=\"col\" class=\"n\">Renamed</th><th scope=\"col\" class=\"n\">Deleted</th>\
         <th scope=\"col\" class=\"n\">Conflicts</th><th scope=\"col\" class=\"n\">Skipped</th>\
         <th scope=\"col\" class=\"n\">Failed</th></tr></thead><tbody>",
        runs.len().min(ROWS)
    )?;
    for run in runs.iter().take(ROWS) {
        row(out, run)?;
    }
    writeln!(out, "</tbody></table></div>")?;
    let more = earlier + runs.len().saturating_sub(ROWS);
    if more > 0 {
        writeln!(
            out,
            "<p class=\"note\">{} before these.</p>",
            number(more as u64)
        )?;
    }
    writeln!(out, "</section>")
}

fn row(out: &mut dyn Write, run: &PastRun) -> io::Result<()> {
    let began = Time(run.began_ms);
    write!(out, "<tr><th scope=\"row\" class=\"t\">{began}</th>")?;
    let Some(end) = &run.end else {
        return writeln!(
            out,
            "<td class=\"warn\" colspan=\"9\">its log tells of no end: it was cut off, or is not over</td></tr>"
        );
    };
    let (class, word) = verdict(end.exit);
    write!(
        out,
        "<td class=\"t\"><span class=\"{class}\">{word}</span></td>"
    )?;
    write!(out, "<td class=\"n\">{}</td>", took(end.seconds))?;
    let counts = &end.counts;
    for (files, bytes) in [
        (counts.uploaded, counts.uploaded_bytes),
        (counts.downloaded, counts.downloaded_bytes),
    ] {
        write!(out, "<td class=\"n\">{}", number(files))?;
        if bytes > 0 {
            write!(out, " <span class=\"mute\">{}</span>", size(bytes))?;
        }
        write!(out, "</td>")?;
    }
    let deleted = counts.deleted_local.saturating_add(counts.deleted_remote);
    for count in [
        counts.moved,
        deleted,
        counts.conflicts,
        counts.skipped,
        counts.failed,
    ] {
        write!(out, "<td class=\"n\">{}</td>", number(count))?;
    }
    writeln!(out, "</tr>")?;
    for (map, halt) in &end.halts {
        let (map, halt) = (Text(map), Text(halt));
        writeln!(
            out,
            "<tr><td></td><td colspan=\"9\" class=\"mute\">map {map}: {halt}</td></tr>"
        )?;
    }
    Ok(())
}

/// An exit code's class and word.
pub(super) fn verdict(exit: u64) -> (&'static str, &'static str) {
    match exit {
        0 => ("good", "in sync"),
        1 => ("warn", "not all done"),
        130 => ("warn", "interrupted"),
        _ => ("bad", "stopped"),
    }
}

/// How long something took.
pub(super) fn took(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() || s < 0.0 => "&#8211;".to_owned(),
        s if s < 99.95 => format!("{s:.1} s"),
        s if s < 5970.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// A bar for each run, the oldest first: as high as the bytes that it moved.
fn chart(out: &mut dyn Write, runs: &[PastRun]) -> io::Result<()> {
    const HEIGHT: f64 = 90.0;
    const LEAST: f64 = 3.0;
    let bytes = |run: &PastRun| {
        run.end.as_ref().map_or(0, |end| {
            let Counts {
                uploaded_bytes,
                downloaded_bytes,
                ..
            } = end.counts;
            uploaded_bytes.saturating_add(downloaded_bytes)
        })
    };
    let most = runs.iter().map(bytes).max().unwrap_or(0);
    let step = 960.0 / weight(runs.len() as u64).max(30.0);
    write!(
        out,
        "<figure><svg class=\"runs\" viewBox=\"0 0 960 90\" role=\"img\" aria-label=\"Bytes moved by each run\">"
    )?;
    for (n, run) in runs.iter().rev().enumerate() {
        let share = weight(bytes(run)) / weight(most).max(1.0);
        let height = (share * HEIGHT).max(LEAST);
        let class = match run.end.as_ref().map(|end| end.exit) {
            None => "gone",
            Some(0) => "ok",
            Some(1 | 130) => "part",
            Some(_) => "stop",
        };
        let word = run
            .end
            .as_ref()
            .map_or("no end known", |end| verdict(end.exit).1);
        let utc = crate::commands::dump::words::utc(run.began_ms);
        writeln!(
            out,
            "<g><title>{utc}: {word}, {}</title><rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/></g>",
            size(bytes(run)),
            weight(n as u64) * step,
            HEIGHT - height,
            (step - 2.0).max(1.0),
        )?;
    }
    writeln!(
        out,
        "</svg><figcaption>Bytes sent and fetched by each run, the newest on the right; the highest bar is {}.</figcaption></figure>",
        size(most)
    )
}
