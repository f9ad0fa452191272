//! `undo`: lists runs, or puts back what one displaced.

use super::super::args::Args;
use super::super::command::{Command, Recover, Recovery, Voice};
use super::super::misuse::Misuse;
use super::{Verb, refuse};
use crate::key::Shown;
use crate::local::RecoveryRun;
use crate::sync::{Mode, Safety};
use std::path::PathBuf;

impl Args {
    pub(super) fn into_undo(
        mut self,
        operands: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let is_dry = std::mem::take(&mut self.dryrun);
        let is_forced = std::mem::take(&mut self.force);
        let is_list = operands.len() < 2;
        let lists = [
            (is_list && is_dry, "--dryrun"),
            (is_list && is_forced, "--force"),
        ];
        refuse("undo without a run", lists)?;
        self.refuse_all(Verb::Undo)?;
        let safety = if is_forced {
            Safety::Forced
        } else {
            Safety::Heeded
        };
        let act = match operands {
            [] => Recovery::Runs(None),
            [name] => Recovery::Runs(Some(name.clone())),
            [name, run] => Recovery::Undo(name.clone(), parsed(run)?, safety),
            _ => return Err(Verb::Undo.has_other_operands()),
        };
        Ok(Command::Recover(Recover {
            file,
            voice,
            act,
            mode: if is_dry { Mode::DryRun } else { Mode::Apply },
            passphrase_command: None,
        }))
    }
}

fn parsed(run: &str) -> Result<RecoveryRun, Misuse> {
    RecoveryRun::parse(run).ok_or_else(|| Misuse::BadValue {
        flag: Verb::Undo.name().to_owned(),
        reason: format!(
            "'{}' is not a run as undo lists it, for example 2026-11-20T22-55-01Z",
            Shown(run)
        ),
    })
}
