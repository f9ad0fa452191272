//! Histories of people, machines and misfortunes, made up from seeds, played for as long as you
//! like with the real program against an S3 server inside this process.
//!
//! ```text
//! cargo run --release --example torture -- --hours 8 --seed 1
//! cargo run --release --example torture -- --history 4711 --kind plain     one of them, told
//! ```
//!
//! Says once a minute how far it is. A history that shows something that must not be is told with
//! its seed, made as short as it can be, and told again; the exit code then is 1. A seed determines
//! a history but for the timing of threads and processes.

#[path = "../tests/torture/history/mod.rs"]
mod history;
#[path = "../tests/support/mod.rs"]
mod support;

use argh::FromArgs;
use history::{Finding, KINDS, MapKind, Tally, play, script, shrunk};
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use support::world::AS_PROGRAM;

/// Play histories with the real program, and judge them.
#[derive(FromArgs)]
struct Args {
    /// hours to go on
    #[argh(option, default = "0.0")]
    hours: f64,
    /// minutes to go on, besides
    #[argh(option, default = "0.0")]
    minutes: f64,
    /// histories to play at most
    #[argh(option)]
    histories: Option<u64>,
    /// seed of the first history; the others follow (default: 1)
    #[argh(option, default = "1")]
    seed: u64,
    /// kind of map (default: all in turn)
    #[argh(option)]
    kind: Option<String>,
    /// histories at a time (default: 2)
    #[argh(option, default = "2")]
    workers: u64,
    /// play the history of this seed alone, and tell it
    #[argh(option)]
    history: Option<u64>,
    /// minutes to shorten a history that failed (default: 3)
    #[argh(option, default = "3.0")]
    shrink_minutes: f64,
}

fn main() -> ExitCode {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if args.get(1).is_some_and(|first| first == AS_PROGRAM) {
        args.drain(..2);
        args.insert(0, "s3-bsync".into());
        return ExitCode::from(s3_bsync::main_with(args));
    }
    let args: Args = argh::from_env();
    let kinds: Vec<MapKind> = match &args.kind {
        None => KINDS.to_vec(),
        Some(name) => KINDS.into_iter().filter(|k| k.name == name).collect(),
    };
    if kinds.is_empty() {
        eprintln!("kinds of maps: {:?}", KINDS.map(|kind| kind.name));
        return ExitCode::from(2);
    }
    // What a history shows is told by its finding, not by the thread that found it.
    std::panic::set_hook(Box::new(|_| {}));
    let session = Session::new(args, kinds);
    match session.args.history {
        Some(seed) => session.tell(seed),
        None => session.go(),
    }
}

struct Session {
    args: Args,
    kinds: Vec<MapKind>,
    begun: Instant,
    /// Number of the next history.
    next: AtomicU64,
    sum: Mutex<Sum>,
}

#[derive(Default)]
struct Sum {
    histories: u64,
    findings: u64,
    tally: Tally,
    told: Duration,
}

impl Session {
    fn new(args: Args, kinds: Vec<MapKind>) -> Self {
        Self {
            args,
            kinds,
            begun: Instant::now(),
            next: AtomicU64::new(0),
            sum: Mutex::default(),
        }
    }

    fn kind(&self, seed: u64) -> MapKind {
        let kinds = u64::try_from(self.kinds.len()).expect("few");
        self.kinds[usize::try_from(seed % kinds).expect("few")]
    }

    fn tell(&self, seed: u64) -> ExitCode {
        let kind = self.kind(seed);
        match play(kind, &script(seed, kind.machines)) {
            Ok(tally) => {
                println!("seed {seed}, {}: {tally:?}", kind.name);
                ExitCode::SUCCESS
            }
            Err(finding) => {
                report(seed, kind, "as it was made up", &finding);
                ExitCode::FAILURE
            }
        }
    }

    fn go(&self) -> ExitCode {
        std::thread::scope(|scope| {
            for _ in 0..self.args.workers {
                scope.spawn(|| self.work());
            }
        });
        let sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        self.progress(&sum);
        match sum.findings {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }

    fn limit(&self) -> Duration {
        let seconds = self.args.hours * 3600.0 + self.args.minutes * 60.0;
        match (seconds > 0.0, self.args.histories) {
            (true, _) => Duration::from_secs_f64(seconds),
            (false, Some(_)) => Duration::MAX,
            (false, None) => Duration::from_mins(1),
        }
    }

    fn work(&self) {
        while self.begun.elapsed() < self.limit() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if self.args.histories.is_some_and(|most| number >= most) {
                return;
            }
            self.one(self.args.seed + number);
        }
    }

    fn one(&self, seed: u64) {
        let kind = self.kind(seed);
        let steps = script(seed, kind.machines);
        let (tally, finding) = match play(kind, &steps) {
            Ok(tally) => (tally, None),
            Err(finding) => (Tally::default(), Some(finding)),
        };
        if let Some(finding) = &finding {
            report(seed, kind, "as it was made up", finding);
            let patience = Duration::from_secs_f64(self.args.shrink_minutes * 60.0);
            let (_, shorter) = shrunk(kind, steps, finding.clone(), patience);
            report(seed, kind, "made shorter", &shorter);
        }
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.histories += 1;
        sum.findings += u64::from(finding.is_some());
        sum.tally += tally;
        if self.begun.elapsed() > sum.told + Duration::from_mins(1) {
            sum.told = self.begun.elapsed();
            self.progress(&sum);
        }
    }

    fn progress(&self, sum: &Sum) {
        println!(
            "{} s: {} histories from seed {}, {} findings, {:?}",
            self.begun.elapsed().as_secs(),
            sum.histories,
            self.args.seed,
            sum.findings,
            sum.tally
        );
    }
}

fn report(seed: u64, kind: MapKind, how: &str, finding: &Finding) {
    let Finding {
        check,
        detail,
        told,
    } = finding;
    let told = told.join("\n");
    println!(
        "=== seed {seed}, {}, {how}\n{told}\nFINDING {check}: {detail}\n===",
        kind.name
    );
}
