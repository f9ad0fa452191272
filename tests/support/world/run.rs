//! Runs of the real program, to the end or to the moment when they are killed.

use super::machine::Machine;
use crate::support::wire::{Fault, When};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// How a run ended and what it said.
#[derive(Debug, Clone)]
pub struct Run {
    /// Exit code; -1 where a signal ended it.
    pub code: i32,
    /// What it said.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

/// When a run is killed, seen from the request that it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kill {
    /// The request came, and had no effect.
    Before,
    /// The request had its effect, the answer never came.
    After,
}

/// A run that hangs is a failed test.
const PATIENCE: Duration = Duration::from_mins(3);

impl Run {
    /// Runs a command that runs the program.
    pub fn of(command: &mut Command) -> Self {
        let running = Running::start(command).expect("the program can be started");
        running.wait()
    }

    /// Panics with everything the run said unless it ended with `code`.
    #[track_caller]
    pub fn expect_code(&self, code: i32) -> &Self {
        assert_eq!(
            self.code, code,
            "exit code\n--- stdout\n{}--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Panics unless standard error holds `text`.
    #[track_caller]
    pub fn expect_stderr(&self, text: &str) -> &Self {
        assert!(
            self.stderr.contains(text),
            "{text:?} is not in stderr:\n{}",
            self.stderr
        );
        self
    }

    /// Panics unless standard output holds `text`.
    #[track_caller]
    pub fn expect_stdout(&self, text: &str) -> &Self {
        assert!(
            self.stdout.contains(text),
            "{text:?} is not in stdout:\n{}",
            self.stdout
        );
        self
    }

    /// Panics unless the run said nothing at all.
    #[track_caller]
    pub fn expect_silence(&self) -> &Self {
        assert_eq!(
            (&self.stdout[..], &self.stderr[..]),
            ("", ""),
            "a silent run"
        );
        self
    }
}

/// A program that runs.
pub struct Running {
    child: Child,
    stdout: File,
    stderr: File,
}

/// System calls that make, name, remove or make durable, by every name a kernel may have for them;
/// for [`Machine::traced`].
pub const CALLS: [&str; 6] = [
    "fsync,fdatasync",
    "rename,renameat,renameat2",
    "link,linkat",
    "unlink,unlinkat",
    "mkdir,mkdirat",
    "ftruncate,fchmod,utimensat",
];

impl Running {
    /// Starts a command with its output in files, so that it never waits for a reader.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let stdout = tempfile::tempfile()?;
        let stderr = tempfile::tempfile()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(stdout.try_clone()?)
            .stderr(stderr.try_clone()?)
            .spawn()?;
        Ok(Self {
            child,
            stdout,
            stderr,
        })
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        let pid = pid.expect("a process has a number");
        kill_process(pid, signal).expect("a child can be signalled");
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("a child can be asked")
            .is_none()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Run {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(1);
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                self.kill();
                let run = self.ended(ExitStatus::default());
                panic!("still running after {PATIENCE:?}: {run:?}");
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        };
        self.ended(status)
    }

    fn ended(self, status: ExitStatus) -> Run {
        Run {
            code: status.code().unwrap_or(-1),
            stdout: text(self.stdout),
            stderr: text(self.stderr),
        }
    }
}

fn text(mut file: File) -> String {
    use std::io::{Read, Seek};
    let mut bytes = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut bytes))
        .expect("a temporary file can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Machine {
    /// Runs the program with this machine's state file and these further arguments.
    pub fn run(&self, args: &[&str]) -> Run {
        self.start(args).wait()
    }

    /// The same with these further environment variables.
    pub fn run_in(&self, variables: &[(&str, &str)], args: &[&str]) -> Run {
        let mut command = self.command(args);
        command.envs(variables.iter().copied());
        Run::of(&mut command)
    }

    /// Runs the program under `strace` with these options of it; says so and gives `None` where
    /// there is none, or where it may not trace.
    pub fn traced(&self, options: &[&str], args: &[&str]) -> Option<Run> {
        let plain = self.command(args);
        let mut command = Command::new("strace");
        command
            .args(options)
            .arg(plain.get_program())
            .args(plain.get_args())
            .current_dir(&self.home)
            .env_clear();
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        let run = Running::start(&mut command).ok().map(Running::wait);
        let run = run.filter(|run| !run.stderr.contains("PTRACE_TRACEME"));
        if run.is_none() {
            crate::support::client::skipped("nothing may be traced here");
        }
        run
    }

    /// Starts such a run.
    pub fn start(&self, args: &[&str]) -> Running {
        Running::start(&mut self.command(args)).expect("the program can be started")
    }

    /// Runs the program and kills it at a request. `None` where it was killed; the whole run
    /// where it never got that far. Lifts all faults afterwards.
    pub fn killed(&self, args: &[&str], when: When, kill: Kill) -> Option<Run> {
        let (tell, told) = channel();
        let fault = match kill {
            Kill::Before => Fault::HoldBefore(tell),
            Kill::After => Fault::HoldAfter(tell),
        };
        self.wire().fault(when, fault);
        let mut running = self.start(args);
        let begun = Instant::now();
        let is_reached = loop {
            if told.recv_timeout(Duration::from_millis(5)).is_ok() {
                break true;
            }
            if !running.is_running() {
                break told.try_recv().is_ok();
            }
            assert!(begun.elapsed() < PATIENCE, "neither held nor ended");
        };
        if is_reached {
            running.kill();
        }
        let run = running.wait();
        self.wire().heal();
        (!is_reached).then_some(run)
    }
}
