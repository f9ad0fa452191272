//! What a request asks for, read from its method, path, query and headers alone.

use http::request::Parts;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use std::fmt;

/// An operation of S3, as far as tests tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// `ListObjectsV2`, or the older listing.
    List,
    /// `GetObject`.
    Get,
    /// `HeadObject`.
    Head,
    /// `PutObject`.
    Put,
    /// `DeleteObject`.
    Delete,
    /// `DeleteObjects`.
    BatchDelete,
    /// `CopyObject`.
    Copy,
    /// `CreateMultipartUpload`.
    CreateMpu,
    /// `UploadPart`.
    UploadPart,
    /// `UploadPartCopy`.
    PartCopy,
    /// `CompleteMultipartUpload`.
    CompleteMpu,
    /// `AbortMultipartUpload`.
    AbortMpu,
    /// `ListParts`.
    ListParts,
    /// `ListMultipartUploads`.
    ListMpus,
    /// `ListObjectVersions`.
    ListVersions,
    /// `RestoreObject`.
    Restore,
    /// `GetObjectAttributes`.
    Attributes,
    /// Getting or putting tags.
    Tagging,
    /// Getting a bucket's versioning.
    GetVersioning,
    /// Setting it.
    PutVersioning,
    /// `HeadBucket`.
    HeadBucket,
    /// Anything else about buckets.
    Bucket,
}

impl Op {
    /// The operation a request is.
    pub fn of(method: &Method, key: &str, query: &str, headers: &HeaderMap) -> Self {
        let asks = |name: &str| {
            query
                .split('&')
                .any(|pair| pair.split('=').next() == Some(name))
        };
        let copies = headers.contains_key("x-amz-copy-source");
        match (method, key.is_empty()) {
            (&Method::GET, true) if asks("uploads") => Self::ListMpus,
            (&Method::GET, true) if asks("versions") => Self::ListVersions,
            (&Method::GET, true) if asks("versioning") => Self::GetVersioning,
            (&Method::PUT, true) if asks("versioning") => Self::PutVersioning,
            (&Method::GET, true) if asks("location") => Self::Bucket,
            (&Method::GET, true) => Self::List,
            (&Method::POST, true) if asks("delete") => Self::BatchDelete,
            (&Method::HEAD, true) => Self::HeadBucket,
            (_, true) => Self::Bucket,
            (_, false) if asks("tagging") => Self::Tagging,
            (&Method::GET, false) if asks("attributes") => Self::Attributes,
            (&Method::GET, false) if asks("uploadId") => Self::ListParts,
            (&Method::HEAD, false) => Self::Head,
            (&Method::PUT, false) if asks("uploadId") && copies => Self::PartCopy,
            (&Method::PUT, false) if asks("uploadId") => Self::UploadPart,
            (&Method::PUT, false) if copies => Self::Copy,
            (&Method::PUT, false) => Self::Put,
            (&Method::DELETE, false) if asks("uploadId") => Self::AbortMpu,
            (&Method::DELETE, false) => Self::Delete,
            (&Method::POST, false) if asks("uploads") => Self::CreateMpu,
            (&Method::POST, false) if asks("restore") => Self::Restore,
            (&Method::POST, false) => Self::CompleteMpu,
            (_, false) => Self::Get,
        }
    }

    /// Whether it can change a bucket.
    pub fn is_write(self) -> bool {
        !matches!(
            self,
            Self::List
                | Self::Get
                | Self::Head
                | Self::ListParts
                | Self::ListMpus
                | Self::ListVersions
                | Self::Attributes
                | Self::GetVersioning
                | Self::HeadBucket
        )
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "LIST",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::BatchDelete => "BATCH_DELETE",
            Self::Copy => "COPY",
            Self::CreateMpu => "CREATE_MPU",
            Self::UploadPart => "UPLOAD_PART",
            Self::PartCopy => "PART_COPY",
            Self::CompleteMpu => "COMPLETE_MPU",
            Self::AbortMpu => "ABORT_MPU",
            Self::ListParts => "LIST_PARTS",
            Self::ListMpus => "LIST_MPUS",
            Self::ListVersions => "LIST_VERSIONS",
            Self::Restore => "RESTORE",
            Self::Attributes => "ATTRIBUTES",
            Self::Tagging => "TAGGING",
            Self::GetVersioning => "GET_VERSIONING",
            Self::PutVersioning => "PUT_VERSIONING",
            Self::HeadBucket => "HEAD_BUCKET",
            Self::Bucket => "BUCKET",
        })
    }
}

/// One request and what became of it.
#[derive(Clone)]
pub struct Exchange {
    /// Counts from 1.
    pub number: usize,
    /// The operation.
    pub op: Op,
    /// The bucket.
    pub bucket: String,
    /// The key, empty where the request is about the bucket.
    pub key: String,
    /// The query as sent.
    pub query: String,
    /// The headers as sent.
    pub headers: HeaderMap,
    /// Length of the request's body.
    pub body_bytes: u64,
    /// The status that was sent back; `None` where no answer was.
    pub status: Option<u16>,
}

impl Exchange {
    pub(super) fn of(parts: &Parts) -> Self {
        let path = parts.uri.path().trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let key = percent_decode_str(key).decode_utf8_lossy().into_owned();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        Self {
            number: 0,
            op: Op::of(&parts.method, &key, &query, &parts.headers),
            bucket: bucket.to_owned(),
            key,
            query,
            headers: parts.headers.clone(),
            body_bytes: 0,
            status: None,
        }
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The `Range` header.
    pub fn range(&self) -> Option<&str> {
        self.header("range")
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} {}", self.number, self.op, self.key)?;
        if self.op == Op::List {
            write!(f, "?{}", self.query)?;
        }
        for name in ["range", "if-match", "if-none-match", "x-amz-copy-source"] {
            if let Some(value) = self.header(name) {
                write!(f, " {name}: {value}")?;
            }
        }
        write!(f, " ({} bytes) -> ", self.body_bytes)?;
        match self.status {
            Some(status) => write!(f, "{status}"),
            None => write!(f, "no answer"),
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
