//! The embedded server behaves as Amazon S3 does, and the faults in front of it are as told.
//!
//! `everywhere` holds what must be true of any S3 server: it runs against the server that
//! `S3BSYNC_TEST_ENDPOINT` names, if one is named. The rest is about our own server alone.

#[path = "../support/mod.rs"]
mod support;

mod archive;
mod conditions;
mod everywhere;
mod faults;
mod multipart;
mod sums;
mod versions;

use aws_sdk_s3::Client;
use std::sync::Arc;
use support::client::{External, Keys, client};
use support::server::{BucketHand, Store};
use support::wire::{Backend, Wire};
use tokio::runtime::Runtime;

/// A bucket, a wire to it, and the SDK as its client.
struct Stage {
    client: Client,
    bucket: String,
    wire: Wire,
    hand: Option<BucketHand>,
    runtime: Runtime,
}

impl Stage {
    /// On our own server.
    fn own() -> Self {
        let store = Arc::new(Store::in_memory());
        let bucket = "stage".to_owned();
        let hand = BucketHand::new(&store, &bucket);
        let wire = Wire::embedded(&store);
        Self::of(wire, &Keys::embedded(), bucket, Some(hand))
    }

    /// On the server that the environment names, else on our own.
    fn any() -> Self {
        let Some(server) = External::from_env() else {
            return Self::own();
        };
        let wire = Wire::start(Backend::Proxy(server.address.clone()));
        let bucket = support::world::fresh_bucket();
        let stage = Self::of(wire, &server.keys, bucket, None);
        let make = stage.client.create_bucket().bucket(&stage.bucket);
        stage
            .runtime
            .block_on(make.send())
            .expect("a bucket can be made");
        stage.wire.forget();
        stage
    }

    fn of(wire: Wire, keys: &Keys, bucket: String, hand: Option<BucketHand>) -> Self {
        Self {
            client: client(&wire.endpoint(), keys),
            bucket,
            wire,
            hand,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime can be built"),
        }
    }

    /// Another client, with another pair of keys.
    fn client_of(&self, access: &str, secret: &str) -> Client {
        let keys = Keys {
            access: access.to_owned(),
            secret: secret.to_owned(),
        };
        client(&self.wire.endpoint(), &keys)
    }

    fn hand(&self) -> &BucketHand {
        self.hand
            .as_ref()
            .expect("this test is about our own server")
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        let put = self.client.put_object().bucket(&self.bucket).key(key);
        let put = put.body(bytes.to_vec().into());
        self.runtime.block_on(put.send()).expect("a put");
    }

    fn get(&self, key: &str) -> Vec<u8> {
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        self.runtime.block_on(async {
            let got = get.send().await.expect("a get");
            got.body.collect().await.expect("a body").to_vec()
        })
    }

    /// The status and code of a call that must fail.
    #[track_caller]
    fn refused<T, E>(
        &self,
        call: impl Future<Output = Result<T, aws_sdk_s3::error::SdkError<E>>>,
    ) -> (u16, String)
    where
        T: std::fmt::Debug,
        E: aws_sdk_s3::error::ProvideErrorMetadata,
    {
        match self.runtime.block_on(call) {
            Ok(answer) => panic!("not refused: {answer:?}"),
            Err(error) => support::client::failure(&error),
        }
    }
}

/// An answer as tests write it.
fn answer(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

const MIB: usize = 1 << 20;
