//! `push` and `pull`: of a map, or of a directory and a prefix that are none.

use super::super::args::Args;
use super::super::command::{Command, Mapless, Maps, Voice};
use super::super::misuse::Misuse;
use super::super::values::{S3Uri, Way};
use super::{Verb, refuse};
use crate::sync::Reencode;
use argh::FromArgValue;
use std::path::PathBuf;

/// Settings that a run without a map has no use for.
const OF_MAPS_ONLY: &[&str] = &[
    "--name",
    "--conflict",
    "--direction",
    "--keep",
    "--keep-size",
    "--max-replace",
];

impl Args {
    pub(super) fn into_one_way(
        self,
        of: &'static str,
        way: Way,
        name: &str,
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let flags = self.setting_flags().into_iter();
        refuse(of, flags.filter(|(_, flag)| *flag != "--delete"))?;
        let maps = Maps::OneWay(name.to_owned(), self.toward(way));
        let run = self.into_run(file, voice, maps, Reencode::Changed);
        Ok(Command::Sync(run))
    }

    pub(super) fn into_mapless(
        mut self,
        of: &'static str,
        way: Way,
        dir: &str,
        dest: S3Uri,
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let flags = self.setting_flags().into_iter();
        refuse(of, flags.filter(|(_, flag)| OF_MAPS_ONLY.contains(flag)))?;
        if dir.is_empty() {
            return Err(Misuse::EmptyPath);
        }
        self.direction = Some(way);
        self.check_settings()?;
        let (settings, rest) = self.split_settings();
        Ok(Command::Mapless(Mapless {
            dir: PathBuf::from(dir),
            dest,
            settings,
            run: rest.into_run(file, voice, Maps::All, Reencode::Changed),
        }))
    }
}

pub(super) fn dest(verb: Verb, uri: &str) -> Result<S3Uri, Misuse> {
    S3Uri::from_arg_value(uri).map_err(|reason| Misuse::BadValue {
        flag: verb.name().to_owned(),
        reason,
    })
}
