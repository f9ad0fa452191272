//! A run that has nothing to do costs a listing and a look at each file, and leaves no trace but
//! the time at which it ran. One that has much to do takes no more memory than others.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use support::client::External;
use support::wire::Op;
use support::world::{Machine, World};

/// Where the last-synced time and its checksum lie in the state file (`spec/FORMAT.md`, 6.2).
const SYNCED: std::ops::Range<usize> = 10..22;

/// A world with so many files, the same on both sides, and no state yet.
fn equal_sides(files: usize) -> World {
    let w = World::new();
    for n in 0..files {
        let name = format!("d{}/f{n}", n % 7);
        w.local_at(&name, name.as_bytes(), 1_000_000_000 + n as u64);
        w.remote(&name, name.as_bytes());
    }
    w.init().wire().forget();
    w
}

/// Everything that can be told of every file and folder below `top` without opening one.
fn stamps(top: &Path) -> BTreeMap<PathBuf, [i64; 6]> {
    let mut found = BTreeMap::new();
    let mut paths = vec![top.to_owned()];
    while let Some(path) = paths.pop() {
        let meta = path.symlink_metadata().expect("it is there");
        if meta.is_dir() {
            let entries = fs::read_dir(&path).expect("it can be read");
            paths.extend(entries.map(|entry| entry.expect("it can be read").path()));
        }
        let ino = i64::try_from(meta.ino()).expect("inodes are small");
        let size = i64::try_from(meta.size()).expect("files are small");
        let [mtime, ctime] = [
            (meta.mtime(), meta.mtime_nsec()),
            (meta.ctime(), meta.ctime_nsec()),
        ];
        found.insert(path, [ino, size, mtime.0, mtime.1, ctime.0, ctime.1]);
    }
    found
}

#[track_caller]
fn expect_no_trace(machine: &Machine, lists: usize) {
    let state = machine.state_file();
    let mut before = stamps(machine.home());
    let bytes = fs::read(&state).expect("there is a state");
    expect_idle(machine, lists);
    let after_bytes = fs::read(&state).expect("there is a state");
    let mut after = stamps(machine.home());
    assert_eq!(bytes.len(), after_bytes.len(), "the state file's length");
    let changed: Vec<usize> = (0..bytes.len())
        .filter(|&at| bytes[at] != after_bytes[at])
        .collect();
    assert!(
        !changed.is_empty() && changed.iter().all(|at| SYNCED.contains(at)),
        "bytes {changed:?} of the state file changed"
    );
    assert_eq!(
        before.remove(&state).map(|[ino, ..]| ino),
        after.remove(&state).map(|[ino, ..]| ino),
        "the state file is the same one"
    );
    // The lock says who holds it; nobody's data is in it.
    let lock = machine.home().join("state.s3sync.lock");
    before.remove(&lock);
    after.remove(&lock);
    let touched: Vec<_> = before
        .iter()
        .filter(|(path, stamp)| after.get(*path) != Some(stamp))
        .collect();
    assert!(touched.is_empty(), "changed or gone: {touched:#?}");
    assert_eq!(before.len(), after.len(), "nothing is new below the home");
}

/// A run that lists so often, says nothing, and of which only the program itself leaves a trace.
#[track_caller]
fn expect_idle(machine: &Machine, lists: usize) {
    machine.wire().forget();
    machine.run(&[]).expect_code(0).expect_silence();
    machine.expect_requests(&[(Op::List, lists)]);
}

#[test]
fn a_first_run_on_equal_sides_and_every_run_after_it_asks_for_listings_only() {
    // An independent server takes its time to store objects one by one.
    let (files, lists) = if External::from_env().is_some() {
        (1001, 2)
    } else {
        (2500, 3)
    };
    let w = equal_sides(files);
    w.run(&[]).expect_code(0).expect_silence();
    w.expect_requests(&[(Op::List, lists)]);
    w.expect_nothing_kept();
    expect_no_trace(&w, lists);
}

#[test]
fn a_full_page_of_objects_takes_one_listing() {
    let w = equal_sides(1000);
    w.sync();
    expect_no_trace(&w, 1);
}

