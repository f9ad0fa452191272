//! The secret keys that open what was sealed.

use super::{KeyError, OpenError, Passphrase};
use age::armor::ArmoredReader;
use age::{Decryptor, Identity, IdentityFile, scrypt, ssh};
use std::fs::File;
use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::OnceLock;

/// Files of identities are not read beyond this.
const MAX_FILE_BYTES: u64 = 16 << 20;
/// scrypt's work factor, as a power of two, up to which a passphrase is tried: about a minute.
const MAX_WORK: u8 = 22;

type Loaded = Vec<Box<dyn Identity + Send + Sync>>;

/// The identities of a file, read when the first object must be opened, so that a run with nothing
/// to open neither reads the file nor asks for its passphrase.
pub struct Identities {
    path: String,
    passphrase: Passphrase,
    loaded: OnceLock<Result<Loaded, KeyError>>,
}

impl Identities {
    /// The identities of `path`: age's own, one a line, or an SSH key; with or without a passphrase.
    #[must_use]
    pub fn of(path: &str, passphrase: Passphrase) -> Self {
        Self {
            path: path.to_owned(),
            passphrase,
            loaded: OnceLock::new(),
        }
    }

    /// Reads the file, if that was not done. May ask for a passphrase, so it may block for long.
    ///
    /// # Errors
    /// [`KeyError`], the same each time.
    pub fn load(&self) -> Result<(), KeyError> {
        self.loaded().map(drop)
    }

    fn loaded(&self) -> Result<&Loaded, KeyError> {
        self.loaded
            .get_or_init(|| load(&self.path, &self.passphrase))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// Opens the payload of an age file.
    pub(super) fn decrypt<R: BufRead>(
        &self,
        source: R,
    ) -> Result<age::stream::StreamReader<R>, OpenError> {
        let loaded = self.loaded()?;
        let decryptor = Decryptor::new_buffered(source).map_err(|error| of_age(&error))?;
        let identities = loaded.iter().map(|one| &**one as &dyn Identity);
        decryptor
            .decrypt(identities)
            .map_err(|error| of_age(&error))
    }
}

fn of_age(error: &age::DecryptError) -> OpenError {
    match error {
        age::DecryptError::NoMatchingKeys => OpenError::NotForUs,
        age::DecryptError::UnknownFormat => OpenError::NotAge,
        age::DecryptError::Io(error) => OpenError::of_read(error, "its age header cannot be read"),
        _ => OpenError::Damaged("its age header does not hold"),
    }
}

/// A file's bytes, which must not be more than `limit`.
pub(super) fn read(path: &str, limit: u64) -> Result<Vec<u8>, KeyError> {
    let unreadable = |source| KeyError::unreadable(path, source);
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(limit)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

fn load(path: &str, passphrase: &Passphrase) -> Result<Loaded, KeyError> {
    let bytes = read(path, MAX_FILE_BYTES)?;
    match Kind::of(&bytes) {
        Kind::Sealed => native(path, &unseal(path, &bytes, passphrase)?),
        Kind::Native => native(path, &bytes),
        Kind::Ssh => {
            let key = match ssh_key(path, &bytes)? {
                ssh::Identity::Encrypted(key) => {
                    let typed = ask(path, passphrase)?;
                    let wrong = |_| KeyError::WrongPassphrase {
                        path: path.to_owned(),
                    };
                    ssh::Identity::Unencrypted(key.decrypt(typed).map_err(wrong)?)
                }
                key => key,
            };
            Ok(vec![Box::new(key)])
        }
    }
}

/// What an identity file is.
enum Kind {
    /// Lines of age's own identities.
    Native,
    /// The same, as an age file with a passphrase.
    Sealed,
    /// A private key of OpenSSH.
    Ssh,
}

impl Kind {
    fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"age-encryption.org/")
            || bytes.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
        {
            Self::Sealed
        } else if bytes.starts_with(b"-----BEGIN ") {
            Self::Ssh
        } else {
            Self::Native
        }
    }
}

