//! Which flags go together, and what they mean together.

use super::args::Args;
use super::command::{
    Age, Command, Detail, Dump, Form, Init, Level, Maps, NewMap, Run, Settings, Start, StatePage,
    Unmap, Voice,
};
use super::interval::Interval;
use super::misuse::Misuse;
use super::values::{MapArg, UnmapArg, Way};
use super::verbs::Verb;
use crate::remote::Timeout;
use crate::state::{Access, Addressing, Direction, MAX_RECIPIENTS, Recursion};
use crate::sync::{Mode, Reencode, Safety, Trust};
use std::path::PathBuf;

impl Args {
    /// The command, if these flags and words make one.
    pub(super) fn into_command(mut self) -> Result<Command, Misuse> {
        let words = std::mem::take(&mut self.words);
        let verb = words.first().map(|word| Verb::parse(word)).transpose()?;
        self.check_voice()?;
        if verb.is_none() {
            self.check_combination()?;
        }
        let file = match verb {
            // Packages are built where there may be no home.
            Some(Verb::Completions) => PathBuf::new(),
            _ => self.state_file()?,
        };
        let voice = self.voice();
        if let Some(verb) = verb {
            return self.into_verb(verb, &words[1..], file, voice);
        }
        if let Some(page) = self.report.as_ref().filter(|_| self.dump) {
            let page = page.0.clone();
            return Ok(Command::StatePage(StatePage { file, page }));
        }
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
        let run = self.into_run(file, voice, Maps::All, Reencode::Changed);
        Ok(Command::Sync(run))
    }

    pub(super) fn into_run(
        self,
        file: PathBuf,
        voice: Voice,
        maps: Maps,
        reencode: Reencode,
    ) -> Run {
        Run {
            file,
            maps,
            mode: if self.dryrun {
                Mode::DryRun
            } else {
                Mode::Apply
            },
            voice,
            jobs: self.jobs.map(usize::from),
            bytes_per_s: self.bwlimit.map(|rate| rate.0),
            timeout: timeout(self.timeout),
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
            page: self.report.map(|page| page.0),
            reencode,
            log_dir: self.log_dir.map(|dir| dir.0),
            metrics: self.metrics.map(|file| PathBuf::from(file.0)),
        }
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

    /// Checks what goes together whatever the command is.
    fn check_voice(&self) -> Result<(), Misuse> {
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
            if given && self.dump && self.report.is_some() {
                return Err(Misuse::Contradiction("--report", flag));
            }
        }
        if self.hex && self.report.is_some() {
            return Err(Misuse::Contradiction("--report", "--hex"));
        }
        if self.quiet && self.debug {
            return Err(Misuse::Contradiction("--quiet", "--debug"));
        }
        Ok(())
    }

    /// Checks what goes together where the flags alone make the command.
    fn check_combination(&self) -> Result<(), Misuse> {
        if self.reencode {
            return Err(Misuse::WithoutEdit("--reencode"));
        }
        self.check_archive(None)?;
        if self.to.is_some() {
            return Err(Misuse::WithoutPutBack("--to"));
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
        let (settings, _) = self.split_settings();
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
    /// Checks what is said of a map.
    pub(super) fn check_settings(&self) -> Result<(), Misuse> {
        if self.delete && !matches!(self.direction, Some(Way::Push | Way::Pull)) {
            return Err(Misuse::Aimless);
        }
        match self.age_recipient.len() {
            count if count as u64 > MAX_RECIPIENTS => Err(Misuse::TooManyRecipients(count)),
            _ => Ok(()),
        }
    }

    /// The direction of a way, with or without `--delete`.
    pub(super) fn toward(&self, way: Way) -> Direction {
        match (way, self.delete) {
            (Way::Both, _) => Direction::Both,
            (Way::Push, false) => Direction::Push,
            (Way::Push, true) => Direction::PushMirror,
            (Way::Pull, false) => Direction::Pull,
            (Way::Pull, true) => Direction::PullMirror,
        }
    }

    /// What is said of a map, and the flags without it.
    pub(super) fn split_settings(mut self) -> (Settings, Self) {
        let settings = Settings {
            access: Access {
                endpoint: self.endpoint_url.take().map(|url| url.0),
                region: self.region.take().map(|text| text.0),
                profile: self.profile.take().map(|text| text.0),
                addressing: if self.path_style {
                    Addressing::Path
                } else {
                    Addressing::VirtualHost
                },
            },
            name: self.name.take().map(|text| text.0),
            recursion: self.no_recursive.then_some(Recursion::TopOnly),
            links: self.links.map(|links| links.0),
            modes: self.keep_mode.map(|modes| modes.0),
            gzip_level: self.compress.map(|level| level.0),
            age: Age {
                recipients: self.age_recipient.drain(..).map(|one| one.0).collect(),
                recipients_file: self.age_recipients_file.take().map(|file| file.0),
                identity_file: self.age_identity.take().map(|file| file.0),
            },
            storage_class: self.storage_class.take().map(|text| text.0),
            direction: self.direction.map(|way| self.toward(way)),
            conflict: self.conflict.map(|policy| policy.0),
            keep_days: self.keep.map(|days| days.0),
            keep_size: self.keep_size.map(|size| size.0),
            max_replace: self.max_replace.map(|limit| limit.0),
        };
        (settings, self)
    }
}

/// The value of `--timeout`, or the default.
pub(super) fn timeout(given: Option<Interval>) -> Timeout {
    given.map_or_else(Timeout::default, |given| Timeout::of(given.0))
}
