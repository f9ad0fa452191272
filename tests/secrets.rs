//! No secret is ever shown or written, and what is written is for its owner alone.

mod support;

use age::secrecy::ExposeSecret;
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

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[track_caller]
fn expect_no_secret(machine: &Machine, runs: &[Run]) {
    expect_none_of(&SECRETS, machine, runs);
}

#[track_caller]
fn expect_none_of(secrets: &[&str], machine: &Machine, runs: &[Run]) {
    let holds = |bytes: &[u8], secret: &str| {
        bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes())
    };
    for secret in secrets {
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
    let (logs, metrics) = (world.home().join("logs"), world.home().join("m.prom"));
    fs::create_dir(&logs).expect("a folder can be made");
    let kept = ["--log-dir", text(&logs), "--metrics", text(&metrics)];
    let ways = [
        &[][..],
        &["--debug"],
        &["--json"],
        &["--debug", "--dryrun"],
        &kept,
    ];
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
        runs[..5].iter().all(|run| run.code == 0),
        "the token does no harm"
    );
    let logged = fs::read_dir(&logs).expect("a folder can be read").count();
    assert!(logged > 8 && metrics.is_file(), "{logged} logs");
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

#[test]
fn no_command_shows_a_secret_however_its_requests_fail() {
    let world = World::embedded();
    world.local("a", "1").local("b", "2").init();
    let commands = [
        &["--debug"][..],
        &["--debug", "sync", "root"],
        &["--debug", "push", "root", "--delete"],
        &["--debug", "pull", "root", "--delete"],
        &["--debug", "edit", "root", "--keep", "7"],
        &["--debug", "--full", "--json"],
        &["--dump", "--hex"],
        &["--report", "page.html"],
    ];
    let faults = [
        Fault::Status(403, "InvalidAccessKeyId"),
        Fault::Status(400, "InvalidToken"),
        Fault::Status(500, "InternalError"),
        Fault::Reset,
        Fault::Cut(40),
    ];
    let variables = [
        &[("AWS_SESSION_TOKEN", TOKEN)][..],
        &[("AWS_SECRET_ACCESS_KEY", WRONG_SECRET)],
        &[("AWS_ACCESS_KEY_ID", "")],
    ];
    let mut runs = Vec::new();
    for (n, args) in commands.iter().enumerate() {
        for variables in [variables[0], variables[n % variables.len()]] {
            world.local("a", format!("1 {n} {}", variables.len()));
            runs.push(world.run_in(variables, args));
        }
        let fault = &faults[n % faults.len()];
        world.wire().fault(When::any().times(2), fault.clone());
        world
            .local("b", format!("2 {n}"))
            .remote("c", format!("3 {n}"));
        runs.push(world.run_in(variables[0], args));
        world.wire().heal();
    }
    assert!(runs.iter().any(|run| run.code == 3) && runs.iter().any(|run| run.code == 0));
    expect_no_secret(&world, &runs);
}

#[test]
fn a_proxy_s_password_is_not_shown_where_the_proxy_fails() {
    const PASSWORD: &str = "a-password-that-nobody-may-see";
    let world = World::embedded();
    world.local("a", "1").init();
    let proxy = format!("http://somebody:{PASSWORD}@127.0.0.1:1");
    let run = world.run_in(&[("http_proxy", &proxy)], &["--debug"]);
    run.expect_code(3);
    expect_none_of(&[PASSWORD], &world, &[run]);
}

/// Puts a file beside the machine's home, and gives the way to it.
fn beside(world: &World, name: &str, contents: &[u8]) -> String {
    let path = world.home().with_file_name(name);
    fs::write(&path, contents).expect("a file can be written");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn no_passphrase_and_no_identity_is_ever_shown() {
    const RIGHT: &str = "the-right-passphrase-that-nobody-may-see";
    const WRONG: &str = "the-wrong-passphrase-that-nobody-may-see";
    let world = World::embedded();
    let key = age::x25519::Identity::generate();
    let secret = key.to_string();
    let secret = secret.expose_secret();
    let mut recipient = age::scrypt::Recipient::new(RIGHT.to_owned().into());
    recipient.set_work_factor(4);
    let sealed = age::encrypt(&recipient, secret.as_bytes()).expect("it can be sealed");
    let identity = beside(&world, "identity", &sealed);
    let recipient = key.to_public().to_string();
    world.local("a", "for me").init_with(&[
        "--age-recipient",
        &recipient,
        "--age-identity",
        &identity,
    ]);
    world.sync().remove("a").local("b", "for me too");
    let other = world.machine("b");
    other.init_with(&["--age-recipient", &recipient, "--age-identity", &identity]);
    let ways = [
        beside(&world, "right", RIGHT.as_bytes()),
        beside(&world, "wrong", WRONG.as_bytes()),
        beside(
            &world,
            "spoiled",
            format!("{WRONG}\u{e9}")
                .as_bytes()
                .split_last()
                .expect("some")
                .1,
        ),
        beside(&world, "long", WRONG.repeat(1000).as_bytes()),
    ];
    let mut runs = Vec::new();
    let logs = other.home().join("logs");
    fs::create_dir(&logs).expect("a folder can be made");
    for way in ways.iter().rev() {
        let ask = format!("cat {way}");
        for args in [&["--debug"][..], &["--json"], &["--log-dir", text(&logs)]] {
            let mut args = args.to_vec();
            args.extend(["--age-passphrase-command", &ask]);
            runs.push(other.run(&args));
        }
    }
    other.expect_local("a", "for me");
    assert!(runs[..9].iter().all(|run| run.code == 1), "{runs:#?}");
    for machine in [&*world, &other] {
        expect_none_of(&[RIGHT, WRONG, secret], machine, &runs);
    }
}
