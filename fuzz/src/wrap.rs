//! Objects that the `open` target makes itself: always the same bytes for the same input, so that a
//! finding is found again.

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use s3_bsync::envelope::{Envelope, Identities, Passphrase, Recipients, Secrecy, recipients_of};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

/// An identity that guards nothing.
const IDENTITY: &str = "AGE-SECRET-KEY-1J4NSD5VC2JMDYM9SQUKKE6QW4QLWQM3KJ45P0G2KJGSVFYJUXUKQ8YMFN5";
/// The header of an age file for it. Ours would be another each time.
const HEADER: &[u8] = b"age-encryption.org/v1\n\
    -> X25519 GjxOTvikU0xqfc5S5AFcksJRSSX8BYn2YECW81ns/ig\n\
    2WLyTDczQ9jqcF1We0XRH3WVCFR34SjTCrmuoKtS/70\n\
    --- Veu9DWUPnZq0Jcs9wXwJYdkpZcsC3vJdPOCMdAkcVtU\n";
/// What stands after the header.
const NONCE: [u8; 16] = 0x8a8d_96b4_1bac_fc0a_c58a_d065_a832_6a9e_u128.to_be_bytes();
/// The key of the payload, that follows from both.
const PAYLOAD_KEY: [[u8; 16]; 2] = [
    0xb944_790d_a54e_7ded_c7d0_4212_6ec6_301b_u128.to_be_bytes(),
    0x90f6_d10e_266c_01b3_292b_85c6_e0b6_412d_u128.to_be_bytes(),
];
/// Bytes that age encrypts at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// The file that holds the identity, made once.
static IDENTITY_FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let name = format!("s3-bsync-fuzz-{}.key", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, format!("{IDENTITY}\n")).unwrap();
    path
});

/// What opens the objects made here.
pub static OPENER: LazyLock<Envelope> = LazyLock::new(|| {
    let path = IDENTITY_FILE.to_str().unwrap();
    let identities = Identities::of(path, Passphrase::default());
    let envelope = Envelope::new(0, Secrecy::Open, Some(identities));
    envelope.load_identities().unwrap();
    std::fs::remove_file(path).unwrap();
    envelope
});

/// For whom the program's own envelope encrypts here.
pub static SECRECY: LazyLock<Secrecy> = LazyLock::new(|| {
    let own = IDENTITY_FILE.with_extension("own");
    std::fs::write(&own, format!("{IDENTITY}\n")).unwrap();
    let recipients = Recipients::load(&recipients_of(&own).unwrap(), None).unwrap();
    std::fs::remove_file(own).unwrap();
    Secrecy::For(Arc::new(recipients))
});

/// The bytes as gzip at this level by the program's own envelope; as they are where that does not
/// make them smaller.
pub fn gzip(level: u8, plain: &[u8]) -> Option<Vec<u8>> {
    let envelope = Envelope::new(level, Secrecy::Open, None);
    envelope.wrap(plain).unwrap().bytes
}

/// The bytes as an age file.
pub fn age(plain: &[u8]) -> Vec<u8> {
    let cipher = ChaCha20Poly1305::new(PAYLOAD_KEY.as_flattened().into());
    let mut file = [HEADER, &NONCE].concat();
    let empty: &[u8] = &[];
    let mut chunks: Vec<_> = plain.chunks(CHUNK_BYTES).collect();
    if chunks.is_empty() {
        chunks.push(empty);
    }
    for (at, chunk) in chunks.iter().enumerate() {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&(at as u64).to_be_bytes());
        nonce[11] = u8::from(at + 1 == chunks.len());
        file.extend(cipher.encrypt(&nonce.into(), *chunk).unwrap());
    }
    file
}
