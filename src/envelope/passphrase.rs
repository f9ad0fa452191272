//! Where the passphrase of an identity file comes from: a command or the terminal, never an argument.

use age::secrecy::SecretString;
use std::process::{Command, Stdio};

/// Passphrases are not read beyond this.
const MAX_BYTES: usize = 4096;

/// Where a passphrase comes from.
#[derive(Debug, Clone, Default)]
pub enum Passphrase {
    /// A person types it.
    #[default]
    Terminal,
    /// A shell command prints it, as the first line.
    Command(String),
}

impl Passphrase {
    /// Asks for the passphrase of `path`.
    pub(super) fn ask(&self, path: &str) -> Result<SecretString, String> {
        let text = match self {
            Self::Terminal => rpassword::prompt_password(format!("Passphrase of {path}: "))
                .map_err(|error| format!("no terminal to ask at ({error})"))?,
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
