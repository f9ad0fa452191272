//! The tools, and what they are told.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Programs that are not part of every system, and the Debian packages that have them.
const TOOLS: [(&str, &str); 5] = [
    ("age", "age"),
    ("age-keygen", "age"),
    ("gzip", "gzip"),
    ("ssh-keygen", "openssh-client"),
    ("python3", "python3"),
];

/// Whether all tools are there; says which is not.
///
/// # Panics
/// Where one is missing in a run that is to be complete (`CI` is set).
pub(crate) fn are_there() -> bool {
    let missing = TOOLS.iter().find(|(tool, _)| {
        let mut command = Command::new(tool);
        command.arg("--version");
        command.stdin(Stdio::null()).output().is_err()
    });
    if let Some((tool, package)) = missing {
        left_out(&format!("{tool} is missing (Debian package {package})"));
    }
    missing.is_none()
}

/// Says why a test does nothing here.
///
/// # Panics
/// In a run that is to be complete.
pub(crate) fn left_out(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{why}");
    eprintln!("left out: {why}");
}

/// Runs a program and gives what it prints.
#[track_caller]
pub(crate) fn run(program: &str, arguments: &[&OsStr]) -> String {
    let mut command = Command::new(program);
    output_of(command.args(arguments))
}

/// What a command prints.
#[track_caller]
pub(crate) fn output_of(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a line of shell in a folder; its words `$1`, `$2`... are these.
#[track_caller]
pub(crate) fn shell(folder: &Path, line: &str, words: &[&str]) -> String {
    let mut command = Command::new("bash");
    command
        .current_dir(folder)
        .args(["-euo", "pipefail", "-c", line, "bash"])
        .args(words);
    output_of(&mut command)
}

/// Runs a command at a terminal and types this line whenever it asks.
#[track_caller]
pub(crate) fn typed(line: &str, command: &[&str]) {
    let mut typist = Command::new("python3");
    output_of(typist.arg(beside("typist.py")).arg(line).args(command));
}

/// A file of this folder of tests.
pub(crate) fn beside(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stock_tools");
    folder.join(name)
}

/// An identity, and whom it stands for.
pub(crate) struct Key {
    /// The identity file.
    pub(crate) file: String,
    /// The recipient, as one line.
    pub(crate) recipient: String,
}

/// Which program makes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// age-keygen.
    Native,
    /// ssh-keygen, for ed25519.
    Ed25519,
    /// ssh-keygen, for RSA.
    Rsa,
}

impl Key {
    /// A fresh key in this folder, under this name.
    #[track_caller]
    pub(crate) fn new(folder: &Path, name: &str, kind: Kind) -> Self {
        Self::with_passphrase(folder, name, kind, "")
    }

    /// The same with a passphrase, where it is not empty; a native key is then an age file itself.
    #[track_caller]
    pub(crate) fn with_passphrase(folder: &Path, name: &str, kind: Kind, passphrase: &str) -> Self {
        let path = folder.join(name);
        let file = path.to_str().unwrap().to_owned();
        if kind == Kind::Native {
            run("age-keygen", &["-o".as_ref(), path.as_ref()]);
            let recipient = run("age-keygen", &["-y".as_ref(), path.as_ref()]);
            let recipient = recipient.trim().to_owned();
            if !passphrase.is_empty() {
                let open = format!("{file}.open");
                fs::rename(&path, &open).unwrap();
                typed(passphrase, &["age", "-p", "-o", &file, &open]);
                fs::remove_file(open).unwrap();
            }
            return Self { file, recipient };
        }
        let kind: &[&str] = match kind {
            Kind::Rsa => &["-t", "rsa", "-b", "2048"],
            _ => &["-t", "ed25519"],
        };
        let mut keygen = Command::new("ssh-keygen");
        keygen
            .args(kind)
            .args(["-q", "-C", "me@here", "-N", passphrase, "-f"]);
        output_of(keygen.arg(&path));
        let recipient = fs::read_to_string(path.with_extension("pub")).unwrap();
        Self {
            file,
            recipient: recipient.trim().to_owned(),
        }
    }
}
