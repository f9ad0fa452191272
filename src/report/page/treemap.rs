//! Areas for weights: rectangles side by side that fill one, as near to squares as they will go
//! (Bruls, Huizing, van Wijk: Squarified Treemaps). Pure arithmetic.

/// A rectangle; x goes right and y goes down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    pub(super) fn area(&self) -> f64 {
        self.width * self.height
    }

    /// What is left of it inside such margins; nothing where they leave nothing.
    pub(super) fn inside(&self, top: f64, other: f64) -> Self {
        Self {
            x: self.x + other,
            y: self.y + top,
            width: (self.width - 2.0 * other).max(0.0),
            height: (self.height - top - other).max(0.0),
        }
    }
}

/// A number of bytes as a weight; beyond 2^53 the last digits are of no matter to an area.
#[expect(clippy::cast_precision_loss, reason = "an area on a screen")]
pub(super) fn weight(bytes: u64) -> f64 {
    bytes as f64
}

/// A rectangle for each weight, in the order given, which should be the largest first; their areas
/// are to each other as the weights. Weights are not negative; where they come to nothing the
/// rectangles are empty.
pub(super) fn squarified(weights: &[f64], within: Rect) -> Vec<Rect> {
    let total: f64 = weights.iter().sum();
    let scale = if total > 0.0 {
        within.area() / total
    } else {
        0.0
    };
    let areas: Vec<f64> = weights.iter().map(|weight| weight * scale).collect();
    let mut placed = Vec::with_capacity(areas.len());
    let (mut left, mut rest) = (within, &areas[..]);
    while !rest.is_empty() {
        let side = left.width.min(left.height);
        let row = row_length(rest, side);
        let (now, later) = rest.split_at(row);
        let is_last = later.iter().all(|area| *area <= 0.0);
        left = place_row(now, left, is_last, &mut placed);
        rest = later;
    }
    placed
}

/// How many of the first areas go into one row along a side: as many as make it squarer.
fn row_length(areas: &[f64], side: f64) -> usize {
    let (mut sum, mut worst) = (0.0, f64::INFINITY);
    for (at, area) in areas.iter().enumerate() {
        sum += area;
        let row = &areas[..=at];
        let ratio = row.iter().map(|area| elongation(*area, sum, side));
        let ratio = ratio.fold(1.0, f64::max);
        if at > 0 && ratio > worst {
            return at;
        }
        worst = ratio;
    }
    areas.len()
}

/// How far from a square an area is in a row of this sum along a side.
fn elongation(area: f64, sum: f64, side: f64) -> f64 {
    let thickness = sum / side;
    let length = area / thickness;
    if thickness > 0.0 && length > 0.0 {
        (thickness / length).max(length / thickness)
    } else {
        1.0
    }
}

/// Places a row along the shorter side and gives what it leaves; the last one leaves nothing.
fn place_row(row: &[f64], left: Rect, is_last: bool, placed: &mut Vec<Rect>) -> Rect {
    let is_column = left.width >= left.height;
    let (side, depth) = if is_column {
        (left.height, left.width)
    } else {
        (left.width, left.height)
    };
    let sum: f64 = row.iter().sum();
    let thickness = match () {
        () if is_last => depth,
        () if side > 0.0 => (sum / side).min(depth),
        () => 0.0,
    };
    let mut before = 0.0;
    for area in row {
        let at = if sum > 0.0 { before / sum * side } else { 0.0 };
        before += area;
        let end = if sum > 0.0 { before / sum * side } else { 0.0 };
        placed.push(if is_column {
            Rect {
                x: left.x,
                y: left.y + at,
                width: thickness,
                height: end - at,
            }
        } else {
            Rect {
                x: left.x + at,
                y: left.y,
                width: end - at,
                height: thickness,
            }
        });
    }
    if is_column {
        Rect {
            x: left.x + thickness,
            width: depth - thickness,
            ..left
        }
    } else {
        Rect {
            y: left.y + thickness,
            height: depth - thickness,
            ..left
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIELD: Rect = Rect {
        x: 3.0,
        y: 5.0,
        width: 600.0,
        height: 400.0,
    };

    #[test]
    fn the_example_of_the_paper_is_laid_out_as_there() {
        let field = Rect {
            x: 0.0,
            y: 0.0,
            width: 6.0,
            height: 4.0,
        };
        let placed = squarified(&[6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], field);
        let rounded = placed.iter().map(|at| {
            [at.x, at.y, at.width, at.height].map(|number| (number * 100.0).round() / 100.0)
        });
        assert_eq!(
            rounded.collect::<Vec<_>>(),
            [
                [0.0, 0.0, 3.0, 2.0],
                [0.0, 2.0, 3.0, 2.0],
                [3.0, 0.0, 1.71, 2.33],
                [4.71, 0.0, 1.29, 2.33],
                [3.0, 2.33, 1.2, 1.67],
                [4.2, 2.33, 1.2, 1.67],
                [5.4, 2.33, 0.6, 1.67],
            ]
        );
    }

    #[test]
    fn nothing_has_no_area() {
        assert_eq!(squarified(&[], FIELD), []);
        let empty = squarified(&[0.0; 3], FIELD);
        assert!(empty.iter().all(|at| at.area() == 0.0), "{empty:?}");
        let nowhere = Rect {
            width: 0.0,
            ..FIELD
        };
        let placed = squarified(&[2.0, 1.0], nowhere);
        assert!(placed.iter().all(|at| at.area() == 0.0), "{placed:?}");
    }

    proptest! {
        #[test]
        fn areas_are_as_the_weights_and_lie_inside_and_apart(
            mut bytes in prop::collection::vec(prop_oneof![0_u64..9, 0..u64::MAX / 64], 1..60),
            width in 1.0_f64..2000.0,
            height in 1.0_f64..2000.0,
        ) {
            bytes.sort_unstable_by(|a, b| b.cmp(a));
            let total: f64 = bytes.iter().copied().map(weight).sum();
            prop_assume!(total > 0.0);
            let field = Rect { x: 10.0, y: 20.0, width, height };
            let weights: Vec<f64> = bytes.iter().copied().map(weight).collect();
            let placed = squarified(&weights, field);
            prop_assert_eq!(placed.len(), bytes.len());
            let slack = 1e-6 * (width + height);
            for (at, weight) in placed.iter().zip(&weights) {
                let wanted = weight / total * field.area();
                prop_assert!((at.area() - wanted).abs() <= 1e-6 * field.area());
                prop_assert!(at.width >= 0.0 && at.height >= 0.0);
                prop_assert!(at.x >= field.x - slack && at.y >= field.y - slack);
                prop_assert!(at.x + at.width <= field.x + width + slack);
                prop_assert!(at.y + at.height <= field.y + height + slack);
            }
            let sum: f64 = placed.iter().map(Rect::area).sum();
            prop_assert!((sum - field.area()).abs() <= 1e-6 * field.area());
            for (n, a) in placed.iter().enumerate() {
                for b in &placed[n + 1..] {
                    let across = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
                    let down = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
                    prop_assert!(across <= slack || down <= slack, "{:?} and {:?}", a, b);
                }
            }
        }
    }
}
