//! No secret is ever shown or written, and what is written is for its owner alone.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use support::server::{ACCESS_KEY, SECRET_KEY};
use support::wire::{Fault, Op, When};
use support::world::{Kill, Machine, Run, World};

const TOKEN: &str = "a-session-token-that-nobody-may-see";
const WRONG_ACCESS: &str = "ANOTHERACCESSKEY";
const WRONG_SECRET: &str = "another-secret-that-nobody-may-see";
const SECRETS: [&str; 5] = [ACCESS_KEY, SECRET_KEY, TOKEN, WRONG_ACCESS, WRONG_SECRET];

/// All files of the machine: root, state, journal, lock, marker, whatever there is.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder can be read") {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

#[track_caller]
fn expect_no_secret(machine: &Machine, runs: &[Run]) {
    let holds = |bytes: &[u8], secret: &str| {
        bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes())
    };
    for secret in SECRETS {
        for run in runs {
            let shows =
                holds(run.stdout.as_bytes(), secret) || holds(run.stderr.as_bytes(), secret);
            assert!(!shows, "{secret} is shown: {run:?}");
        }
        for file in files(machine.home()) {
            let bytes = fs::read(&file).expect("a file can be read");
            assert!(!holds(&bytes, secret), "{secret} is in {}", file.display());
        }
    }
}

#[test]
fn no_run_good_or_bad_shows_or_writes_a_secret() {
    let world = World::embedded();
    let ways = [&[][..], &["--debug"], &["--json"], &["--debug", "--dryrun"]];
    let mut runs = Vec::new();
    world.local("a", "1").local("b", "2").init();
    for args in ways {
        // A token that the server does not know of does it no harm.
        world.local("a", format!("1 {args:?}"));
        runs.push(world.run_in(&[("AWS_SESSION_TOKEN", TOKEN)], args));
    }
    runs.push(world.run(&["--dump", "--objects"]));
    runs.push(world.run(&["--dump", "--json", "--objects"]));
    runs.push(world.run(&["--dump", "--hex"]));
    let wrong = [
        ("AWS_ACCESS_KEY_ID", WRONG_ACCESS),
        ("AWS_SECRET_ACCESS_KEY", WRONG_SECRET),
        ("AWS_SESSION_TOKEN", TOKEN),
    ];
    let faults = [
        (Op::List, Fault::Status(403, "AccessDenied")),
        (Op::List, Fault::Status(403, "SignatureDoesNotMatch")),
        (Op::List, Fault::Status(400, "ExpiredToken")),
        (Op::List, Fault::Status(301, "PermanentRedirect")),
        (Op::List, Fault::TruncateList),
        (Op::Put, Fault::Status(403, "AccessDenied")),
        (Op::Put, Fault::Status(400, "InvalidRequest")),
        (Op::Put, Fault::Hidden("Nonsense")),
        (Op::Get, Fault::FlipBit),
    ];
    for args in ways {
        runs.push(world.run_in(&wrong, args));
        for (op, fault) in &faults {
            world
                .local("b", format!("2 {args:?} {op}"))
                .remote("c", format!("3 {args:?} {op}"));
            world.wire().fault(When::op(*op).always(), fault.clone());
            runs.push(world.run_in(&[("AWS_SESSION_TOKEN", TOKEN)], args));
            world.wire().heal();
        }
    }
    assert!(
        runs[..4].iter().all(|run| run.code == 0),
        "the token does no harm"
    );
    assert!(runs.iter().any(|run| run.code == 3) && runs.iter().any(|run| run.code == 1));
    expect_no_secret(&world, &runs);
}

#[test]
fn a_journal_holds_no_secret_and_is_for_its_owner_alone() {
    let world = World::embedded();
    for n in 0..30 {
        world.local(&format!("file-{n}"), format!("{n}"));
    }
    world.init();
    // Late enough that receipts are in the journal by then.
    world.wire().fault(
        When::op(Op::Put).nth(30),
        Fault::Delay(std::time::Duration::from_millis(500)),
    );
    let run = world.killed(&["--jobs", "1"], When::op(Op::Put).nth(31), Kill::Before);
    assert!(run.is_none(), "the run was killed");
    let journal = world.home().join("state.s3sync.journal");
    assert!(
        fs::read(&journal).is_ok_and(|bytes| bytes.len() > 100),
        "there is a journal"
    );
    expect_private(&journal, 0o600);
    expect_no_secret(&world, &[]);
}

