//! What a record costs in bytes, ours and in the shapes that others use.
mod tree;

use std::time::Instant;

fn main() {
    for count in [1000, 80_000, 5_000_000] {
        let begun = Instant::now();
        let (mut records, mut key_bytes) = (0, 0);
        for record in tree::records(count) {
            records += 1;
            key_bytes += record.key.as_bytes().len();
        }
        println!("{records} {} {:?}", key_bytes / records, begun.elapsed());
    }
}
