//! Bounds that a user sets: how many files a run may touch, how large the recovery folder may grow.

use crate::key::Shown;
use std::fmt;
use std::str::FromStr;

/// How many files a run may remove or replace in a map without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// This many.
    Count(u64),
    /// This share of the records, in percent, 0 to 100.
    Percent(u8),
}

impl Default for Limit {
    fn default() -> Self {
        Self::Percent(50)
    }
}

/// Text that is no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLimit(String);

impl fmt::Display for BadLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is neither a number nor a percentage from 0% to 100%",
            Shown(&self.0)
        )
    }
}

impl FromStr for Limit {
    type Err = BadLimit;

    fn from_str(text: &str) -> Result<Self, BadLimit> {
        let bad = || BadLimit(text.to_owned());
        match text.strip_suffix('%') {
            Some(share) => match share.parse() {
                Ok(share @ 0..=100) => Ok(Self::Percent(share)),
                _ => Err(bad()),
            },
            None => text.parse().map(Self::Count).map_err(|_| bad()),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(share) => write!(f, "{share}%"),
        }
    }
}

/// The most that the recovery folder of a map may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepSize {
    /// At most 10 % of the file system, and never so much that less than 5 % of it is free.
    #[default]
    Default,
    /// This many bytes.
    Bytes(u64),
    /// This share of the file system, in percent, 0 to 100.
    Percent(u8),
}

impl fmt::Display for KeepSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Bytes(bytes) => write!(f, "{bytes}"),
            Self::Percent(share) => write!(f, "{share}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_or_a_percentage() {
        assert_eq!("7".parse(), Ok(Limit::Count(7)));
        assert_eq!("7%".parse(), Ok(Limit::Percent(7)));
        for bad in ["", "%", "-1", "101%", "7 %", "1.5%"] {
            assert!(bad.parse::<Limit>().is_err(), "{bad}");
        }
    }
}
