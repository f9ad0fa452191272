//! What belongs to an object goes with it.

use crate::support::wire::Op;
use crate::{ONE, agreed, ends_with};

#[test]
fn storage_class_tags_and_metadata_survive() {
    for class in ["STANDARD", "STANDARD_IA"] {
        let w = agreed(&[("a", "v1")]);
        let hand = w.hand().expect("the embedded server");
        hand.set_tags("docs/a", &[("who", "me"), ("why", "so")]);
        hand.set_class("docs/a", class);
        let before = hand.get("docs/a").expect("it is there");
        w.rename("a", "b").sync().expect_requests(&ONE);
        let after = hand.get("docs/b").expect("it is there");
        assert_eq!(after.class, class);
        assert_eq!(after.meta, before.meta);
        assert_eq!(after.headers, before.headers);
        assert_eq!(hand.tags("docs/b").len(), 2);
        ends_with(&w, &[("b", "v1")]);
    }
}

#[test]
fn an_archived_object_is_not_copied_and_its_file_is_sent() {
    let w = agreed(&[("a", "v1")]);
    let hand = w.hand().expect("the embedded server");
    hand.set_class("docs/a", "GLACIER");
    w.rename("a", "b").sync();
    w.expect_requests(&[(Op::List, 1), (Op::Put, 1), (Op::Delete, 1)]);
    ends_with(&w, &[("b", "v1")]);
}

#[test]
fn an_object_in_a_tier_that_no_listing_shows_is_found_out_and_its_file_is_sent() {
    let w = agreed(&[("a", "v1")]);
    let hand = w.hand().expect("the embedded server");
    hand.set_archive("docs/a", "ARCHIVE_ACCESS");
    w.rename("a", "b").sync();
    ends_with(&w, &[("b", "v1")]);
}

#[test]
fn a_versioned_bucket_keeps_what_a_rename_removes() {
    let w = crate::support::world::World::embedded();
    let hand = w.hand().expect("the embedded server");
    hand.set_versioning(crate::support::server::Versioning::Enabled);
    w.local("a", "v1").local("zz", "stays").init().sync();
    w.rename("a", "b").sync();
    assert_eq!(hand.versions("docs/a").len(), 2, "a version and a marker");
    ends_with(&w, &[("b", "v1")]);
}
