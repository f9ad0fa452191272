//! The chapter of the run that the page is about: what it did, and what it did not and why.

use super::history::took;
use super::html::{Text, number, size};
use super::listener::{Lines, Tale, Told};
use crate::commands::dump::words::{counted, grouped};
use crate::event::Counts;
use crate::exit::Exit;
use crate::sync::Mode;
use std::io::{self, Write};

/// A run.
pub struct RunChapter<'a> {
    /// Whether it changed anything.
    pub mode: Mode,
    /// How it ended.
    pub exit: Exit,
    /// How long it took.
    pub seconds: f64,
    /// Why it could not begin, or not save what it did.
    pub stopped: Option<String>,
    /// How each map ended.
    pub maps: Vec<MapEnd>,
    /// What was told meanwhile.
    pub told: &'a Told,
}

/// How a map's run ended.
pub struct MapEnd {
    /// The map's name.
    pub map: String,
    /// What was done.
    pub counts: Counts,
    /// Why it ended early.
    pub halt: Option<String>,
}

impl RunChapter<'_> {
    /// The class and the words for what the run came to.
    pub(super) fn heading(&self) -> (&'static str, &'static str) {
        match (self.mode, self.exit) {
            (_, Exit::Stopped | Exit::Misuse) => ("bad", "Stopped"),
            (_, Exit::Interrupted) => ("warn", "Interrupted"),
            (Mode::DryRun, _) => ("", "Dry run"),
            (Mode::Apply, Exit::InSync) => ("", "In sync"),
            (Mode::Apply, Exit::Partial) => ("warn", "Not all done"),
        }
    }

    fn total(&self) -> Counts {
        let mut total = Counts::default();
        for map in &self.maps {
            total.add(&map.counts);
        }
        total
    }
}

/// The sentence below the heading.
pub(super) fn lead(out: &mut dyn Write, run: &RunChapter<'_>) -> io::Result<()> {
    let counts = run.total();
    let troubles = [(counts.failed, "failed"), (counts.skipped, "skipped")];
    let troubles = troubles.iter().filter(|(count, _)| *count > 0);
    let troubles: Vec<_> = troubles
        .map(|(count, what)| format!("{} {what}", grouped(*count)))
        .collect();
    let halted = run.maps.iter().filter(|map| map.halt.is_some()).count() as u64;
    let mut sentences = vec![match run.mode {
        Mode::DryRun => "Nothing was changed: this is what a sync would do.".to_owned(),
        Mode::Apply => changes(&counts),
    }];
    if !troubles.is_empty() {
        sentences.push(format!("Not done: {}.", troubles.join(", ")));
    }
    if counts.conflicts > 0 {
        sentences.push(format!(
            "{} settled.",
            counted(counts.conflicts, "conflict")
        ));
    }
    if halted > 0 {
        sentences.push(format!("{} stopped.", counted(halted, "map")));
    }
    if let Some(reason) = &run.stopped {
        sentences = vec![format!("The run could not be made: {}.", Text(reason))];
    }
    writeln!(out, "<p class=\"lead\">{}</p>", sentences.join(" "))
}

fn changes(counts: &Counts) -> String {
    let done = [
        (counts.uploaded, "sent"),
        (counts.downloaded, "fetched"),
        (counts.moved, "renamed"),
        (counts.deleted_local, "deleted here"),
        (counts.deleted_remote, "deleted in the bucket"),
    ];
    let done = done.iter().filter(|(count, _)| *count > 0);
    let done: Vec<_> = done
        .map(|(count, what)| format!("{} {what}", grouped(*count)))
        .collect();
    if done.is_empty() {
        "Nothing had to be changed.".to_owned()
    } else {
        format!("Files: {}.", done.join(", "))
    }
}

