//! Runs of the program, with all that goes wrong.

use super::clock;
use super::words::{Halt, Kind, Mishap, Trouble};
use crate::support::wire::{Fault, When};
use crate::support::world::{Kill, Machine, Run};
use rustix::process::Signal;
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Faults in a row that a run bears without waiting for long.
const A_FEW: usize = 10;
/// A stop takes two seconds at most; a busy machine gets more.
const STOPS: Duration = Duration::from_secs(20);

/// How a run ended; `None` where it was killed.
pub type Ended = Option<Run>;

/// Runs a machine with a trouble that needs no person.
pub fn run(machine: &Machine, args: &[&str], trouble: &Trouble) -> Ended {
    match trouble {
        Trouble::Wire(mishaps) => {
            for mishap in mishaps {
                let (when, fault) = fault(mishap);
                machine.wire().fault(when, fault);
            }
            let waits = |mishap: &Mishap| {
                mishap.times > A_FEW || matches!(mishap.kind, Kind::Silence | Kind::SilenceAfter)
            };
            let timeout: &[&str] = if mishaps.iter().any(waits) {
                &["--timeout", "1s"]
            } else {
                &[]
            };
            let run = machine.run(&[args, timeout].concat());
            machine.wire().heal();
            Some(run)
        }
        Trouble::KillAtRequest(nth, is_before) => {
            let kill = match is_before {
                true => Kill::Before,
                false => Kill::After,
            };
            machine.killed(args, When::any().nth(*nth), kill)
        }
        Trouble::Stop(nth, halt) => Some(stopped(machine, args, *nth, *halt)),
        Trouble::KillAfter(ms) => Some(killed_after(machine, args, *ms)),
        Trouble::KillAtCall(calls, nth) => {
            let what = format!("signal=KILL:when={nth}");
            Some(injected(machine, args, calls, &what))
        }
        Trouble::Refuse(calls, error, nth, times) => {
            let what = format!("error={error}:when={nth}..{}", nth + times - 1);
            Some(injected(machine, args, calls, &what))
        }
        Trouble::FileLimit(blocks) => Some(limited(machine, args, *blocks)),
        Trouble::Clock(seconds) => Some(mistimed(machine, args, *seconds)),
        Trouble::Meanwhile(..) | Trouble::None => Some(machine.run(args)),
    }
    .filter(|run| run.code != -1 || run.stderr.contains("panicked") || !kills(trouble))
}

/// A run that gets no answer from the nth request on, and is stopped by a signal then.
fn stopped(machine: &Machine, args: &[&str], nth: usize, halt: Halt) -> Run {
    let (tell, told) = channel();
    let silence = Fault::HoldBefore(tell);
    machine.wire().fault(When::any().nth(nth).always(), silence);
    let mut running = machine.start(args);
    let is_reached = loop {
        if told.recv_timeout(Duration::from_millis(5)).is_ok() {
            break true;
        }
        if !running.is_running() {
            break false;
        }
    };
    let begun = Instant::now();
    if is_reached {
        running.signal(match halt {
            Halt::Interrupt => Signal::INT,
            Halt::Terminate => Signal::TERM,
            Halt::HangUp => Signal::HUP,
        });
    }
    let run = running.wait();
    machine.wire().heal();
    let took = begun.elapsed();
    assert!(took < STOPS, "a stop took {took:?}");
    assert!(!is_reached || run.code == 130, "not stopped: {run:?}");
    run
}

fn kills(trouble: &Trouble) -> bool {
    matches!(
        trouble,
        Trouble::KillAtRequest(..) | Trouble::KillAtCall(..) | Trouble::KillAfter(_)
    )
}

/// As every real server, ours refuses a request that is signed a quarter of an hour early or late.
fn mistimed(machine: &Machine, args: &[&str], seconds: i64) -> Run {
    let Some(library) = clock::library() else {
        return machine.run(args);
    };
    if seconds.abs() >= 900 {
        let refused = Fault::Status(403, "RequestTimeTooSkewed");
        machine.wire().fault(When::any().always(), refused);
    }
    let seconds = seconds.to_string();
    let variables = [("LD_PRELOAD", library), ("SECONDS_OFF", &seconds)];
    let run = machine.run_in(&variables, args);
    machine.wire().heal();
    run
}

fn killed_after(machine: &Machine, args: &[&str], ms: u64) -> Run {
    let mut running = machine.start(args);
    std::thread::sleep(Duration::from_millis(ms));
    running.kill();
    running.wait()
}

/// Runs two machines at once.
pub fn both(one: &Machine, other: &Machine, kill: Option<u64>) -> [Ended; 2] {
    let first = one.start(&[]);
    let mut second = other.start(&[]);
    if let Some(ms) = kill {
        std::thread::sleep(Duration::from_millis(ms));
        second.kill();
    }
    let (first, second) = (first.wait(), second.wait());
    let is_killed = kill.is_some() && second.code == -1;
    [Some(first), (!is_killed).then_some(second)]
}

fn injected(machine: &Machine, args: &[&str], calls: &str, what: &str) -> Run {
    let trace = machine.home().join("trace");
    let into = trace.to_str().expect("temporary paths are UTF-8");
    let (only, inject) = (format!("trace={calls}"), format!("inject={calls}:{what}"));
    let options = ["-f", "-q", "-o", into, "-e", &only, "-e", &inject];
    let traced = machine.traced(&options, args);
    traced.unwrap_or_else(|| machine.run(args))
}

fn limited(machine: &Machine, args: &[&str], blocks: usize) -> Run {
    let plain = machine.command(args);
    let mut command = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command
        .args(["-c", &script])
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(machine.home())
        .env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    Run::of(&mut command)
}

fn fault(mishap: &Mishap) -> (When, Fault) {
    let when = mishap.op.map_or_else(When::any, When::op);
    let fault = match mishap.kind {
        Kind::Status(status, code) => Fault::Status(status, code),
        Kind::Hidden(code) => Fault::Hidden(code),
        Kind::Reset => Fault::Reset,
        Kind::Lose => Fault::Lose,
        Kind::Cut(bytes) => Fault::Cut(bytes),
        Kind::FlipBit => Fault::FlipBit,
        Kind::Delay(ms) => Fault::Delay(Duration::from_millis(ms)),
        Kind::TruncateList => Fault::TruncateList,
        Kind::LoopList => Fault::LoopList,
        Kind::ShuffleList => Fault::ShuffleList,
        Kind::RepeatKey => Fault::RepeatKey,
        Kind::Silence => Fault::HoldBefore(channel().0),
        Kind::SilenceAfter => Fault::HoldAfter(channel().0),
    };
    (when.nth(mishap.nth).times(mishap.times), fault)
}
