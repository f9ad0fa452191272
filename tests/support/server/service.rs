//! The protocol's operations, each handed to the module that knows it.

use super::store::{Rights, Store};
use super::{buckets, copies, deletes, lists, objects, uploads};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use std::sync::Arc;

type Answer<T> = S3Result<S3Response<T>>;

/// The store as the protocol sees it.
#[derive(Clone)]
pub(super) struct Service(pub(super) Arc<Store>);

#[async_trait::async_trait]
impl S3Auth for Service {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let key = self.0.key(access_key).ok_or_else(|| {
            s3_error!(
                InvalidAccessKeyId,
                "The AWS Access Key Id you provided does not exist in our records."
            )
        })?;
        Ok(SecretKey::from(key.secret))
    }
}

#[async_trait::async_trait]
impl S3Access for Service {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let rights = cx
            .credentials()
            .and_then(|credentials| self.0.key(&credentials.access_key))
            .map_or(Rights::Denied, |key| key.rights);
        let is_read = ["Get", "Head", "List"]
            .iter()
            .any(|verb| cx.s3_op().name().starts_with(verb));
        match rights {
            Rights::Full => Ok(()),
            Rights::ReadOnly if is_read => Ok(()),
            Rights::ReadOnly | Rights::Denied => Err(s3_error!(AccessDenied, "Access Denied")),
        }
    }
}

#[async_trait::async_trait]
impl S3 for Service {
    async fn create_bucket(&self, req: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        buckets::create(&self.0, &req.input)
    }

    async fn delete_bucket(&self, req: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
        buckets::delete(&self.0, &req.input.bucket)
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
        Ok(buckets::list(&self.0))
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        buckets::head(&self.0, &req.input.bucket)
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> Answer<GetBucketLocationOutput> {
        buckets::location(&self.0, &req.input.bucket)
    }

    async fn get_bucket_versioning(
        &self,
        req: S3Request<GetBucketVersioningInput>,
    ) -> Answer<GetBucketVersioningOutput> {
        buckets::versioning(&self.0, &req.input.bucket)
    }

    async fn put_bucket_versioning(
        &self,
        req: S3Request<PutBucketVersioningInput>,
    ) -> Answer<PutBucketVersioningOutput> {
        buckets::set_versioning(&self.0, &req.input)
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        objects::put(&self.0, req).await
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        objects::get(&self.0, &req.input)
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        objects::head(&self.0, &req.input)
    }

    async fn get_object_attributes(
        &self,
        req: S3Request<GetObjectAttributesInput>,
    ) -> Answer<GetObjectAttributesOutput> {
        objects::attributes(&self.0, &req.input)
    }

    async fn get_object_tagging(
        &self,
        req: S3Request<GetObjectTaggingInput>,
    ) -> Answer<GetObjectTaggingOutput> {
        objects::tags(&self.0, &req.input)
    }

    async fn put_object_tagging(
        &self,
        req: S3Request<PutObjectTaggingInput>,
    ) -> Answer<PutObjectTaggingOutput> {
        objects::set_tags(&self.0, req.input)
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        deletes::one(&self.0, req)
    }

    async fn delete_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> Answer<DeleteObjectsOutput> {
        deletes::batch(&self.0, req.input)
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        copies::object(&self.0, req)
    }

    async fn upload_part_copy(
        &self,
        req: S3Request<UploadPartCopyInput>,
    ) -> Answer<UploadPartCopyOutput> {
        copies::part(&self.0, &req.input)
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        uploads::create(&self.0, req)
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        uploads::part(&self.0, req).await
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
        uploads::parts(&self.0, &req.input)
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        uploads::abort(&self.0, &req.input)
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        uploads::complete(&self.0, req)
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> Answer<ListObjectsV2Output> {
        lists::objects(&self.0, req.input)
    }

    async fn list_object_versions(
        &self,
        req: S3Request<ListObjectVersionsInput>,
    ) -> Answer<ListObjectVersionsOutput> {
        lists::versions(&self.0, req.input)
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        lists::uploads(&self.0, req.input)
    }

    async fn restore_object(
        &self,
        req: S3Request<RestoreObjectInput>,
    ) -> Answer<RestoreObjectOutput> {
        buckets::restore(&self.0, &req.input)
    }
}
