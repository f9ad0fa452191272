//! Conflicts put to a person at the terminal: the questions, and what the answers mean.
//!
//! Asked on stderr, answered on stdin, both of which must be terminals; nothing else ever waits.

mod compare;
mod passphrase;

use super::Reporter;
use crate::commands::dump::words::{Size, utc};
use crate::key::Shown;
use crate::reconcile::Settlement;
use crate::stop::Stop;
use crate::sync::{Contents, Dispute, Person, Ruling, Version};
use crate::transfer::Failure;
pub use compare::{Comparison, Private};
pub(crate) use passphrase::passphrase;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;

/// How often an answer that is none is asked for again before the conflict is left.
const ATTEMPTS: u32 = 5;

/// A line that a person typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// This.
    Text(String),
    /// There will be none.
    End,
}

/// A person at the terminal of this process.
pub struct Questions {
    reporter: Arc<Reporter>,
    stop: Stop,
    /// What was said of all further conflicts.
    standing: Mutex<Option<Settlement>>,
}

/// Whether somebody is there to be asked: both ways of talking lead to a terminal.
#[must_use]
pub fn is_attended() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

impl Questions {
    /// Questions that are told through `reporter`, and end where the run is to.
    #[must_use]
    pub fn new(reporter: Arc<Reporter>, stop: Stop) -> Self {
        Self {
            reporter,
            stop,
            standing: Mutex::default(),
        }
    }
}

impl Person for Questions {
    fn rule(&self, dispute: &Dispute) -> Ruling {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(settlement) = *standing {
            return Ruling::Settle(settlement);
        }
        let answer = self.reporter.undisturbed(|| {
            let mut line = || read_line(&self.stop);
            put(dispute, &mut line, &mut io::stderr())
        });
        match answer {
            Answer::This(ruling) => ruling,
            Answer::All(settlement) => {
                *standing = Some(settlement);
                Ruling::Settle(settlement)
            }
        }
    }

    fn look(&self, dispute: &Dispute, contents: Result<Contents, Failure>) {
        match contents {
            Err(failure) => {
                let what = format!("{}: {failure}", dispute.key);
                self.reporter.complain(&what, &failure);
            }
            Ok(contents) => self.reporter.undisturbed(|| {
                let comparison = Comparison {
                    name: dispute.key.file_name(),
                    names: ["local", "bucket"],
                };
                comparison.show(&contents, &mut io::stderr(), io::stderr());
            }),
        }
    }
}

/// One line from standard input; the end where the run is to end. Reads only when it is asked to, so
/// that a program started in between has the terminal for itself. Blocks.
pub(crate) fn read_line(stop: &Stop) -> Line {
    line_of(stop, |text| io::stdin().read_line(text))
}

/// One line as `read` appends it; the end if the stop is requested first. Blocks.
fn line_of(
    stop: &Stop,
    read: impl FnOnce(&mut String) -> io::Result<usize> + Send + 'static,
) -> Line {
    let (sender, receiver) = sync_channel(2);
    let (stopped, stop) = (sender.clone(), stop.clone());
    let waking = Handle::try_current().map(|runtime| {
        runtime.spawn(async move {
            stop.wished().await;
            let _ = stopped.try_send(Line::End);
        })
    });
    // It cannot be called off, so where the run ends it is left behind, and ends with the process.
    std::thread::spawn(move || {
        let mut text = String::new();
        let line = match read(&mut text) {
            Ok(0) | Err(_) => Line::End,
            Ok(_) => Line::Text(text),
        };
        let _ = sender.send(line);
    });
    let line = receiver.recv().unwrap_or(Line::End);
    if let Ok(waking) = waking {
        waking.abort();
    }
    line
}

/// What a person said of something that only a yes lets happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Yes.
    Yes,
    /// Anything else.
    No,
    /// Nothing: the run is to end.
    Interrupted,
}

/// Asks a person for a yes, who must be [there](is_attended). Blocks.
#[must_use]
pub fn agree(question: &str, stop: &Stop) -> Said {
    let mut to = io::stderr();
    let _ = write!(to, "{question} [y/N] ");
    let _ = to.flush();
    let line = read_line(stop);
    if !matches!(line, Line::Text(_)) {
        // The line that the answer would have ended.
        let _ = writeln!(to);
    }
    match line {
        _ if stop.is_wished() => Said::Interrupted,
        Line::Text(text) if is_yes(&text) => Said::Yes,
        Line::Text(_) | Line::End => Said::No,
    }
}

fn is_yes(line: &str) -> bool {
    ["y", "yes"].contains(&&line.trim().to_ascii_lowercase()[..])
}

/// What a person answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Of this conflict.
    This(Ruling),
    /// Of this and all further ones.
    All(Settlement),
}

const CHOICES: &str =
    "(l)ocal, (b)ucket, (k)eep both, (d)iff, (s)kip; capitals for all the rest [s] ";

