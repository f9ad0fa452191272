//! Which flags go together, and what they mean together.

use super::args::Args;
use super::command::{
    Age, Command, Detail, Dump, Form, Init, Level, NewMap, Run, Settings, Start, Unmap, Voice,
};
use super::misuse::Misuse;
use super::values::{MapArg, UnmapArg, Way};
use crate::state::{Access, Addressing, Direction, MAX_RECIPIENTS, Recursion};
use crate::sync::{Mode, Safety, Trust};
use std::path::PathBuf;

impl Args {
    /// The command, if these flags make one.
    pub(super) fn into_command(self) -> Result<Command, Misuse> {
        self.check_combination()?;
        let file = self.state_file()?;
        let voice = self.voice();
        if self.dump {
            let detail = match (self.hex, self.objects) {
                (true, _) => Detail::Bytes,
                (false, Some(keys)) => Detail::Objects(keys),
                (false, None) => Detail::Maps,
            };
            return Ok(Command::Dump(Dump {
                file,
                form: voice.form,
                detail,
            }));
        }
        if self.init {
            return Ok(Command::Init(self.into_init(file, voice)));
        }
        Ok(Command::Sync(Run {
            file,
            mode: if self.dryrun {
                Mode::DryRun
            } else {
                Mode::Apply
            },
            voice,
            jobs: self.jobs.map(usize::from),
            limit: self.max_delete.unwrap_or_default(),
            safety: if self.force {
                Safety::Forced
            } else {
                Safety::Heeded
            },
            trust: if self.full {
                Trust::Nothing
            } else {
                Trust::Stamps
            },
            passphrase_command: self.age_passphrase_command.map(|text| text.0),
        }))
    }

    fn voice(&self) -> Voice {
        Voice {
            level: match (self.debug, self.quiet) {
                (true, _) => Level::Debug,
                (false, true) => Level::Quiet,
                (false, false) => Level::Normal,
            },
            form: if self.json { Form::Json } else { Form::Text },
        }
    }

    fn check_combination(&self) -> Result<(), Misuse> {
        if self.dump
            && let Some(flag) = self.no_dump_flag()
        {
            return Err(Misuse::Contradiction("--dump", flag));
        }
        for (given, flag) in [(self.objects.is_some(), "--objects"), (self.hex, "--hex")] {
            if given && !self.dump {
                return Err(Misuse::WithoutDump(flag));
            }
        }
        for (given, flag) in [(self.objects.is_some(), "--objects"), (self.json, "--json")] {
            if given && self.hex {
                return Err(Misuse::Contradiction("--hex", flag));
            }
        }
        if self.quiet && self.debug {
            return Err(Misuse::Contradiction("--quiet", "--debug"));
        }
        if self.init {
            if let Some(flag) = self.run_flag() {
                return Err(Misuse::WithInit(flag));
            }
            if self.dir.is_empty()
                && let Some(flag) = self.setting_flag()
            {
                return Err(Misuse::WithoutDir(flag));
            }
            if self.purge && !self.rmdir.is_empty() {
                return Err(Misuse::Contradiction("--purge", "--rmdir"));
            }
            if self.purge && self.overwrite {
                return Err(Misuse::Contradiction("--purge", "--overwrite"));
            }
            if self.name.is_some() && self.dir.len() > 1 {
                return Err(Misuse::NameOfMany);
            }
            return self.check_settings();
        }
        match self.init_flag() {
            Some(flag) => Err(Misuse::WithoutInit(flag)),
            None => Ok(()),
        }
    }

    fn state_file(&self) -> Result<PathBuf, Misuse> {
        let Some(file) = &self.file else {
            return std::env::home_dir()
                .filter(|home| home.is_absolute())
                .map(|home| home.join(".state.s3sync"))
                .ok_or(Misuse::NoHome);
        };
        let path = PathBuf::from(file);
        if path.is_absolute() && path.file_name().is_some() {
            Ok(path)
        } else {
            Err(Misuse::BadFile(file.clone()))
        }
    }

    fn into_init(mut self, file: PathBuf, voice: Voice) -> Init {
        let start = match (self.purge, self.overwrite) {
            (true, _) => Start::Purge,
            (false, true) => Start::Overwrite,
            (false, false) => Start::Existing,
        };
        let (dir, rmdir) = (
            std::mem::take(&mut self.dir),
            std::mem::take(&mut self.rmdir),
        );
        let settings = self.into_settings();
        let add = dir.into_iter().map(|MapArg { path, dest }| NewMap {
            path,
            dest,
            settings: settings.clone(),
        });
        Init {
            file,
            voice,
            start,
            add: add.collect(),
            remove: rmdir
                .into_iter()
                .map(|UnmapArg { path, dest }| Unmap { path, dest })
                .collect(),
        }
    }
    fn check_settings(&self) -> Result<(), Misuse> {
        if self.delete && !matches!(self.direction, Some(Way::Push | Way::Pull)) {
            return Err(Misuse::Aimless);
        }
        match self.age_recipient.len() {
            count if count as u64 > MAX_RECIPIENTS => Err(Misuse::TooManyRecipients(count)),
            _ => Ok(()),
        }
    }

    fn into_settings(self) -> Settings {
        Settings {
            access: Access {
                endpoint: self.endpoint_url.map(|url| url.0),
                region: self.region.map(|text| text.0),
                profile: self.profile.map(|text| text.0),
                addressing: if self.path_style {
                    Addressing::Path
                } else {
                    Addressing::VirtualHost
                },
            },
            name: self.name.map(|text| text.0),
            recursion: self.no_recursive.then_some(Recursion::TopOnly),
            gzip_level: self.compress.map(|level| level.0),
            age: Age {
                recipients: self.age_recipient.into_iter().map(|one| one.0).collect(),
                recipients_file: self.age_recipients_file.map(|file| file.0),
                identity_file: self.age_identity.map(|file| file.0),
            },
            storage_class: self.storage_class.map(|text| text.0),
            direction: self.direction.map(|way| match (way, self.delete) {
                (Way::Both, _) => Direction::Both,
                (Way::Push, false) => Direction::Push,
                (Way::Push, true) => Direction::PushMirror,
                (Way::Pull, false) => Direction::Pull,
                (Way::Pull, true) => Direction::PullMirror,
            }),
            conflict: self.conflict.map(|policy| policy.0),
            keep_days: self.keep.map(|days| days.0),
        }
    }
}
