//! All small cases.

use super::shrink::Fault;

/// placeholder
pub struct Scope;
/// placeholder
pub fn every(_: &Scope) -> Result<u64, Box<Fault>> {
    Ok(0)
}
