//! The planner under torture, for as long as one likes. Random cases:
//!
//! ```text
//! cargo run --release --manifest-path fuzz/pure/Cargo.toml --example planner -- \
//!     --seed 1 --cases 1000000 --jobs 2
//! ```
//!
//! All cases of a scope, where at least one of its numbers is given:
//!
//! ```text
//! ... -- --machines 2 --names 2 --before 2 --amid 0 --troubles 0 --jobs 2
//! ```
//!
//! A case that fails is made as small as it can be and told, request by request.

#[path = "../../src"]
mod parts {
    #[allow(
        dead_code,
        unused_imports,
        reason = "the fuzz target has its part of it"
    )]
    pub(super) mod model;
    #[allow(dead_code, unused_imports, reason = "the tests play an infection")]
    pub(super) mod planner;
}

use parts::model::Grain;
use parts::planner::{Fault, Scope, Tally, every, found, shrunk};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// Names of the torture by position in the list: `a`, `a-b`, `A`, `.x`.
const NAMES: [usize; 4] = [0, 3, 6, 12];

const SCOPE: [&str; 5] = ["machines", "names", "before", "amid", "troubles"];
const RANDOM: [&str; 2] = ["seed", "cases"];

type Settings = BTreeMap<String, u64>;
type Failed = (String, Box<Fault>);

fn main() -> ExitCode {
    let Some(settings) = read(std::env::args().skip(1)) else {
        eprintln!("every option has a number: --seed --cases --jobs, or --machines --names");
        eprintln!("--before --amid --troubles --jobs");
        return ExitCode::from(2);
    };
    let begun = Instant::now();
    let is_scope = SCOPE.iter().any(|name| settings.contains_key(*name));
    let ended = if is_scope {
        all(&settings)
    } else {
        random(&settings)
    };
    match ended {
        Ok(text) => {
            println!("{text} in {:.1} s, no fault", begun.elapsed().as_secs_f64());
            ExitCode::SUCCESS
        }
        Err((name, fault)) => {
            println!("{name}: {}", shrunk(*fault));
            ExitCode::FAILURE
        }
    }
}

fn read(mut words: impl Iterator<Item = String>) -> Option<Settings> {
    let mut settings = Settings::new();
    while let Some(word) = words.next() {
        let name = word.strip_prefix("--")?;
        let is_known = SCOPE.contains(&name) || RANDOM.contains(&name) || name == "jobs";
        let number = words.next()?.parse().ok()?;
        is_known.then(|| settings.insert(name.to_owned(), number))?;
    }
    Some(settings)
}

fn number(settings: &Settings, name: &str, otherwise: u64) -> u64 {
    settings.get(name).copied().unwrap_or(otherwise)
}

fn small(settings: &Settings, name: &str, otherwise: u64) -> usize {
    usize::try_from(number(settings, name, otherwise)).unwrap_or(usize::MAX)
}

/// Does each part on a thread of its own; gives the first failure.
fn in_parts<T: Send>(
    settings: &Settings,
    work: impl Fn(usize, usize) -> Result<T, Failed> + Sync,
) -> Result<Vec<T>, Failed> {
    let parts = small(settings, "jobs", 1).max(1);
    thread::scope(|scope| {
        let work = &work;
        let threads = (0..parts).map(|part| scope.spawn(move || work(part, parts)));
        let threads: Vec<_> = threads.collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        ended
            .map(|ended| ended.expect("faults are caught"))
            .collect()
    })
}

fn random(settings: &Settings) -> Result<String, Failed> {
    let (seed, cases) = (
        number(settings, "seed", 0),
        number(settings, "cases", 100_000),
    );
    let next = AtomicU64::new(seed);
    in_parts(settings, |_, _| {
        loop {
            let seed_now = next.fetch_add(1, Ordering::Relaxed);
            if seed_now >= seed.saturating_add(cases) {
                return Ok(());
            }
            found(seed_now).map_err(|fault| (format!("seed {seed_now}"), fault))?;
        }
    })?;
    Ok(format!("{cases} cases"))
}

fn all(settings: &Settings) -> Result<String, Failed> {
    let amid = small(settings, "amid", 0);
    let scope = Scope {
        machines: small(settings, "machines", 2),
        names: NAMES[..small(settings, "names", 2).min(NAMES.len())].to_vec(),
        amid,
        troubles: small(settings, "troubles", 0),
        grain: match amid {
            0 => Grain::Requests,
            _ => Grain::Moments,
        },
        ..Scope::two_machines(small(settings, "before", 1))
    };
    let tallies = in_parts(settings, |part, parts| {
        every(&scope, part, parts).map_err(|fault| ("a small case".to_owned(), fault))
    })?;
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let (worlds, orders) = (sum(|tally| tally.worlds), sum(|tally| tally.orders));
    Ok(format!("{worlds} worlds, {orders} orders"))
}
