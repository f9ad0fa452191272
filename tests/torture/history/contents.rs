//! Contents that are never the same twice.

use super::words::{Matter, Size};
use crate::support::noise;

/// The content that the act of this number writes.
pub fn contents(number: u64, size: Size) -> Vec<u8> {
    let head = format!("content {number}\n").into_bytes();
    let (length, matter) = match size {
        Size::Line => return head,
        Size::Small(length, matter) => (length, matter),
        Size::Large(length) => (length, Matter::Noise),
    };
    let rest = match matter {
        Matter::Noise => noise(length, number),
        Matter::Text => head.iter().copied().cycle().take(length).collect(),
    };
    [head, rest].concat()
}

/// The content with something added.
pub fn appended(mut old: Vec<u8>, number: u64) -> Vec<u8> {
    old.extend(format!("append {number}\n").into_bytes());
    old
}

/// The content without its second half; short ones stay.
pub fn halved(mut old: Vec<u8>) -> Vec<u8> {
    if old.len() > 100 {
        old.truncate(old.len() / 2);
    }
    old
}

/// The content with something else in its middle.
pub fn patched(mut old: Vec<u8>, number: u64) -> Vec<u8> {
    let patch = format!("<{number}>").into_bytes();
    let from = old.len() / 2;
    if let Some(middle) = old.get_mut(from..from + patch.len()) {
        middle.copy_from_slice(&patch);
    }
    old
}
