//! A tree of folders to tiles: which are drawn, where, and with what written on them. Pure.

use super::folders::{Kind, Node};
use super::html::{fitted, size};
use super::palette::HUES;
use super::treemap::{Rect, squarified, weight};
use crate::commands::dump::words::counted;

/// Folders within each other that are drawn.
const LEVELS: usize = 3;
/// What is smaller than this is drawn with the rest, in square units.
const LEAST_AREA: f64 = 120.0;
/// The room of a folder's name above what it holds.
const HEAD: f64 = 18.0;
const MARGIN: f64 = 2.0;
/// How wide a column of text is, at the size that the style gives it.
const COLUMN: f64 = 6.7;

/// Where the tiles lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    /// For a screen as wide as a page, and for paper.
    Wide,
    /// For a telephone.
    Narrow,
}

impl Frame {
    pub(super) fn field(self) -> Rect {
        let (width, height) = match self {
            Self::Wide => (960.0, 460.0),
            Self::Narrow => (360.0, 480.0),
        };
        Rect {
            x: 0.0,
            y: 0.0,
            width,
            height,
        }
    }
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tile {
    pub(super) at: Rect,
    /// The name of its colour.
    pub(super) colour: String,
    /// What it is, in full.
    pub(super) title: String,
    /// What is written on it, where there is room: the name and, below, the size.
    pub(super) label: Option<String>,
    pub(super) size: Option<String>,
}

/// The tiles of a tree, those behind first. `of` is the map's name.
pub(super) fn tiles(root: &Node, of: &str, frame: Frame) -> Vec<Tile> {
    let mut tiles = Vec::new();
    let whole = Whole {
        bytes: root.sum.bytes,
        of,
    };
    whole.fill(root, "", frame.field(), 0, None, &mut tiles);
    tiles
}

struct Whole<'a> {
    bytes: u64,
    of: &'a str,
}

impl Whole<'_> {
    /// Draws what is below a folder into its field.
    fn fill(
        &self,
        folder: &Node,
        path: &str,
        field: Rect,
        level: usize,
        hue: Option<usize>,
        tiles: &mut Vec<Tile>,
    ) {
        if folder.sum.bytes == 0 || field.area() <= 0.0 {
            return;
        }
        let mut below: Vec<&Node> = folder.below.iter().collect();
        below.sort_by(|a, b| {
            b.sum
                .bytes
                .cmp(&a.sum.bytes)
                .then_with(|| a.name.cmp(&b.name))
        });
        let drawn = below
            .iter()
            .take_while(|node| is_drawn(node.sum.bytes, folder.sum.bytes, field));
        let drawn = drawn.count();
        let mut rest = folder.rest;
        for node in &below[drawn..] {
            rest.bytes = rest.bytes.saturating_add(node.sum.bytes);
            rest.files += node.sum.files;
        }
        let mut weights: Vec<f64> = below[..drawn]
            .iter()
            .map(|node| weight(node.sum.bytes))
            .collect();
        weights.push(weight(rest.bytes));
        let places = squarified(&weights, field);
        for (rank, (node, at)) in below[..drawn].iter().zip(&places).enumerate() {
            let hue = hue.unwrap_or(rank.min(HUES - 1));
            let path = format!("{path}{}", node.name);
            self.draw(node, &path, *at, level, hue, tiles);
        }
        if let Some(at) = places.last().filter(|_| rest.bytes > 0) {
            let files = counted(rest.files, "file");
            let place = if path.is_empty() { self.of } else { path };
            let what = format!("other in {place}: {}, {files}", self.share(rest.bytes));
            let colour = "rest".to_owned();
            tiles.push(tile(*at, colour, what, "other", rest.bytes));
        }
    }

    fn draw(
        &self,
        node: &Node,
        path: &str,
        at: Rect,
        level: usize,
        hue: usize,
        tiles: &mut Vec<Tile>,
    ) {
        let share = self.share(node.sum.bytes);
        if node.kind == Kind::File {
            let title = format!("{path}: {share}");
            tiles.push(tile(
                at,
                format!("tile{hue}"),
                title,
                &node.name,
                node.sum.bytes,
            ));
            return;
        }
        let title = format!("{path}/: {share}, {}", counted(node.sum.files, "file"));
        let name = format!("{}/", node.name);
        let inside = at.inside(HEAD, MARGIN);
        let largest = node.below.iter().map(|below| below.sum.bytes).max();
        let is_one = !is_drawn(largest.unwrap_or(0), node.sum.bytes, inside);
        if level + 1 >= LEVELS || is_one || inside.width < 60.0 || inside.height < 40.0 {
            tiles.push(tile(at, format!("tile{hue}"), title, &name, node.sum.bytes));
            return;
        }
        let mut head = tile(at, format!("frame{hue}"), title, &name, node.sum.bytes);
        if let (Some(label), Some(size)) = (&head.label, head.size.take()) {
            let both = format!("{label} {size}");
            head.label = fitted(&both, columns(at.width))
                .filter(|fits| *fits == both)
                .or(head.label);
        }
        tiles.push(head);
        self.fill(
            node,
            &format!("{path}/"),
            inside,
            level + 1,
            Some(hue),
            tiles,
        );
    }

    fn share(&self, bytes: u64) -> String {
        format!(
            "{} ({}%)",
            size(bytes),
            super::html::percent(bytes, self.bytes)
        )
    }
}

