//! Every file that a run opens, makes, changes or removes, by its system calls.

use crate::support::trace::{self, Call, Moment};
use crate::support::world::World;
use std::collections::BTreeSet;
use std::path::Path;

/// What changes the file or the name that an argument is.
const CHANGES: [&str; 32] = [
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "creat",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "symlink",
    "symlinkat",
    "truncate",
    "ftruncate",
    "unlink",
    "unlinkat",
    "utime",
    "utimes",
    "utimensat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "fallocate",
];

/// What may be read: the system's own, and what tells who asks and whom.
const READABLE: [&str; 9] = [
    "/etc/",
    "/lib/",
    "/lib64/",
    "/usr/",
    "/proc/",
    "/sys/",
    "/dev/null",
    "/dev/urandom",
    "/dev/tty",
];

/// What calls read and changed, by full paths.
#[derive(Default)]
struct Touched {
    read: BTreeSet<String>,
    changed: BTreeSet<String>,
}

fn touched(text: &str) -> Touched {
    let mut touched = Touched::default();
    for moment in trace::read(text) {
        let Moment::Ends(_, _, call) = moment else {
            continue;
        };
        let paths = paths(&call);
        let opens = matches!(&call.name[..], "open" | "openat" | "openat2");
        let flags = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"];
        let writes = call
            .args
            .iter()
            .any(|arg| flags.iter().any(|flag| arg.contains(flag)));
        if CHANGES.contains(&&call.name[..]) || (opens && writes) {
            touched.changed.extend(paths);
        } else if opens || call.name == "execve" {
            touched.read.extend(paths);
        }
    }
    touched
}

/// All paths that a call names; of one without names, that of its descriptor.
fn paths(call: &Call) -> Vec<String> {
    let mut folder = None;
    let mut paths = Vec::new();
    for arg in &call.args {
        if arg.starts_with('"') {
            let name = String::from_utf8_lossy(&trace::bytes(arg)).into_owned();
            paths.push(match &folder {
                Some(folder) if !name.starts_with('/') => format!("{folder}/{name}"),
                _ => name,
            });
            if call.name == "execve" {
                break;
            }
        } else {
            folder = trace::annotation(arg).or(folder);
        }
    }
    if paths.is_empty() {
        paths.extend(folder);
    }
    paths
}

/// Runs the program and looks at what it touched.
fn run_traced(world: &World, args: &[&str]) -> Option<Touched> {
    let into = world.home().with_file_name("trace");
    let into = into.to_str().expect("UTF-8");
    let calls = "trace=%file,fchmod,fchown,ftruncate,fsetxattr,fallocate,utimensat";
    let options = [
        "-f", "-y", "-xx", "-ttt", "-s", "4096", "-e", calls, "-o", into,
    ];
    let run = world.traced(&options, args)?;
    assert!(matches!(run.code, 0 | 1), "{run:?}");
    Some(touched(
        &std::fs::read_to_string(into).expect("there is a trace"),
    ))
}

#[track_caller]
fn expect_confined(world: &World, touched: &Touched) {
    let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let (root, state) = (path(world.root()), path(&world.state_file()));
    let home = path(world.home());
    let is_ours = |path: &str| {
        let is_below = path == root || path.starts_with(&format!("{root}/"));
        (is_below || path.starts_with(&state)) && !path.contains("/../")
    };
    let changed: Vec<_> = touched
        .changed
        .iter()
        .filter(|path| !is_ours(path))
        .collect();
    assert!(changed.is_empty(), "changed outside: {changed:#?}");
    let program = env!("CARGO_BIN_EXE_s3-bsync");
    let is_known = |path: &str| {
        is_ours(path)
            || path == home
            || path == program
            || path.starts_with(&format!("{home}/.aws/"))
            || READABLE.iter().any(|known| path.starts_with(known))
    };
    let read: Vec<_> = touched.read.iter().filter(|path| !is_known(path)).collect();
    assert!(read.is_empty(), "read outside: {read:#?}");
}

/// A run that has everything to do.
fn busy() -> World {
    let world = World::embedded();
    world
        .local("edited", "1")
        .local("both", "2")
        .local("theirs", "3")
        .local("gone/there", "4");
    world
        .local("gone/here", "5")
        .local("moved/here", "6")
        .local("moved/there", "7");
    world.local("zz", "stays").init().sync();
    world
        .local("edited", "1 here")
        .remote("theirs", "3 there")
        .remote("deep/new/er", "8");
    world
        .local_at("both", "2 here", 1_000_000_000)
        .remote("both", "2 there");
    world.remove("gone/here").remove_remote("gone/there");
    world
        .rename("moved/here", "moved/to")
        .local("new/here", "9");
    world.local("large", vec![7; crate::support::mixed::LARGE_BYTES]);
    if let Some(hand) = world.hand() {
        hand.rename("docs/moved/there", "docs/moved/far/away", None);
    }
    world
}

#[test]
fn a_run_touches_nothing_but_its_own() {
    let world = busy();
    let Some(touched) = run_traced(&world, &[]) else {
        return;
    };
    expect_confined(&world, &touched);
    // What is not seen cannot be missed: the trace shows what must be there.
    for part in [".s3bsync/recovery/", "marker.new", "deep/new/.s3bsync-tmp-"] {
        let is_seen = touched.changed.iter().any(|path| path.contains(part));
        assert!(is_seen, "{part} is not among {:#?}", touched.changed);
    }
    world.expect_same().expect_idle();
}

#[test]
fn an_idle_run_changes_nothing_but_the_time_of_its_state() {
    let world = busy();
    world.sync().sync();
    let Some(touched) = run_traced(&world, &[]) else {
        return;
    };
    expect_confined(&world, &touched);
    let state = world.state_file();
    let state = state.to_str().expect("UTF-8");
    let ours = touched.changed.iter();
    let others: Vec<_> = ours.filter(|path| !path.starts_with(state)).collect();
    assert!(others.is_empty(), "an idle run changed {others:#?}");
}

#[test]
fn a_dry_run_and_a_dump_change_nothing() {
    for args in [
        &["--dryrun"][..],
        &["--dryrun", "--debug"],
        &["--dump", "--objects"],
    ] {
        let world = busy();
        let Some(touched) = run_traced(&world, args) else {
            return;
        };
        expect_confined(&world, &touched);
        assert!(
            touched.changed.is_empty(),
            "{args:?} changed {:#?}",
            touched.changed
        );
    }
}

#[test]
fn one_way_runs_touch_nothing_but_their_own() {
    let world = busy();
    for args in [["push", "root"], ["pull", "root"]] {
        let Some(touched) = run_traced(&world, &args) else {
            return;
        };
        expect_confined(&world, &touched);
    }
}