#[test]
fn a_bucket_listed_in_ranges_takes_no_listing_more() {
    let w = equal_sides(11_500);
    w.sync();
    expect_no_trace(&w, 12);
    w.remove_remote("d0/f7").remove("d0/f7").sync();
    expect_no_trace(&w, 12);
}

#[test]
fn a_run_after_transfers_leaves_no_trace() {
    let w = World::new();
    // Files with a recent time are read once more, since it cannot be told from that of a change.
    w.local("up", "v1").remote_at("down", "v1", 1_000);
    w.local("both", "1").remote_at("both", "2", 1_000);
    w.init().sync();
    expect_no_trace(&w, 1);
}

#[test]
fn an_empty_map_takes_one_listing() {
    let w = World::new();
    w.init().sync();
    w.expect_quiet(1);
}

#[test]
fn touched_files_are_read_once_and_not_transferred() {
    let w = equal_sides(50);
    w.sync();
    for n in 0..50 {
        w.touch(&format!("d{}/f{n}", n % 7), 1_000_000 + n);
    }
    w.expect_requests_of_sync(&[(Op::List, 1)]);
    assert_eq!(w.mtime_ns("d1/f1"), 1_000_001_000_000_000, "times stay");
    expect_no_trace(&w, 1);
}

#[test]
fn files_replaced_by_copies_of_themselves_are_not_transferred() {
    let w = equal_sides(5);
    w.sync();
    for n in 0..5 {
        let path = w.path(&format!("d{n}/f{n}"));
        let copy = w.path("copy");
        fs::copy(&path, &copy)
            .and_then(|_| fs::rename(&copy, &path))
            .expect("it can be copied");
    }
    w.expect_requests_of_sync(&[(Op::List, 1)]);
}

#[test]
fn each_map_takes_its_own_listings() {
    let w = equal_sides(3);
    let other = w.also("other", "other");
    other.local("a", "v1").init().sync();
    w.expect_quiet(2);
}

#[cfg(target_os = "linux")]
mod opened {
    use super::{equal_sides, expect_idle};
    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
    use rustix::io::Errno;
    use std::collections::HashMap;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::{Path, PathBuf};

    /// Sees whatever is done to the files in some folders.
    struct Watch {
        inotify: OwnedFd,
        folders: HashMap<i32, PathBuf>,
    }

    impl Watch {
        fn over(folders: &[PathBuf]) -> Self {
            let inotify = inotify::init(CreateFlags::NONBLOCK).expect("there is inotify");
            let watch = |folder: &PathBuf| {
                let flags = WatchFlags::OPEN
                    | WatchFlags::MODIFY
                    | WatchFlags::ATTRIB
                    | WatchFlags::CREATE
                    | WatchFlags::DELETE
                    | WatchFlags::MOVE;
                let id = inotify::add_watch(&inotify, folder, flags);
                (id.expect("it can be watched"), folder.clone())
            };
            Self {
                folders: folders.iter().map(watch).collect(),
                inotify,
            }
        }

