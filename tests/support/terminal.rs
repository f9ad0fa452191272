//! A person at a real pseudo-terminal, who waits for words and then types.

use super::world::Machine;
use std::process::{Command, Stdio};

/// What a person does at the terminal.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// What he waits for, after all that he has seen before.
    pub sees: &'a str,
    /// What is done elsewhere before he types: a shell command, or nothing.
    pub meanwhile: &'a str,
    /// What he types: `\x03` is Ctrl-C, `\x04` the end of input.
    pub types: &'a str,
}

/// What a terminal showed, and how the program at it ended.
#[derive(Debug)]
pub struct Seen {
    /// Exit code; 97 where a turn's words never came, 98 where the program did not end.
    pub code: i32,
    /// All that was shown, with the lines of a terminal made plain ones.
    pub shown: String,
}

const DRIVER: &str = r"
import json, os, pty, select, subprocess, sys, time
turns = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
heard = b''
deadline = time.monotonic() + 60
def end(code):
    sys.stdout.buffer.write(heard)
    sys.stdout.buffer.flush()
    if code in (97, 98):
        os.kill(pid, 9)
    os._exit(code)
def hear():
    global heard
    if time.monotonic() > deadline:
        end(98)
    if not select.select([terminal], [], [], 0.1)[0]:
        return True
    try:
        more = os.read(terminal, 65536)
    except OSError:
        more = b''
    heard += more
    return more != b''
at = 0
for sees, meanwhile, types in turns:
    sees = sees.encode()
    while heard.find(sees, at) < 0:
        if not hear():
            end(97)
    at = heard.find(sees, at) + len(sees)
    if meanwhile:
        subprocess.run(['/bin/sh', '-c', meanwhile], check=True)
    os.write(terminal, types.encode())
while hear():
    pass
end(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
";

impl Seen {
    /// Panics with everything that was shown unless the program ended with `code`.
    #[track_caller]
    pub fn expect_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "exit code\n--- shown\n{}", self.shown);
        self
    }

    /// Panics unless `text` was shown.
    #[track_caller]
    pub fn expect(&self, text: &str) -> &Self {
        let shown = &self.shown;
        assert!(shown.contains(text), "{text:?} was not shown:\n{shown}");
        self
    }

    /// Panics if `text` was shown.
    #[track_caller]
    pub fn expect_no(&self, text: &str) -> &Self {
        let shown = &self.shown;
        assert!(!shown.contains(text), "{text:?} was shown:\n{shown}");
        self
    }
}

/// He types this as soon as he sees that.
pub fn turn<'a>(sees: &'a str, types: &'a str) -> Turn<'a> {
    Turn {
        sees,
        meanwhile: "",
        types,
    }
}

/// Runs the program with this machine's state file and these arguments at a terminal.
pub fn at_a_terminal(machine: &Machine, args: &[&str], turns: &[Turn<'_>]) -> Seen {
    at_a_terminal_in(machine, &[], args, turns)
}

/// The same with these further environment variables.
pub fn at_a_terminal_in(
    machine: &Machine,
    variables: &[(&str, &str)],
    args: &[&str],
    turns: &[Turn<'_>],
) -> Seen {
    let plain = machine.command(args);
    let turns: Vec<_> = turns
        .iter()
        .map(|turn| [turn.sees, turn.meanwhile, turn.types])
        .collect();
    let turns = serde_json::to_string(&turns).expect("texts are JSON");
    let mut command = Command::new("python3");
    command
        .args(["-c", DRIVER, &turns])
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(machine.home())
        .env_clear()
        .stdin(Stdio::null());
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env("TERM", "dumb").envs(variables.iter().copied());
    let ended = command.output().expect("python3 can be started");
    let shown = String::from_utf8_lossy(&ended.stdout).replace("\r\n", "\n");
    let failed = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(failed, "", "the driver of the terminal failed");
    Seen {
        code: ended.status.code().unwrap_or(-1),
        shown,
    }
}
