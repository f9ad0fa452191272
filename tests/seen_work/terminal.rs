//! What a person at a terminal sees: a line that tells how far the run is, and in the end only what
//! is to stay.

use crate::support::client::skipped;
use crate::support::wire::{Fault, Op, When};
use crate::support::world::World;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Runs the words after the columns on a terminal of so many columns, and copies what it gets.
const BRIDGE: &str = "
import fcntl, os, pty, struct, sys, termios
columns = int(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    os.execv(sys.argv[2], sys.argv[2:])
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

/// A terminal that understands what a progress line needs, and every state a line of it had.
struct Screen {
    columns: usize,
    lines: Vec<Vec<char>>,
    at: (usize, usize),
    seen: Vec<String>,
}

impl Screen {
    fn of(columns: usize, output: &str) -> Self {
        let mut screen = Self {
            columns,
            lines: vec![Vec::new()],
            at: (0, 0),
            seen: Vec::new(),
        };
        let mut chars = output.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' => screen.at.1 = 0,
                '\n' => screen.feed(),
                '\u{1b}' => {
                    assert_eq!(chars.next(), Some('['), "only sequences of the kind CSI");
                    let mut number = String::new();
                    while let Some(c) = chars.next_if(|c| c.is_ascii_digit() || *c == '?') {
                        number.push(c);
                    }
                    screen.obey(&number, chars.next().expect("a sequence ends"));
                }
                c => screen.put(c),
            }
        }
        screen
    }

    fn feed(&mut self) {
        self.remember();
        self.at.0 += 1;
        if self.at.0 == self.lines.len() {
            self.lines.push(Vec::new());
        }
    }

    fn put(&mut self, c: char) {
        if self.at.1 == self.columns {
            self.feed();
            self.at.1 = 0;
        }
        let line = &mut self.lines[self.at.0];
        line.resize(line.len().max(self.at.1 + 1), ' ');
        line[self.at.1] = c;
        self.at.1 += 1;
    }

    fn obey(&mut self, number: &str, what: char) {
        let count = number.parse().unwrap_or(1);
        match what {
            'A' => self.at.0 = self.at.0.saturating_sub(count),
            'B' => self.at.0 = (self.at.0 + count).min(self.lines.len() - 1),
            'K' => {
                self.remember();
                let keeps = if number == "2" { 0 } else { self.at.1 };
                self.lines[self.at.0].truncate(keeps);
            }
            'J' => {
                self.remember();
                self.lines[self.at.0].truncate(self.at.1);
                self.lines.truncate(self.at.0 + 1);
            }
            'h' | 'l' | 'm' => {}
            other => panic!("a sequence that ends with {other}"),
        }
    }

    fn remember(&mut self) {
        let line: String = self.lines[self.at.0].iter().collect();
        if self.seen.last() != Some(&line) {
            self.seen.push(line);
        }
    }

    /// What stays.
    fn left(&self) -> Vec<String> {
        let lines = self
            .lines
            .iter()
            .map(|line| line.iter().collect::<String>());
        let lines = lines.map(|line| line.trim_end().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    }
}

