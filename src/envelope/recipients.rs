//! For whom uploads are encrypted.

use super::KeyError;
use age::{Encryptor, Recipient, ssh, tag, tagpq, x25519};
use std::io::{self, Write};

/// Files of recipients are not read beyond this.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Everyone who can open what is sealed. Never empty.
pub struct Recipients(Vec<Box<dyn Recipient + Send + Sync>>);

impl Recipients {
    /// Reads recipients, and those of a file: one a line, empty lines and `#` comments apart.
    ///
    /// # Errors
    /// [`KeyError`] where one of them is none, where there is none at all, or where they cannot be
    /// used with each other.
    pub fn load(recipients: &[String], file: Option<&str>) -> Result<Self, KeyError> {
        let mut found = Vec::new();
        for text in recipients {
            found.push(parse(text).map_err(|why| KeyError::Recipient {
                text: shown(text).to_owned(),
                why,
            })?);
        }
        if let Some(path) = file {
            let text = super::identities::read(path, MAX_FILE_BYTES)?;
            let text = String::from_utf8_lossy(&text);
            for (at, line) in text.lines().enumerate() {
                let line = line.trim();
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                found.push(parse(line).map_err(|why| KeyError::RecipientLine {
                    path: path.to_owned(),
                    line: at + 1,
                    why,
                })?);
            }
        }
        if found.is_empty() {
            return Err(KeyError::NoRecipient);
        }
        let recipients = Self(found);
        // Found out once, before anything is uploaded.
        recipients
            .encryptor()
            .map_err(|error| KeyError::Incompatible(error.to_string()))?;
        Ok(recipients)
    }

    fn encryptor(&self) -> Result<Encryptor, age::EncryptError> {
        let recipients = self.0.iter().map(|one| &**one as &dyn Recipient);
        Encryptor::with_recipients(recipients)
    }

    /// Begins an age file in `out`. What is written is lost unless it is
    /// [finished](age::stream::StreamWriter::finish).
    pub(super) fn begin<W: Write>(&self, out: W) -> io::Result<age::stream::StreamWriter<W>> {
        let encryptor = self.encryptor().map_err(io::Error::other)?;
        encryptor.wrap_output(out)
    }

    /// A whole age file.
    pub(super) fn seal(&self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = self.begin(Vec::with_capacity(plain.len() + plain.len() / 2048 + 1024))?;
        stream.write_all(plain)?;
        stream.finish()
    }
}

/// Whether a text is a recipient that can be encrypted for.
///
/// # Errors
/// The text, unless it is a secret, and what is wrong with it.
pub fn check_recipient(text: &str) -> Result<(), KeyError> {
    parse(text).map(drop).map_err(|why| KeyError::Recipient {
        text: shown(text).to_owned(),
        why,
    })
}

/// What may be shown of a text that is no recipient: of an identity, given by mistake, nothing.
fn shown(text: &str) -> &str {
    if is_identity(text) {
        "an identity"
    } else {
        text
    }
}

fn is_identity(text: &str) -> bool {
    let text = text.trim().to_ascii_uppercase();
    text.starts_with("AGE-SECRET-KEY-") || text.starts_with("AGE-PLUGIN-")
}

fn parse(text: &str) -> Result<Box<dyn Recipient + Send + Sync>, &'static str> {
    let text = text.trim();
    if text.starts_with("ssh-") {
        return match text.parse::<ssh::Recipient>() {
            Ok(recipient) => Ok(Box::new(recipient)),
            Err(ssh::ParseRecipientKeyError::RsaModulusTooSmall) => {
                Err("an RSA key must have 2048 bits or more")
            }
            Err(ssh::ParseRecipientKeyError::RsaModulusTooLarge) => {
                Err("an RSA key must have 4096 bits or fewer")
            }
            Err(_) => Err("of SSH keys, ssh-ed25519 and ssh-rsa can be used"),
        };
    }
    if let Ok(recipient) = text.parse::<x25519::Recipient>() {
        return Ok(Box::new(recipient));
    }
    if let Ok(recipient) = text.parse::<tag::Recipient>() {
        return Ok(Box::new(recipient));
    }
    if let Ok(recipient) = text.parse::<tagpq::Recipient>() {
        return Ok(Box::new(recipient));
    }
    if is_identity(text) {
        return Err("this is an identity, which must stay secret");
    }
    match text.strip_prefix("age1") {
        // A plugin's name stands between two ones; the digits of a key have none.
        Some(rest) if rest.contains('1') => Err("recipients of plugins cannot be used"),
        Some(_) => Err("it is mistyped or cut off"),
        None => Err("it begins with neither age1 nor ssh-"),
    }
}
