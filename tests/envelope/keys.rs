//! Key pairs, and objects opened by hand.

use crate::support::world::Object;
use age::secrecy::ExposeSecret;
use std::fs;
use std::io::Read;
use std::path::Path;

/// A key pair: the identity in a file, as age-keygen writes it, and its recipient.
pub(crate) struct Pair {
    /// The identity file.
    pub(crate) file: String,
    /// The recipient.
    pub(crate) recipient: String,
    identity: age::x25519::Identity,
}

impl Pair {
    /// A fresh pair, its identity in this folder under this name.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let identity = age::x25519::Identity::generate();
        let recipient = identity.to_public().to_string();
        let path = folder.join(name);
        let text = format!(
            "# public key: {recipient}\n{}\n",
            identity.to_string().expose_secret()
        );
        fs::write(&path, text).expect("a key file can be written");
        Self {
            file: path.to_str().expect("temporary paths are UTF-8").to_owned(),
            recipient,
            identity,
        }
    }

    /// Map settings that encrypt for this pair and open with it.
    pub(crate) fn flags(&self) -> [&str; 4] {
        [
            "--age-recipient",
            &self.recipient,
            "--age-identity",
            &self.file,
        ]
    }

    /// Encrypts for this pair.
    pub(crate) fn seal(&self, plain: &[u8]) -> Vec<u8> {
        age::encrypt(&self.identity.to_public(), plain).expect("it can be encrypted")
    }

    /// Decrypts what was encrypted for this pair.
    #[track_caller]
    pub(crate) fn open(&self, sealed: &[u8]) -> Vec<u8> {
        age::decrypt(&self.identity, sealed).expect("it can be decrypted")
    }

    /// The file that an object holds, as its metadata says.
    #[track_caller]
    pub(crate) fn unwrap(&self, object: &Object) -> Vec<u8> {
        let chain = object.meta.get("s3bsync-encoding").map(String::as_str);
        let plain = match chain {
            None => object.bytes.clone(),
            Some("gzip") => gunzip(&object.bytes),
            Some("age") => self.open(&object.bytes),
            Some("gzip+age") => gunzip(&self.open(&object.bytes)),
            Some(other) => panic!("an unknown chain {other}"),
        };
        if chain.is_some() {
            let size = plain.len().to_string();
            assert_eq!(object.meta.get("s3bsync-size"), Some(&size));
        }
        plain
    }
}

/// What is in one gzip member.
#[track_caller]
pub(crate) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut decoder = flate2::bufread::MultiGzDecoder::new(bytes);
    decoder.read_to_end(&mut plain).expect("it is gzip");
    plain
}

/// One gzip member.
pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(plain).expect("memory can be written to");
    encoder.finish().expect("memory can be written to")
}
