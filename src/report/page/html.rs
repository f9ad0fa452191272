//! Text, numbers and times as HTML.

use crate::commands::dump::words::{grouped, utc};
use crate::key::Shown;
use crate::report::redact::redacted;
use indicatif::HumanBytes;
use std::fmt::{self, Write as _};

/// Foreign text between tags or within a quoted attribute: shown as everywhere, without secrets,
/// and never a tag.
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Shown(self.0).to_string();
        escaped(&redacted(&shown), f)
    }
}

fn escaped(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for c in text.chars() {
        match c {
            '&' => f.write_str("&amp;")?,
            '<' => f.write_str("&lt;")?,
            '>' => f.write_str("&gt;")?,
            '"' => f.write_str("&quot;")?,
            '\'' => f.write_str("&#39;")?,
            // No character at all, to HTML and to XML.
            '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
            c => f.write_char(c)?,
        }
    }
    Ok(())
}

/// A time as people read it, and as machines do.
pub(super) struct Time(pub(super) i64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = utc(self.0);
        match (utc.get(..10), utc.get(11..19), utc.len()) {
            (Some(day), Some(time), 24) => {
                write!(
                    f,
                    "<time datetime=\"{utc}\">{day} {time}<span class=\"z\"> UTC</span></time>"
                )
            }
            _ => f.write_str(&utc),
        }
    }
}

/// A number of bytes to three digits.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        bytes => HumanBytes(bytes).to_string(),
    }
}

/// A number, or a dash for none, so that what there is stands out in a table.
pub(super) fn number(number: u64) -> String {
    match number {
        0 => "&#8211;".to_owned(),
        number => grouped(number),
    }
}

/// A part of a whole in per cent, `0` to `100` with one digit behind the point.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0.0".to_owned();
    }
    let tenths = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The text cut so that it takes no more than so many columns, with a mark where it is; `None`
/// where nothing of use would be left.
pub(super) fn fitted(text: &str, columns: usize) -> Option<String> {
    const LEAST: usize = 8;
    let width = |c: char| if c.is_ascii() { 1 } else { 2 };
    let shown = Shown(text).to_string();
    if shown.chars().map(width).sum::<usize>() <= columns {
        return Some(shown);
    }
    let mut left = columns.checked_sub(1).filter(|left| *left >= LEAST)?;
    let mut cut: String = shown
        .chars()
        .take_while(|c| {
            let fits = width(*c) <= left;
            left = left.saturating_sub(width(*c));
            fits
        })
        .collect();
    cut.push('\u{2026}');
    Some(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_a_tag_or_ends_an_attribute() {
        for (name, html) in [
            (
                "<script>alert(1)</script>.txt",
                "&lt;script&gt;alert(1)&lt;/script&gt;.txt",
            ),
            ("a\"b'c&d", "a&quot;b&#39;c&amp;d"),
            ("x\u{1b}[31m\n", "x\\u{1b}[31m\\n"),
            ("invoice\u{202e}fdp.exe", "invoice\\u{202e}fdp.exe"),
            ("&amp;", "&amp;amp;"),
            ("AGE-SECRET-KEY-1QQ", "AGE-SECRET-KEY-..."),
            ("\u{ffff}", "\u{fffd}"),
        ] {
            assert_eq!(Text(name).to_string(), html);
        }
    }

    #[test]
    fn times_are_for_people_and_machines() {
        assert_eq!(
            Time(1_700_000_000_000).to_string(),
            "<time datetime=\"2023-11-14T22:13:20.000Z\">2023-11-14 22:13:20<span class=\"z\"> UTC</span></time>"
        );
        assert_eq!(Time(i64::MAX).to_string(), "9223372036854775807 ms");
    }

    #[test]
    fn shares_are_rounded_and_sum_up() {
        for (part, whole, text) in [
            (0, 0, "0.0"),
            (1, 3, "33.3"),
            (2, 3, "66.7"),
            (1, 1, "100.0"),
            (u64::MAX, u64::MAX, "100.0"),
        ] {
            assert_eq!(percent(part, whole), text);
        }
    }

    #[test]
    fn a_name_is_cut_to_its_place_or_left_out() {
        for (name, columns, cut) in [
            ("abcdef", 6, Some("abcdef")),
            ("abcdefghijk", 10, Some("abcdefghi\u{2026}")),
            ("abcdefghijk", 8, None),
            (
                "\u{65e5}\u{672c}\u{8a9e}abcdef",
                9,
                Some("\u{65e5}\u{672c}\u{8a9e}ab\u{2026}"),
            ),
            ("a\u{202e}b", 10, Some("a\\u{202e}b")),
            ("", 0, Some("")),
        ] {
            assert_eq!(fitted(name, columns).as_deref(), cut, "{name}");
        }
    }
}
