//! `edit`: a map's settings, and a run that packs anew.

use super::super::args::Args;
use super::super::command::{Command, Edit, Maps, Voice};
use super::super::misuse::Misuse;
use crate::sync::Reencode;
use std::path::PathBuf;

impl Args {
    pub(super) fn into_edit(
        self,
        name: &str,
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let has_settings = self.setting_flags().iter().any(|(is_given, _)| *is_given);
        match (self.reencode, self.run_flag()) {
            (false, Some(flag)) => return Err(Misuse::WithoutReencode(flag)),
            (false, None) if !has_settings => return Err(Misuse::NoChange),
            _ => {}
        }
        self.check_settings()?;
        let (settings, rest) = self.split_settings();
        let then = rest.reencode.then(|| {
            let name = settings.name.as_deref().unwrap_or(name);
            let maps = Maps::Named(vec![name.to_owned()]);
            rest.into_run(file.clone(), voice, maps, Reencode::All)
        });
        Ok(Command::Edit(Edit {
            file,
            voice,
            name: name.to_owned(),
            settings: has_settings.then_some(settings),
            then,
        }))
    }
}