fn native_file(path: &str, bytes: &[u8]) -> Result<IdentityFile<age::NoCallbacks>, KeyError> {
    IdentityFile::from_buffer(bytes).map_err(|_| KeyError::NoIdentity {
        path: path.to_owned(),
        why: "a line of it is neither an identity nor a comment",
    })
}

fn native(path: &str, bytes: &[u8]) -> Result<Loaded, KeyError> {
    let none = |why| KeyError::NoIdentity {
        path: path.to_owned(),
        why,
    };
    let identities = native_file(path, bytes)?
        .into_identities()
        .map_err(|_| none("it cannot be used"))?;
    if identities.is_empty() {
        return Err(none("it is empty"));
    }
    Ok(identities)
}

fn ssh_key(path: &str, bytes: &[u8]) -> Result<ssh::Identity, KeyError> {
    let none = |why| KeyError::NoIdentity {
        path: path.to_owned(),
        why,
    };
    match ssh::Identity::from_buffer(bytes, None) {
        Ok(ssh::Identity::Unsupported(_)) => {
            Err(none("of SSH keys, ssh-ed25519 and ssh-rsa can be used"))
        }
        Ok(key) => Ok(key),
        Err(_) => Err(none("it is no SSH private key either")),
    }
}

fn ask(path: &str, passphrase: &Passphrase) -> Result<age::secrecy::SecretString, KeyError> {
    passphrase.ask(path).map_err(|why| KeyError::NoPassphrase {
        path: path.to_owned(),
        why,
    })
}

/// The identities within an age file that has a passphrase.
fn unseal(path: &str, bytes: &[u8], passphrase: &Passphrase) -> Result<Vec<u8>, KeyError> {
    let broken = || KeyError::NoIdentity {
        path: path.to_owned(),
        why: "it is a damaged age file",
    };
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(bytes)).map_err(|_| broken())?;
    if !decryptor.is_scrypt() {
        return Err(KeyError::NoIdentity {
            path: path.to_owned(),
            why: "it is an age file without a passphrase",
        });
    }
    let mut identity = scrypt::Identity::new(ask(path, passphrase)?);
    identity.set_max_work_factor(MAX_WORK);
    let mut plain = Vec::new();
    match decryptor.decrypt(std::iter::once(&identity as &dyn Identity)) {
        Ok(stream) => {
            stream
                .take(MAX_FILE_BYTES)
                .read_to_end(&mut plain)
                .map_err(|_| broken())?;
            Ok(plain)
        }
        Err(age::DecryptError::ExcessiveWork { .. }) => Err(KeyError::NoIdentity {
            path: path.to_owned(),
            why: "its passphrase takes too long to try",
        }),
        Err(age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed) => {
            Err(KeyError::WrongPassphrase {
                path: path.to_owned(),
            })
        }
        Err(_) => Err(broken()),
    }
}

/// The recipients of a file of identities, as texts.
///
/// # Errors
/// [`KeyError`]; a file with a passphrase does not tell its recipients, since none is asked for here.
pub fn recipients_of(path: &Path) -> Result<Vec<String>, KeyError> {
    let path = &path.to_string_lossy();
    let none = |why| KeyError::NoIdentity {
        path: path.to_string(),
        why,
    };
    let bytes = read(path, MAX_FILE_BYTES)?;
    match Kind::of(&bytes) {
        Kind::Sealed => Err(KeyError::NoPassphrase {
            path: path.to_string(),
            why: "none is asked for to find its recipient".to_owned(),
        }),
        Kind::Native => {
            let mut text = Vec::new();
            native_file(path, &bytes)?
                .write_recipients_file(&mut text)
                .map_err(|_| none("it is empty"))?;
            let text = String::from_utf8_lossy(&text);
            Ok(text.lines().map(str::to_owned).collect())
        }
        Kind::Ssh => {
            let recipient = ssh::Recipient::try_from(ssh_key(path, &bytes)?);
            let recipient = recipient.map_err(|_| none("its public key cannot be used"))?;
            Ok(vec![recipient.to_string()])
        }
    }
}
