//! The colours of a page, by light and by dark, each with a name that the style knows.

/// One scheme: names of colours and the colours, as `#rrggbb`.
pub(super) type Scheme = &'static [(&'static str, &'static str)];

/// Tints of the areas of a map, after the order of size, the last for all that are smaller; each has
/// a frame and a tile.
pub(super) const HUES: usize = 6;

pub(super) const LIGHT: Scheme = &[
    ("ground", "#ffffff"),
    ("quiet", "#f5f6f7"),
    ("line", "#dcdfe3"),
    ("ink", "#1b1e23"),
    ("muted", "#59606a"),
    ("link", "#1d5a9e"),
    ("good", "#1c6b3e"),
    ("warn", "#85570a"),
    ("bad", "#ae2a20"),
    ("bar", "#7ea3cc"),
    ("frame0", "#d9e6f4"),
    ("tile0", "#bfd4ea"),
    ("frame1", "#dcece0"),
    ("tile1", "#c4ddca"),
    ("frame2", "#f4e9d3"),
    ("tile2", "#e8d6b2"),
    ("frame3", "#ebe0ef"),
    ("tile3", "#dac8e1"),
    ("frame4", "#d8ebec"),
    ("tile4", "#bddcde"),
    ("frame5", "#e7e9ec"),
    ("tile5", "#d6d9de"),
    ("rest", "#eef0f2"),
];

pub(super) const DARK: Scheme = &[
    ("ground", "#15171a"),
    ("quiet", "#1d2024"),
    ("line", "#343940"),
    ("ink", "#e7e9ec"),
    ("muted", "#a2a9b3"),
    ("link", "#8fbbec"),
    ("good", "#7ccb97"),
    ("warn", "#e0b565"),
    ("bad", "#f2968e"),
    ("bar", "#4f78a8"),
    ("frame0", "#22364c"),
    ("tile0", "#2d4763"),
    ("frame1", "#223a2b"),
    ("tile1", "#2d4c39"),
    ("frame2", "#3f3420"),
    ("tile2", "#55472c"),
    ("frame3", "#392d40"),
    ("tile3", "#4b3c54"),
    ("frame4", "#1f393b"),
    ("tile4", "#2a4b4e"),
    ("frame5", "#2a2e34"),
    ("tile5", "#3a3f47"),
    ("rest", "#24282d"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(scheme: Scheme, name: &str) -> [f64; 3] {
        let (_, text) = scheme.iter().find(|(known, _)| *known == name).unwrap();
        [1, 3, 5].map(|at| f64::from(u8::from_str_radix(&text[at..at + 2], 16).unwrap()) / 255.0)
    }

    /// Relative luminance, as WCAG 2 defines it.
    fn luminance(rgb: [f64; 3]) -> f64 {
        let linear = |c: f64| match c {
            c if c <= 0.040_45 => c / 12.92,
            c => ((c + 0.055) / 1.055).powf(2.4),
        };
        let [r, g, b] = rgb.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn contrast(scheme: Scheme, one: &str, other: &str) -> f64 {
        let (a, b) = (
            luminance(colour(scheme, one)),
            luminance(colour(scheme, other)),
        );
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn all_that_is_written_stands_out_from_what_is_behind_it() {
        for scheme in [LIGHT, DARK] {
            for ink in ["ink", "muted", "link", "good", "warn", "bad"] {
                for ground in ["ground", "quiet"] {
                    let ratio = contrast(scheme, ink, ground);
                    assert!(ratio >= 4.5, "{ink} on {ground}: {ratio}");
                }
            }
            for (tint, _) in scheme.iter().skip(10) {
                let ratio = contrast(scheme, "ink", tint);
                assert!(ratio >= 4.5, "ink on {tint}: {ratio}");
            }
            for ground in ["ground", "quiet"] {
                let ratio = contrast(scheme, "bar", ground);
                assert!(ratio >= 2.0, "a bar on {ground}: {ratio}");
            }
        }
    }

    #[test]
    fn both_schemes_name_the_same_colours() {
        let names = |scheme: Scheme| scheme.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(names(LIGHT), names(DARK));
        assert_eq!(names(LIGHT).len(), 10 + 2 * HUES + 1);
    }
}
