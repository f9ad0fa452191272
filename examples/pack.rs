//! Writes what a package holds beside the program: the manual page, and what lets shells complete
//! command lines.
//!
//! ```text
//! cargo run --release --example pack              into target/pack
//! cargo run --release --example pack -- FOLDER
//! ```

use s3_bsync::cli::{Shell, manual};
use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let named = env::args_os().nth(1).map(PathBuf::from);
    let folder = named.unwrap_or_else(|| PathBuf::from("target/pack"));
    fs::create_dir_all(&folder)?;
    let files = [
        ("s3-bsync.1", manual()),
        ("s3-bsync.bash", Shell::Bash.completions()),
        ("_s3-bsync", Shell::Zsh.completions()),
        ("s3-bsync.fish", Shell::Fish.completions()),
    ];
    for (name, text) in files {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}
