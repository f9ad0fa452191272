//! The parts of an upload: sent, copied within the bucket, counted.

use super::error::{Error, Kind, Operation};
use super::upload::{Part, Upload};
use super::write::Checksum;
use crate::key::Key;
use crate::stamp::ETag;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use std::ops::Range;

impl Upload {
    /// Sends a part. `crc64` is the CRC64NVME of `bytes`.
    ///
    /// # Errors
    /// [`Kind::NotFound`] where the upload is gone, and any other failed request.
    pub async fn part(&self, number: u32, bytes: Bytes, crc64: u64) -> Result<Part, Error> {
        self.patience()
            .retry(|| self.part_once(number, &bytes, crc64))
            .await
    }

    async fn part_once(&self, number: u32, bytes: &Bytes, crc64: u64) -> Result<Part, Error> {
        let request = self
            .remote
            .sdk()
            .upload_part()
            .bucket(&*self.remote.bucket)
            .key(&self.key)
            .upload_id(&self.id)
            .part_number(self.number(number)?);
        let request = match self.remote.checksum(bytes, crc64) {
            Checksum::Crc64(text) => request.checksum_crc64_nvme(text),
            Checksum::Md5(text) => request.content_md5(text),
        };
        let answer = request
            .body(ByteStream::from(bytes.clone()))
            .customize()
            .disable_payload_signing()
            .send()
            .await
            .map_err(|sdk| {
                self.failed(Error::of_sdk(Operation::Upload, &self.remote.bucket, &sdk))
            })?;
        self.have(number, answer.e_tag(), answer.checksum_crc64_nvme())
    }

    /// Makes a part of bytes of an object that must still have the ETag `source`.
    ///
    /// Where the server does not check that, the object is looked at afterwards, when a look can
    /// prove that it had not changed before.
    ///
    /// # Errors
    /// [`Kind::Changed`] where the object changed, [`Kind::Archived`], any other failed request.
    pub async fn part_copy(
        &self,
        number: u32,
        from: &Key,
        source: &ETag,
        range: Range<u64>,
    ) -> Result<Part, Error> {
        let from = self.remote.object_key(from);
        self.copy_part(number, &from, source, Some(range)).await
    }

    pub(super) async fn copy_part(
        &self,
        number: u32,
        from: &str,
        source: &ETag,
        range: Option<Range<u64>>,
    ) -> Result<Part, Error> {
        self.patience()
            .retry(|| self.copy_part_once(number, from, source, range.clone()))
            .await
    }

    async fn copy_part_once(
        &self,
        number: u32,
        from: &str,
        source: &ETag,
        range: Option<Range<u64>>,
    ) -> Result<Part, Error> {
        let remote = &self.remote;
        if range.as_ref().is_some_and(Range::is_empty) {
            return Err(self.bad("an empty range was asked for"));
        }
        let is_enforced = remote.capabilities.copy_source_if_match;
        let answer = remote
            .sdk()
            .upload_part_copy()
            .bucket(&*remote.bucket)
            .key(&self.key)
            .upload_id(&self.id)
            .part_number(self.number(number)?)
            .copy_source(remote.copy_source(from))
            .set_copy_source_range(
                range.map(|range| format!("bytes={}-{}", range.start, range.end - 1)),
            )
            .set_copy_source_if_match(is_enforced.then(|| remote.condition(source)))
            .customize()
            // Ceph answers 411 to a PUT that does not say that it has no body.
            .mutate_request(|request| {
                request.headers_mut().insert("content-length", "0");
            })
            .send()
            .await
            .map_err(|sdk| {
                let mut error = self.failed(Error::of_sdk(Operation::Upload, &remote.bucket, &sdk));
                if error.code() == "NoSuchKey" {
                    error.kind = Kind::Changed;
                }
                error
            })?;
        if !is_enforced {
            let head = remote.head_object(from).await?;
            if head.is_none_or(|head| head.stamp.etag != *source) {
                return Err(self.failed(Error::new(
                    Kind::Changed,
                    Operation::Upload,
                    &remote.bucket,
                )));
            }
        }
        let result = answer.copy_part_result();
        self.have(
            number,
            result.and_then(|result| result.e_tag()),
            result.and_then(|result| result.checksum_crc64_nvme()),
        )
    }

    /// Asks the server which parts it has, in order of their numbers, and how long they are.
    ///
    /// # Errors
    /// [`Kind::NotFound`] where the upload is gone, and any other failed request.
    pub async fn parts(&self) -> Result<Vec<(Part, u64)>, Error> {
        self.patience().retry(|| self.parts_once()).await
    }

    async fn parts_once(&self) -> Result<Vec<(Part, u64)>, Error> {
        let mut found = Vec::new();
        let mut pages = self
            .remote
            .sdk()
            .list_parts()
            .bucket(&*self.remote.bucket)
            .key(&self.key)
            .upload_id(&self.id)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|sdk| {
                self.failed(Error::of_sdk(Operation::Upload, &self.remote.bucket, &sdk))
            })?;
            for part in page.parts() {
                let number = part
                    .part_number()
                    .and_then(|number| u32::try_from(number).ok());
                let size = part.size().and_then(|size| u64::try_from(size).ok());
                if let (Some(number), Some(size)) = (number, size) {
                    let crc64 = part.checksum_crc64_nvme();
                    found.push((self.have(number, part.e_tag(), crc64)?, size));
                }
            }
        }
        found.sort_by_key(|(part, _)| part.number);
        Ok(found)
    }
}
