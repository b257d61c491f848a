//! Valid chains, made by Python.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::paths;

/// The two rules of the tutorial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// A proof commits to the proof before it.
    Article,
    /// A proof commits to the hash of the block before it too.
    Repository,
}

impl Rules {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Article, Self::Repository];

    /// The word on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Repository => "repository",
        }
    }
}

/// What a chain should be like.
#[derive(Debug, Clone, Copy)]
pub struct ChainRecipe {
    /// By which rules it is valid.
    pub rules: Rules,
    /// How many blocks, the first one counted. Under [`Rules::Article`] they cost next to nothing.
    pub length: usize,
    /// Names outside ASCII, floats, huge integers, proofs as strings, fields that no rule names.
    pub odd: bool,
    /// The leading zeros of a proof's digest.
    pub difficulty: u32,
}

impl ChainRecipe {
    /// A plain chain of that many blocks.
    pub fn new(rules: Rules, length: usize) -> Self {
        Self {
            rules,
            length,
            odd: false,
            difficulty: 4,
        }
    }

    /// The same with what makes nodes disagree when it is got wrong.
    #[must_use]
    pub fn odd(self) -> Self {
        Self { odd: true, ..self }
    }

    /// The blocks as a JSON list, as Python writes it.
    ///
    /// # Panics
    /// When Python is missing.
    pub fn json(self) -> String {
        let file = self.file();
        std::fs::read_to_string(file.path()).expect("it was just written")
    }

    /// The body of `GET /chain` that a node with this chain would answer.
    ///
    /// # Panics
    /// When Python is missing.
    pub fn answer(self) -> String {
        format!(
            "{{\"chain\": {}, \"length\": {}}}",
            self.json(),
            self.length
        )
    }

    /// A file with the JSON list.
    ///
    /// # Panics
    /// When Python is missing.
    pub fn file(self) -> ChainFile {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("chain.json");
        let file = File::create(&path).expect("a file in a temporary folder");
        let mut command = Command::new(paths::python());
        command
            .arg("-B")
            .arg(paths::python_script("make_chain.py"))
            .args(["--rules", self.rules.name()])
            .args(["--length", &self.length.to_string()])
            .args(["--difficulty", &self.difficulty.to_string()])
            .stdin(Stdio::null())
            .stdout(file);
        if self.odd {
            command.arg("--odd");
        }
        let status = command.status().unwrap_or_else(|error| {
            panic!(
                "Python is missing ({}: {error}); `cargo xtask test` sets it up, or name one in CHAINLOOM_TEST_PYTHON",
                paths::python().to_string_lossy()
            )
        });
        assert!(status.success(), "make_chain.py failed");
        ChainFile {
            path,
            _folder: folder,
        }
    }
}

/// A JSON file with a list of blocks, removed when this is dropped.
#[derive(Debug)]
pub struct ChainFile {
    path: PathBuf,
    _folder: TempDir,
}

impl ChainFile {
    /// Where it is.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }
}

/// SHA-256 in hex, as Python computes it.
///
/// # Panics
/// When Python is missing.
pub fn sha256_hex(text: &str) -> String {
    const SCRIPT: &str =
        "import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("text");
    std::fs::write(&path, text).expect("a file in a temporary folder");
    let ended = Command::new(paths::python())
        .args(["-c", SCRIPT])
        .stdin(File::open(&path).expect("it was just written"))
        .output()
        .expect("Python is there (`cargo xtask test` sets it up)");
    String::from_utf8(ended.stdout)
        .expect("hex digits")
        .trim()
        .to_owned()
}
