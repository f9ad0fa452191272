//! Pages in a real browser, without a window.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tempfile::TempDir;

/// A browser with a profile of its own.
pub(crate) struct Browser {
    program: &'static str,
    profile: TempDir,
}

impl Browser {
    /// The browser, where there is one.
    pub(crate) fn find() -> Option<Self> {
        let found = ["chromium", "chromium-browser", "google-chrome"].into_iter();
        let program = found.into_iter().find(|program| {
            let mut command = Command::new(program);
            let ended = command.arg("--version").stdin(Stdio::null()).output();
            ended.is_ok_and(|ended| ended.status.success())
        });
        if program.is_none() {
            let why = "chromium is missing (Debian package chromium)";
            assert!(std::env::var_os("CI").is_none(), "{why}");
            eprintln!("left out: {why}");
        }
        Some(Self {
            program: program?,
            profile: tempfile::tempdir().unwrap(),
        })
    }

    /// The same browser, with scripts turned off.
    pub(crate) fn without_scripts(&self) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let settings = profile.path().join("Default");
        fs::create_dir(&settings).unwrap();
        let off = r#"{"profile":{"default_content_setting_values":{"javascript":2}}}"#;
        fs::write(settings.join("Preferences"), off).unwrap();
        Self {
            program: self.program,
            profile,
        }
    }

    fn run(&self, page: &Path, flags: &[&str]) -> String {
        let ended = Command::new(self.program)
            .args([
                "--headless=new",
                "--no-sandbox", // the tests may run as root, and the page is our own
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--no-first-run",
            ])
            .arg(format!("--user-data-dir={}", self.profile.path().display()))
            .args(flags)
            .arg(format!("file://{}", page.display()))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{said}");
        String::from_utf8(ended.stdout).unwrap()
    }

    /// The page as the browser understood it.
    pub(crate) fn dom(&self, page: &Path) -> String {
        self.run(page, &["--dump-dom"])
    }

    /// How the page looks, as the bytes of its pixels: with these flags and this wide.
    pub(crate) fn pixels(&self, page: &Path, width: u32, flags: &[&str]) -> Vec<u8> {
        let png = self.profile.path().join("shot.png");
        let shot = format!("--screenshot={}", png.display());
        let window = format!("--window-size={width},1200");
        let mut all = vec![&shot[..], &window[..]];
        all.extend(flags);
        self.run(page, &all);
        let bytes = fs::read(&png).unwrap();
        fs::remove_file(&png).unwrap();
        inflated(&bytes)
    }
}

/// The rows of a PNG file, each behind a byte that says how it is told by the one before.
fn inflated(png: &[u8]) -> Vec<u8> {
    let mut chunks = &png[8..];
    let mut packed = Vec::new();
    while let Some((head, rest)) = chunks.split_at_checked(8) {
        let length = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
        if &head[4..] == b"IDAT" {
            packed.extend_from_slice(&rest[..length]);
        }
        chunks = &rest[length + 4..];
    }
    let mut rows = Vec::new();
    flate2::read::ZlibDecoder::new(&packed[..])
        .read_to_end(&mut rows)
        .unwrap();
    rows
}

/// How many values of bytes there are.
pub(crate) fn variety(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    for byte in bytes {
        seen[usize::from(*byte)] = true;
    }
    seen.into_iter().filter(|seen| *seen).count()
}

/// Counts who comes to an address.
pub(crate) struct Door {
    pub(crate) address: String,
    came: Arc<AtomicUsize>,
}

impl Door {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let came = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&came);
        thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
        Self { address, came }
    }

    pub(crate) fn came(&self) -> usize {
        self.came.load(Ordering::SeqCst)
    }
}

/// A page with something added behind its header, in a file of its own.
pub(crate) fn tampered(page: &str, folder: &Path, with: &str) -> PathBuf {
    let path = folder.join("tampered.html");
    let text = page.replacen("</header>", &format!("</header>{with}"), 1);
    assert_ne!(text, page);
    fs::write(&path, text).unwrap();
    path
}