/// Runs the program at a terminal; `None` where there is no python3.
fn at_terminal(world: &World, columns: usize, args: &[&str]) -> Option<(Screen, i32)> {
    let plain = world.command(args);
    let mut command = Command::new("/usr/bin/env");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .args([
            "python3",
            "-c",
            BRIDGE,
            &columns.to_string(),
            "/usr/bin/env",
            "-i",
            "TERM=xterm",
        ]);
    for (name, value) in plain.get_envs() {
        let mut pair = name.to_owned();
        pair.push("=");
        pair.push(value.unwrap_or_default());
        command.arg(pair);
    }
    command.arg(plain.get_program()).args(plain.get_args());
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("env can be started");
    let code = output.status.code().unwrap_or(-1);
    if code == 127 {
        skipped("there is no python3");
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Some((Screen::of(columns, &text), code))
}

fn slow(world: &World, op: Op) {
    let delay = Fault::Delay(Duration::from_millis(400));
    world.wire().fault(When::op(op).always(), delay);
}

#[test]
fn a_run_shows_what_it_reads_and_sends_and_leaves_two_lines() {
    let world = World::embedded();
    for n in 0..4 {
        world.local(&format!("file-{n}"), vec![b'x'; 100_000]);
    }
    world.init();
    slow(&world, Op::List);
    slow(&world, Op::Put);
    let Some((screen, code)) = at_terminal(&world, 100, &["--jobs", "1"]) else {
        return;
    };
    assert_eq!(code, 0);
    let shows = |text: &str| screen.seen.iter().any(|line| line.contains(text));
    assert!(
        shows("root: reading both sides, 4 files here, 0 objects"),
        "{:#?}",
        screen.seen
    );
    assert!(
        shows("root  50% [=====     ] 2/4 changes"),
        "{:#?}",
        screen.seen
    );
    let left = screen.left();
    assert_eq!(left.len(), 2, "{left:#?}");
    assert!(
        left[0].starts_with("4 uploaded (390.62 KiB); 0 unchanged"),
        "{left:#?}"
    );
    assert_eq!(left[1], "nothing needs attention");
}

#[test]
fn an_idle_run_leaves_one_line() {
    let world = World::embedded();
    world.local("a", "1").local("b", "2").init().sync();
    slow(&world, Op::List);
    let Some((screen, code)) = at_terminal(&world, 80, &[]) else {
        return;
    };
    assert_eq!(code, 0);
    let left = screen.left();
    assert_eq!(left.len(), 1, "{left:#?}");
    assert!(left[0].starts_with("nothing to do; 2 files are the same on both sides ("));
}

#[test]
fn deletions_make_progress_though_no_byte_travels() {
    let world = World::embedded();
    for n in 0..8 {
        world.local(&format!("file-{n}"), format!("{n}"));
    }
    world.init().sync();
    for n in 0..4 {
        world.remove_remote(&format!("file-{n}")).local("new", "");
    }
    slow(&world, Op::Put);
    let Some((screen, _)) = at_terminal(&world, 80, &["--jobs", "1"]) else {
        return;
    };
    let is_shown = screen
        .seen
        .iter()
        .any(|line| line.contains("% [") && line.contains("/5 changes"));
    assert!(is_shown, "{:#?}", screen.seen);
}

#[test]
fn messages_stand_whole_above_the_line_and_nothing_of_it_is_left() {
    let world = World::embedded();
    for n in 0..6 {
        world.local(&format!("file-{n}"), vec![b'x'; 1000]);
    }
    world.init();
    std::os::unix::fs::symlink("file-0", world.path("link")).expect("a link can be made");
    slow(&world, Op::List);
    slow(&world, Op::Head);
    let denied = Fault::Status(403, "AccessDenied");
    world
        .wire()
        .fault(When::op(Op::Put).key("docs/file-3").always(), denied);
    slow(&world, Op::Put);
    let Some((screen, code)) = at_terminal(&world, 300, &["--jobs", "1"]) else {
        return;
    };
    assert_eq!(code, 1);
    let left = screen.left();
    assert!(
        left.iter().any(|line| line.starts_with("skipped link: ")),
        "{left:#?}"
    );
    assert!(
        left.iter().any(|line| line.starts_with("error: file-3: ")),
        "{left:#?}"
    );
    assert!(
        left.iter()
            .any(|line| line == "needs attention: 1 failed, 1 skipped"),
        "{left:#?}"
    );
    assert!(
        !left
            .iter()
            .any(|line| line.contains("% [") || line.contains("reading")),
        "{left:#?}"
    );
}

#[test]
fn the_line_fits_a_narrow_terminal() {
    let world = World::embedded();
    for n in 0..4 {
        world.local(&format!("file-{n}"), vec![b'x'; 1000]);
    }
    world.init();
    slow(&world, Op::List);
    slow(&world, Op::Put);
    for columns in [12, 30] {
        world.local("file-0", format!("{columns}"));
        let Some((screen, code)) = at_terminal(&world, columns, &["--jobs", "1"]) else {
            return;
        };
        assert_eq!(code, 0);
        assert!(
            screen
                .seen
                .iter()
                .any(|line| line.starts_with("root: readi")),
            "{:#?}",
            screen.seen
        );
        let left = screen.left().concat();
        assert!(!left.contains('%') && !left.contains("reading"), "{left}");
    }
}

#[test]
fn quiet_and_machines_have_no_line_and_no_summary() {
    let world = World::embedded();
    world.local("a", "1").init();
    slow(&world, Op::List);
    let Some((screen, code)) = at_terminal(&world, 80, &["--quiet"]) else {
        return;
    };
    assert_eq!((code, screen.left()), (0, Vec::new()));
    let Some((screen, _)) = at_terminal(&world, 2000, &["--json"]) else {
        return;
    };
    assert!(
        screen.left().iter().all(|line| line.starts_with('{')),
        "{:#?}",
        screen.left()
    );
    assert!(!screen.seen.iter().any(|line| line.contains("reading both")));
}

#[test]
fn what_is_no_run_draws_no_line_over_a_question() {
    let world = World::embedded();
    world.local("a", "1").init().sync();
    slow(&world, Op::List);
    for words in [&["restore", "--dryrun"][..], &["ls", "root"], &["verify"]] {
        let Some((screen, code)) = at_terminal(&world, 80, words) else {
            return;
        };
        assert_eq!(code, 0, "{words:?}: {:#?}", screen.seen);
        let is_drawn = |line: &String| line.contains("reading both sides") || line.contains("0 B");
        assert!(!screen.seen.iter().any(is_drawn), "{:#?}", screen.seen);
    }
}
