//! Values of the flags about archived objects.

use crate::key::Shown;
use crate::remote::Tier;
use argh::FromArgValue;

/// The value of `--tier`.
#[derive(Clone, Copy)]
pub(super) struct Speed(pub(super) Tier);

impl FromArgValue for Speed {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        match text {
            "bulk" => Ok(Self(Tier::Bulk)),
            "standard" => Ok(Self(Tier::Standard)),
            "expedited" => Ok(Self(Tier::Expedited)),
            _ => Err(format!(
                "'{}' is none of bulk, standard and expedited",
                Shown(text)
            )),
        }
    }
}

/// The value of `--days`.
#[derive(Clone, Copy)]
pub(super) struct Stay(pub(super) u16);

/// More than a restored copy is good for: to copy the object is cheaper by then.
const MAX_STAY_DAYS: u16 = 3650;

impl FromArgValue for Stay {
    fn from_arg_value(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .filter(|days| (1..=MAX_STAY_DAYS).contains(days))
            .map(Self)
            .ok_or_else(|| {
                let shown = Shown(text);
                format!("'{shown}' is not a number of days from 1 to {MAX_STAY_DAYS}")
            })
    }
}
