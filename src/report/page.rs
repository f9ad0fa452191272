//! One page, whole in itself, of a state and of a run: `--report`.
//!
//! Data in, HTML out. The page fetches nothing, runs nothing and says so to the browser; every name
//! in it is text and no more. Knows no disk: what it tells of was read by others.

mod areas;
mod census;
mod drawing;
mod folders;
mod history;
mod html;
mod listener;
mod map;
mod palette;
mod run;
mod style;
#[cfg(test)]
mod tests;
mod treemap;

pub use census::{Census, Counted};
pub use history::{End, PastRun};
use html::{Text, Time, size};
pub use listener::{Lines, Listener, Tale, Told};
pub use map::MapChapter;
pub use run::{MapEnd, RunChapter};
use std::io::{self, Write};

/// How every page begins, by which one is known.
pub const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"generator\" content=\"s3-bsync\"/>\n";

/// Nothing is fetched and nothing is run; the one style sheet is in the page.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// What a page tells of.
pub struct Page<'a> {
    /// When it was made, milliseconds since the epoch.
    pub made_ms: i64,
    /// The state file, or the directory of a run without one.
    pub subject: String,
    /// The state file's own facts; `None` where there is none.
    pub state: Option<About>,
    /// What a person should know of the state.
    pub notices: Vec<String>,
    /// The run, where there was one.
    pub run: Option<RunChapter<'a>>,
    /// The state's maps, in its order.
    pub maps: Vec<MapChapter>,
    /// Runs of the past, the newest first, and how many there were before them, or why that is not
    /// known; `None` where no log folder was named.
    pub history: Option<Result<(Vec<PastRun>, usize), String>>,
}

/// A state file's own facts.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The file's size.
    pub bytes: u64,
    /// Its generation.
    pub generation: u64,
    /// When both sides were last found or made equal, milliseconds since the epoch; 0 for never.
    pub synced_ms: u64,
}

/// Writes the page.
///
/// # Errors
/// Those of `out`.
pub fn write(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    head(page, out)?;
    header(page, out)?;
    writeln!(out, "<main>")?;
    if let Some(run) = &page.run {
        run::write(out, run)?;
    }
    for (n, map) in page.maps.iter().enumerate() {
        map::write(out, map, n + 1)?;
    }
    if let Some(told) = &page.history {
        history::write(out, told.as_ref().map_err(String::as_str))?;
    }
    writeln!(out, "</main>")?;
    writeln!(
        out,
        "<footer><p>Made by s3-bsync {} on {}. All times are UTC. The page lists names of files; it is complete in itself and fetches nothing.</p></footer>",
        env!("CARGO_PKG_VERSION"),
        Time(page.made_ms)
    )?;
    out.write_all(b"</body>\n</html>\n")
}

fn head(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let title = Text(&page.subject);
    out.write_all(HEAD.as_bytes())?;
    writeln!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\"/>",
        Text(POLICY)
    )?;
    writeln!(
        out,
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <meta name=\"robots\" content=\"noindex\"/>\n\
         <meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <title>{title} - s3-bsync</title>\n<style>\n{}</style>\n</head>\n<body>",
        style::sheet()
    )
}

fn header(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (class, heading) = match &page.run {
        Some(run) => run.heading(),
        None => ("", "State of the sync"),
    };
    writeln!(out, "<header><h1 class=\"{class}\">{heading}</h1>")?;
    if let Some(run) = &page.run {
        run::lead(out, run)?;
    }
    let (subject, made) = (Text(&page.subject), Time(page.made_ms));
    writeln!(out, "<p class=\"mute\">{subject}, {made}</p>")?;
    for notice in &page.notices {
        writeln!(out, "<p class=\"warn\">{}</p>", Text(notice))?;
    }
    if let Some(about) = &page.state {
        figures(page, about, out)?;
    }
    contents(page, out)?;
    writeln!(out, "</header>")
}

/// What all maps come to.
fn figures(page: &Page<'_>, about: &About, out: &mut dyn Write) -> io::Result<()> {
    let counted = || page.maps.iter().map(|map| &map.counted);
    let files: u64 = counted().map(|of| of.all.files).sum();
    let sum = |of: fn(&Counted) -> u64| counted().map(of).fold(0, u64::saturating_add);
    let (plain, stored) = (sum(|of| of.all.bytes), sum(|of| of.all.object_bytes));
    let synced = match i64::try_from(about.synced_ms) {
        Ok(0) => "never".to_owned(),
        Ok(ms) => Time(ms).to_string(),
        Err(_) => format!("{} ms", about.synced_ms),
    };
    writeln!(out, "<dl class=\"figures\">")?;
    figure(out, "files", &html::number(files))?;
    figure(out, "in the directories", &size(plain))?;
    figure(out, "in the buckets", &size(stored))?;
    let maps = page.maps.len() as u64;
    figure(
        out,
        if maps == 1 { "map" } else { "maps" },
        &html::number(maps),
    )?;
    writeln!(
        out,
        "</dl><p class=\"note\">All maps last synced: {synced}. The state file has {} and is at generation {}.</p>",
        size(about.bytes),
        about.generation
    )
}

fn figure(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>")
}

/// Where to find what, on a page with several chapters.
fn contents(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let chapters =
        page.maps.len() + usize::from(page.run.is_some()) + usize::from(page.history.is_some());
    if chapters < 2 {
        return Ok(());
    }
    writeln!(out, "<nav aria-label=\"Contents\"><ul>")?;
    if page.run.is_some() {
        writeln!(out, "<li><a href=\"#run\">This run</a></li>")?;
    }
    for (n, map) in page.maps.iter().enumerate() {
        let name = Text(map.name());
        writeln!(out, "<li><a href=\"#map-{}\">{name}</a></li>", n + 1)?;
    }
    if page.history.is_some() {
        writeln!(out, "<li><a href=\"#history\">Earlier runs</a></li>")?;
    }
    writeln!(out, "</ul></nav>")
}
