//! Values of the settings on what a run displaces.

use crate::key::Shown;
use crate::state::{KeepSize, Limit};
use argh::FromArgValue;

/// The value of `--keep-size`.
#[derive(Clone, Copy)]
pub(super) struct MostKept(pub(super) KeepSize);

impl FromArgValue for MostKept {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        parse_size(text).map(Self).ok_or_else(|| {
            let shown = Shown(text);
            format!("'{shown}' is not a size, for example 500M, 20G, 5% or default")
        })
    }
}

fn parse_size(text: &str) -> Option<KeepSize> {
    if text == "default" {
        return Some(KeepSize::Default);
    }
    let units = [
        ("%", 0),
        ("K", 1 << 10),
        ("M", 1 << 20),
        ("G", 1 << 30),
        ("T", 1 << 40),
        ("", 1_u64),
    ];
    let split = |(unit, factor)| Some((text.strip_suffix(unit)?, factor));
    let (digits, factor) = units.into_iter().find_map(split)?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| is_plain)?;
    if factor == 0 {
        let percent = u8::try_from(number).ok()?;
        return (percent <= 100).then_some(KeepSize::Percent(percent));
    }
    let bytes = number.checked_mul(factor)?;
    i64::try_from(bytes)
        .is_ok()
        .then_some(KeepSize::Bytes(bytes))
}

/// The value of `--max-replace`.
#[derive(Clone, Copy)]
pub(super) struct MostReplaced(pub(super) Option<Limit>);

impl FromArgValue for MostReplaced {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let limit: Limit = text
            .parse()
            .map_err(|bad| format!("{bad}, and is not 'off'"))?;
        if matches!(limit, Limit::Count(count) if i64::try_from(count).is_err()) {
            return Err(format!("'{}' is too large", Shown(text)));
        }
        Ok(Self(Some(limit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_size_is_bytes_or_a_share() {
        for (text, size) in [
            ("default", KeepSize::Default),
            ("0", KeepSize::Bytes(0)),
            ("500M", KeepSize::Bytes(500 << 20)),
            ("2T", KeepSize::Bytes(2 << 40)),
            ("100%", KeepSize::Percent(100)),
        ] {
            assert_eq!(parse_size(text), Some(size), "{text}");
        }
        for bad in [
            "",
            "K",
            "-1",
            "101%",
            "1.5G",
            "+1",
            "1 G",
            "9223372036854775808",
            "9999999T",
        ] {
            assert_eq!(parse_size(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_bound_on_replacements_is_a_limit_or_off() {
        let read = |text| MostReplaced::from_arg_value(text).map(|most| most.0);
        assert_eq!(read("off"), Ok(None));
        assert_eq!(read("7"), Ok(Some(Limit::Count(7))));
        assert_eq!(read("7%"), Ok(Some(Limit::Percent(7))));
        assert!(read("on").is_err() && read("9223372036854775808").is_err());
    }
}
