//! `watch`: runs without end.

use super::super::args::Args;
use super::super::command::{Command, Maps, Voice, Watch};
use super::super::misuse::Misuse;
use super::{Verb, refuse};
use crate::sync::Reencode;
use std::path::PathBuf;
use std::time::Duration;

/// Time from one run of all maps to the next, where nobody says.
const INTERVAL: Duration = Duration::from_mins(1);

impl Args {
    pub(super) fn into_watch(
        self,
        names: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let of = Verb::Watch.name();
        refuse(of, self.setting_flags())?;
        // What lets something pass once is not for what goes on for ever.
        refuse(
            of,
            [
                (self.dryrun, "--dryrun"),
                (self.force, "--force"),
                (self.full, "--full"),
                (self.report.is_some(), "--report"),
            ],
        )?;
        let maps = match names {
            [] => Maps::All,
            names => Maps::Named(names.to_vec()),
        };
        let interval = self.interval.as_ref().map_or(INTERVAL, |it| it.0);
        Ok(Command::Watch(Watch {
            run: self.into_run(file, voice, maps, Reencode::Changed),
            interval,
        }))
    }
}
