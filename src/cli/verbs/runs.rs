//! `sync` and `status`: a run of some maps or all, and what it would do.

use super::super::args::Args;
use super::super::command::{Command, Maps, Run, Voice};
use super::super::misuse::Misuse;
use super::{Verb, refuse};
use crate::sync::{Mode, Reencode};
use std::path::PathBuf;

impl Args {
    pub(super) fn into_sync(
        self,
        names: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let run = self.into_run_of(Verb::Sync, names, file, voice)?;
        Ok(Command::Sync(run))
    }

    pub(super) fn into_status(
        self,
        names: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let kept = [
            (self.log_dir.is_some(), "--log-dir"),
            (self.metrics.is_some(), "--metrics"),
        ];
        refuse(Verb::Status.name(), kept)?;
        let run = self.into_run_of(Verb::Status, names, file, voice)?;
        Ok(Command::Status(Run {
            mode: Mode::DryRun,
            ..run
        }))
    }

    fn into_run_of(
        self,
        verb: Verb,
        names: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Run, Misuse> {
        refuse(verb.name(), self.setting_flags())?;
        let maps = match names {
            [] => Maps::All,
            names => Maps::Named(names.to_vec()),
        };
        Ok(self.into_run(file, voice, maps, Reencode::Changed))
    }
}
