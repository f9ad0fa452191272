//! The passphrase of an identity file, typed at the terminal.

use super::{Line, line_of};
use crate::envelope::Passphrase;
use crate::key::Shown;
use crate::report::Reporter;
use crate::stop::Stop;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Write};
use std::sync::Arc;

/// The source of passphrases in a run: this command, or else a person. No progress is drawn while
/// the question is open.
pub(crate) fn passphrase(
    command: Option<&str>,
    reporter: &Arc<Reporter>,
    stop: &Stop,
) -> Passphrase {
    if let Some(command) = command {
        return Passphrase::Command(command.to_owned());
    }
    let (reporter, stop) = (Arc::clone(reporter), stop.clone());
    Passphrase::Typed(Arc::new(move |path| {
        let typed = reporter.undisturbed(|| typed(path, &stop));
        typed.unwrap_or_else(|error| Err(format!("no terminal to ask at ({error})")))
    }))
}

/// Asks at the terminal of this process, whatever standard input and output are, and shows nothing
/// of the answer. The terminal echoes again afterwards, also if the run is to end.
fn typed(path: &str, stop: &Stop) -> io::Result<Result<String, String>> {
    let mut options = OpenOptions::new();
    let mut terminal = options.read(true).write(true).open("/dev/tty")?;
    let mut answers = BufReader::new(terminal.try_clone()?);
    let before = tcgetattr(&terminal)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ECHONL);
    tcsetattr(&terminal, OptionalActions::Now, &silent)?;
    let asked = write!(terminal, "Passphrase of {}: ", Shown(path));
    let line = match asked {
        Ok(()) => line_of(stop, move |text| answers.read_line(text)),
        Err(_) => Line::End,
    };
    tcsetattr(&terminal, OptionalActions::Now, &before)?;
    asked?;
    Ok(match line {
        Line::Text(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Line::End => {
            // The line that the answer would have ended.
            writeln!(terminal)?;
            Err("none was typed".to_owned())
        }
    })
}
