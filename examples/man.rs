//! Prints the manual page, for whoever packs the program:
//!
//! ```text
//! cargo run --release --example man > s3-bsync.1
//! ```

fn main() {
    print!("{}", s3_bsync::cli::manual());
}
