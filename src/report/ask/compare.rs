//! Two versions of a file, shown against each other: text by `$DIFF` or `diff -u`, anything else by
//! size and digest.

use crate::commands::dump::words::Size;
use crate::sync::Contents;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Bytes at the beginning in which a text has no NUL, as other tools have it.
const PROBED_BYTES: usize = 8000;

/// What is compared, by name.
pub struct Comparison<'a> {
    /// The file's name, of which the copies get the extension.
    pub name: &'a str,
    /// What the two versions are called.
    pub names: [&'a str; 2],
}

impl Comparison<'_> {
    /// Shows what two versions hold, by way of `to`; a program that shows texts gets `output`, which
    /// leads to the same place.
    pub fn show(&self, contents: &Contents, to: &mut impl Write, output: impl Into<Stdio>) {
        match contents {
            Contents::Whole(versions) if versions.iter().all(|bytes| is_text(bytes)) => {
                if let Err(error) = self.show_text(versions, output.into()) {
                    let _ = writeln!(to, "cannot show the difference: {error}");
                }
            }
            Contents::Whole(versions) => {
                for (name, bytes) in self.names.iter().zip(versions) {
                    let digest = *blake3::hash(bytes).as_bytes();
                    let size = Size(bytes.len() as u64);
                    let _ = writeln!(to, "  {name:6}  {size}, BLAKE3 {}", hex(&digest));
                }
            }
            Contents::Digests(digests) => {
                for (name, digest) in self.names.iter().zip(digests) {
                    let _ = writeln!(to, "  {name:6}  BLAKE3 {}", hex(digest));
                }
            }
        }
    }

    fn show_text(&self, [first, second]: &[Vec<u8>; 2], output: Stdio) -> io::Result<()> {
        let private = Private::new()?;
        let first = private.put(&self.copy_name(0), first)?;
        let second = private.put(&self.copy_name(1), second)?;
        let mut command = self.differ();
        command.arg(first).arg(second).stdout(output);
        // What it answers says whether they differ, which is known.
        let ended = command.status()?;
        match ended.code() {
            Some(126 | 127) => Err(io::Error::other("$DIFF could not be run")),
            _ => Ok(()),
        }
    }

    /// What shows the difference between two files.
    fn differ(&self) -> Command {
        if let Some(diff) = std::env::var_os("DIFF").filter(|diff| !diff.is_empty()) {
            // As git and others have it: a command with options, not only a program's name.
            let mut script = diff.clone();
            script.push(" \"$@\"");
            let mut command = Command::new("/bin/sh");
            command.args([OsString::from("-c"), script, diff]);
            return command;
        }
        let mut command = Command::new("diff");
        command.arg("-u");
        for name in self.names {
            command.args(["--label", name]);
        }
        command
    }

    /// The extension tells programs what kind of file it is.
    fn copy_name(&self, which: usize) -> String {
        let extension = Path::new(self.name)
            .extension()
            .and_then(|one| one.to_str());
        match extension.filter(|text| text.len() < 16) {
            Some(extension) => format!("{}.{extension}", self.names[which]),
            None => self.names[which].to_owned(),
        }
    }
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes[..bytes.len().min(PROBED_BYTES)].contains(&0)
}

fn hex(digest: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*digest).to_hex().to_string()
}

/// A folder for nobody else, in the system's place for such, removed with what is in it.
pub struct Private(PathBuf);

impl Private {
    /// Makes one that was not there.
    ///
    /// # Errors
    /// What the system answers.
    pub fn new() -> io::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("s3-bsync-{:016x}", u64::from_le_bytes(random));
        let path = std::env::temp_dir().join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// Puts a file into it; gives its path.
    ///
    /// # Errors
    /// What the system answers.
    pub fn put(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(bytes)?;
        Ok(path)
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        // Where it cannot be removed it is still for nobody else.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn copies_are_for_nobody_else_and_do_not_stay() {
        let private = Private::new().unwrap();
        let path = private.put("local.txt", b"secret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        drop(private);
        assert!(!path.parent().unwrap().exists());
    }

    #[test]
    fn what_is_no_text_is_told_by_size_and_digest() {
        let comparison = Comparison {
            name: "a.bin",
            names: ["local", "bucket"],
        };
        let mut told = Vec::new();
        let contents = Contents::Whole([b"\0".to_vec(), b"abc".to_vec()]);
        comparison.show(&contents, &mut told, Stdio::null());
        let told = String::from_utf8(told).unwrap();
        let expected = "  local   1 byte, BLAKE3 2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213
  bucket  3 bytes, BLAKE3 6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85
";
        assert_eq!(told, expected);
        assert_eq!(comparison.copy_name(0), "local.bin");
    }
}
