//! A machine of a story: its home, its root, its state file, and what a person does there.

use super::Scene;
use super::remote::Object;
use super::run::Run;
use crate::support::wire::Wire;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Files as a story compares them: names and contents, in the order of names.
pub type Tree = Vec<(String, String)>;

/// A machine of a story, with one root. Clones are the same machine.
#[derive(Clone)]
pub struct Machine {
    pub(super) scene: Arc<Scene>,
    pub(super) home: PathBuf,
    pub(super) root: PathBuf,
    pub(super) prefix: String,
}

impl Machine {
    pub(super) fn new(scene: &Arc<Scene>, name: &str, prefix: &str) -> Self {
        let home = scene.dir.path().join(name);
        let root = home.join("root");
        fs::create_dir_all(&root).expect("a temporary folder can be made");
        Self {
            scene: Arc::clone(scene),
            home,
            root,
            prefix: prefix.to_owned(),
        }
    }

    /// Another root on the same machine, in the same state file, for another prefix.
    pub fn also(&self, folder: &str, prefix: &str) -> Self {
        let root = self.home.join(folder);
        fs::create_dir_all(&root).expect("a temporary folder can be made");
        Self {
            root,
            prefix: prefix.to_owned(),
            ..self.clone()
        }
    }

    /// The root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The home.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The state file.
    pub fn state_file(&self) -> PathBuf {
        self.home.join("state.s3sync")
    }

    /// The prefix's address.
    pub fn uri(&self) -> String {
        match &self.prefix[..] {
            "" => format!("s3://{}", self.scene.bucket),
            prefix => format!("s3://{}/{prefix}", self.scene.bucket),
        }
    }

    /// The wire between this machine and the bucket.
    pub fn wire(&self) -> &Wire {
        &self.scene.wire
    }

