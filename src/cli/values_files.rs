//! Values of the settings on what of a file travels.

use crate::key::Shown;
use crate::state::{Links, Modes};
use argh::FromArgValue;

/// The value of `--links`.
#[derive(Clone, Copy)]
pub(super) struct FollowLinks(pub(super) Links);

impl FromArgValue for FollowLinks {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        match text {
            "skip" => Ok(Self(Links::Skip)),
            "follow-inside" => Ok(Self(Links::FollowInside)),
            _ => Err(format!(
                "'{}' is neither skip nor follow-inside",
                Shown(text)
            )),
        }
    }
}

/// The value of `--keep-mode`.
#[derive(Clone, Copy)]
pub(super) struct KeepMode(pub(super) Modes);

impl FromArgValue for KeepMode {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        match text {
            "yes" => Ok(Self(Modes::Keep)),
            "no" => Ok(Self(Modes::Leave)),
            _ => Err(format!("'{}' is neither yes nor no", Shown(text))),
        }
    }
}
