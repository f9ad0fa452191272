//! s3-bsync in one minute, without an AWS account: an S3 server inside this process, and the real
//! program run on it as a child process.
//!
//! ```text
//! cargo run --release --example quickstart            a sample tree, and what a sync does to it
//! cargo run --release --example quickstart -- DIR     your own directory; nothing of it is edited
//! ```
//!
//! The server then stays, so that you can go on by hand; `--exit` ends it instead.

#[allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "the tests' server, of which this needs a part"
)]
#[path = "../tests/support/server/mod.rs"]
mod server;
#[allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "the tests' wire, of which this needs a part"
)]
#[path = "../tests/support/wire/mod.rs"]
mod wire;

use argh::FromArgs;
use server::{ACCESS_KEY, BucketHand, REGION, SECRET_KEY, Store, service};
use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use tempfile::TempDir;
use wire::{Backend, Wire};

/// First argument of the child process, which then is the real program.
const AS_PROGRAM: &str = "--as-s3-bsync";
const BUCKET: &str = "quickstart";

/// Try s3-bsync on an S3 server inside this process.
#[derive(FromArgs)]
struct Args {
    /// directory to sync (default: a sample tree)
    #[argh(positional)]
    dir: Option<PathBuf>,
    /// keep the objects in this folder (default: in memory)
    #[argh(option)]
    store: Option<PathBuf>,
    /// port of the server on loopback (default: any free one)
    #[argh(option, default = "0")]
    port: u16,
    /// end after the tour instead of leaving the server running
    #[argh(switch)]
    exit: bool,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if args.get(1).is_some_and(|first| first == AS_PROGRAM) {
        args.drain(..2);
        args.insert(0, "s3-bsync".into());
        return Ok(ExitCode::from(s3_bsync::main_with(args)));
    }
    let args: Args = argh::from_env();
    let tour = Tour::new(&args)?;
    match &args.dir {
        None => tour.sample()?,
        Some(_) => tour.own_directory()?,
    }
    if !args.exit {
        tour.go_on_by_hand()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The tour: a bucket, a directory, a state file, and the program between them.
struct Tour {
    wire: Wire,
    bucket: BucketHand,
    dir: PathBuf,
    prefix: String,
    state: PathBuf,
    /// Removed at the end, with the sample tree and the state file where they are in it.
    _temporary: TempDir,
}

impl Tour {
    fn new(args: &Args) -> io::Result<Self> {
        let temporary = tempfile::Builder::new()
            .prefix("s3-bsync-quickstart-")
            .tempdir()?;
        let store = Arc::new(match &args.store {
            Some(folder) => Store::in_folder(folder)?,
            None => Store::in_memory(),
        });
        let home = match &args.store {
            Some(folder) => folder.canonicalize()?,
            None => temporary.path().to_owned(),
        };
        let dir = match &args.dir {
            Some(dir) => dir.canonicalize()?,
            None => fresh_folder(&home)?,
        };
        // One prefix and one state file for each directory; the state belongs to the objects, and
        // lives and dies with them.
        let base = dir.file_name().unwrap_or_default().to_string_lossy();
        let mark = crc32fast::hash(dir.as_os_str().as_encoded_bytes());
        let prefix = format!("{base}-{mark:08x}");
        let state = home.join(format!("{prefix}.s3sync"));
        Ok(Self {
            wire: Wire::start_on(Backend::Embedded(service(&store)), args.port),
            bucket: BucketHand::new(&store, BUCKET),
            dir,
            prefix,
            state,
            _temporary: temporary,
        })
    }

    fn sample(&self) -> Result<(), Box<dyn Error>> {
        for (name, contents) in [
            ("hello.txt", "hello\n"),
            ("notes/monday.md", "buy milk\n"),
            ("notes/tuesday.md", "call home\n"),
        ] {
            self.write(name, contents)?;
        }
        say("A directory with three files, and an empty bucket.");
        self.init()?;
        say(
            "The first sync uploads what only the directory has. (Before its first write to a bucket it probes once which conditions the server honours.)",
        );
        self.run(&["--debug"])?;
        self.show_bucket();

        say("Someone changes an object in the bucket. The next sync brings it down.");
        self.bucket
            .put(&self.object("notes/monday.md"), "buy milk and bread\n");
        self.run(&["--debug"])?;
        self.show_file("notes/monday.md")?;

        say("You change a file. The next sync takes it up.");
        self.write("hello.txt", "hello, world\n")?;
        self.run(&["--debug"])?;
        self.show_bucket();

        say(
            "Both sides change the same file: a conflict. The newer copy takes the name, the other is kept.",
        );
        self.write("notes/tuesday.md", "call home, from the directory\n")?;
        // Times of objects are whole seconds on some servers.
        std::thread::sleep(std::time::Duration::from_millis(1500));
        self.bucket.put(
            &self.object("notes/tuesday.md"),
            "call home, from the bucket\n",
        );
        self.run(&[])?;
        self.show_file("notes/tuesday.md")?;
        self.show_kept()?;
        self.idle_and_dump()
    }

    fn own_directory(&self) -> Result<(), Box<dyn Error>> {
        say(&format!(
            "Your directory {} and the bucket. Nothing of yours is edited.",
            self.dir.display()
        ));
        self.init()?;
        say("The first sync.");
        self.run(&[])?;
        self.idle_and_dump()
    }

    fn idle_and_dump(&self) -> Result<(), Box<dyn Error>> {
        say("Nothing has changed since: a sync is silent, and costs one LIST per 1,000 objects.");
        self.run(&[])?;
        say("What the state file holds.");
        self.run(&["--dump"])?;
        Ok(())
    }

    fn init(&self) -> Result<(), Box<dyn Error>> {
        if self.state.exists() {
            println!("    (the state file is there from an earlier run)");
            return Ok(());
        }
        let dir = self
            .dir
            .to_str()
            .ok_or("the directory's name is not UTF-8")?;
        let uri = format!("s3://{BUCKET}/{}", self.prefix);
        self.run(&["--init", "--dir", dir, &uri, "--path-style"])
    }

    /// Runs the real program, shows what it says, and which requests it made.
    fn run(&self, args: &[&str]) -> Result<(), Box<dyn Error>> {
        println!(
            "  $ s3-bsync --file {} {}",
            self.state.display(),
            args.join(" ")
        );
        self.wire.forget();
        let output = Command::new(std::env::current_exe()?)
            .arg(AS_PROGRAM)
            .arg("--file")
            .arg(&self.state)
            .args(args)
            .envs(self.environment())
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_SESSION_TOKEN")
            .output()?;
        show(&String::from_utf8_lossy(&output.stdout));
        show(&String::from_utf8_lossy(&output.stderr));
        let mut requests: BTreeMap<String, usize> = BTreeMap::new();
        for exchange in self.wire.log() {
            *requests.entry(exchange.op.to_string()).or_default() += 1;
        }
        let requests: Vec<_> = requests.iter().map(|(op, n)| format!("{n} {op}")).collect();
        if !requests.is_empty() {
            println!("    (requests: {})", requests.join(", "));
        }
        match output.status.code() {
            Some(0 | 1) => Ok(()),
            code => Err(format!("s3-bsync ended with {code:?}").into()),
        }
    }

    fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ENDPOINT_URL", self.wire.endpoint()),
        ]
    }