    /// The real program with a clean environment and this machine's state file.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = program();
        command
            .env_clear()
            .env("HOME", &self.home)
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .env("AWS_ACCESS_KEY_ID", &self.scene.keys.access)
            .env("AWS_SECRET_ACCESS_KEY", &self.scene.keys.secret)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("RUST_BACKTRACE", "1")
            .current_dir(&self.home)
            .arg("--file")
            .arg(self.state_file())
            .args(args);
        command
    }

    /// Maps the root to the prefix.
    #[track_caller]
    pub fn init(&self) -> &Self {
        self.init_with(&[])
    }

    /// Maps the root to the prefix with further settings.
    #[track_caller]
    pub fn init_with(&self, settings: &[&str]) -> &Self {
        self.try_init(&self.uri(), settings).expect_code(0);
        self
    }

    /// Maps the root to what is at this address, if that may be.
    pub fn try_init(&self, uri: &str, settings: &[&str]) -> Run {
        let args = self.init_args(uri);
        let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
        args.extend(settings);
        self.run(&args)
    }

    /// What maps the root to what is at this address.
    pub fn init_args(&self, uri: &str) -> [String; 9] {
        let root = self.root.to_str().expect("temporary paths are UTF-8");
        let endpoint = self.wire().endpoint();
        [
            "--init",
            "--dir",
            root,
            uri,
            "--endpoint-url",
            &endpoint,
            "--path-style",
            "--region",
            "us-east-1",
        ]
        .map(str::to_owned)
    }

    /// Syncs; all must go well.
    #[track_caller]
    pub fn sync(&self) -> &Self {
        self.run(&[]).expect_code(0);
        self
    }

    /// Syncs; the run must end with this code.
    #[track_caller]
    pub fn sync_code(&self, code: i32) -> Run {
        let run = self.run(&[]);
        run.expect_code(code);
        run
    }

    /// Where a file of the root is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file, an hour ago by its time; each write is a second younger than the last, so that
    /// stories of more than 3,000 writes use [`Self::local_at`].
    pub fn local(&self, name: &str, contents: impl AsRef<[u8]>) -> &Self {
        let ticks = self.scene.ticks.fetch_add(1, Ordering::Relaxed);
        let time =
            self.scene.begun - Duration::from_hours(1) + Duration::from_millis(1000 * ticks + 1);
        self.write(name, contents.as_ref(), time)
    }

    /// Writes a file with this modification time, seconds since the epoch.
    pub fn local_at(&self, name: &str, contents: impl AsRef<[u8]>, seconds: u64) -> &Self {
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        self.write(name, contents.as_ref(), time)
    }

    fn write(&self, name: &str, contents: &[u8], time: SystemTime) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("names are below the root"))
            .and_then(|()| fs::write(&path, contents))
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        self.set_time(name, time)
    }

    /// Sets a file's modification time, seconds since the epoch.
    pub fn touch(&self, name: &str, seconds: u64) -> &Self {
        self.set_time(name, UNIX_EPOCH + Duration::from_secs(seconds))
    }

    fn set_time(&self, name: &str, time: SystemTime) -> &Self {
        let file = fs::OpenOptions::new().write(true).open(self.path(name));
        file.and_then(|file| file.set_modified(time))
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        self
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) -> &Self {
        fs::remove_file(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        self
    }

    /// Renames a file or folder.
    pub fn rename(&self, from: &str, to: &str) -> &Self {
        let target = self.path(to);
        fs::create_dir_all(target.parent().expect("names are below the root"))
            .and_then(|()| fs::rename(self.path(from), &target))
            .unwrap_or_else(|e| panic!("{from} to {to}: {e}"));
        self
    }

    /// A file's contents.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.path(name)).ok()
    }

    /// A file's modification time, nanoseconds since the epoch.
    pub fn mtime_ns(&self, name: &str) -> i128 {
        let time = fs::metadata(self.path(name)).and_then(|meta| meta.modified());
        let time = time.unwrap_or_else(|e| panic!("{name}: {e}"));
        let since = time
            .duration_since(UNIX_EPOCH)
            .expect("tests live after 1970");
        i128::try_from(since.as_nanos()).expect("times fit")
    }

    /// All files below the root but the program's own.
    pub fn tree(&self) -> Tree {
        files_below(&self.root, ".s3bsync/")
    }

    /// What the local recovery folder holds.
    pub fn kept_local(&self) -> Tree {
        files_below(&self.root.join(".s3bsync/recovery"), "\0")
    }

    fn object_key(&self, key: &str) -> String {
        match &self.prefix[..] {
            "" => key.to_owned(),
            prefix => format!("{prefix}/{key}"),
        }
    }

    /// Writes an object behind the program's back.
    pub fn remote(&self, key: &str, contents: impl AsRef<[u8]>) -> &Self {
        self.remote_with(key, contents, &[])
    }

    /// Writes an object with an `mtime` in its metadata, as rclone does, seconds since the epoch.
    pub fn remote_at(&self, key: &str, contents: impl AsRef<[u8]>, seconds: u64) -> &Self {
        self.remote_with(key, contents, &[("mtime", &format!("{seconds}.000000000"))])
    }

    /// Writes an object with user metadata.
    pub fn remote_with(
        &self,
        key: &str,
        contents: impl AsRef<[u8]>,
        meta: &[(&str, &str)],
    ) -> &Self {
        self.scene
            .remote
            .put(&self.object_key(key), contents.as_ref(), meta);
        self
    }

    /// Deletes an object behind the program's back.
    pub fn remove_remote(&self, key: &str) -> &Self {
        self.scene.remote.delete(&self.object_key(key));
        self
    }

    /// An object below the prefix.
    pub fn object(&self, key: &str) -> Option<Object> {
        self.scene.remote.get(&self.object_key(key))
    }

    /// All objects below the prefix but the program's own.
    pub fn remote_tree(&self) -> Tree {
        self.objects_below("", ".s3bsync/")
    }

    /// What the bucket's recovery folder holds.
    pub fn kept_remote(&self) -> Tree {
        self.objects_below(".s3bsync/recovery/", "\0")
    }

    fn objects_below(&self, folder: &str, own: &str) -> Tree {
        let below = self.object_key(folder);
        let keys = self.scene.remote.keys();
        let names = keys.iter().filter_map(|key| key.strip_prefix(&below));
        names
            .filter(|name| !name.starts_with(own))
            .filter_map(|name| {
                let object = self.scene.remote.get(&format!("{below}{name}"))?;
                Some((name.to_owned(), text(&object.bytes)))
            })
            .collect()
    }
}

/// First argument of a child process that is the program itself, where no binary was built.
pub const AS_PROGRAM: &str = "--as-s3-bsync";

/// The real program: the binary that is built for tests, or in an example the example itself, which
/// then must hand such arguments over.
fn program() -> Command {
    if let Some(path) = option_env!("CARGO_BIN_EXE_s3-bsync") {
        return Command::new(path);
    }
    let own = std::env::current_exe().expect("a program knows where it is");
    let mut command = Command::new(own);
    command.arg(AS_PROGRAM);
    command
}

fn files_below(root: &Path, own: &str) -> Tree {
    let mut files = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("a folder can be read").path();
            let name = path.strip_prefix(root).expect("below the root");
            let name = String::from_utf8_lossy(name.as_os_str().as_bytes()).into_owned();
            let kind = fs::symlink_metadata(&path).expect("an entry can be looked at");
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && !name.starts_with(own) {
                files.push((name, text(&fs::read(&path).expect("a file can be read"))));
            }
        }
    }
    files.sort();
    files
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
