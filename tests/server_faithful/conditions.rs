//! Conditional writes, as Amazon answers them, and the lesser servers' ways.

use crate::support::server::{Profile, Rights};
use crate::{Stage, answer};
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

fn etag(stage: &Stage, key: &str) -> String {
    stage.hand().get(key).expect("an object").etag
}

fn put_if(stage: &Stage, key: &str, etag: &str) -> Result<(), (u16, String)> {
    let put = stage
        .client
        .put_object()
        .bucket(&stage.bucket)
        .key(key)
        .if_match(etag);
    let put = put.body(b"new".to_vec().into()).send();
    let done = stage.runtime.block_on(put);
    done.map(|_| ())
        .map_err(|e| crate::support::client::failure(&e))
}

fn delete_if(stage: &Stage, key: &str, etag: &str) -> Result<(), (u16, String)> {
    let delete = stage
        .client
        .delete_object()
        .bucket(&stage.bucket)
        .key(key)
        .if_match(etag);
    let done = stage.runtime.block_on(delete.send());
    done.map(|_| ())
        .map_err(|e| crate::support::client::failure(&e))
}

fn copy_if_absent(stage: &Stage, from: &str, to: &str) -> Result<(), (u16, String)> {
    let copy = stage
        .client
        .copy_object()
        .bucket(&stage.bucket)
        .key(to)
        .if_none_match("*");
    let copy = copy.copy_source(format!("{}/{from}", stage.bucket)).send();
    let done = stage.runtime.block_on(copy);
    done.map(|_| ())
        .map_err(|e| crate::support::client::failure(&e))
}

#[test]
fn put_if_match() {
    let stage = Stage::own();
    stage.put("a", b"old");
    let old = etag(&stage, "a");
    assert_eq!(
        put_if(&stage, "a", "\"0\""),
        Err(answer(412, "PreconditionFailed"))
    );
    assert_eq!(stage.get("a"), b"old");
    assert_eq!(put_if(&stage, "a", &format!("\"{old}\"")), Ok(()), "quoted");
    assert_eq!(stage.get("a"), b"new");
    assert_eq!(
        put_if(&stage, "a", &old),
        Err(answer(412, "PreconditionFailed"))
    );
    assert_eq!(put_if(&stage, "a", &etag(&stage, "a")), Ok(()), "bare");
    assert_eq!(put_if(&stage, "none", &old), Err(answer(404, "NoSuchKey")));
}

#[test]
fn delete_if_match() {
    let stage = Stage::own();
    stage.put("a", b"old");
    assert_eq!(
        delete_if(&stage, "a", "\"0\""),
        Err(answer(412, "PreconditionFailed"))
    );
    assert_eq!(delete_if(&stage, "a", &etag(&stage, "a")), Ok(()));
    assert_eq!(stage.hand().keys(), Vec::<String>::new());
    assert_eq!(
        delete_if(&stage, "a", "\"0\""),
        Err(answer(404, "NoSuchKey"))
    );
    stage.put("b", b"any");
    assert_eq!(delete_if(&stage, "b", "*"), Ok(()));
}

#[test]
fn batch_delete_looks_at_every_key() {
    let stage = Stage::own();
    for key in ["a", "b", "c"] {
        stage.put(key, key.as_bytes());
    }
    let object = |key: &str, etag: Option<&str>| {
        let object = ObjectIdentifier::builder()
            .key(key)
            .set_e_tag(etag.map(str::to_owned));
        object.build().expect("a key")
    };
    let delete = Delete::builder()
        .objects(object("a", Some(&etag(&stage, "a"))))
        .objects(object("b", Some("0")))
        .objects(object("c", None))
        .objects(object("d", Some("0")))
        .build()
        .expect("some keys");
    let delete = stage
        .client
        .delete_objects()
        .bucket(&stage.bucket)
        .delete(delete);
    let done = stage.runtime.block_on(delete.send()).expect("a batch");
    let deleted: Vec<_> = done.deleted().iter().filter_map(|d| d.key()).collect();
    assert_eq!(deleted, ["a", "c"]);
    let errors: Vec<_> = done.errors().iter().map(|e| (e.key(), e.code())).collect();
    let wanted = [
        (Some("b"), Some("PreconditionFailed")),
        (Some("d"), Some("NoSuchKey")),
    ];
    assert_eq!(errors, wanted);
    assert_eq!(stage.hand().keys(), ["b"]);
}

