//! What the tests stand on: an S3 server, faults in front of it, and a world to tell stories in.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "compiled into every test binary, each of which uses its own part"
)]

pub mod client;
pub mod mixed;
pub mod server;
pub mod trace;
pub mod wire;
pub mod world;