        /// What was done to which file; folders that were merely opened are left out.
        fn seen(&self) -> Vec<(PathBuf, ReadFlags)> {
            let mut buffer = [MaybeUninit::uninit(); 8192];
            let mut reader = Reader::new(&self.inotify, &mut buffer);
            let mut seen = Vec::new();
            loop {
                let event = match reader.next() {
                    Ok(event) => event,
                    Err(Errno::WOULDBLOCK) => return seen,
                    Err(error) => panic!("inotify: {error}"),
                };
                let flags = event.events();
                assert!(
                    !flags.contains(ReadFlags::QUEUE_OVERFLOW),
                    "too much to see"
                );
                if flags == ReadFlags::OPEN | ReadFlags::ISDIR {
                    continue;
                }
                let name = event
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned());
                let folder = &self.folders[&event.wd()];
                seen.push((folder.join(name.unwrap_or_default()), flags));
            }
        }
    }

    fn folders(root: &Path) -> Vec<PathBuf> {
        let mut folders = vec![root.to_owned()];
        folders.extend((0..7).map(|n| root.join(format!("d{n}"))));
        folders
    }

    #[test]
    fn an_idle_run_opens_no_file_of_the_map() {
        let w = equal_sides(200);
        let watch = Watch::over(&folders(w.root()));
        w.sync();
        assert!(watch.seen().len() >= 200, "a first run reads every file");
        expect_idle(&w, 1);
        assert_eq!(watch.seen(), [], "what is opened, made, changed or removed");
    }

    #[test]
    fn an_idle_run_writes_nothing_but_the_state_file() {
        let w = equal_sides(20);
        w.sync();
        let watch = Watch::over(&[w.home().to_owned(), w.path(".s3bsync")]);
        expect_idle(&w, 1);
        let mut seen = watch.seen();
        seen.retain(|(_, flags)| *flags != ReadFlags::OPEN);
        seen.dedup();
        let lock = w.home().join("state.s3sync.lock");
        assert_eq!(
            seen,
            [
                (lock, ReadFlags::MODIFY),
                (w.state_file(), ReadFlags::MODIFY)
            ]
        );
    }

    #[test]
    fn a_full_run_opens_every_file() {
        let w = equal_sides(20);
        w.sync();
        let watch = Watch::over(&folders(w.root()));
        w.run(&["--full"]).expect_code(0).expect_silence();
        let mut seen: Vec<_> = watch.seen().into_iter().map(|(path, _)| path).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 20, "{seen:?}");
    }

    #[test]
    fn a_run_opens_only_the_file_that_changed() {
        let w = equal_sides(20);
        w.sync();
        let watch = Watch::over(&folders(w.root()));
        w.touch("d3/f3", 1_000_000);
        watch.seen();
        w.sync();
        let mut seen = watch.seen();
        seen.dedup();
        assert_eq!(seen, [(w.path("d3/f3"), ReadFlags::OPEN)]);
    }
}

#[cfg(target_os = "linux")]
mod memory {
    use super::support::world::{Machine, Running, World};
    use std::fs;
    use std::time::Duration;

    /// Files of a small and of a large run. Either takes more than one part of a plan.
    const SIZES: [usize; 2] = [3_000, 9_000];
    /// What the larger one may take more: six tenths of a KiB for each file that it has more.
    const MORE_KIB: u64 = 3_500;

    /// Runs the program to its end with exit code 0, and gives the most memory that it had, in KiB.
    fn peak_kib(machine: &Machine, args: &[&str]) -> u64 {
        // What glibc keeps for each thread is no measure of what the program holds.
        let mut command = machine.command(args);
        // As many steps at a time, so that the speed of this machine decides nothing.
        command.args(["--jobs", "32"]);
        let mut running = Running::start(command.env("MALLOC_ARENA_MAX", "1"))
            .expect("the program can be started");
        let status = format!("/proc/{}/status", running.id());
        let mut peak = 0;
        while running.is_running() {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let number = line.and_then(|line| line.split_whitespace().next());
            peak = number
                .and_then(|number| number.parse().ok())
                .unwrap_or(peak);
            std::thread::sleep(Duration::from_millis(5));
        }
        running.wait().expect_code(0);
        peak
    }

    /// Peaks of runs over so many files: all found equal, all renamed, all but one removed.
    fn peaks(files: usize) -> [u64; 3] {
        let w = World::embedded();
        w.local("zz", "stays");
        for n in 0..files {
            let name = format!("d/folder-{:03}/{n}", n / 500);
            w.local_at(&name, name.as_bytes(), 1_000_000_000 + n as u64);
            w.remote(&name, name.as_bytes());
        }
        w.init();
        let equal = peak_kib(&w, &[]);
        w.rename("d", "e");
        let renamed = peak_kib(&w, &[]);
        assert_eq!(
            w.remote_tree(),
            w.tree(),
            "all objects have their new names"
        );
        fs::remove_dir_all(w.path("e")).expect("it can be removed");
        let removed = peak_kib(&w, &["--force"]);
        w.expect_both(&[("zz", "stays")]);
        [equal, renamed, removed]
    }

    #[test]
    fn a_large_run_takes_no_more_memory_than_a_small_one() {
        let [small, large] = SIZES.map(peaks);
        println!("{small:?} {large:?}");
        for (small, large) in small.into_iter().zip(large) {
            assert!(
                large < small + MORE_KIB,
                "{large} KiB instead of {small} KiB"
            );
        }
    }
}
