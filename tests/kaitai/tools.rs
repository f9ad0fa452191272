//! The stock compiler and what it needs, installed below `target` once and kept there.

use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const COMPILER: &[&str] = &["kaitai-struct-compiler@0.11.0", "js-yaml@4.1.0"];
const RUNTIME: &str = "kaitaistruct==0.11";

/// What the compiled reader says of each file by its name.
pub(crate) type Readings = BTreeMap<String, Value>;

/// The compiled reader.
pub(crate) struct Kaitai {
    folder: PathBuf,
}

/// The reader compiled from `spec/s3sync.ksy`; `None`, with a message, where node or Python is
/// missing.
///
/// # Panics
/// Where one of them is missing in a run that is to be complete (`CI` is set), and where something
/// cannot be installed or compiled.
pub(crate) fn kaitai() -> Option<&'static Kaitai> {
    static MADE: OnceLock<Option<Kaitai>> = OnceLock::new();
    MADE.get_or_init(|| {
        let tools = ["node", "npm", "python3", "python3 -m pip"];
        let missing = tools.into_iter().find(|tool| {
            let mut words = tool.split(' ');
            let mut command = Command::new(words.next().unwrap());
            let found = command.args(words).arg("--version").output();
            !found.is_ok_and(|output| output.status.success())
        });
        if let Some(tool) = missing {
            assert!(std::env::var_os("CI").is_none(), "{tool} is missing");
            eprintln!("left out: there is no {tool} to run the compiled reader with");
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kaitai");
        install(&folder);
        compile(&folder);
        Some(Kaitai { folder })
    })
    .as_ref()
}

impl Kaitai {
    /// Reads every file of a folder in one process.
    pub(crate) fn read(&self, folder: &Path) -> Readings {
        let mut python = Command::new("python3");
        python
            .env("PYTHONPATH", &self.folder)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg(beside("agree.py"))
            .arg(folder);
        let lines = run(&mut python);
        let readings = lines.lines().map(|line| {
            let mut reading: Value = serde_json::from_str(line).unwrap();
            let name = reading["file"].take();
            (name.as_str().unwrap().to_owned(), reading)
        });
        readings.collect()
    }
}

fn install(folder: &Path) {
    let done = folder.join("installed");
    let wanted = format!("{} {RUNTIME}", COMPILER.join(" "));
    if fs::read_to_string(&done).is_ok_and(|found| found == wanted) {
        return;
    }
    fs::create_dir_all(folder).unwrap();
    let npm = ["install", "--no-audit", "--no-fund", "--prefix"];
    run(Command::new("npm").args(npm).arg(folder).args(COMPILER));
    let pip = ["-m", "pip", "install", "--quiet", "--upgrade", "--target"];
    run(Command::new("python3").args(pip).arg(folder).arg(RUNTIME));
    fs::write(done, wanted).unwrap();
}

/// Compiles anew only what is not the text that was compiled last.
fn compile(folder: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/s3sync.ksy");
    let compiled = folder.join("s3sync.ksy");
    let text = fs::read(&source).unwrap();
    if fs::read(&compiled).is_ok_and(|last| last == text) {
        return;
    }
    let mut node = Command::new("node");
    node.env("NODE_PATH", folder.join("node_modules")).args([
        beside("compile.js"),
        source,
        folder.to_owned(),
    ]);
    run(&mut node);
    fs::write(compiled, text).unwrap();
}

fn beside(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/kaitai", name]
        .iter()
        .collect()
}

/// What the command prints.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let program = command.get_program().to_owned();
    assert!(
        output.status.success(),
        "{}: {}",
        OsStr::display(&program),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
