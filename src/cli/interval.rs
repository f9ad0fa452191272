//! The value of `--interval` and of `--timeout`.

use crate::key::Shown;
use argh::FromArgValue;
use std::time::Duration;

/// A time from one second to a day.
pub(super) struct Interval(pub(super) Duration);

const DAY_S: u64 = 86_400;

impl FromArgValue for Interval {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        let (number, unit_s) = match text.strip_suffix(['s', 'm', 'h']) {
            Some(number) if text.ends_with('m') => (number, 60),
            Some(number) if text.ends_with('h') => (number, 3600),
            Some(number) => (number, 1),
            None => (text, 1),
        };
        let is_number = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
        let seconds = number.parse::<u64>().ok().filter(|_| is_number);
        seconds
            .and_then(|seconds| seconds.checked_mul(unit_s))
            .filter(|seconds| (1..=DAY_S).contains(seconds))
            .map(|seconds| Self(Duration::from_secs(seconds)))
            .ok_or_else(|| {
                let text = Shown(text);
                format!("'{text}' is no time from 1s to 24h, such as 30s, 5m or 1h")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_has_a_unit_or_is_in_seconds() {
        for (text, seconds) in [("1", 1), ("30s", 30), ("5m", 300), ("24h", 86_400)] {
            assert_eq!(Interval::from_arg_value(text).unwrap().0.as_secs(), seconds);
        }
        for text in ["", "s", "0", "0m", "25h", "1d", "1.5h", "-1", "+1", "5 m"] {
            assert!(Interval::from_arg_value(text).is_err(), "{text}");
        }
    }
}
