//! `add`: a map that is asked for.

use super::super::args::Args;
use super::super::command::{Add, Command, Voice};
use super::super::misuse::Misuse;
use super::one_way::dest;
use super::{Verb, refuse};
use std::path::PathBuf;

impl Args {
    pub(super) fn into_add(
        self,
        words: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let (dir, uri) = match words {
            [] => (None, None),
            [dir] => (Some(dir), None),
            [dir, uri] => (Some(dir), Some(uri)),
            _ => return Err(Verb::Add.has_other_operands()),
        };
        if dir.is_some_and(String::is_empty) {
            return Err(Misuse::EmptyPath);
        }
        refuse("add", [(self.json, "--json")])?;
        refuse("add", self.run_flag().map(|flag| (true, flag)))?;
        self.check_settings()?;
        let dest = uri.map(|uri| dest(Verb::Add, uri)).transpose()?;
        let (settings, _) = self.split_settings();
        Ok(Command::Add(Add {
            file,
            voice,
            dir: dir.cloned(),
            dest,
            settings,
        }))
    }
}