    fn object(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    fn write(&self, name: &str, contents: &str) -> io::Result<()> {
        let path = self.dir.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&self.dir))?;
        fs::write(path, contents)
    }

    fn show_file(&self, name: &str) -> io::Result<()> {
        let contents = fs::read_to_string(self.dir.join(name))?;
        println!("    {name}: {}", contents.trim_end());
        Ok(())
    }

    fn show_bucket(&self) {
        let own = self.object(".s3bsync/");
        let below = self.object("");
        let is_shown = |key: &String| key.starts_with(&below) && !key.starts_with(&own);
        for key in self.bucket.keys().into_iter().filter(is_shown) {
            let bytes = self.bucket.get(&key).and_then(|seen| seen.bytes);
            let bytes = bytes.unwrap_or_default();
            println!(
                "    s3://{BUCKET}/{key}: {}",
                String::from_utf8_lossy(&bytes).trim_end()
            );
        }
    }

    /// What the recovery folders hold, on either side.
    fn show_kept(&self) -> io::Result<()> {
        let recovery = Path::new(".s3bsync/recovery");
        let mut folders = vec![self.dir.join(recovery)];
        while let Some(folder) = folders.pop() {
            if !folder.is_dir() {
                continue;
            }
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let contents = fs::read_to_string(&path)?;
                    println!("    kept: {}: {}", path.display(), contents.trim_end());
                }
            }
        }
        let kept = self.object(".s3bsync/recovery/");
        for key in self
            .bucket
            .keys()
            .iter()
            .filter(|key| key.starts_with(&kept))
        {
            println!("    kept: s3://{BUCKET}/{key}");
        }
        Ok(())
    }

    /// Says how, and keeps the server until Ctrl-C.
    fn go_on_by_hand(&self) -> io::Result<()> {
        say("The server stays until Ctrl-C. In another terminal:");
        for (name, value) in self.environment() {
            println!("export {name}={value}");
        }
        let state = self.state.display();
        println!("cargo run --release --quiet -- --file {state} --debug");
        println!("cargo run --release --quiet -- --file {state} --dump --objects");
        println!("aws s3 ls --recursive s3://{BUCKET}/");
        println!("# the directory: {}", self.dir.display());
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(tokio::signal::ctrl_c())
    }
}

/// A folder for the sample tree that no earlier tour used.
fn fresh_folder(home: &Path) -> io::Result<PathBuf> {
    for n in 1.. {
        let folder = home.join(format!("sample{n}"));
        match fs::create_dir(&folder) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| folder),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn say(text: &str) {
    println!("\n{text}");
}

fn show(text: &str) {
    for line in text.lines() {
        println!("    {line}");
    }
}
