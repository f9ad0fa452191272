//! The embedded server behaves as Amazon S3 does, and the faults in front of it are as told.

mod support;

#[test]
fn it_compiles() {}
