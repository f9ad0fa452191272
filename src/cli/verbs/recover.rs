//! `recover`: its verbs, and what each takes.

use super::super::args::Args;
use super::super::command::{Command, Recover, Recovery, Voice};
use super::super::misuse::Misuse;
use super::super::wanted::Wanted;
use super::{Verb, refuse};
use crate::sync::{Mode, Safety};
use std::path::PathBuf;

/// The verbs, what each is called in full, and what it takes.
const VERBS: &[(&str, &str, &str)] = &[
    ("list", "recover list", "[NAME [KEPT]]"),
    ("show", "recover show", "NAME KEPT"),
    ("diff", "recover diff", "NAME KEPT"),
    ("put-back", "recover put-back", "NAME KEPT"),
    ("drop", "recover drop", "NAME KEPT"),
    ("expire", "recover expire", "[NAME...]"),
];

impl Args {
    pub(super) fn into_recover(
        mut self,
        operands: &[String],
        file: PathBuf,
        voice: Voice,
    ) -> Result<Command, Misuse> {
        let first = operands.first();
        let row = first.and_then(|word| VERBS.iter().find(|(verb, ..)| verb == word));
        // Without a verb they are listed; a map that is called as a verb can be listed with one.
        let (verb, of, takes) = row.copied().unwrap_or(("list", "recover", "[NAME [KEPT]]"));
        let operands = &operands[usize::from(row.is_some())..];
        let mode = if std::mem::take(&mut self.dryrun) {
            Mode::DryRun
        } else {
            Mode::Apply
        };
        let safety = if std::mem::take(&mut self.force) {
            Safety::Forced
        } else {
            Safety::Heeded
        };
        let to = self.to.take().map(|key| key.0);
        let passphrase_command = self.age_passphrase_command.take().map(|text| text.0);
        let changes = matches!(verb, "put-back" | "drop" | "expire");
        let opens = matches!(verb, "show" | "diff");
        refuse(
            of,
            [
                (mode == Mode::DryRun && !changes, "--dryrun"),
                (safety == Safety::Forced && verb != "drop", "--force"),
                (to.is_some() && verb != "put-back", "--to"),
                (
                    passphrase_command.is_some() && !opens,
                    "--age-passphrase-command",
                ),
            ],
        )?;
        self.refuse_all(Verb::Recover)?;
        let wanted = |text: &String| Wanted::read(text);
        let act = match (verb, operands) {
            ("list", []) => Recovery::List(None, None),
            ("list", [name]) => Recovery::List(Some(name.clone()), None),
            ("list", [name, kept]) => Recovery::List(Some(name.clone()), Some(wanted(kept))),
            ("show", [name, kept]) => Recovery::Show(name.clone(), wanted(kept)),
            ("diff", [name, kept]) => Recovery::Diff(name.clone(), wanted(kept)),
            ("put-back", [name, kept]) => Recovery::PutBack(name.clone(), wanted(kept), to),
            ("drop", [name, kept]) => Recovery::Drop(name.clone(), wanted(kept), safety),
            ("expire", names) => Recovery::Expire(names.to_vec()),
            _ => return Err(Misuse::Operands { verb: of, takes }),
        };
        Ok(Command::Recover(Recover {
            file,
            voice,
            act,
            mode,
            passphrase_command,
        }))
    }
}
