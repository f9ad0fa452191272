//! A yes or no from a person at a terminal.

use crate::stop::Stop;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;
use tokio::sync::oneshot;

/// How often a wish to stop is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// What a person said.
pub(super) enum Said {
    Yes,
    No,
    /// Nobody is there.
    Nothing,
    /// Ctrl-C.
    Interrupted,
}

/// Asks; without a terminal at once nothing was said.
pub(super) async fn ask(question: &str, stop: &Stop) -> Said {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Said::Nothing;
    }
    let mut stderr = io::stderr();
    let _ = write!(stderr, "{question} [y/N] ");
    let _ = stderr.flush();
    let (sender, mut answer) = oneshot::channel();
    // A thread of its own: one that waits for a line must not keep the program from its end.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        let _ = sender.send(read.map(|_| line));
    });
    loop {
        tokio::select! {
            said = &mut answer => {
                return match said {
                    Ok(Ok(line)) if is_yes(&line) => Said::Yes,
                    _ => Said::No,
                };
            }
            () = tokio::time::sleep(LOOK) => {
                if stop.is_wished() {
                    return Said::Interrupted;
                }
            }
        }
    }
}

fn is_yes(line: &str) -> bool {
    ["y", "yes"].contains(&line.trim().to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_one() {
        for line in ["y\n", "Y\n", " yes \n"] {
            assert!(is_yes(line), "{line:?}");
        }
        for line in ["", "\n", "n\n", "yess\n", "no\n"] {
            assert!(!is_yes(line), "{line:?}");
        }
    }
}