/// Puts a conflict, again where the answer is none. Silence is to skip it.
fn put(dispute: &Dispute, line: &mut dyn FnMut() -> Line, to: &mut impl Write) -> Answer {
    let skip = Answer::This(Ruling::Settle(Settlement::Leave));
    let Dispute {
        map,
        key,
        local,
        remote,
    } = dispute;
    let _ = writeln!(to, "conflict in map {}: {key}", Shown(map));
    let _ = writeln!(to, "  local   {}", told(*local));
    let _ = writeln!(to, "  bucket  {}", told(*remote));
    for _ in 0..ATTEMPTS {
        let _ = write!(to, "{CHOICES}");
        let _ = to.flush();
        let Line::Text(text) = line() else {
            // The line that the answer would have ended.
            let _ = writeln!(to);
            return skip;
        };
        if let Some(answer) = read(text.trim()) {
            return answer;
        }
    }
    skip
}

fn told(version: Version) -> String {
    let time = utc(version.mtime_ns.div_euclid(1_000_000));
    format!("{time}  {}", Size(version.size_bytes))
}

/// An answer by its letter or word; in capitals it is for all further conflicts too.
fn read(text: &str) -> Option<Answer> {
    let ruling = match &text.to_ascii_lowercase()[..] {
        "l" | "local" => Ruling::Settle(Settlement::LocalWins),
        "b" | "bucket" | "r" | "remote" => Ruling::Settle(Settlement::RemoteWins),
        "k" | "keep" | "both" | "keep both" => Ruling::Settle(Settlement::KeepBoth),
        "d" | "diff" => Ruling::Show,
        "" | "s" | "skip" => Ruling::Settle(Settlement::Leave),
        _ => return None,
    };
    let is_capital = text.starts_with(|first: char| first.is_ascii_uppercase());
    Some(match ruling {
        Ruling::Settle(settlement) if is_capital => Answer::All(settlement),
        ruling => Answer::This(ruling),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

    fn asked(typed: &[&str]) -> (Answer, String) {
        let version = |size_bytes, seconds: i64| Version {
            size_bytes,
            mtime_ns: seconds * 1_000_000_000 + 5_000_000,
        };
        let dispute = Dispute {
            map: "docs".to_owned(),
            key: Key::parse("notes.txt").unwrap(),
            local: version(2048, 1_700_000_000),
            remote: version(1, 1_700_000_001),
        };
        let mut typed = typed.iter();
        let mut line = || match typed.next() {
            Some(text) => Line::Text(format!("{text}\n")),
            None => Line::End,
        };
        let mut told = Vec::new();
        let answer = put(&dispute, &mut line, &mut told);
        assert_eq!(typed.next(), None, "all that was typed is read");
        (answer, String::from_utf8(told).unwrap())
    }

    fn this(settlement: Settlement) -> Answer {
        Answer::This(Ruling::Settle(settlement))
    }

    #[test]
    fn both_versions_are_told_with_their_times_and_sizes() {
        let (_, told) = asked(&["s"]);
        let expected = "conflict in map docs: notes.txt
  local   2023-11-14T22:13:20.005Z  2.00 KiB (2,048 bytes)
  bucket  2023-11-14T22:13:21.005Z  1 byte
(l)ocal, (b)ucket, (k)eep both, (d)iff, (s)kip; capitals for all the rest [s] ";
        assert_eq!(told, expected);
    }

    #[test]
    fn a_letter_or_a_word_settles_a_conflict() {
        for (typed, answer) in [
            ("l", this(Settlement::LocalWins)),
            ("local", this(Settlement::LocalWins)),
            (" b ", this(Settlement::RemoteWins)),
            ("remote", this(Settlement::RemoteWins)),
            ("k", this(Settlement::KeepBoth)),
            ("both", this(Settlement::KeepBoth)),
            ("s", this(Settlement::Leave)),
            ("d", Answer::This(Ruling::Show)),
            ("D", Answer::This(Ruling::Show)),
            ("L", Answer::All(Settlement::LocalWins)),
            ("Bucket", Answer::All(Settlement::RemoteWins)),
            ("K", Answer::All(Settlement::KeepBoth)),
            ("S", Answer::All(Settlement::Leave)),
        ] {
            assert_eq!(asked(&[typed]).0, answer, "{typed}");
        }
    }

    #[test]
    fn silence_skips_a_conflict() {
        assert_eq!(asked(&[""]).0, this(Settlement::Leave));
        let (answer, told) = asked(&[]);
        assert_eq!(answer, this(Settlement::Leave));
        assert!(told.ends_with("[s] \n"), "the line is ended: {told}");
    }

    #[test]
    fn what_is_no_answer_is_asked_for_again_and_not_for_ever() {
        let (answer, told) = asked(&["x", "yes", "k"]);
        assert_eq!(answer, this(Settlement::KeepBoth));
        assert_eq!(told.matches("(l)ocal").count(), 3);
        assert_eq!(asked(&["x", "x", "x", "x", "x"]).0, this(Settlement::Leave));
    }

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