#[test]
fn copies_have_conditions_on_both_ends() {
    let stage = Stage::own();
    stage.put("from", b"x");
    stage.put("to", b"y");
    assert_eq!(
        copy_if_absent(&stage, "from", "to"),
        Err(answer(412, "PreconditionFailed"))
    );
    assert_eq!(stage.get("to"), b"y");
    assert_eq!(copy_if_absent(&stage, "from", "fresh"), Ok(()));
    let copy = || {
        let copy = stage.client.copy_object().bucket(&stage.bucket).key("to");
        copy.copy_source(format!("{}/from", stage.bucket))
    };
    let wrong = copy().copy_source_if_match("\"0\"").send();
    assert_eq!(stage.refused(wrong), answer(412, "PreconditionFailed"));
    let outdated = copy().if_match("\"0\"").send();
    assert_eq!(stage.refused(outdated), answer(412, "PreconditionFailed"));
    let right = copy()
        .copy_source_if_match(etag(&stage, "from"))
        .if_match(etag(&stage, "to"));
    stage.runtime.block_on(right.send()).expect("both hold");
    assert_eq!(stage.get("to"), b"x");
    let onto_itself = copy().key("from").send();
    assert_eq!(stage.refused(onto_itself), answer(400, "InvalidRequest"));
}

#[test]
fn reads_have_conditions() {
    let stage = Stage::own();
    stage.put("a", b"x");
    let get = || stage.client.get_object().bucket(&stage.bucket).key("a");
    assert_eq!(stage.refused(get().if_match("\"0\"").send()).0, 412);
    assert_eq!(
        stage
            .refused(get().if_none_match(etag(&stage, "a")).send())
            .0,
        304
    );
    stage
        .runtime
        .block_on(get().if_match(etag(&stage, "a")).send())
        .expect("it holds");
}

#[test]
fn two_writers_of_one_new_key_have_one_winner() {
    let stage = Stage::own();
    let put = |n: u8| {
        let put = stage
            .client
            .put_object()
            .bucket(&stage.bucket)
            .key("a")
            .if_none_match("*");
        put.body(vec![n; 1000].into()).send()
    };
    let answers = stage
        .runtime
        .block_on(futures_util::future::join_all((0..16).map(put)));
    assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1);
}

#[test]
fn a_server_may_ignore_conditions() {
    let stage = Stage::own();
    let store = stage.hand().store().clone();
    stage.put("a", b"old");
    stage.put("b", b"b");
    store.set_profile(Profile::IGNORES_DELETE_AND_COPY);
    assert_eq!(
        put_if(&stage, "a", "\"0\""),
        Err(answer(412, "PreconditionFailed"))
    );
    assert_eq!(copy_if_absent(&stage, "b", "a"), Ok(()));
    assert_eq!(delete_if(&stage, "b", "\"0\""), Ok(()));
    assert_eq!(stage.hand().keys(), ["a"]);
    assert_eq!(stage.get("a"), b"b");
    store.set_profile(Profile::IGNORES_ALL);
    assert_eq!(put_if(&stage, "a", "\"0\""), Ok(()));
}

#[test]
fn a_server_may_lie_or_refuse_or_want_bare_etags() {
    let stage = Stage::own();
    let store = stage.hand().store().clone();
    stage.put("a", b"old");
    stage.put("b", b"b");
    store.set_profile(Profile::LOCALSTACK);
    assert_eq!(
        copy_if_absent(&stage, "b", "a"),
        Err(answer(412, "PreconditionFailed"))
    );
    assert_eq!(stage.get("a"), b"b", "it wrote all the same");
    assert_eq!(delete_if(&stage, "b", "\"0\"").map_err(|e| e.0), Err(501));
    store.set_profile(Profile::CEPH);
    let right = etag(&stage, "a");
    assert_eq!(
        put_if(&stage, "a", &format!("\"{right}\"")).map_err(|e| e.0),
        Err(412)
    );
    assert_eq!(put_if(&stage, "a", &right), Ok(()));
}

#[test]
fn signatures_and_rights_are_checked() {
    let stage = Stage::own();
    stage.put("a", b"x");
    let wrong = stage.client_of(crate::support::server::ACCESS_KEY, "wrong");
    let get = wrong.get_object().bucket(&stage.bucket).key("a");
    assert_eq!(
        stage.refused(get.send()),
        answer(403, "SignatureDoesNotMatch")
    );
    let unknown = stage.client_of("nobody", "x");
    let get = unknown.get_object().bucket(&stage.bucket).key("a");
    assert_eq!(stage.refused(get.send()), answer(403, "InvalidAccessKeyId"));

    stage
        .hand()
        .store()
        .set_key("reader", "secret", Rights::ReadOnly);
    let reader = stage.client_of("reader", "secret");
    let get = reader.get_object().bucket(&stage.bucket).key("a");
    stage.runtime.block_on(get.send()).expect("a reader reads");
    let put = reader.put_object().bucket(&stage.bucket).key("a");
    assert_eq!(stage.refused(put.send()), answer(403, "AccessDenied"));
    stage
        .hand()
        .store()
        .set_key("reader", "secret", Rights::Denied);
    let list = reader.list_objects_v2().bucket(&stage.bucket);
    assert_eq!(stage.refused(list.send()), answer(403, "AccessDenied"));
}