/// Whether a part of a folder is large enough in its field to be drawn.
fn is_drawn(bytes: u64, of: u64, field: Rect) -> bool {
    weight(bytes) / weight(of).max(1.0) * field.area() >= LEAST_AREA
}

fn tile(at: Rect, colour: String, title: String, name: &str, bytes: u64) -> Tile {
    let label = (at.height >= HEAD)
        .then(|| fitted(name, columns(at.width)))
        .flatten();
    let size = size(bytes);
    let has_size = label.is_some() && at.height >= 2.0 * HEAD && size.len() <= columns(at.width);
    Tile {
        at,
        colour,
        title,
        label,
        size: has_size.then_some(size),
    }
}

/// Columns of text that fit into a width.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "never negative, and a screen is no wider"
)]
fn columns(width: f64) -> usize {
    ((width - 10.0).max(0.0) / COLUMN) as usize
}

#[cfg(test)]
mod tests {
    use super::super::folders::Folders;
    use super::*;

    fn tree(records: &[(String, u64)]) -> Node {
        let mut folders = Folders::default();
        for (key, bytes) in records {
            folders.add(key, *bytes);
        }
        folders.finish()
    }

    #[test]
    fn the_largest_are_named_and_the_rest_is_one_tile() {
        let mut records = vec![
            ("a/image".to_owned(), 6_000_000),
            ("a/k".to_owned(), 2_000_000),
        ];
        records.extend((0..500).map(|n| (format!("b/{n:03}"), 10)));
        let tiles = tiles(&tree(&records), "docs", Frame::Wide);
        let named: Vec<_> = tiles.iter().map(|tile| &tile.title[..]).collect();
        assert_eq!(
            named,
            [
                "a/: 7.63 MiB (99.9%), 2 files",
                "a/image: 5.72 MiB (75.0%)",
                "a/k: 1.91 MiB (25.0%)",
                "b/: 4.88 KiB (0.1%), 500 files",
            ]
        );
        assert_eq!(tiles[0].label.as_deref(), Some("a/ 7.63 MiB"));
        assert_eq!(tiles[1].label.as_deref(), Some("image"));
        assert_eq!(tiles[3].label, None, "there is no room");
    }

    #[test]
    fn tiles_lie_in_the_frame_and_are_not_too_many() {
        let records: Vec<_> = (0..40_000_u64)
            .map(|n| (format!("{:02}/{:03}/{n:05}", n / 1000, n / 40), n * n))
            .collect();
        let root = tree(&records);
        for frame in [Frame::Wide, Frame::Narrow] {
            let tiles = tiles(&root, "docs", frame);
            assert!(tiles.len() < 3000, "{}", tiles.len());
            let field = frame.field();
            for Tile { at, .. } in &tiles {
                assert!(at.x >= -1e-6 && at.x + at.width <= field.width + 1e-6);
                assert!(at.y >= -1e-6 && at.y + at.height <= field.height + 1e-6);
            }
        }
    }

    #[test]
    fn a_folder_of_small_things_only_is_one_tile() {
        let records: Vec<_> = (0..40_000).map(|n| (format!("d/{n:05}"), 10)).collect();
        let tiles = tiles(&tree(&records), "docs", Frame::Wide);
        assert_eq!(tiles.len(), 1, "{tiles:?}");
        assert_eq!(tiles[0].colour, "tile0");
    }

    #[test]
    fn nothing_has_no_tiles() {
        assert_eq!(tiles(&tree(&[]), "docs", Frame::Wide), []);
        assert_eq!(
            tiles(&tree(&[("a".to_owned(), 0)]), "docs", Frame::Wide),
            []
        );
    }
}
