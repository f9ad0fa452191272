//! The modules of s3-bsync that know no disk, no net and no clock, under the names they have there;
//! and the envelope, which reads key files and nothing else.

#[path = "../../src"]
mod modules {
    pub mod draft;
    #[cfg(feature = "envelope")]
    pub mod envelope;
    pub mod event;
    pub mod guard;
    pub mod key;
    pub mod moves;
    pub mod plan;
    pub mod reconcile;
    pub mod stamp;
    pub mod state;
}

// Names itself by its full path, so it stands at the root.
#[path = "../../src/format/mod.rs"]
pub mod format;

pub use modules::*;
