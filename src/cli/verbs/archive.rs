//! `ls`, `restore`, `restore-status` and `verify`: what is on both sides, and whether it can be had.

use super::super::args::Args;
use super::super::combine::timeout;
use super::super::command::{Command, Consent, Ls, Restore, RestoreStatus, Verify, Voice, Which};
use super::super::keys::Keys;
use super::super::misuse::Misuse;
use super::{Verb, refuse};
use crate::remote::Tier;
use crate::sync::{Mode, Proof, Wish};
use argh::FromArgValue;
use std::path::PathBuf;

/// Days for which a restored copy stays, where nobody says.
const DAYS: u16 = 7;

impl Args {
    /// Flags of these commands, whether each was given, and what they go with.
    pub(super) fn archive_flags(&self) -> [(bool, &'static str, &'static [Verb]); 6] {
        [
            (self.tier.is_some(), "--tier", &[Verb::Restore]),
            (self.days.is_some(), "--days", &[Verb::Restore]),
            (self.all, "--all", &[Verb::Restore]),
            (self.yes, "--yes", &[Verb::Restore]),
            (self.download, "--download", &[Verb::Verify]),
            (self.interval.is_some(), "--interval", &[Verb::Watch]),
        ]
    }

    /// Refuses the flags of these commands to all others.
    pub(in crate::cli) fn check_archive(&self, verb: Option<Verb>) -> Result<(), Misuse> {
        let stray = self
            .archive_flags()
            .into_iter()
            .find(|(given, _, of)| *given && verb.is_none_or(|verb| !of.contains(&verb)));
        match stray {
            None => Ok(()),
            Some((_, flag, of)) => Err(Misuse::WithoutVerb {
                flag,
                verb: of.first().map_or("", |verb| verb.name()),
            }),
        }
    }

    pub(super) fn into_restore(
        mut self,
        names: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let which = which(Verb::Restore, names)?;
        let mode = if std::mem::take(&mut self.dryrun) {
            Mode::DryRun
        } else {
            Mode::Apply
        };
        let jobs = self.jobs.take().map(usize::from);
        self.refuse_all(Verb::Restore)?;
        Ok(Command::Restore(Restore {
            file,
            voice,
            which,
            wish: if self.all { Wish::All } else { Wish::ForSync },
            tier: self.tier.map_or(Tier::Standard, |tier| tier.0),
            days: self.days.map_or(DAYS, |days| days.0),
            consent: if self.yes {
                Consent::Given
            } else {
                Consent::Asked
            },
            mode,
            jobs,
        }))
    }

    pub(super) fn into_ls(
        self,
        words: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let which = which(Verb::Ls, words)?;
        self.refuse_all(Verb::Ls)?;
        Ok(Command::Ls(Ls { file, voice, which }))
    }

    pub(super) fn into_restore_status(
        self,
        names: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let which = which(Verb::RestoreStatus, names)?;
        self.refuse_all(Verb::RestoreStatus)?;
        Ok(Command::RestoreStatus(RestoreStatus { file, voice, which }))
    }

    pub(super) fn into_verify(
        mut self,
        names: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let which = which(Verb::Verify, names)?;
        let jobs = self.jobs.take().map(usize::from);
        let bytes_per_s = self.bwlimit.take().map(|rate| rate.0);
        let timeout = timeout(self.timeout.take());
        let passphrase_command = self.age_passphrase_command.take().map(|text| text.0);
        refuse("verify", self.setting_flags())?;
        self.refuse_all(Verb::Verify)?;
        Ok(Command::Verify(Verify {
            file,
            voice,
            which,
            proof: if self.download {
                Proof::Downloaded
            } else {
                Proof::Told
            },
            jobs,
            bytes_per_s,
            timeout,
            passphrase_command,
        }))
    }
}

/// `[NAME] [PATTERN]`.
fn which(verb: Verb, words: &[String]) -> Result<Which, Misuse> {
    let (map, keys) = match words {
        [] => (None, Keys::All),
        [name] => (Some(name.clone()), Keys::All),
        [name, pattern] => {
            let keys = Keys::from_arg_value(pattern).map_err(|reason| Misuse::BadValue {
                flag: verb.name().to_owned(),
                reason,
            })?;
            (Some(name.clone()), keys)
        }
        _ => return Err(verb.has_other_operands()),
    };
    Ok(Which { map, keys })
}