#[track_caller]
fn expect_private(path: &Path, wanted: u32) {
    let meta = fs::metadata(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mode = meta.permissions().mode() & 0o777;
    assert_eq!(mode, wanted, "{} has mode {mode:o}", path.display());
}

#[test]
fn what_the_program_keeps_is_for_its_owner_alone() {
    let world = World::new();
    world.local("a", "1").local("b", "2").init().sync();
    world.remove_remote("b").local("a", "1 edited").sync();
    expect_private(&world.state_file(), 0o600);
    expect_private(&world.home().join("state.s3sync~"), 0o600);
    expect_private(&world.home().join("state.s3sync.lock"), 0o600);
    expect_private(&world.path(".s3bsync/recovery"), 0o700);
    world.expect_kept("2");
    for file in files(&world.path(".s3bsync")) {
        let mode = fs::metadata(&file)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(
            mode & 0o022,
            0,
            "{} can be written by others",
            file.display()
        );
    }
}

/// The paths that system calls opened for writing, made, renamed or removed.
fn written(trace: &str) -> BTreeSet<String> {
    let changes = |line: &&str| {
        let opens = line.contains("open")
            && ["O_WRONLY", "O_RDWR", "O_CREAT"]
                .iter()
                .any(|flag| line.contains(flag));
        let call = line.split_whitespace().nth(1).unwrap_or_default();
        let acts = [
            "rename", "unlink", "mkdir", "rmdir", "link", "symlink", "truncate", "creat",
        ];
        (opens || acts.iter().any(|act| call.starts_with(act))) && !line.contains(" = -1 ")
    };
    let paths = trace.lines().filter(changes).flat_map(|line| {
        // Names relative to a descriptor are resolved by strace: openat(5</the/root>, "name".
        let folder = line
            .split_once('<')
            .and_then(|(_, rest)| rest.split_once('>'));
        let folder = folder.map_or("", |(folder, _)| folder).to_owned();
        let names = line.split('"').skip(1).step_by(2);
        names
            .map(move |name| {
                if name.starts_with('/') {
                    name.to_owned()
                } else {
                    format!("{folder}/{name}")
                }
            })
            .collect::<Vec<_>>()
    });
    paths.collect()
}

#[test]
fn nothing_is_written_outside_the_root_and_the_state_s_folder() {
    let world = World::new();
    world
        .local("a", "1")
        .local("gone", "2")
        .local("sub/b", "3")
        .init()
        .sync();
    world
        .local("a", "1 here")
        .remote("a", "1 there")
        .remove_remote("gone")
        .remote("new/c", "4");
    let trace = world.home().join("trace");
    let into = trace.to_str().expect("UTF-8");
    let options = [
        "-f",
        "-y",
        "-s",
        "4096",
        "-e",
        "trace=file,desc",
        "-o",
        into,
    ];
    let Some(run) = world.traced(&options, &[]) else {
        return;
    };
    run.expect_code(0);
    let trace = fs::read(&trace).expect("there is a trace");
    let written = written(&String::from_utf8_lossy(&trace));
    let home = world.home().to_str().expect("UTF-8");
    let root = world.root().to_str().expect("UTF-8");
    let state = world.state_file();
    let state = state.to_str().expect("UTF-8");
    let is_allowed = |path: &&String| {
        path.starts_with(state)
            || path.starts_with(&format!("{root}/"))
            || path.as_str() == home
            || path.starts_with("/dev/")
            || path.starts_with("/proc/")
    };
    assert!(
        written
            .iter()
            .any(|path| path.contains(".s3bsync/marker") || path.ends_with("/marker.new")),
        "{written:#?}"
    );
    let outside: Vec<_> = written.iter().filter(|path| !is_allowed(path)).collect();
    assert_eq!(outside, Vec::<&String>::new(), "written outside");
    world.expect_same();
}
