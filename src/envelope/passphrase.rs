//! Source of the passphrase of an identity file: a command or a person, never an argument.

use age::secrecy::SecretString;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Passphrases are not read beyond this.
const MAX_BYTES: usize = 4096;

/// Asks a person for the passphrase of the identity file at this path. Blocks.
pub type Prompt = dyn Fn(&str) -> Result<String, String> + Send + Sync;

/// Source of a passphrase.
#[derive(Clone, Default)]
pub enum Passphrase {
    /// There is none.
    #[default]
    Missing,
    /// A person types it.
    Typed(Arc<Prompt>),
    /// A shell command prints it, as the first line.
    Command(String),
}

impl Passphrase {
    /// Asks for the passphrase of `path`.
    pub(super) fn ask(&self, path: &str) -> Result<SecretString, String> {
        let text = match self {
            Self::Missing => return Err("there is nobody to ask".to_owned()),
            Self::Typed(prompt) => prompt(path)?,
            Self::Command(command) => run(command)?,
        };
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        Ok(SecretString::from(text))
    }
}

fn run(command: &str) -> Result<String, String> {
    let output = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("the passphrase command did not start ({error})"))?;
    if !output.status.success() {
        return Err(format!("the passphrase command failed: {}", output.status));
    }
    let line = output.stdout.split(|byte| *byte == b'\n').next();
    let line = line.unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > MAX_BYTES {
        return Err(format!(
            "the passphrase command printed more than {MAX_BYTES} bytes"
        ));
    }
    match str::from_utf8(line) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err("the passphrase command printed no UTF-8".to_owned()),
    }
}
