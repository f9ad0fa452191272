//! Versions, tags, and a store that outlives its server.

use crate::support::client::Keys;
use crate::support::server::{BucketHand, Store, Versioning};
use crate::support::wire::Wire;
use crate::{Stage, answer};
use aws_sdk_s3::types::{BucketVersioningStatus, Tag, Tagging, VersioningConfiguration};
use std::sync::Arc;

fn versioned() -> Stage {
    let stage = Stage::own();
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
    let set = stage.client.put_bucket_versioning().bucket(&stage.bucket);
    let set = set.versioning_configuration(on.build()).send();
    stage.runtime.block_on(set).expect("switched on");
    stage
}

#[test]
fn nothing_is_lost_in_a_versioned_bucket() {
    let stage = versioned();
    let get = stage
        .client
        .get_bucket_versioning()
        .bucket(&stage.bucket)
        .send();
    let got = stage.runtime.block_on(get).expect("a setting");
    assert_eq!(got.status(), Some(&BucketVersioningStatus::Enabled));
    stage.put("a", b"v1");
    stage.put("a", b"v2");
    let delete = stage
        .client
        .delete_object()
        .bucket(&stage.bucket)
        .key("a")
        .send();
    let deleted = stage.runtime.block_on(delete).expect("a delete");
    assert_eq!(deleted.delete_marker(), Some(true));
    assert_eq!(stage.hand().keys(), Vec::<String>::new());
    let get = || stage.client.get_object().bucket(&stage.bucket).key("a");
    assert_eq!(stage.refused(get().send()), answer(404, "NoSuchKey"));

    let versions = stage.hand().versions("a");
    let bytes: Vec<_> = versions.iter().map(|v| v.bytes.clone()).collect();
    assert_eq!(bytes, [Some("v1".into()), Some("v2".into()), None]);
    assert_eq!(stage.hand().bytes_held(), 4);
    let old = get().version_id(&versions[0].version).send();
    let old = stage.runtime.block_on(old).expect("an old version");
    let old = stage
        .runtime
        .block_on(old.body.collect())
        .expect("its body");
    assert_eq!(old.to_vec(), b"v1");

    let undelete = stage.client.delete_object().bucket(&stage.bucket).key("a");
    let undelete = undelete.set_version_id(deleted.version_id).send();
    stage
        .runtime
        .block_on(undelete)
        .expect("the marker removed");
    assert_eq!(stage.get("a"), b"v2");
}

#[test]
fn versions_are_listed_newest_first_in_pages() {
    let stage = versioned();
    for (key, bytes) in [("a", "1"), ("a", "2"), ("b", "3")] {
        stage.hand().put(key, bytes);
    }
    stage.hand().delete("a");
    for page in [1, 2, 1000] {
        let (mut key, mut id) = (None, None);
        let mut found = Vec::new();
        loop {
            let list = stage.client.list_object_versions().bucket(&stage.bucket);
            let list = list
                .set_key_marker(key)
                .set_version_id_marker(id)
                .max_keys(page);
            let list = stage.runtime.block_on(list.send()).expect("a page");
            found.extend(
                list.delete_markers()
                    .iter()
                    .map(|m| (m.key().expect("a key").to_owned(), m.is_latest(), None)),
            );
            found.extend(list.versions().iter().map(|v| {
                (
                    v.key().expect("a key").to_owned(),
                    v.is_latest(),
                    v.e_tag().map(str::len),
                )
            }));
            if list.is_truncated() != Some(true) {
                break;
            }
            (key, id) = (list.next_key_marker, list.next_version_id_marker);
        }
        let row = |key: &str, latest, etag| (key.to_owned(), Some(latest), etag);
        let wanted = [
            row("a", true, None),
            row("a", false, Some(34)),
            row("a", false, Some(34)),
            row("b", true, Some(34)),
        ];
        assert_eq!(found, wanted, "pages of {page}");
    }
}

#[test]
fn a_delete_marker_counts_as_absent() {
    let stage = versioned();
    stage.put("a", b"v1");
    stage.hand().delete("a");
    let put = stage
        .client
        .put_object()
        .bucket(&stage.bucket)
        .key("a")
        .if_none_match("*");
    stage.runtime.block_on(put.send()).expect("absent");
    stage.hand().delete("a");
    let delete = stage
        .client
        .delete_object()
        .bucket(&stage.bucket)
        .key("a")
        .if_match("*");
    assert_eq!(
        stage.refused(delete.send()),
        answer(412, "PreconditionFailed")
    );
    stage.hand().set_versioning(Versioning::Suspended);
    stage.put("a", b"null version");
    stage.put("a", b"in its place");
    let nulls = stage
        .hand()
        .versions("a")
        .into_iter()
        .filter(|v| v.version == "null")
        .count();
    assert_eq!(nulls, 1);
}

#[test]
fn tags_stay_with_an_object_and_its_copy() {
    let stage = Stage::own();
    stage.put("a", b"x");
    let tag = Tag::builder().key("k").value("v").build().expect("a tag");
    let tags = Tagging::builder().tag_set(tag).build().expect("tags");
    let set = stage
        .client
        .put_object_tagging()
        .bucket(&stage.bucket)
        .key("a");
    stage
        .runtime
        .block_on(set.tagging(tags).send())
        .expect("tagged");
    let copy = stage.client.copy_object().bucket(&stage.bucket).key("b");
    let copy = copy.copy_source(format!("{}/a", stage.bucket)).send();
    stage.runtime.block_on(copy).expect("a copy");
    let get = stage
        .client
        .get_object_tagging()
        .bucket(&stage.bucket)
        .key("b")
        .send();
    let tags = stage.runtime.block_on(get).expect("tags");
    assert_eq!(
        tags.tag_set().iter().map(Tag::value).collect::<Vec<_>>(),
        ["v"]
    );
}

#[test]
fn a_store_in_a_folder_outlives_its_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || {
        let store = Arc::new(Store::in_folder(folder.path()).expect("the folder opens"));
        let hand = BucketHand::new(&store, "kept");
        let wire = Wire::embedded(&store);
        Stage::of(wire, &Keys::embedded(), "kept".to_owned(), Some(hand))
    };
    let everything = |hand: &BucketHand| {
        let keys = hand.all_keys();
        let versions: Vec<_> = keys.iter().flat_map(|key| hand.versions(key)).collect();
        (versions, hand.pending_uploads())
    };
    let stage = open();
    stage.hand().set_versioning(Versioning::Enabled);
    stage.hand().put_with("a", "v1", &[("mtime", "1")]);
    stage.put("a", b"v2");
    stage.put("gone", b"x");
    stage.hand().delete("gone");
    stage.hand().set_class("a", "GLACIER");
    let create = stage
        .client
        .create_multipart_upload()
        .bucket("kept")
        .key("u")
        .send();
    let id = stage
        .runtime
        .block_on(create)
        .expect("an upload")
        .upload_id
        .expect("an id");
    let part = stage
        .client
        .upload_part()
        .bucket("kept")
        .key("u")
        .upload_id(&id)
        .part_number(1);
    stage
        .runtime
        .block_on(part.body(b"p".to_vec().into()).send())
        .expect("a part");
    let before = everything(stage.hand());
    drop(stage);
    for _ in 0..2 {
        let stage = open();
        assert_eq!(everything(stage.hand()), before);
        let list = stage
            .client
            .list_parts()
            .bucket("kept")
            .key("u")
            .upload_id(&id)
            .send();
        let parts = stage.runtime.block_on(list).expect("parts");
        assert_eq!(parts.parts()[0].size(), Some(1));
    }
}
