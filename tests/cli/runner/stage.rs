//! Where a case is played: a home, an environment and, if it needs one, a bucket.

use crate::states::{encode, one_map, plain_record};
use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Run, World};
use s3_bsync::key::Key;
use s3_bsync::stamp::LocalStamp;
use s3_bsync::state::Record;
use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub(crate) struct Stage {
    place: Place,
    environment: Vec<(String, OsString)>,
    lock: Option<File>,
    /// Whether modes of files bind the program, even where root runs the tests.
    modes_count: bool,
}

enum Place {
    Bare(TempDir),
    World(World),
}

const BARE: &[(&str, &str)] = &[
    ("PATH", "/usr/bin:/bin"),
    ("TZ", "UTC"),
    ("AWS_ACCESS_KEY_ID", "nobody"),
    ("AWS_SECRET_ACCESS_KEY", "nothing"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];

impl Stage {
    /// A stage without a bucket.
    pub(crate) fn bare() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("s3bsync-cli-")
            .tempdir()
            .unwrap();
        let home = ("HOME".to_owned(), dir.path().as_os_str().to_owned());
        let given = BARE
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.into()));
        Self {
            environment: given.chain([home]).collect(),
            place: Place::Bare(dir),
            lock: None,
            modes_count: false,
        }
    }

    /// A stage with a bucket behind `{endpoint}`. The home holds `root`, for the prefix `docs`.
    pub(crate) fn world(world: World) -> Self {
        let command = world.command(&[]);
        let given = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value?.to_owned())));
        Self {
            environment: given.collect(),
            place: Place::World(world),
            lock: None,
            modes_count: false,
        }
    }

    pub(crate) fn home(&self) -> &Path {
        match &self.place {
            Place::Bare(dir) => dir.path(),
            Place::World(world) => world.home(),
        }
    }

    fn state_file(&self) -> PathBuf {
        self.home().join(".state.s3sync")
    }

    /// What stands for what in a case.
    pub(crate) fn names(&self) -> Vec<(&'static str, String)> {
        let mut names = vec![("{home}", self.home().display().to_string())];
        if let Place::World(world) = &self.place {
            names.push(("{bucket}", world.bucket().to_owned()));
            names.push(("{endpoint}", world.wire().endpoint()));
        }
        names
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.environment.push((name.to_owned(), value.into()));
    }

    fn unset(&mut self, name: &str) {
        self.environment.retain(|(known, _)| known != name);
    }

    /// Leaves only the home in the environment.
    pub(crate) fn forget_environment(&mut self) {
        self.environment.retain(|(name, _)| name == "HOME");
    }

    pub(crate) fn command(&self, args: &[impl AsRef<std::ffi::OsStr>]) -> Command {
        let program = env!("CARGO_BIN_EXE_s3-bsync");
        let is_root = fs::metadata(self.home()).unwrap().uid() == 0;
        let mut command = if self.modes_count && is_root {
            let mut command = Command::new("setpriv");
            command.args(["--bounding-set=-dac_override,-dac_read_search", program]);
            command
        } else {
            Command::new(program)
        };
        command
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home())
            .stdin(Stdio::null())
            .args(args);
        command
    }

    pub(crate) fn run(&self, args: &[impl AsRef<std::ffi::OsStr>]) -> Run {
        let ended = self.command(args).output().unwrap();
        Run {
            code: ended.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&ended.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&ended.stderr).into_owned(),
        }
    }

    /// Runs with the arguments of a line: words, `''` for an empty one, `\ff` for a byte.
    pub(crate) fn run_line(&self, line: &str) -> Run {
        let words = line.split_whitespace().map(|word| match word {
            "''" => OsString::new(),
            "\\ff" => OsString::from_vec(vec![0xff]),
            word => self.filled(word).into(),
        });
        self.run(&words.collect::<Vec<OsString>>())
    }

    fn filled(&self, text: &str) -> String {
        self.names()
            .into_iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(name, &value)
            })
    }

    /// Does what a line of a case says.
    pub(crate) fn prepare(&mut self, line: &str) {
        let line = self.filled(line);
        let mut words = line.splitn(3, ' ');
        let verb = words.next().unwrap_or_default();
        let (first, rest) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        let path = self.home().join(first);
        match (verb, &self.place) {
            ("" | "#", _) => {}
            ("mkdir", _) => fs::create_dir_all(path).unwrap(),
            ("rmdir", _) => fs::remove_dir_all(path).unwrap(),
            ("write", _) => fs::write(path, rest).unwrap(),
            ("holds", _) => assert_eq!(fs::read_to_string(path).unwrap(), rest, "{line}"),
            ("absent", _) => assert!(!path.exists(), "{line}"),
            ("set", _) => self.set(first, rest),
            ("unset", _) => self.unset(first),
            ("vector", _) => {
                let name = if rest.is_empty() {
                    ".state.s3sync"
                } else {
                    rest
                };
                fs::write(self.home().join(name), vector(first)).unwrap();
            }
            ("copy", _) => drop(fs::copy(path, self.home().join(rest)).unwrap()),
            ("lock", _) => self.lock(),
            ("odd-names", _) => self.put_odd_names(),
            ("delete", _) => fs::remove_file(path).unwrap(),
            ("cut", _) => {
                let name = if rest.is_empty() {
                    ".state.s3sync"
                } else {
                    rest
                };
                let path = self.home().join(name);
                let bytes = fs::read(&path).unwrap();
                fs::write(path, &bytes[..first.parse().unwrap()]).unwrap();
            }
            ("symlink", _) => std::os::unix::fs::symlink(rest, path).unwrap(),
            ("local", Place::World(world)) => drop(world.local(first, rest)),
            ("remote", Place::World(world)) => drop(world.remote(first, rest)),
            // So long ago that what is fetched now is not taken for being written still.
            ("remote-old", Place::World(world)) => {
                world.remote_at(first, rest, 1_600_000_000);
            }
            ("encoded", Place::World(world)) => {
                let (chain, size) = rest.split_once(' ').unwrap_or((rest, ""));
                let meta = [("s3bsync-encoding", chain), ("s3bsync-size", size)];
                let told = if size.is_empty() { 1 } else { 2 };
                world.remote_with(first, "no stream of any kind", &meta[..told]);
            }
            ("fault", Place::World(world)) => set_fault(world, first, rest),
            ("heal", Place::World(world)) => drop(world.wire().heal()),
            ("class", Place::World(world)) => {
                world.hand().unwrap().set_class(first, rest);
            }
            ("mode", _) => {
                let mode = u32::from_str_radix(rest, 8).unwrap();
                fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
            }
            ("modes-count", _) => self.modes_count = true,
            ("archived", Place::World(world)) => {
                let hand = world.hand().expect("the server is embedded");
                hand.set_class(&format!("docs/{first}"), rest);
            }
            ("remove", Place::World(world)) => drop(world.remove(first)),
            ("remove-remote", Place::World(world)) => drop(world.remove_remote(first)),
            _ => panic!("no such step: {line}"),
        }
    }

    /// Holds the lock as a run does.
    fn lock(&mut self) {
        let mut file = File::create(self.home().join(".state.s3sync.lock")).unwrap();
        file.lock().unwrap();
        writeln!(file, "{} 20250101T000000Z", std::process::id()).unwrap();
        self.lock = Some(file);
    }

    /// A state file with names that are hard to show.
    fn put_odd_names(&self) {
        let mut state = one_map();
        let map = &mut state.buckets[0].maps[0];
        "caf\u{e9} \u{1b}[31m".clone_into(&mut map.name);
        map.path = format!("/home/ann/{}", "deep/".repeat(30)) + "end";
        let names = [
            "\u{1b}]0;title\u{7}",
            "a\nb\tc",
            "e\u{301}\u{e9}\u{65e5}\u{672c}\u{8a9e}.txt",
            "invoice\u{202e}fdp.exe",
            &"long/".repeat(40),
            "quote\"back\\slash",
        ];
        let mut records: Vec<_> = names.iter().map(|name| odd_record(name)).collect();
        records.sort_by(|one, other| one.key.cmp(&other.key));
        fs::write(self.state_file(), encode(&(state, vec![records])).unwrap()).unwrap();
    }

    /// A state file with one map of so many records.
    pub(crate) fn put_records(&self, count: u64) {
        let records = (0..count).map(plain_record).collect();
        let bytes = encode(&(one_map(), vec![records])).unwrap();
        fs::write(self.state_file(), bytes).unwrap();
    }
}

