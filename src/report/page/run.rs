//! The chapter of the run that the page is about: what it did, and what it did not and why.

use super::history::{took, verdict};
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
    /// What the run came to, in a few words.
    pub(super) fn heading(&self) -> String {
        let word = match (self.mode, self.exit) {
            (_, Exit::Stopped | Exit::Misuse) => "Stopped",
            (_, Exit::Interrupted) => "Interrupted",
            (Mode::DryRun, _) => "Dry run",
            (Mode::Apply, Exit::InSync) => "In sync",
            (Mode::Apply, Exit::Partial) => "Not all done",
        };
        word.to_owned()
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
    let troubles = [
        (counts.failed, "failed"),
        (counts.skipped, "skipped"),
        (counts.conflicts, "in conflict"),
    ];
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
        sentences.push(format!("Files left: {}.", troubles.join(", ")));
    }
    if halted > 0 {
        sentences.push(format!("{} stopped.", counted(halted, "map")));
    }
    if let Some(reason) = &run.stopped {
        sentences = vec![format!("The run could not be made: {}.", Text(reason))];
    }
    let (class, _) = verdict(run.exit.code().into());
    let class = if class == "good" { "" } else { class };
    writeln!(out, "<p class=\"lead {class}\">{}</p>", sentences.join(" "))
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
    let (class, word) = verdict(run.exit.code().into());
    writeln!(
        out,
        "<section id=\"run\"><h2>This run</h2><p><span class=\"{class}\">{}</span> <span class=\"mute\">after {}, with exit code {}</span></p>",
        if run.mode == Mode::DryRun && run.exit <= Exit::Partial {
            "dry run"
        } else {
            word
        },
        took(run.seconds),
        run.exit.code()
    )?;
    let notices = run.told.notices.kept.iter();
    for (_, notice) in notices {
        writeln!(out, "<p class=\"warn\">{}</p>", Text(notice))?;
    }
    if !run.maps.is_empty() {
        table(out, run)?;
    }
    for map in run.maps.iter().filter(|map| map.halt.is_some()) {
        let (name, halt) = (Text(&map.map), map.halt.as_deref().unwrap_or_default());
        writeln!(
            out,
            "<p><span class=\"bad\">Stopped:</span> {name}: {}</p>",
            Text(halt)
        )?;
    }
    let has_many = run.told.maps.len() > 1;
    for tale in &run.told.maps {
        write_tale(out, tale, run.mode, has_many.then_some(&tale.map[..]))?;
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
        "<div class=\"scroll\"><table><caption>{caption}</caption><thead><tr><th scope=\"col\">Map</th>"
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

fn write_tale(out: &mut dyn Write, tale: &Tale, mode: Mode, name: Option<&str>) -> io::Result<()> {
    let of = name.map_or(String::new(), |name| format!(" &#8211; {}", Text(name)));
    let done = match mode {
        Mode::Apply => "What was done",
        Mode::DryRun => "What would be done",
    };
    for (title, lines) in [
        ("Failed", &tale.failed),
        ("Held back", &tale.guard),
        ("Conflicts", &tale.conflicts),
        ("Skipped", &tale.skipped),
        ("Kept aside in the bucket", &tale.kept),
        (done, &tale.done),
    ] {
        if lines.count > 0 {
            writeln!(
                out,
                "<h3>{title}{of} <span class=\"mute\">{}</span></h3>",
                grouped(lines.count)
            )?;
            write_lines(out, lines)?;
        }
    }
    Ok(())
}

fn write_lines(out: &mut dyn Write, lines: &Lines) -> io::Result<()> {
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
