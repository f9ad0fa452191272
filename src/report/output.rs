//! Standard output. A closed pipe is not an error; any other failure is kept until the end of the
//! program, which reports it.

use std::io::{self, ErrorKind, Stdout, Write};
use std::sync::{Mutex, PoisonError};

/// The error of the first write that failed.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// Standard output; writing to it always succeeds.
pub struct Output(Stdout);

impl Output {
    /// The program's standard output.
    #[must_use]
    pub fn new() -> Self {
        Self(io::stdout())
    }
}

impl Default for Output {
    fn default() -> Self {
        Self::new()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.0.write(bytes).unwrap_or_else(|error| {
            lose(error);
            bytes.len()
        }))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().unwrap_or_else(lose);
        Ok(())
    }
}

fn lose(error: io::Error) {
    if error.kind() != ErrorKind::BrokenPipe {
        let mut lost = LOST.lock().unwrap_or_else(PoisonError::into_inner);
        lost.get_or_insert(error);
    }
}

/// Takes the error of the first write that failed, if one did.
#[must_use]
pub fn lost() -> Option<io::Error> {
    // The buffer may hold a last line.
    io::stdout().flush().unwrap_or_else(lose);
    LOST.lock().unwrap_or_else(PoisonError::into_inner).take()
}
