//! How honest the server is about conditions: S3 itself, or one of its lesser look-alikes.

use super::model::Conditions;
use s3s::{S3Result, s3_error};

/// What the server does with the conditions of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// What S3 does.
    Honour,
    /// Carries the operation out and says 200, as if they had not been sent.
    Ignore,
    /// 501 to any request that has one.
    Refuse,
    /// Says 412 where they do not hold, and writes all the same.
    Lie,
}

/// What the server does with every kind of condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// `PutObject`.
    pub put: Answer,
    /// `CompleteMultipartUpload`.
    pub complete: Answer,
    /// `CopyObject`, its destination.
    pub copy: Answer,
    /// `CopyObject` and `UploadPartCopy`, their source.
    pub copy_source: Answer,
    /// `DeleteObject`.
    pub delete: Answer,
    /// `DeleteObjects`.
    pub batch_delete: Answer,
    /// Whether claimed checksums are verified.
    pub sums: Answer,
    /// Whether an ETag in quotes is taken for another than the same one without.
    pub quotes: Quotes,
}

/// How `If-Match` has to spell an ETag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    /// With or without quotes.
    Either,
    /// Without quotes only, as Ceph 16 wants it.
    Bare,
}

impl Profile {
    /// Amazon S3.
    pub const HONEST: Self = Self::all(Answer::Honour);
    /// Garage: 200 to everything.
    pub const IGNORES_ALL: Self = Self {
        sums: Answer::Honour,
        ..Self::all(Answer::Ignore)
    };
    /// A common half-way house: writes are conditional, deletes and copies are not.
    pub const IGNORES_DELETE_AND_COPY: Self = Self {
        copy: Answer::Ignore,
        copy_source: Answer::Ignore,
        delete: Answer::Ignore,
        batch_delete: Answer::Ignore,
        ..Self::HONEST
    };
    /// `LocalStack`: a copy's 412 is a lie, DELETE with a condition is not implemented.
    pub const LOCALSTACK: Self = Self {
        copy: Answer::Lie,
        delete: Answer::Refuse,
        batch_delete: Answer::Ignore,
        ..Self::HONEST
    };
    /// Ceph RGW 16: only PUT is conditional, with bare ETags, and no checksum is looked at.
    pub const CEPH: Self = Self {
        put: Answer::Honour,
        sums: Answer::Ignore,
        quotes: Quotes::Bare,
        ..Self::all(Answer::Ignore)
    };

    const fn all(answer: Answer) -> Self {
        Self {
            put: answer,
            complete: answer,
            copy: answer,
            copy_source: answer,
            delete: answer,
            batch_delete: answer,
            sums: answer,
            quotes: Quotes::Either,
        }
    }
}

impl Answer {
    /// The conditions that are left to check before the write, under this answer.
    pub fn before_write(self, conditions: &Conditions) -> S3Result<Conditions> {
        match self {
            Self::Honour => Ok(conditions.clone()),
            Self::Ignore | Self::Lie => Ok(Conditions::default()),
            Self::Refuse if conditions.if_match.is_none() && conditions.if_none_match.is_none() => {
                Ok(Conditions::default())
            }
            Self::Refuse => Err(s3_error!(
                NotImplemented,
                "A header you provided implies functionality that is not implemented"
            )),
        }
    }
}