/// Writes the chapter.
pub(super) fn write(out: &mut dyn Write, run: &RunChapter<'_>) -> io::Result<()> {
    writeln!(
        out,
        "<section id=\"run\"><h2>This run</h2><p class=\"note\">Took {} and ended with exit code {}.</p>",
        took(run.seconds),
        run.exit.code()
    )?;
    for (_, notice) in &run.told.notices.kept {
        writeln!(out, "<p>Note: {}</p>", Text(notice))?;
    }
    for map in run.maps.iter().filter(|map| map.halt.is_some()) {
        let (name, halt) = (Text(&map.map), map.halt.as_deref().unwrap_or_default());
        writeln!(
            out,
            "<p><span class=\"bad\">Stopped:</span> {name}: {}</p>",
            Text(halt)
        )?;
    }
    if !run.maps.is_empty() {
        table(out, run)?;
    }
    for tale in &run.told.maps {
        // Why a map was stopped stands above already.
        let halts = || run.maps.iter().filter_map(|map| map.halt.as_deref());
        let is_told = tale
            .guard
            .kept
            .iter()
            .any(|(_, why)| halts().any(|halt| halt == why));
        let guard = if is_told {
            &Lines::default()
        } else {
            &tale.guard
        };
        troubles(out, tale, guard)?;
    }
    for tale in run.told.maps.iter().filter(|tale| tale.done.count > 0) {
        let what = match run.mode {
            Mode::Apply => "done",
            Mode::DryRun => "would be done",
        };
        let (map, count) = (Text(&tale.map), grouped(tale.done.count));
        writeln!(out, "<details><summary>{map}: {count} {what}</summary>")?;
        lines(out, &tale.done)?;
        writeln!(out, "</details>")?;
    }
    writeln!(out, "</section>")
}

fn table(out: &mut dyn Write, run: &RunChapter<'_>) -> io::Result<()> {
    let caption = match run.mode {
        Mode::Apply => "Files, map by map",
        Mode::DryRun => "Files, map by map, as they would be",
    };
    write!(
        out,
        "<div class=\"scroll top\"><table><caption>{caption}</caption><thead><tr><th scope=\"col\">Map</th>"
    )?;
    let names = [
        "Files",
        "Objects",
        "Sent",
        "Fetched",
        "Renamed",
        "Deleted here",
        "Deleted there",
        "Conflicts",
        "Skipped",
        "Failed",
    ];
    for name in names {
        write!(out, "<th scope=\"col\" class=\"n\">{name}</th>")?;
    }
    writeln!(out, "</tr></thead><tbody>")?;
    for map in &run.maps {
        let Counts {
            uploaded_bytes,
            downloaded_bytes,
            ..
        } = map.counts;
        let c = &map.counts;
        write!(out, "<tr><th scope=\"row\">{}</th>", Text(&map.map))?;
        for (count, bytes) in [
            (c.scanned, 0),
            (c.listed, 0),
            (c.uploaded, uploaded_bytes),
            (c.downloaded, downloaded_bytes),
            (c.moved, 0),
            (c.deleted_local, 0),
            (c.deleted_remote, 0),
        ] {
            write!(out, "<td class=\"n\">{}", number(count))?;
            if bytes > 0 {
                write!(out, " <span class=\"mute\">{}</span>", size(bytes))?;
            }
            write!(out, "</td>")?;
        }
        for (count, class) in [
            (c.conflicts, "warn"),
            (c.skipped, "warn"),
            (c.failed, "bad"),
        ] {
            let class = if count > 0 { class } else { "" };
            write!(
                out,
                "<td class=\"n\"><span class=\"{class}\">{}</span></td>",
                number(count)
            )?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody></table></div>")
}

/// What a map's run left, and why; nothing where that is nothing.
fn troubles(out: &mut dyn Write, tale: &Tale, guard: &Lines) -> io::Result<()> {
    let kinds = [
        ("Failed", &tale.failed),
        ("Held back", guard),
        ("Skipped", &tale.skipped),
        ("Conflicts", &tale.conflicts),
        ("Kept aside in the bucket", &tale.kept),
    ];
    if kinds.iter().all(|(_, lines)| lines.count == 0) {
        return Ok(());
    }
    let (map, path, uri) = (Text(&tale.map), Text(&tale.path), Text(&tale.uri));
    writeln!(out, "<h3>{map}</h3><p class=\"note\">{path} and {uri}</p>")?;
    for (title, told) in kinds {
        if told.count > 0 {
            let count = grouped(told.count);
            writeln!(out, "<h4>{title} <span class=\"mute\">{count}</span></h4>")?;
            lines(out, told)?;
        }
    }
    Ok(())
}

fn lines(out: &mut dyn Write, lines: &Lines) -> io::Result<()> {
    writeln!(out, "<ul class=\"plain\">")?;
    for (what, why) in &lines.kept {
        let (what, why) = (Text(what), Text(why));
        match what.0 {
            "" => writeln!(out, "<li>{why}</li>")?,
            _ => writeln!(out, "<li>{what} <span class=\"mute\">{why}</span></li>")?,
        }
    }
    let more = lines.count - lines.kept.len() as u64;
    if more > 0 {
        writeln!(out, "<li class=\"mute\">and {} more</li>", grouped(more))?;
    }
    writeln!(out, "</ul>")
}
