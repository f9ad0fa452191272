//! The archive: what lies there cannot be read, and is asked for.

use crate::support::server::Restore;
use crate::{Stage, answer};
use aws_sdk_s3::types::{
    ArchiveStatus, ObjectStorageClass, OptionalObjectAttributes, RestoreRequest,
};

fn restore(stage: &Stage, days: Option<i32>) -> Result<(), (u16, String)> {
    let request = RestoreRequest::builder().set_days(days).build();
    let restore = stage.client.restore_object().bucket(&stage.bucket).key("a");
    let restore = restore.restore_request(request).send();
    let done = stage.runtime.block_on(restore);
    done.map(|_| ())
        .map_err(|e| crate::support::client::failure(&e))
}

fn header(stage: &Stage) -> Option<String> {
    let head = stage
        .client
        .head_object()
        .bucket(&stage.bucket)
        .key("a")
        .send();
    stage.runtime.block_on(head).expect("a head").restore
}

#[test]
fn an_archived_object_is_refused_until_it_is_restored() {
    let stage = Stage::own();
    stage.put("a", b"cold");
    assert_eq!(
        restore(&stage, Some(1)),
        Err(answer(403, "ObjectAlreadyInActiveTierError"))
    );
    stage.hand().set_class("a", "DEEP_ARCHIVE");
    let get = || {
        stage
            .client
            .get_object()
            .bucket(&stage.bucket)
            .key("a")
            .send()
    };
    assert_eq!(stage.refused(get()), answer(403, "InvalidObjectState"));
    let copy = stage.client.copy_object().bucket(&stage.bucket).key("b");
    let copy = copy.copy_source(format!("{}/a", stage.bucket)).send();
    assert_eq!(
        stage.refused(copy),
        answer(403, "ObjectNotInActiveTierError")
    );
    assert_eq!(header(&stage), None);

    assert_eq!(restore(&stage, Some(3)), Ok(()));
    assert_eq!(header(&stage).as_deref(), Some("ongoing-request=\"true\""));
    assert_eq!(
        restore(&stage, Some(3)),
        Err(answer(409, "RestoreAlreadyInProgress"))
    );
    assert_eq!(stage.refused(get()), answer(403, "InvalidObjectState"));

    assert_eq!(stage.hand().finish_restores(), ["a"]);
    let told = header(&stage).expect("a restore");
    assert!(
        told.starts_with("ongoing-request=\"false\", expiry-date=\""),
        "{told}"
    );
    assert_eq!(stage.get("a"), b"cold");
    assert_eq!(restore(&stage, Some(5)), Ok(()), "a longer stay");
    let seen = stage.hand().get("a").expect("an object");
    assert_eq!(seen.class, "DEEP_ARCHIVE", "the class stays");
    assert!(matches!(seen.restore, Restore::Until(_)));
}

#[test]
fn a_listing_tells_class_and_restore() {
    let stage = Stage::own();
    stage.put("a", b"cold");
    stage.hand().set_class("a", "GLACIER");
    restore(&stage, Some(1)).expect("asked");
    let list = || stage.client.list_objects_v2().bucket(&stage.bucket);
    let page = stage.runtime.block_on(list().send()).expect("a page");
    let listed = &page.contents()[0];
    assert_eq!(
        listed.storage_class().map(ObjectStorageClass::as_str),
        Some("GLACIER")
    );
    assert_eq!(listed.restore_status(), None, "only when asked for");
    let asked = list().optional_object_attributes(OptionalObjectAttributes::RestoreStatus);
    let page = stage.runtime.block_on(asked.send()).expect("a page");
    let status = page.contents()[0].restore_status().expect("a status");
    assert_eq!(status.is_restore_in_progress(), Some(true));
}

#[test]
fn intelligent_tiering_has_its_own_archive() {
    let stage = Stage::own();
    stage.put("a", b"cold");
    stage.hand().set_archive("a", "ARCHIVE_ACCESS");
    let head = stage
        .client
        .head_object()
        .bucket(&stage.bucket)
        .key("a")
        .send();
    let head = stage.runtime.block_on(head).expect("a head");
    assert_eq!(
        head.archive_status().map(ArchiveStatus::as_str),
        Some("ARCHIVE_ACCESS")
    );
    assert_eq!(
        restore(&stage, Some(1)).map_err(|e| e.0),
        Err(400),
        "no days here"
    );
    assert_eq!(restore(&stage, None), Ok(()));
    stage.hand().finish_restores();
    assert_eq!(stage.get("a"), b"cold");
}
