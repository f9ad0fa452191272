//! Commands about one map by its name, or about all maps, without a run.

use super::super::args::Args;
use super::super::command::{Command, Prune, Remove, Targets, Voice};
use super::super::misuse::Misuse;
use super::Verb;
use crate::sync::Mode;
use std::path::PathBuf;

impl Args {
    pub(super) fn into_remove(
        self,
        name: &str,
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        self.refuse_all(Verb::Rm)?;
        Ok(Command::Remove(Remove {
            file,
            voice,
            name: name.to_owned(),
        }))
    }

    pub(super) fn into_prune(
        mut self,
        name: &str,
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let mode = if std::mem::take(&mut self.dryrun) {
            Mode::DryRun
        } else {
            Mode::Apply
        };
        self.refuse_all(Verb::PruneDirs)?;
        Ok(Command::Prune(Prune {
            file,
            voice,
            name: name.to_owned(),
            mode,
        }))
    }

    pub(super) fn into_targets(self, file: PathBuf, voice: Voice) -> Result<Command, Misuse> {
        self.refuse_all(Verb::Targets)?;
        Ok(Command::Targets(Targets {
            file,
            form: voice.form,
        }))
    }
}
