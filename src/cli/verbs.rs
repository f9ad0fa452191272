//! The commands that are words, with the flags of each.

use super::args::Args;
use super::command::{Command, Edit, Mapless, Maps, Prune, Remove, Run, Targets, Voice};
use super::misuse::Misuse;
use super::values::{S3Uri, Way};
use crate::sync::{Mode, Reencode};
use argh::FromArgValue;
use std::path::PathBuf;

/// A command that is a word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Edit,
    Rm,
    Targets,
    PruneDirs,
    Status,
    Sync,
    Push,
    Pull,
}

impl Verb {
    const ALL: [Self; 8] = [
        Self::Edit,
        Self::Rm,
        Self::Targets,
        Self::PruneDirs,
        Self::Status,
        Self::Sync,
        Self::Push,
        Self::Pull,
    ];

    pub(super) fn parse(word: &str) -> Result<Self, Misuse> {
        let mut all = Self::ALL.into_iter();
        all.find(|verb| verb.name() == word)
            .ok_or_else(|| Misuse::Stray(word.to_owned()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Rm => "rm",
            Self::Targets => "targets",
            Self::PruneDirs => "prune-dirs",
            Self::Status => "status",
            Self::Sync => "sync",
            Self::Push => "push",
            Self::Pull => "pull",
        }
    }

    fn takes(self) -> &'static str {
        match self {
            Self::Edit | Self::Rm | Self::PruneDirs => "NAME",
            Self::Targets => "no name",
            Self::Status | Self::Sync => "[NAME...]",
            Self::Push => "NAME, or DIR S3_URI",
            Self::Pull => "NAME, or S3_URI DIR",
        }
    }

    fn has_other_operands(self) -> Misuse {
        Misuse::Operands {
            verb: self.name(),
            takes: self.takes(),
        }
    }
}

/// Settings that a run without a map has no use for.
const OF_MAPS_ONLY: &[&str] = &["--name", "--conflict", "--direction", "--keep"];

impl Args {
    /// The command that a verb and the words after it make.
    pub(super) fn into_verb(
        mut self,
        verb: Verb,
        operands: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        refuse(verb.name(), self.file_flags())?;
        if verb != Verb::Edit {
            refuse(verb.name(), [(self.reencode, "--reencode")])?;
        }
        match (verb, operands) {
            (Verb::Edit, [name]) => self.into_edit(name, file, voice),
            (Verb::Rm, [name]) => {
                self.refuse_all(verb)?;
                Ok(Command::Remove(Remove {
                    file,
                    voice,
                    name: name.clone(),
                }))
            }
            (Verb::PruneDirs, [name]) => {
                let mode = if std::mem::take(&mut self.dryrun) {
                    Mode::DryRun
                } else {
                    Mode::Apply
                };
                self.refuse_all(verb)?;
                Ok(Command::Prune(Prune {
                    file,
                    voice,
                    name: name.clone(),
                    mode,
                }))
            }
            (Verb::Targets, []) => {
                self.refuse_all(verb)?;
                Ok(Command::Targets(Targets {
                    file,
                    form: voice.form,
                }))
            }
            (Verb::Sync | Verb::Status, names) => {
                refuse(verb.name(), self.setting_flags())?;
                let maps = match names {
                    [] => Maps::All,
                    names => Maps::Named(names.to_vec()),
                };
                let run = self.into_run(file, voice, maps, Reencode::Changed);
                Ok(match verb {
                    Verb::Status => Command::Status(Run {
                        mode: Mode::DryRun,
                        ..run
                    }),
                    _ => Command::Sync(run),
                })
            }
            (Verb::Push, [name]) => self.into_one_way("push NAME", Way::Push, name, file, voice),
            (Verb::Pull, [name]) => self.into_one_way("pull NAME", Way::Pull, name, file, voice),
            (Verb::Push, [dir, uri]) => {
                let of = "push DIR S3_URI";
                self.into_mapless(of, Way::Push, dir, dest(verb, uri)?, file, voice)
            }
            (Verb::Pull, [uri, dir]) => {
                let of = "pull S3_URI DIR";
                self.into_mapless(of, Way::Pull, dir, dest(verb, uri)?, file, voice)
            }
            (verb, _) => Err(verb.has_other_operands()),
        }
    }

    /// Refuses whatever is about settings or a run.
    fn refuse_all(&self, verb: Verb) -> Result<(), Misuse> {
        refuse(verb.name(), self.setting_flags())?;
        refuse(verb.name(), self.run_flag().map(|flag| (true, flag)))
    }

    fn into_edit(self, name: &str, file: PathBuf, voice: Voice) -> Result<Command, Misuse> {
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

    fn into_one_way(
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

    fn into_mapless(
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

fn dest(verb: Verb, uri: &str) -> Result<S3Uri, Misuse> {
    S3Uri::from_arg_value(uri).map_err(|reason| Misuse::BadValue {
        flag: verb.name().to_owned(),
        reason,
    })
}

/// Refuses the first of these flags that was given.
fn refuse(
    of: &'static str,
    flags: impl IntoIterator<Item = (bool, &'static str)>,
) -> Result<(), Misuse> {
    let mut flags = flags.into_iter();
    match flags.find(|(is_given, _)| *is_given) {
        Some((_, flag)) => Err(Misuse::NotTaken { flag, of }),
        None => Ok(()),
    }
}
