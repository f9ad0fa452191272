//! The map of a map's bytes: areas as SVG.

use super::areas::{Frame, Tile, tiles};
use super::folders::Node;
use super::html::Text;
use std::io::{self, Write};

/// Draws a tree, for a wide screen and for a narrow one; the style shows one of them.
pub(super) fn write(out: &mut dyn Write, root: &Node, of: &str) -> io::Result<()> {
    if root.sum.bytes == 0 {
        return Ok(());
    }
    writeln!(out, "<figure>")?;
    for (frame, class) in [(Frame::Wide, "wide"), (Frame::Narrow, "narrow")] {
        let field = frame.field();
        writeln!(
            out,
            "<svg class=\"{class}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Where the bytes of {} are\">",
            field.width,
            field.height,
            Text(of)
        )?;
        for tile in tiles(root, of, frame) {
            draw(out, &tile)?;
        }
        writeln!(out, "</svg>")?;
    }
    writeln!(
        out,
        "<figcaption>Where the bytes are: each area is as large as its share of them. The folders are also in a table below.</figcaption></figure>"
    )
}

fn draw(out: &mut dyn Write, tile: &Tile) -> io::Result<()> {
    let Tile {
        at,
        colour,
        title,
        label,
        size,
    } = tile;
    write!(
        out,
        "<g><title>{}</title><rect class=\"{colour}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
        Text(title),
        at.x,
        at.y,
        at.width,
        at.height
    )?;
    for (text, down) in [(label, 13.5), (size, 28.5)] {
        if let Some(text) = text {
            let (x, y) = (at.x + 5.0, at.y + down);
            write!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", Text(text))?;
        }
    }
    writeln!(out, "</g>")
}
