//! Turns of printing: maps work side by side, and their lines come in blocks, in the order of the
//! state file. Lines of the first map that is not over are printed at once.

use super::held::{Held, Piece};
use std::collections::VecDeque;

/// The maps whose blocks are not complete.
#[derive(Debug, Default)]
pub(super) struct Turns(VecDeque<Turn>);

#[derive(Debug)]
struct Turn {
    map: String,
    held: Held,
    is_over: bool,
}

impl Turns {
    /// The maps of a run, in order.
    pub(super) fn of(maps: &[String]) -> Self {
        let turn = |map: &String| Turn {
            map: map.clone(),
            held: Held::default(),
            is_over: false,
        };
        Self(maps.iter().map(turn).collect())
    }

    /// Keeps a piece of a map whose turn has not come; gives back any other.
    pub(super) fn pass(&mut self, map: Option<&str>, piece: Piece) -> Option<Piece> {
        let mut later = self.0.iter_mut().skip(1);
        match later.find(|turn| Some(&turn.map[..]) == map) {
            Some(turn) => {
                turn.held.push(piece);
                None
            }
            None => Some(piece),
        }
    }

    /// Ends a map; gives what may be printed now.
    pub(super) fn end(&mut self, map: &str) -> Vec<Held> {
        if let Some(turn) = self.0.iter_mut().find(|turn| turn.map == map) {
            turn.is_over = true;
        }
        let mut due = Vec::new();
        while self.0.front().is_some_and(|turn| turn.is_over) {
            self.0.pop_front();
            due.extend(
                self.0
                    .front_mut()
                    .map(|turn| std::mem::take(&mut turn.held)),
            );
        }
        due
    }

    /// Ends all maps; gives what was not printed.
    pub(super) fn end_all(&mut self) -> Vec<Held> {
        self.0.drain(..).map(|turn| turn.held).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_in_order_and_the_first_one_at_once() {
        let mut turns = Turns::of(&["a", "b", "c"].map(str::to_owned));
        let mut printed = Vec::new();
        let mut show = |due: Vec<Held>| {
            for held in due {
                held.print(|piece| printed.push(piece));
            }
        };
        let piece = |text: &str| Piece::Out(text.to_owned());
        for (map, text) in [("c", "c1"), ("b", "b1"), ("c", "c2")] {
            assert_eq!(turns.pass(Some(map), piece(text)), None);
        }
        assert_eq!(turns.pass(Some("a"), piece("a1")), Some(piece("a1")));
        assert_eq!(turns.pass(None, piece("run")), Some(piece("run")));
        show(turns.end("c"));
        show(turns.end("a"));
        assert_eq!(turns.pass(Some("b"), piece("b2")), Some(piece("b2")));
        show(turns.end("b"));
        show(turns.end_all());
        assert_eq!(printed, ["b1", "c1", "c2"].map(piece));
    }
}
