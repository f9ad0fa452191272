//! Numbers and times as people read them.

use indicatif::HumanBytes;
use std::fmt;
use time::OffsetDateTime;

/// UTC to the millisecond, 24 characters, or the number itself where it is beyond the calendar.
pub(crate) fn utc(ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000));
    let Some((at, year)) = at
        .ok()
        .and_then(|at| Some((at, u16::try_from(at.year()).ok()?)))
    else {
        return format!("{ms} ms");
    };
    let (hour, minute, second) = at.to_hms();
    let mut text = *b"0000-00-00T00:00:00.000Z";
    for (place, number) in [
        (0..4, year),
        (5..7, u8::from(at.month()).into()),
        (8..10, at.day().into()),
        (11..13, hour.into()),
        (14..16, minute.into()),
        (17..19, second.into()),
        (
            20..23,
            u16::try_from(ms.rem_euclid(1000)).unwrap_or_default(),
        ),
    ] {
        put(&mut text[place], number);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Writes a number's last digits over zeros.
fn put(place: &mut [u8], mut number: u16) {
    for digit in place.iter_mut().rev() {
        *digit += (number % 10).to_le_bytes()[0];
        number /= 10;
    }
}

/// How long ago something was, or how far ahead a clock has put it.
pub(crate) fn ago(ms: i64) -> String {
    let seconds = ms.unsigned_abs() / 1000;
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        172_800..63_072_000 => (seconds / 86_400, "day"),
        _ => (seconds / 31_557_600, "year"),
    };
    let count = counted(count, unit);
    if ms < 0 {
        format!("{count} ahead of this machine's clock")
    } else {
        format!("{count} ago")
    }
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let (first, rest) = digits.split_at((digits.len() - 1) % 3 + 1);
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    text.push_str(first);
    for three in rest.as_bytes().chunks(3) {
        text.push(',');
        text.extend(three.iter().map(|digit| char::from(*digit)));
    }
    text
}

/// So many things of a name that takes an s.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {thing}{s}", grouped(count))
}

/// A number of bytes: readable, then exact where the two differ.
pub(crate) struct Size(pub(super) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = *self;
        if bytes < 1024 {
            f.write_str(&counted(bytes, "byte"))
        } else {
            write!(f, "{} ({} bytes)", HumanBytes(bytes), grouped(bytes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_threes() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(Size(1).to_string(), "1 byte");
        assert_eq!(Size(1536).to_string(), "1.50 KiB (1,536 bytes)");
    }

    #[test]
    fn times_have_one_width_and_any_number_is_one() {
        assert_eq!(utc(1_700_000_000_000), "2023-11-14T22:13:20.000Z");
        assert_eq!(utc(1_735_689_599_042), "2024-12-31T23:59:59.042Z");
        assert_eq!(utc(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(utc(253_402_300_799_999), "9999-12-31T23:59:59.999Z");
        assert_eq!(utc(253_402_300_800_000), "253402300800000 ms");
        assert_eq!(utc(i64::MAX), "9223372036854775807 ms");
        assert_eq!(utc(i64::MIN), "-9223372036854775808 ms");
    }

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        for (ms, text) in [
            (0, "0 seconds ago"),
            (1000, "1 second ago"),
            (119_999, "119 seconds ago"),
            (120_000, "2 minutes ago"),
            (3 * 3_600_000, "3 hours ago"),
            (2 * 86_400_000, "2 days ago"),
            (800 * 86_400_000, "2 years ago"),
            (-3_600_000, "60 minutes ahead of this machine's clock"),
        ] {
            assert_eq!(ago(ms), text);
        }
        assert!(ago(i64::MIN).ends_with(" years ahead of this machine's clock"));
    }
}
