//! The questions of `add`, each answer checked at once.

use super::{check_apart, check_name, check_path, directory};
use crate::cli::{Add, Age, NewMap, Settings, values_typed};
use crate::commands::{init, settings};
use crate::key::Shown;
use crate::remote;
use crate::report::ask::Line;
use crate::report::hint;
use crate::state::{Access, Addressing, State};
use std::io::Write;

/// There are no more answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ended;

/// What silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Otherwise {
    Yes,
    No,
}

/// Questions, and where the answers come from.
pub(super) struct Wizard<'a, W> {
    line: &'a mut dyn FnMut() -> Line,
    to: W,
}

impl<'a, W: Write> Wizard<'a, W> {
    pub(super) fn new(line: &'a mut dyn FnMut() -> Line, to: W) -> Self {
        Self { line, to }
    }

    fn tell(&mut self, text: &str) {
        let _ = writeln!(self.to, "{text}");
    }

    fn line(&mut self, question: &str) -> Result<String, Ended> {
        let _ = write!(self.to, "{question} ");
        let _ = self.to.flush();
        match (self.line)() {
            Line::Text(text) => Ok(text.trim().to_owned()),
            Line::End => {
                // The line that the answer would have ended.
                self.tell("");
                Err(Ended)
            }
        }
    }

    /// Asks until there is an answer that can be used.
    fn ask<T>(
        &mut self,
        question: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Ended> {
        loop {
            let text = self.line(question)?;
            match read(&text) {
                Ok(answer) => return Ok(answer),
                Err(why) => self.tell(&format!("  {why}")),
            }
        }
    }

    /// The same, and silence is an answer too.
    fn ask_or_none<T>(
        &mut self,
        question: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Ended> {
        self.ask(question, |text| match text {
            "" => Ok(None),
            text => read(text).map(Some),
        })
    }

    /// Asks for a yes or a no.
    pub(super) fn is_so(&mut self, question: &str, otherwise: Otherwise) -> Result<bool, Ended> {
        let choices = match otherwise {
            Otherwise::Yes => "[Y/n]",
            Otherwise::No => "[y/N]",
        };
        self.ask(&format!("{question} {choices}"), |text| {
            match &text.to_lowercase()[..] {
                "" => Ok(otherwise == Otherwise::Yes),
                "y" | "yes" => Ok(true),
                "n" | "no" => Ok(false),
                _ => Err("answer y or n".to_owned()),
            }
        })
    }

    fn access(&mut self, access: &mut Access) -> Result<(), Ended> {
        if access.endpoint.is_none() && self.is_so("An S3 server other than AWS?", Otherwise::No)? {
            access.endpoint = Some(self.ask("Its URL (https://...):", values_typed::endpoint)?);
        }
        if access.endpoint.is_some()
            && access.addressing == Addressing::VirtualHost
            && self.is_so(
                "Bucket name in the path of its URLs, as most of them want it?",
                Otherwise::Yes,
            )?
        {
            access.addressing = Addressing::Path;
        }
        if access.region.is_none() {
            let question = "Region [as the AWS settings say]:";
            access.region = self.ask_or_none(question, values_typed::name)?;
        }
        if access.profile.is_none() {
            let question = "Profile of the AWS configuration files [none]:";
            access.profile = self.ask_or_none(question, |text| {
                let profile = values_typed::name(text)?;
                let checked = remote::check_profile(&profile).map_err(init::Error::Profile);
                checked.map(|_| profile).map_err(|error| reason(&error))
            })?;
        }
        Ok(())
    }

    fn age(&mut self, age: &mut Age) -> Result<(), Ended> {
        if *age == Age::default() {
            let question = "Encrypt what is uploaded, with age?";
            if !self.is_so(question, Otherwise::No)? {
                return Ok(());
            }
            while let Some(recipient) = {
                let question = match age.recipients.len() {
                    0 => "Recipient, age1... or ssh-... [those of an identity file]:",
                    _ => "Another recipient [no more]:",
                };
                let known = age.clone();
                self.ask_or_none(question, |text| {
                    let recipient = values_typed::recipient(text)?;
                    let mut age = known.clone();
                    age.recipients.push(recipient.clone());
                    usable(&age).map(|()| recipient)
                })?
            } {
                age.recipients.push(recipient);
            }
        }
        if age.identity_file.is_some() {
            return Ok(());
        }
        let known = age.clone();
        let read = |text: &str| {
            let file = values_typed::file(text)?;
            let identity_file = Some(file.clone());
            let age = Age {
                identity_file,
                ..known.clone()
            };
            usable(&age).map(|()| file)
        };
        age.identity_file = if age.recipients.is_empty() && age.recipients_file.is_none() {
            Some(self.ask("Identity file, an absolute path:", read)?)
        } else {
            self.ask_or_none("Identity file, to read them back [none]:", read)?
        };
        Ok(())
    }
}

/// Asks for what is not said of a map. `path` is its directory, where that was given.
pub(super) fn fill<W: Write>(
    wizard: &mut Wizard<'_, W>,
    asked: &Add,
    path: Option<String>,
    state: &State,
) -> Result<NewMap, super::Error> {
    let path = match path {
        Some(path) => path,
        None => wizard.ask("Local directory:", |text| {
            if text.is_empty() {
                return Err("its name is empty; a dot stands for the one you are in".to_owned());
            }
            let path = directory(text)?;
            check_path(state, &path).map_err(|error| reason(&error))?;
            Ok(path)
        })?,
    };
    let dest = match &asked.dest {
        Some(dest) => dest.clone(),
        None => wizard.ask("S3 URI (s3://bucket[/prefix]):", values_typed::destination)?,
    };
    let mut settings = asked.settings.clone();
    wizard.access(&mut settings.access)?;
    check_apart(state, &path, &dest, &settings.access)?;
    if settings.gzip_level.is_none() {
        let question = "Compression of uploads, 1 to 11 [0, off]:";
        settings.gzip_level = wizard.ask_or_none(question, values_typed::level)?;
    }
    wizard.age(&mut settings.age)?;
    if settings.name.is_none() {
        let free = init::free_name(state, &path);
        let question = format!("Name of the map [{}]:", Shown(&free));
        let name = wizard.ask_or_none(&question, |text| {
            let name = values_typed::name(text)?;
            check_name(state, &name).map_err(|error| reason(&error))?;
            Ok(name)
        })?;
        settings.name = Some(name.unwrap_or(free));
    }
    Ok(NewMap {
        path,
        dest,
        settings,
    })
}

/// Whether a map can be encrypted so.
fn usable(age: &Age) -> Result<(), String> {
    let settings = Settings {
        age: age.clone(),
        ..Settings::default()
    };
    settings::check(&settings).map_err(|error| reason(&error))
}

/// What an error says, why, and what to do about it.
fn reason(error: &init::Error) -> String {
    let mut text = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        text = format!("{text}: {source}");
    }
    match hint(error) {
        Some(hint) => format!("{text}\n  {hint}"),
        None => text,
    }
}
