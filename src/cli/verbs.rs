//! The commands that are words, with the flags of each.

mod add;
mod archive;
mod edit;
mod named;
mod one_way;
mod recover;
mod runs;
mod undo;
mod watch;

use super::args::Args;
use super::command::{Command, Voice};
use super::completions::{SHELLS, Shell};
use super::misuse::Misuse;
use super::values::Way;
use crate::key::Shown;
use std::path::PathBuf;

/// A command that is a word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Edit,
    Rm,
    Targets,
    Ls,
    PruneDirs,
    Status,
    Sync,
    Watch,
    Push,
    Pull,
    Recover,
    Undo,
    Completions,
    Restore,
    RestoreStatus,
    Verify,
}

/// Each command as it is written, and what it takes.
pub(super) const VERBS: &[(Verb, &str, &str)] = &[
    (Verb::Add, "add", "[DIR [S3_URI]]"),
    (Verb::Edit, "edit", "NAME"),
    (Verb::Rm, "rm", "NAME"),
    (Verb::Targets, "targets", "no name"),
    (Verb::Ls, "ls", "NAME [PATTERN]"),
    (Verb::PruneDirs, "prune-dirs", "NAME"),
    (Verb::Status, "status", "[NAME...]"),
    (Verb::Sync, "sync", "[NAME...]"),
    (Verb::Watch, "watch", "[NAME...]"),
    (Verb::Push, "push", "NAME, or DIR S3_URI"),
    (Verb::Pull, "pull", "NAME, or S3_URI DIR"),
    (Verb::Recover, "recover", "[NAME [KEPT]]"),
    (Verb::Undo, "undo", "[NAME [RUN]]"),
    (Verb::Completions, "completions", SHELLS),
    (Verb::Restore, "restore", "[NAME] [PATTERN]"),
    (Verb::RestoreStatus, "restore-status", "[NAME] [PATTERN]"),
    (Verb::Verify, "verify", "[NAME] [PATTERN]"),
];

impl Verb {
    pub(super) fn parse(word: &str) -> Result<Self, Misuse> {
        let found = VERBS.iter().find(|(_, name, _)| *name == word);
        found
            .map(|(verb, ..)| *verb)
            .ok_or_else(|| Misuse::Stray(word.to_owned()))
    }

    fn row(self) -> (&'static str, &'static str) {
        let found = VERBS.iter().find(|(verb, ..)| *verb == self);
        found.map_or(("", ""), |(_, name, takes)| (name, takes))
    }

    fn name(self) -> &'static str {
        self.row().0
    }

    fn has_other_operands(self) -> Misuse {
        let (verb, takes) = self.row();
        Misuse::Operands { verb, takes }
    }
}

impl Args {
    /// The command that a verb and the words after it make.
    pub(super) fn into_verb(
        self,
        verb: Verb,
        operands: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        refuse(verb.name(), self.file_flags())?;
        if verb != Verb::Edit {
            refuse(verb.name(), [(self.reencode, "--reencode")])?;
        }
        self.check_archive(Some(verb))?;
        if verb != Verb::Recover {
            refuse(verb.name(), [(self.to.is_some(), "--to")])?;
        }
        match (verb, operands) {
            (Verb::Add, words) => self.into_add(words, file, voice),
            (Verb::Edit, [name]) => self.into_edit(name, file, voice),
            (Verb::Rm, [name]) => self.into_remove(name, file, voice),
            (Verb::Targets, []) => self.into_targets(file, voice),
            (Verb::PruneDirs, [name]) => self.into_prune(name, file, voice),
            (Verb::Status, names) => self.into_status(names, file, voice),
            (Verb::Sync, names) => self.into_sync(names, file, voice),
            (Verb::Watch, names) => self.into_watch(names, file, voice),
            (Verb::Push, [name]) => self.into_one_way("push NAME", Way::Push, name, file, voice),
            (Verb::Pull, [name]) => self.into_one_way("pull NAME", Way::Pull, name, file, voice),
            (Verb::Push, [dir, uri]) => {
                let of = "push DIR S3_URI";
                self.into_mapless(of, Way::Push, dir, one_way::dest(verb, uri)?, file, voice)
            }
            (Verb::Pull, [uri, dir]) => {
                let of = "pull S3_URI DIR";
                self.into_mapless(of, Way::Pull, dir, one_way::dest(verb, uri)?, file, voice)
            }
            (Verb::Recover, operands) => self.into_recover(operands, file, voice),
            (Verb::Undo, operands) => self.into_undo(operands, file, voice),
            (Verb::Completions, [shell]) => self.into_completions(shell),
            (Verb::Ls, words @ ([_] | [_, _])) => self.into_ls(words, file, voice),
            (Verb::Restore, words) => self.into_restore(words, file, voice),
            (Verb::RestoreStatus, words) => self.into_restore_status(words, file, voice),
            (Verb::Verify, words) => self.into_verify(words, file, voice),
            (verb, _) => Err(verb.has_other_operands()),
        }
    }

    fn into_completions(self, shell: &str) -> Result<Command, Misuse> {
        self.refuse_all(Verb::Completions)?;
        let known = Shell::parse(shell).map(Command::Completions);
        known.ok_or_else(|| {
            let shells = SHELLS.replace('|', ", ");
            Misuse::BadValue {
                flag: Verb::Completions.name().to_owned(),
                reason: format!("'{}' is none of {shells}", Shown(shell)),
            }
        })
    }

    /// Refuses whatever is about settings or a run.
    fn refuse_all(&self, verb: Verb) -> Result<(), Misuse> {
        refuse(verb.name(), self.setting_flags())?;
        refuse(verb.name(), self.run_flag().map(|flag| (true, flag)))
    }
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
