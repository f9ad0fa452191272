//! The command line: argv to a [`Command`] that is already valid.
//!
//! argh takes one value for each option, so `--dir PATH S3_DEST`, `--rmdir PATH [S3_DEST]` and
//! `--objects [GLOB]` are folded into one argument before it sees them. Reads no file and no network; of the environment
//! only the home directory.

mod args;
mod combine;
mod command;
mod completions;
mod help;
mod interval;
mod keys;
mod manual;
mod misuse;
mod page_path;
mod surface;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_settings;
#[cfg(test)]
mod tests_surface;
#[cfg(test)]
mod tests_verbs;
mod values;
mod values_archive;
mod values_displaced;
mod values_files;
mod values_paths;
pub mod values_typed;
mod verbs;
mod wanted;

use argh::FromArgs;
use args::Args;
pub use command::{
    Add, Age, Command, Consent, Detail, Dump, Edit, Form, Init, Level, Ls, Mapless, Maps, NewMap,
    Prune, Recover, Recovery, Remove, Restore, RestoreStatus, Run, Settings, Start, StatePage,
    Targets, Unmap, Verify, Voice, Watch, Which,
};
pub use completions::Shell;
pub use keys::Keys;
pub use manual::manual;
pub use misuse::Misuse;
use std::ffi::OsString;
pub use values::S3Uri;
pub use wanted::{Meant, Side, Wanted};

/// Reads argv (the program's name first).
///
/// # Errors
/// [`Misuse`] for anything that is not a valid command.
pub fn parse(argv: impl IntoIterator<Item = OsString>) -> Result<Command, Misuse> {
    let words = argv
        .into_iter()
        .skip(1)
        .map(|word| {
            word.into_string()
                .map_err(|word| Misuse::NotUtf8(word.to_string_lossy().into_owned()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let asks_for = |flags: &[&str]| words.iter().any(|word| flags.contains(&word.as_str()));
    if asks_for(&["-h", "-?", "--help"]) {
        return Ok(Command::Print(help::HELP.to_owned()));
    }
    if asks_for(&["-v", "--version"]) {
        let version = env!("CARGO_PKG_VERSION");
        return Ok(Command::Print(format!("s3-bsync {version}\n")));
    }
    let folded = values::fold(words)?;
    let words: Vec<&str> = folded.iter().map(String::as_str).collect();
    Args::from_args(&["s3-bsync"], &words)
        .map_err(|exit| Misuse::of_argh(&exit.output, &words))?
        .into_command()
}
