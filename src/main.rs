//! argv to exit code, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(s3_bsync::main_with(std::env::args_os().collect()))
}
