//! The command line: argv to a [`Command`] that is already valid.
//!
//! argh takes one value for each option, so `--dir PATH S3_DEST` and `--rmdir PATH [S3_DEST]` are
//! folded into one argument before it sees them. Reads no file and no network; of the environment
//! only the home directory.

mod args;
mod command;
mod values;

use crate::state::{Access, Addressing, Recursion};
use crate::sync::{Mode, Safety, Trust};
use argh::FromArgs;
use args::Args;
pub use command::{Command, Detail, Dump, Form, Init, Level, NewMap, Run, Start, Unmap, Voice};
use std::ffi::OsString;
use std::path::PathBuf;
pub use values::S3Uri;
use values::{MapArg, UnmapArg};

/// Why argv is no command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misuse {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

impl Misuse {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    fn hint(self, hint: &'static str) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }
}

const SEE_HELP: &str = "run s3-bsync --help for all flags";

/// Reads argv (the program's name first).
///
/// # Errors
/// [`Misuse`] for anything that is not a valid command.
pub fn parse(argv: impl IntoIterator<Item = OsString>) -> Result<Command, Misuse> {
    let words = argv
        .into_iter()
        .skip(1)
        .map(|word| {
            word.into_string().map_err(|word| {
                Misuse::new(format!("argument {} is not UTF-8", word.display()))
                    .hint("paths given on the command line must be UTF-8; files below them may be anything")
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    if words
        .iter()
        .any(|word| matches!(word.as_str(), "-?" | "-h" | "--help"))
    {
        return Ok(Command::Print(help()));
    }
    if words
        .iter()
        .any(|word| matches!(word.as_str(), "-v" | "--version"))
    {
        return Ok(Command::Print(format!(
            "s3-bsync {}\n",
            env!("CARGO_PKG_VERSION")
        )));
    }
    let folded = values::fold(words)?;
    let words: Vec<&str> = folded.iter().map(String::as_str).collect();
    let parsed = Args::from_args(&["s3-bsync"], &words).map_err(|exit| {
        Misuse::new(
            exit.output
                .trim_end()
                .trim_end_matches('.')
                .to_lowercase_first(),
        )
        .hint(SEE_HELP)
    })?;
    parsed.into_command()
}

fn help() -> String {
    let text = Args::from_args(&["s3-bsync"], &["--help"])
        .map_or_else(|exit| exit.output, |_| String::new());
    text.replace("--dir <dir>", "--dir <path> <s3-dest>")
        .replace("--rmdir <rmdir>", "--rmdir <path> [<s3-dest>]")
}

trait LowercaseFirst {
    fn to_lowercase_first(&self) -> String;
}

impl LowercaseFirst for str {
    fn to_lowercase_first(&self) -> String {
        let mut chars = self.chars();
        chars
            .next()
            .map(|first| first.to_lowercase().chain(chars).collect())
            .unwrap_or_default()
    }
}

impl Args {
    fn into_command(self) -> Result<Command, Misuse> {
        self.check_combination()?;
        let file = self.state_file()?;
        let voice = self.voice();
        if self.dump {
            let detail = if self.objects {
                Detail::Objects
            } else {
                Detail::Maps
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
        if self.dump && (self.init || self.dryrun) {
            return Err(Misuse::new("--dump goes with no other command")
                .hint("give --dump alone, or with --file, --json or --objects"));
        }
        if self.objects && !self.dump {
            return Err(Misuse::new("--objects goes with --dump only").hint("add --dump"));
        }
        if self.quiet && self.debug {
            return Err(
                Misuse::new("--quiet and --debug contradict each other").hint("give one of them")
            );
        }
        if self.init {
            if let Some(flag) = self.run_flag() {
                return Err(Misuse::new(format!("{flag} does not go with --init"))
                    .hint("--init only changes settings; run again without it to sync"));
            }
            if self.dir.is_empty()
                && let Some(flag) = self.setting_flag()
            {
                return Err(Misuse::new(format!("{flag} needs a --dir to apply to"))
                    .hint("name the map: --init --dir PATH S3_DEST"));
            }
            if self.purge && self.overwrite {
                return Err(Misuse::new("--purge and --overwrite contradict each other")
                    .hint("give one of them"));
            }
            if self.name.is_some() && self.dir.len() > 1 {
                return Err(
                    Misuse::new("--name can name only one map").hint("add the maps one at a time")
                );
            }
            return Ok(());
        }
        match self.init_flag() {
            Some(flag) => Err(
                Misuse::new(format!("{flag} changes settings and needs --init"))
                    .hint("add --init, or run without the flag to sync"),
            ),
            None => Ok(()),
        }
    }

    fn state_file(&self) -> Result<PathBuf, Misuse> {
        let Some(file) = &self.file else {
            return std::env::home_dir()
                .filter(|home| home.is_absolute())
                .map(|home| home.join(".state.s3sync"))
                .ok_or_else(|| {
                    Misuse::new("there is no home directory for the state file")
                        .hint("set HOME or give --file with an absolute path")
                });
        };
        let path = PathBuf::from(file);
        if path.is_absolute() && path.file_name().is_some() {
            Ok(path)
        } else {
            Err(Misuse::new(format!(
                "--file {file:?} is not the absolute path of a file"
            ))
            .hint("cron has no current directory worth relying on: begin the path with /"))
        }
    }

    fn into_init(self, file: PathBuf, voice: Voice) -> Init {
        let start = match (self.purge, self.overwrite) {
            (true, _) => Start::Purge,
            (false, true) => Start::Overwrite,
            (false, false) => Start::Existing,
        };
        let access = Access {
            endpoint: self.endpoint_url,
            region: self.region,
            profile: self.profile,
            addressing: if self.path_style {
                Addressing::Path
            } else {
                Addressing::VirtualHost
            },
        };
        let add = self.dir.into_iter().map(|MapArg { path, dest }| NewMap {
            path,
            dest,
            access: access.clone(),
            name: self.name.clone(),
            recursion: self.no_recursive.then_some(Recursion::TopOnly),
            storage_class: self.storage_class.clone(),
            conflict: self.conflict.map(|policy| policy.0),
            keep_days: self.keep,
        });
        Init {
            file,
            voice,
            start,
            add: add.collect(),
            remove: self
                .rmdir
                .into_iter()
                .map(|UnmapArg { path, dest }| Unmap { path, dest })
                .collect(),
        }
    }
}