/// Lets requests fail: `fault list 403 AccessDenied`, all of them from now on.
fn set_fault(world: &World, op: &str, answer: &str) {
    let op = match op {
        "list" => Op::List,
        "get" => Op::Get,
        "head" => Op::Head,
        "put" => Op::Put,
        "delete" => Op::Delete,
        _ => panic!("no such operation: {op}"),
    };
    let fault = match answer.split_once(' ') {
        None if answer == "flip-bit" => Fault::FlipBit,
        None if answer == "loop" => Fault::LoopList,
        None if answer == "shuffle" => Fault::ShuffleList,
        None => Fault::Reset,
        // The words of a fault live as long as the program does.
        Some((status, code)) => Fault::Status(status.parse().unwrap(), code.to_owned().leak()),
    };
    world.wire().fault(When::op(op).always(), fault);
}

/// A record with numbers at their limits.
fn odd_record(name: &str) -> Record {
    let mut record = plain_record(0);
    record.key = Key::parse(&format!(
        "{name}{}",
        if name.ends_with('/') { "z" } else { "" }
    ))
    .unwrap();
    record.local = Some(LocalStamp {
        size_bytes: 1,
        mtime_ns: i64::MAX,
        ctime_ns: i64::MIN,
        inode: u64::MAX,
    });
    record
}

/// The bytes of a vector of the format: two digits a byte, `#` before a comment, fields before all.
fn vector(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/vectors");
    let text = fs::read_to_string(folder.join(name).with_extension("hex")).unwrap();
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    let bytes = lines.filter(|line| !line.contains(": "));
    let words = bytes.flat_map(str::split_whitespace);
    words
        .map(|word| u8::from_str_radix(word, 16).unwrap())
        .collect()
}
