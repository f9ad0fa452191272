//! A map's chapter: its settings, what it holds, where the bytes are.

use super::census::{Counted, ENCODINGS, File, SIZES};
use super::drawing;
use super::folders::{Kind, Node};
use super::html::{Text, Time, number, percent, size};
use super::{figure, treemap::weight};
use crate::commands::dump::words::grouped;
use crate::state::Encoding;
use std::io::{self, Write};

/// Folders that have a row.
const FOLDERS: usize = 12;

/// What is told of a map.
pub struct MapChapter {
    /// Names and values, the map's name first; a value without a name goes on with the one before.
    pub settings: Vec<(&'static str, String)>,
    /// What its records come to.
    pub counted: Counted,
}

impl MapChapter {
    /// The map's name.
    pub(super) fn name(&self) -> &str {
        self.settings.first().map_or("", |(_, name)| name)
    }
}

/// Writes the chapter.
pub(super) fn write(out: &mut dyn Write, map: &MapChapter, number: usize) -> io::Result<()> {
    let name = Text(map.name());
    writeln!(out, "<section id=\"map-{number}\"><h2>{name}</h2>")?;
    settings(out, &map.settings)?;
    if map.counted.all.files == 0 {
        writeln!(out, "<p class=\"mute\">No file is recorded yet.</p>")?;
    } else {
        contents(out, &map.counted, map.name())?;
    }
    writeln!(out, "</section>")
}

fn settings(out: &mut dyn Write, settings: &[(&'static str, String)]) -> io::Result<()> {
    writeln!(out, "<dl class=\"settings\">")?;
    for (name, value) in settings.iter().skip(1) {
        if !name.is_empty() {
            writeln!(out, "<dt>{name}</dt>")?;
        }
        writeln!(out, "<dd>{}</dd>", Text(value))?;
    }
    writeln!(out, "</dl>")
}

fn contents(out: &mut dyn Write, counted: &Counted, name: &str) -> io::Result<()> {
    let all = &counted.all;
    writeln!(out, "<dl class=\"figures\">")?;
    figure(out, "files", &grouped(all.files))?;
    figure(out, "in the directory", &size(all.bytes))?;
    figure(out, "in the bucket", &size(all.object_bytes))?;
    if all.object_bytes < all.bytes {
        let saved = percent(all.bytes - all.object_bytes, all.bytes);
        figure(out, "saved by packing", &format!("{saved}%"))?;
    }
    writeln!(out, "</dl>")?;
    drawing::write(out, &counted.root, name)?;
    writeln!(out, "<div class=\"cols\"><div>")?;
    folders(out, &counted.root)?;
    writeln!(out, "</div><div>")?;
    sizes(out, counted)?;
    packing(out, counted)?;
    writeln!(out, "</div></div>")?;
    files(out, "Largest files", &counted.largest)?;
    files(out, "Newest files", &counted.newest)
}

fn head(out: &mut dyn Write, title: &str, columns: &[(&str, &str)]) -> io::Result<()> {
    write!(
        out,
        "<h3>{title}</h3><div class=\"scroll\"><table><thead><tr>"
    )?;
    for (name, class) in columns {
        write!(out, "<th scope=\"col\" class=\"{class}\">{name}</th>")?;
    }
    writeln!(out, "</tr></thead><tbody>")
}

const FOOT: &str = "</tbody></table></div>";

/// A bar as long as its share of the longest; bars are for the eye, the number stands beside.
fn bar(out: &mut dyn Write, part: u64, most: u64) -> io::Result<()> {
    if part == 0 {
        return write!(out, "<td class=\"bar\"></td>");
    }
    let width = weight(part) / weight(most).max(1.0) * 100.0;
    write!(
        out,
        "<td class=\"bar\"><i style=\"width:{width:.1}%\"></i></td>"
    )
}

fn folders(out: &mut dyn Write, root: &Node) -> io::Result<()> {
    let mut top: Vec<&Node> = root.below.iter().collect();
    top.retain(|node| node.kind == Kind::Folder);
    if top.is_empty() {
        return Ok(());
    }
    top.sort_by(|a, b| {
        b.sum
            .bytes
            .cmp(&a.sum.bytes)
            .then_with(|| a.name.cmp(&b.name))
    });
    let named: Vec<_> = top.iter().take(FOLDERS).collect();
    let mut other = root.sum;
    for node in &named {
        other.bytes = other.bytes.saturating_sub(node.sum.bytes);
        other.files = other.files.saturating_sub(node.sum.files);
    }
    let columns = [("Folder", ""), ("Files", "n"), ("Bytes", "n"), ("%", "n")];
    head(out, "Folders", &columns)?;
    let rows = named
        .iter()
        .map(|node| (format!("{}/", Text(&node.name)), node.sum));
    let rest =
        (other.files > 0).then(|| ("<span class=\"mute\">all else</span>".to_owned(), other));
    for (name, sum) in rows.chain(rest) {
        writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            grouped(sum.files),
            size(sum.bytes),
            percent(sum.bytes, root.sum.bytes)
        )?;
    }
    writeln!(out, "{FOOT}")
}

fn sizes(out: &mut dyn Write, counted: &Counted) -> io::Result<()> {
    let columns = [("Size", ""), ("Files", "n"), ("Share", ""), ("Bytes", "n")];
    head(out, "Sizes", &columns)?;
    let most = counted.sizes.iter().map(|class| class.files).max();
    for ((_, name), class) in SIZES.iter().zip(&counted.sizes) {
        write!(
            out,
            "<tr><th scope=\"row\" class=\"t\">{name}</th><td class=\"n\">{}</td>",
            number(class.files)
        )?;
        bar(out, class.files, most.unwrap_or(0))?;
        let bytes = match class.bytes {
            0 => number(0),
            bytes => size(bytes),
        };
        writeln!(out, "<td class=\"n\">{bytes}</td></tr>")?;
    }
    writeln!(out, "{FOOT}")
}

/// How the objects hold the files, where it is not all as they are.
fn packing(out: &mut dyn Write, counted: &Counted) -> io::Result<()> {
    let kinds = ENCODINGS.iter().zip(&counted.packed);
    let kinds: Vec<_> = kinds.filter(|(_, packed)| packed.files > 0).collect();
    if kinds.iter().all(|(kind, _)| **kind == Encoding::Plain) {
        return Ok(());
    }
    let columns = [
        ("Stored as", ""),
        ("Files", "n"),
        ("Bytes", "n"),
        ("Objects", "n"),
        ("%", "n"),
    ];
    head(out, "Packing", &columns)?;
    for (kind, packed) in kinds {
        writeln!(
            out,
            "<tr><th scope=\"row\">{kind}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            grouped(packed.files),
            size(packed.bytes),
            size(packed.object_bytes),
            percent(packed.object_bytes, packed.bytes)
        )?;
    }
    writeln!(out, "{FOOT}")
}

fn files(out: &mut dyn Write, title: &str, files: &[File]) -> io::Result<()> {
    let columns = [("File", "w name"), ("Bytes", "n"), ("Modified", "")];
    head(out, title, &columns)?;
    for file in files {
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"t\">{}</td></tr>",
            Text(&file.key),
            size(file.bytes),
            Time(file.modified_ms)
        )?;
    }
    writeln!(out, "{FOOT}")
}
