//! Large buffers that are used again instead of being given back.
//!
//! An allocator that keeps what was freed in several arenas can hold many times the budget of
//! bytes in flight; buffers that never leave the program cannot.

use super::flow::BUDGET_BYTES;
use bytes::Bytes;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

/// Smaller buffers are left to the allocator.
const LARGE_BYTES: usize = 256 * 1024;

/// Buffers at rest, at most the budget's worth of bytes.
#[derive(Default, Clone)]
pub(super) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// A buffer that goes back to rest when the last of its bytes is dropped.
pub(super) struct Buffer {
    pub(super) bytes: Vec<u8>,
    home: Buffers,
}

impl Buffers {
    /// An empty buffer with room for `length` bytes.
    pub(super) fn take(&self, length: usize) -> Buffer {
        let bytes = if length < LARGE_BYTES {
            Vec::with_capacity(length)
        } else {
            self.wake(length)
                .unwrap_or_else(|| Vec::with_capacity(length.next_power_of_two()))
        };
        Buffer {
            bytes,
            home: self.clone(),
        }
    }

    /// The `length` bytes of a file at `offset`, all of them.
    ///
    /// # Errors
    /// What reading gives; [`io::ErrorKind::UnexpectedEof`] where there are fewer.
    pub(super) fn read(&self, file: &File, offset: u64, length: usize) -> io::Result<Bytes> {
        let mut buffer = self.take(length);
        buffer.bytes.resize(length, 0);
        file.read_exact_at(&mut buffer.bytes, offset)?;
        Ok(buffer.freeze())
    }

    /// The smallest buffer at rest that has the room.
    fn wake(&self, length: usize) -> Option<Vec<u8>> {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, _) = resting
            .iter()
            .enumerate()
            .filter(|(_, buffer)| buffer.capacity() >= length)
            .min_by_key(|(_, buffer)| buffer.capacity())?;
        Some(resting.swap_remove(at))
    }
}

impl Buffer {
    /// The bytes, to be shared.
    pub(super) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        if bytes.capacity() < LARGE_BYTES {
            return;
        }
        bytes.clear();
        let mut resting = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at_rest: usize = resting.iter().map(Vec::capacity).sum();
        if (at_rest + bytes.capacity()) as u64 <= BUDGET_BYTES {
            resting.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_buffer_is_used_again() {
        let buffers = Buffers::default();
        let mut first = buffers.take(1 << 20);
        first.bytes.resize(1 << 20, 7);
        let place = first.bytes.as_ptr();
        let shared = first.freeze();
        let other = shared.clone();
        drop(shared);
        assert_ne!(
            buffers.take(1 << 20).bytes.as_ptr(),
            place,
            "it is still in use"
        );
        drop(other);
        let again: Vec<_> = (0..2).map(|_| buffers.take(1 << 20)).collect();
        assert!(again.iter().any(|buffer| buffer.bytes.as_ptr() == place));
        assert!(again.iter().all(|buffer| buffer.bytes.is_empty()));
    }
}
