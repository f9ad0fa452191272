//! The envelope's laws, on bytes in memory.

use super::*;
use bytes::Bytes;
use std::io::Write as _;

fn identity() -> age::x25519::Identity {
    age::x25519::Identity::generate()
}

fn scratch(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// An envelope that seals and opens, and the identity file it opens with.
fn envelope(level: u8) -> (Envelope, tempfile::NamedTempFile) {
    use age::secrecy::ExposeSecret;
    let key = identity();
    let file = scratch(key.to_string().expose_secret());
    let recipients = Recipients::load(&[key.to_public().to_string()], None).unwrap();
    let path = file.path().to_str().unwrap();
    let identities = Identities::of(path, Passphrase::default());
    (
        Envelope::new(level, Secrecy::For(Arc::new(recipients)), Some(identities)),
        file,
    )
}

fn opened(
    envelope: &Envelope,
    encoding: Encoding,
    bytes: &[u8],
    recorded: Option<u64>,
) -> Result<Vec<u8>, OpenError> {
    let mut plain = Vec::new();
    envelope.open::<OpenError>(encoding, bytes, recorded, &mut |piece| {
        plain.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(plain)
}

fn text(length: usize) -> Vec<u8> {
    (0..)
        .flat_map(|n: u32| format!("line {n} of some text\n").into_bytes())
        .take(length)
        .collect()
}

fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}

fn in_pieces(wrapping: &Wrapping, plain: &[u8], length: usize) -> Vec<u8> {
    let mut sealer = wrapping.begin(Vec::new()).unwrap();
    let mut before = Bytes::new();
    let pieces: Vec<_> = plain.chunks(length).map(Bytes::copy_from_slice).collect();
    let last = pieces.len() - 1;
    for (at, piece) in pieces.into_iter().enumerate() {
        let place = if at == last {
            Place::Last
        } else {
            Place::Within
        };
        let pressed = wrapping.press(piece.clone(), &before, place).unwrap();
        sealer.put(&pressed).unwrap();
        before = piece;
    }
    sealer.finish().unwrap()
}

#[test]
fn what_is_wrapped_is_opened_again() {
    for level in [0, 1, 6, 9, 10] {
        for plain in [text(0), text(1), text(100_000), noise(70_000)] {
            for (envelope, _file) in [(Envelope::new(level, Secrecy::Open, None), None), {
                let (envelope, file) = envelope(level);
                (envelope, Some(file))
            }] {
                let wrapped = envelope.wrap(&plain).unwrap();
                let encoding = wrapped.wrapping.encoding();
                let bytes = wrapped.bytes.unwrap_or_else(|| plain.clone());
                let size = plain.len() as u64;
                assert!(bytes.len() as u64 <= wrapped.wrapping.bound_bytes(size));
                let found = opened(&envelope, encoding, &bytes, Some(size)).unwrap();
                assert_eq!(found, plain, "level {level}, {encoding}");
            }
        }
    }
}

#[test]
fn pieces_give_the_stream_of_the_whole() {
    let plain = [text(300_000), noise(100_000), text(50_001)].concat();
    for level in [0, 1, 6, 9, 10] {
        let (envelope, _file) = envelope(level);
        let wrapping = envelope.wrapping(&[&plain]).unwrap();
        for length in [1000, 65_536, 100_000, plain.len()] {
            if level == 10 && length < 65_536 {
                continue;
            }
            let bytes = in_pieces(&wrapping, &plain, length);
            assert!(bytes.len() as u64 <= wrapping.bound_bytes(plain.len() as u64));
            let size = Some(plain.len() as u64);
            let found = opened(&envelope, wrapping.encoding(), &bytes, size).unwrap();
            assert!(found == plain, "level {level}, pieces of {length}");
        }
    }
}

#[test]
fn levels_1_to_9_give_one_member_and_the_same_bytes_each_time() {
    let plain = text(500_000);
    for level in 1..=9 {
        let wrapping = Envelope::new(level, Secrecy::Open, None)
            .wrapping(&[&plain])
            .unwrap();
        let bytes = in_pieces(&wrapping, &plain, 100_000);
        let mut one = Vec::new();
        let mut decoder = flate2::bufread::GzDecoder::new(&bytes[..]);
        std::io::Read::read_to_end(&mut decoder, &mut one).unwrap();
        assert!(one == plain, "level {level}");
        assert_eq!(bytes[3..8], [0; 5], "neither name nor time");
        assert!(bytes == in_pieces(&wrapping, &plain, 100_000));
        let whole = gzip::whole(level, &plain).unwrap();
        assert!(
            bytes.len() < whole.len() + whole.len() / 16,
            "level {level}"
        );
    }
}

#[test]
fn what_does_not_shrink_is_not_compressed() {
    let envelope = Envelope::new(6, Secrecy::Open, None);
    let noise = noise(200_000);
    assert!(envelope.wrap(&noise).unwrap().bytes.is_none());
    assert_eq!(
        envelope.wrapping(&[&noise[..65_536]]).unwrap().encoding(),
        Encoding::Plain
    );
    let (envelope, _file) = super::tests::envelope(6);
    assert_eq!(
        envelope.wrap(&noise).unwrap().wrapping.encoding(),
        Encoding::Age
    );
}

#[test]
fn nothing_leaves_an_envelope_with_recipients_unencrypted() {
    for level in [0, 1, 9, 10] {
        let (envelope, _file) = envelope(level);
        assert!(envelope.demands_encryption());
        for plain in [text(0), text(10), text(9000), noise(9000)] {
            let wrapped = envelope.wrap(&plain).unwrap();
            assert!(matches!(
                wrapped.wrapping.encoding(),
                Encoding::Age | Encoding::GzipAge
            ));
            let bytes = wrapped.bytes.expect("never the file's own");
            assert!(bytes.starts_with(b"age-encryption.org/v1\n"));
            for samples in [vec![], vec![&plain[..]]] {
                let wrapping = envelope.wrapping(&samples).unwrap();
                let bytes = wrapping.begin(Vec::new()).unwrap().finish().unwrap();
                assert!(bytes.starts_with(b"age-encryption.org/v1\n"));
            }
        }
    }
}

#[test]
fn without_recipients_an_envelope_that_encrypts_takes_nothing() {
    let envelope = Envelope::new(0, Secrecy::Unknown, None);
    assert!(envelope.demands_encryption());
    assert!(envelope.wrap(b"text").is_err());
    assert!(envelope.wrapping(&[]).is_err());
}

#[test]
fn any_flipped_bit_and_any_cut_is_found() {
    let plain = text(5000);
    let (sealed, _file) = envelope(6);
    for (envelope, encoding) in [
        (Envelope::new(6, Secrecy::Open, None), Encoding::Gzip),
        (sealed, Encoding::GzipAge),
    ] {
        let bytes = envelope.wrap(&plain).unwrap().bytes.unwrap();
        let size = Some(plain.len() as u64);
        for length in 0..bytes.len() {
            opened(&envelope, encoding, &bytes[..length], size).unwrap_err();
        }
        for at in 0..bytes.len() {
            // gzip's own flags, time and system say nothing of the bytes.
            if encoding == Encoding::Gzip && (3..10).contains(&at) {
                continue;
            }
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            if let Ok(found) = opened(&envelope, encoding, &bytes, size) {
                assert_eq!(found, plain, "bit flipped at {at}");
            }
        }
        let longer = [&bytes[..], b"x"].concat();
        opened(&envelope, encoding, &longer, size).unwrap_err();
    }
}

#[test]
fn no_more_comes_out_than_was_recorded() {
    let envelope = Envelope::new(9, Secrecy::Open, None);
    let bomb = gzip::whole(9, &vec![0; 50_000_000]).unwrap();
    let mut handed = 0;
    let result = envelope.open::<OpenError>(Encoding::Gzip, &bomb[..], Some(1000), &mut |piece| {
        handed += piece.len();
        Ok(())
    });
    assert!(matches!(result, Err(OpenError::TooLong { recorded: 1000 })));
    assert!(handed <= 1000);
    assert!(matches!(
        opened(&envelope, Encoding::Gzip, &bomb, None),
        Err(OpenError::SizeUnknown)
    ));
    assert!(matches!(
        opened(&envelope, Encoding::Gzip, &bomb, Some(60_000_000)),
        Err(OpenError::TooShort {
            found: 50_000_000,
            ..
        })
    ));
}

#[test]
fn members_in_a_row_are_read_to_the_last() {
    let envelope = Envelope::new(6, Secrecy::Open, None);
    let bytes = [
        gzip::whole(1, b"one ").unwrap(),
        gzip::whole(10, b"two ").unwrap(),
        gzip::whole(6, b"").unwrap(),
        gzip::whole(9, b"three").unwrap(),
    ]
    .concat();
    let found = opened(&envelope, Encoding::Gzip, &bytes, Some(13)).unwrap();
    assert_eq!(found, b"one two three");
}

#[test]
fn the_wrong_identity_opens_nothing() {
    let (ours, _ours) = envelope(0);
    let (theirs, _theirs) = envelope(0);
    let bytes = theirs.wrap(b"secret").unwrap().bytes.unwrap();
    let found = opened(&ours, Encoding::Age, &bytes, Some(6));
    assert!(matches!(found, Err(OpenError::NotForUs)), "{found:?}");
    let found = opened(&Envelope::default(), Encoding::Age, &bytes, Some(6));
    assert!(matches!(found, Err(OpenError::NotForUs)), "{found:?}");
    let found = opened(&ours, Encoding::Age, b"plain text", Some(6));
    assert!(matches!(found, Err(OpenError::NotAge)), "{found:?}");
}

#[test]
fn a_header_without_end_is_not_read_for_ever() {
    let (envelope, _file) = envelope(0);
    let lines = std::iter::repeat_n(&b"-> X25519 abc\nabc\n"[..], 100_000);
    let many = [
        b"age-encryption.org/v1\n".to_vec(),
        lines.flatten().copied().collect(),
    ]
    .concat();
    let long = [
        b"age-encryption.org/v1\n-> ".to_vec(),
        vec![b'a'; 10_000_000],
    ]
    .concat();
    for bytes in [many, long] {
        let found = opened(&envelope, Encoding::Age, &bytes, None);
        assert!(matches!(found, Err(OpenError::Damaged(_))), "{found:?}");
    }
}

#[test]
fn recipients_are_told_from_what_is_none() {
    let good = identity().to_public().to_string();
    check_recipient(&good).unwrap();
    check_recipient(&format!(" {good} ")).unwrap();
    check_recipient(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN alice",
    )
    .unwrap();
    for (text, why) in [
        ("", "neither"),
        ("bob", "neither"),
        ("age1", "mistyped"),
        (&good[..60], "mistyped"),
        (
            "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
            "plugins",
        ),
        ("AGE-SECRET-KEY-1QQQ", "secret"),
        ("ssh-dss AAAA", "ssh-ed25519"),
        ("ssh-ed25519 AAAA", "ssh-ed25519"),
    ] {
        let said = check_recipient(text).unwrap_err().to_string();
        assert!(said.contains(why), "{text}: {said}");
    }
}

#[test]
fn a_recipients_file_has_lines_and_comments() {
    let (one, two) = (identity(), identity());
    let text = format!("# me\n{}\n\n  {} \n", one.to_public(), two.to_public());
    let file = scratch(&text);
    let path = file.path().to_str().unwrap();
    let recipients = Recipients::load(&[], Some(path)).unwrap();
    let bytes = recipients.seal(b"for both").unwrap();
    for key in [one, two] {
        use age::secrecy::ExposeSecret;
        let own = scratch(&format!("# mine\n{}\n", key.to_string().expose_secret()));
        let own_path = own.path().to_str().unwrap();
        let envelope = Envelope::new(
            0,
            Secrecy::Open,
            Some(Identities::of(own_path, Passphrase::default())),
        );
        let found = opened(&envelope, Encoding::Age, &bytes, Some(8)).unwrap();
        assert_eq!(found, b"for both");
        let told = recipients_of(own.path()).unwrap();
        assert_eq!(told, [key.to_public().to_string()]);
    }
    let bad = scratch("# me\nage1nobody\n");
    let bad = bad.path().to_str().unwrap();
    assert!(matches!(
        Recipients::load(&[], Some(bad)),
        Err(KeyError::RecipientLine { line: 2, .. })
    ));
    assert!(matches!(
        Recipients::load(&[], None),
        Err(KeyError::NoRecipient)
    ));
    assert!(matches!(
        Recipients::load(&[], Some("/nowhere/at/all")),
        Err(KeyError::Unreadable { .. })
    ));
}

#[test]
fn a_passphrase_comes_from_a_command() {
    use age::secrecy::ExposeSecret;
    let key = identity();
    let recipients = Recipients::load(&[key.to_public().to_string()], None).unwrap();
    let bytes = recipients.seal(b"deep").unwrap();
    let mut lock = age::scrypt::Recipient::new("open sesame".to_owned().into());
    lock.set_work_factor(2);
    let file = tempfile::NamedTempFile::new().unwrap();
    let lock = age::Encryptor::with_recipients(std::iter::once(&lock as _)).unwrap();
    let mut stream = lock.wrap_output(file.as_file()).unwrap();
    let secret = key.to_string();
    stream.write_all(secret.expose_secret().as_bytes()).unwrap();
    stream.finish().unwrap();
    let path = file.path().to_str().unwrap();
    let with = |command: &str| {
        let identities = Identities::of(path, Passphrase::Command(command.to_owned()));
        opened(
            &Envelope::new(0, Secrecy::Open, Some(identities)),
            Encoding::Age,
            &bytes,
            Some(4),
        )
    };
    assert_eq!(with("echo open sesame; echo more").unwrap(), b"deep");
    let found = with("echo closed");
    let is_wrong = matches!(found, Err(OpenError::Key(KeyError::WrongPassphrase { .. })));
    assert!(is_wrong, "{found:?}");
    for command in ["false", "true", "printf '\\377'"] {
        let found = with(command);
        let is_none = matches!(found, Err(OpenError::Key(KeyError::NoPassphrase { .. })));
        assert!(is_none, "{command}: {found:?}");
    }
}

#[test]
fn an_identity_file_is_told_from_what_is_none() {
    for text in [
        "",
        "# nothing\n",
        "hello\n",
        "-----BEGIN CERTIFICATE-----\nAA\n",
    ] {
        let file = scratch(text);
        let identities = Identities::of(file.path().to_str().unwrap(), Passphrase::default());
        let found = identities.load();
        assert!(
            matches!(found, Err(KeyError::NoIdentity { .. })),
            "{text}: {found:?}"
        );
    }
}
